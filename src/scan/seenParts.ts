/** A module's file as worker threads see it: part by part, in order. */

import { inOrder } from '../disk/inOrder.ts';
import type { Pool } from '../disk/pool.ts';
import type { CompiledModule } from '../mapping/compile.ts';
import { lineageSchema } from '../mapping/lineageSchema.ts';
import { recordSchema } from '../mapping/recordSchema.ts';
import { canonicalJson } from '../record/canonical.ts';
import { plainSize } from '../seal/files.ts';
import type { ExpectedLines } from '../seal/lineForm.ts';
import type { LookInput, SeenPart } from './lookAtPart.ts';

/** Bytes that a worker looks at at once. */
const PART = 4 * 1024 * 1024;

/** What the records of a module have to be; the ids in `idFields`, which are of type uuid, are wanted. */
export function expectedRecords(
  module: CompiledModule,
  idFields: readonly string[] = [],
): ExpectedLines {
  const { orderFields: keyFields, orderTypes: keyTypes } = module;
  return { schema: recordSchema(module), keyFields, keyTypes, idFields };
}

/** The same of its lineage, which has an order of ids. */
export function expectedLineage(module: CompiledModule): ExpectedLines {
  const keyTypes = [{ kind: 'uuid' }] as const;
  return { schema: lineageSchema(module), keyFields: ['id'], keyTypes, idFields: [] };
}

/** The parts of a file; none where it is not there, or no plain file. */
export function seenParts(
  path: string,
  expected: ExpectedLines,
  pool: Pool,
): AsyncGenerator<SeenPart> {
  const size = plainSize(path);
  const parts: LookInput[] = [];
  const text = canonicalJson(expected);
  for (let start = 0; start < size && size !== Number.POSITIVE_INFINITY; start += PART) {
    parts.push({ path, start, end: Math.min(start + PART, size), expected: text });
  }
  return inOrder(parts, pool.size + 1, (part) => pool.call<SeenPart>('lookAtPart', part));
}
