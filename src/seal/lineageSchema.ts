/** The JSON Schema (2020-12) of a line of lineage.ndjson. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { schemaOf } from './recordSchema.ts';

/** Makes the schema, plain data; the parts of the legacy key have the schemas of their types. */
export function lineageSchema(module: CompiledModule): Record<string, unknown> {
  const parts = module.key.map(({ type }) => schemaOf(type));
  const properties = {
    id: schemaOf({ kind: 'uuid' }),
    key: { type: 'array', prefixItems: parts, minItems: parts.length, items: false },
    source: { type: 'string', enum: [module.source] },
    table: { type: 'string', enum: [module.table] },
  };
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}
