/** Has worker threads scan a module's file in chunks. */

import { inOrder } from '../threads/inOrder.ts';
import type { Pool } from '../threads/pool.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import { lineageSchema } from '../seal/lineageSchema.ts';
import { recordSchema } from '../seal/recordSchema.ts';
import { canonicalJson } from '../record/canonical.ts';
import { plainSize } from '../seal/files.ts';
import { SCAN_CHUNK, type ScanChunkInput, type ScannedChunk, type Search } from './calls.ts';

/** Bytes that a worker scans at once. */
const CHUNK = 4 * 1024 * 1024;

/** Data that is requested of the records, in addition to the form of their lines. */
export type Wanted = Partial<Omit<Search, 'lines'>> &
  Pick<ScanChunkInput, 'secrets' | 'taint' | 'names'>;

/** Makes the search in the records of a module. */
export function recordSearch(
  module: CompiledModule,
  { idFields = [], searched = [], tainted = [] }: Wanted = {},
): Search {
  const { orderFields: keyFields, orderTypes: keyTypes } = module;
  return {
    lines: { schema: recordSchema(module), keyFields, keyTypes },
    idFields,
    searched,
    tainted,
  };
}

/** Makes the search in the lineage of a module, which is ordered by id. */
export function lineageSearch(module: CompiledModule): Search {
  const keyTypes = [{ kind: 'uuid' }] as const;
  const lines = { schema: lineageSchema(module), keyFields: ['id'], keyTypes };
  return { lines, idFields: [], searched: [], tainted: [] };
}

/** Yields the chunks of a file in order; none if it is missing or not a plain file. */
export function scannedChunks(
  path: string,
  search: Search,
  pool: Pool,
  { secrets, taint, names }: Pick<Wanted, 'secrets' | 'taint' | 'names'> = {},
): AsyncGenerator<ScannedChunk> {
  const size = plainSize(path);
  const chunks: ScanChunkInput[] = [];
  const text = canonicalJson(search);
  const more = {
    ...(secrets === undefined ? {} : { secrets }),
    ...(taint === undefined ? {} : { taint }),
    ...(names === undefined ? {} : { names }),
  };
  for (let start = 0; start < size && size !== Number.POSITIVE_INFINITY; start += CHUNK) {
    chunks.push({ path, start, end: Math.min(start + CHUNK, size), search: text, ...more });
  }
  return inOrder(chunks, pool.size + 1, (chunk) => pool.call(SCAN_CHUNK, chunk));
}
