/**
 * Compares the rows of one table with a sealed module: rows are read in any order by all workers, hashed
 * into buckets on disk by their keys, sorted there, and compared range by range.
 */

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { assertFreeSpace } from '../disk/freeSpace.ts';
import { entriesOf, remove, removeFile } from '../disk/noLinks.ts';
import { MAX_BUCKETS, ONE_BUCKET, sampledRouter, type Router } from '../extsort/router.ts';
import { joinBuckets, lastUses, type Bucket } from '../extsort/spill.ts';
import { isOversized, splitOversized, type SortMemory } from '../extsort/splitBucket.ts';
import { Failure } from '../outcome/failure.ts';
import { chunkFor } from '../run/budget.ts';
import type { Progress } from '../run/environment.ts';
import { ROWS_PER_RANGE } from '../run/rowsPerRange.ts';
import type { PreparedSource, ReadRange } from '../source/source.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';
import { inOrder } from '../threads/inOrder.ts';
import type { Pool } from '../threads/pool.ts';
import type { SharedBuffers } from '../threads/sharedBuffer.ts';
import { HASH_ROWS, SORT_ROWS, SPLIT_ROWS, type SortedRows } from './calls.ts';
import { rangeComparer, type RowDifference } from './rangeComparer.ts';
import type { ReadingNotes } from './readingNotes.ts';
import { sortedBytes } from './sortedBytes.ts';

export interface ReconcileContext {
  readonly pool: Pool;
  /** The target, read as a source. */
  readonly target: PreparedSource;
  /** A private folder, emptied after each module. */
  readonly scratch: string;
  readonly memory: SortMemory;
  /** For sorted rows, of one module after the other. */
  readonly buffers: SharedBuffers;
  readonly progress: Progress;
  /** Gets what readers have run. */
  readonly notes: ReadingNotes;
}

export interface ReconciledModule {
  /** Rows of the table. */
  readonly rows: number;
  /** For each range of the seal: 1 if it differs, else 0. */
  readonly differing: Uint8Array;
}

/** Bytes of an entry besides its key. */
const ENTRY = 56;
const SMALL = 20_000;
/**
 * Bytes of entries that are sorted at once, and of the buffers from which they are written: entries are
 * small, and larger buckets save nothing. The number of buckets is bounded, so very large tables have larger ones.
 */
const BUCKET = 4 * 2 ** 20;
const SPILL = 4 * 2 ** 20;

/**
 * Compares a table with a sealed module; `report` gets the differences, ascending by key.
 * @throws Failure CANDIDATE if the candidate is not as it was sealed, SOURCE_CHANGED if the number of
 * rows read is not the number that the target counts
 */
export async function reconcileModule(
  sealed: ModuleSide,
  table: string,
  context: ReconcileContext,
  report: (difference: RowDifference) => Promise<void>,
): Promise<ReconciledModule> {
  const { target, progress, scratch, pool } = context;
  const rows = await target.count(table);
  progress.begin(`reconcile ${sealed.module}`, rows);
  const ranges = await target.plan(table, ROWS_PER_RANGE);
  const memory = sortMemory(sealed, rows, context);
  const buckets = await hashTable(sealed, { table, rows, ranges, memory }, context);
  const sized = await splitOversized(buckets, { memory, scratch }, (input) =>
    pool.call(SPLIT_ROWS, input),
  );
  const comparer = rangeComparer(sealed);
  for await (const sorted of sortedParts(
    sized.flatMap((bucket) => partsOf(bucket, memory)),
    context,
  )) {
    for (const difference of comparer.push(sorted)) await report(difference);
    await setImmediate();
  }
  for (const difference of comparer.finish()) await report(difference);
  for (const { name } of entriesOf(scratch)) remove(join(scratch, name));
  progress.update(rows);
  progress.end();
  return { rows, differing: comparer.differing };
}

/** What is known of a table before it is read. */
interface Measured {
  readonly table: string;
  readonly rows: number;
  readonly ranges: readonly ReadRange[];
  readonly memory: SortMemory;
}

