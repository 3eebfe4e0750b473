/**
 * Writes the published schemas to the committed mapping/schema/, as `init` does for a new project.
 *
 *     node test/legacy/writeSchemas.ts
 */

import { writeFileSync } from 'node:fs';

import { RUNBOOK_SCHEMA_FILE } from '../../src/cutover/schema/runbookSchema.ts';
import { schemaFiles } from '../../src/mapping/schema/schemaFiles.ts';

for (const { name, text } of [...schemaFiles(), RUNBOOK_SCHEMA_FILE]) {
  writeFileSync(new URL(`../../mapping/schema/${name}`, import.meta.url), text);
}
