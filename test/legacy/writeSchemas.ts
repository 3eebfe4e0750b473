/**
 * Writes the published schemas to the committed mapping/schema/, as `init` does for a new project.
 *
 *     node test/legacy/writeSchemas.ts
 */

import { writeFileSync } from 'node:fs';

import { schemaFiles } from '../../src/mapping/schema/schemaFiles.ts';

for (const { name, text } of schemaFiles()) {
  writeFileSync(new URL(`../../mapping/schema/${name}`, import.meta.url), text);
}
