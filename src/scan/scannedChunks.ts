/** A module's file as worker threads see it: part by part, in order. */

import { inOrder } from '../threads/inOrder.ts';
import type { Pool } from '../threads/pool.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import { lineageSchema } from '../seal/lineageSchema.ts';
import { recordSchema } from '../seal/recordSchema.ts';
import { canonicalJson } from '../record/canonical.ts';
import { plainSize } from '../seal/files.ts';
import type { LookInput, Search, SeenPart } from './scanChunk.ts';

/** Bytes that a worker looks at at once. */
const PART = 4 * 1024 * 1024;

/** What is looked for in the records of a module. */
export function recordSearch(
  module: CompiledModule,
  { idFields = [], searched = [] }: Partial<Omit<Search, 'lines'>> = {},
): Search {
  const { orderFields: keyFields, orderTypes: keyTypes } = module;
  return { lines: { schema: recordSchema(module), keyFields, keyTypes }, idFields, searched };
}

/** What is looked for in its lineage, which has an order of ids. */
export function lineageSearch(module: CompiledModule): Search {
  const keyTypes = [{ kind: 'uuid' }] as const;
  const lines = { schema: lineageSchema(module), keyFields: ['id'], keyTypes };
  return { lines, idFields: [], searched: [] };
}

/** The parts of a file; none where it is not there, or no plain file. */
export function seenParts(path: string, search: Search, pool: Pool): AsyncGenerator<SeenPart> {
  const size = plainSize(path);
  const parts: LookInput[] = [];
  const text = canonicalJson(search);
  for (let start = 0; start < size && size !== Number.POSITIVE_INFINITY; start += PART) {
    parts.push({ path, start, end: Math.min(start + PART, size), search: text });
  }
  return inOrder(parts, pool.size + 1, (part) => pool.call<SeenPart>('lookAtPart', part));
}