/** Hashes the rows of a table into buckets that ascend by key. */
async function hashTable(
  sealed: ModuleSide,
  { table, rows, ranges, memory }: Measured,
  { pool, progress, scratch, notes }: ReconcileContext,
): Promise<Bucket[]> {
  const router = routerFor(sealed, rows, memory, pool);
  assertFreeSpace(scratch, entryBytes(sealed, rows), {
    what: `not enough space to sort the rows of ${sealed.module}`,
    hint: 'free some, or let TMPDIR name a folder on a larger disk',
  });
  const [next, done] = [new SharedArrayBuffer(4), new SharedArrayBuffer(4)];
  const readers = Math.max(1, Math.min(pool.size, ranges.length));
  const calls = Array.from({ length: readers }, (_, index) =>
    pool.call(HASH_ROWS, {
      module: sealed.module,
      ranges,
      next,
      progress: done,
      router,
      spill: join(scratch, `rows-${index}`),
      chunk: chunkFor(router, memory),
    }),
  );
  const shown = setInterval(() => {
    progress.update(Atomics.load(new Int32Array(done), 0));
  }, 100);
  try {
    await Promise.allSettled(calls);
    const hashed = await Promise.all(calls);
    for (const { statements } of hashed) notes.note(sealed.module, table, statements);
    const read = hashed.reduce((sum, part) => sum + part.read, 0);
    if (read !== rows) throw miscounted(sealed.module, rows, read);
    return joinBuckets(hashed.map((part) => part.buckets));
  } finally {
    clearInterval(shown);
  }
}

/** Splits the keys where ranges of the seal end: the target should have the same keys. */
function routerFor(sealed: ModuleSide, rows: number, memory: SortMemory, pool: Pool): Router {
  if (rows <= SMALL) return ONE_BUCKET;
  const wanted = Math.ceil(entryBytes(sealed, rows) / memory.bucketBytes);
  const buckets = Math.min(MAX_BUCKETS, Math.max(pool.size, wanted));
  return sampledRouter(evenBoundaries(sealed, buckets), buckets);
}

/** Returns ends of ranges between which there are about as many records; ranges differ much in size. */
function evenBoundaries({ ranges, boundaries }: ModuleSide, parts: number): Buffer[] {
  const records = ranges.reduce((sum, { count }) => sum + count, 0);
  const chosen: Buffer[] = [];
  let before = 0;
  for (const [at, { count }] of ranges.entries()) {
    const boundary = boundaries[at];
    before += count;
    if (boundary !== undefined && before * parts >= chosen.length * records) chosen.push(boundary);
  }
  return chosen;
}

/** Bytes of the entries of all rows, by a key of the seal. */
function entryBytes({ boundaries }: ModuleSide, rows: number): number {
  return rows * (ENTRY + (boundaries[0]?.length ?? 0));
}

function sortMemory(sealed: ModuleSide, rows: number, { memory }: ReconcileContext): SortMemory {
  const least = Math.max(BUCKET, Math.ceil(entryBytes(sealed, rows) / MAX_BUCKETS));
  return {
    bucketBytes: Math.min(memory.bucketBytes, least),
    spillBytes: Math.min(memory.spillBytes, SPILL),
  };
}

/** Splits a bucket of equal keys, which is too large to be sorted and need not be. */
function partsOf(bucket: Bucket, memory: SortMemory): Bucket[] {
  if (!isOversized(bucket, memory)) return [bucket];
  return bucket.extents.map((extent) => {
    return { extents: [extent], bytes: extent.length, entries: extent.entries };
  });
}

/** Yields the sorted rows of each bucket; they are valid until the next ones. */
async function* sortedParts(
  buckets: readonly Bucket[],
  { pool, buffers }: ReconcileContext,
): AsyncGenerator<SortedRows> {
  const spent = lastUses(buckets);
  // Buckets differ in size. Memory for the largest is taken at once, not again for each that is larger.
  const largest = {
    bytes: largestOf(buckets.map(({ bytes }) => bytes)),
    entries: largestOf(buckets.map(({ entries }) => entries)),
  };
  const capacity = largestOf(buckets.map(sortedBytes));
  let done = 0;
  const sorting = inOrder(buckets, pool.size + 1, async (bucket) => {
    const buffer = buffers.take(capacity);
    return { buffer, sorted: await pool.call(SORT_ROWS, { bucket, largest, buffer }) };
  });
  for await (const { buffer, sorted } of sorting) {
    yield sorted;
    buffers.giveBack(buffer);
    for (const file of spent[done] ?? []) removeFile(file);
    done += 1;
  }
}

function largestOf(numbers: readonly number[]): number {
  return numbers.reduce((most, one) => Math.max(most, one), 0);
}

function miscounted(module: string, counted: number, read: number): Failure {
  return new Failure('SOURCE_CHANGED', {
    what: `the target counts ${counted} rows, but ${read} were read`,
    where: `module ${module}`,
    hint: 'check the database for damage (an index that disagrees with its table), then run again',
  });
}

/** Returns ranges that hold the rows with these locators, ascending; at worst, all of the table. */
export async function rangesOf(
  target: PreparedSource,
  table: string,
  locators: BigInt64Array,
): Promise<readonly ReadRange[]> {
  const near = await target.planRows?.(table, locators);
  return near ?? target.plan(table, ROWS_PER_RANGE);
}
