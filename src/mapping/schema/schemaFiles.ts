/**
 * The schemas as files for editors, which `init` writes to mapping/schema of a project. They are
 * not part of the mapping digest: validation uses the schemas of the version that runs.
 */

import { ATTACHMENTS_SCHEMA } from './attachmentsSchema.ts';
import { KEYS_SCHEMA } from './keysSchema.ts';
import { MODULE_SCHEMA } from './moduleSchema.ts';
import { PROJECT_SCHEMA } from './projectSchema.ts';
import { SECRETS_SCHEMA } from './secretsSchema.ts';
import { SMOKE_SCHEMA } from './smokeSchema.ts';

export interface SchemaFile {
  readonly name: string;
  readonly text: string;
}

/** Returns those of the mapping; names are relative to mapping/schema. */
export function schemaFiles(): readonly SchemaFile[] {
  return [
    { name: 'attachments.schema.json', text: `${JSON.stringify(ATTACHMENTS_SCHEMA, null, 2)}\n` },
    { name: 'keys.schema.json', text: `${JSON.stringify(KEYS_SCHEMA, null, 2)}\n` },
    { name: 'module.schema.json', text: `${JSON.stringify(MODULE_SCHEMA, null, 2)}\n` },
    { name: 'project.schema.json', text: `${JSON.stringify(PROJECT_SCHEMA, null, 2)}\n` },
    { name: 'secrets.schema.json', text: `${JSON.stringify(SECRETS_SCHEMA, null, 2)}\n` },
    { name: 'smoke.schema.json', text: `${JSON.stringify(SMOKE_SCHEMA, null, 2)}\n` },
  ];
}
