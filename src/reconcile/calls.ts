/**
 * Calls to worker threads while a target is compared with a seal: they hash the rows of a table into
 * buckets, sort the buckets, and read single rows again. Answered in `worker/`.
 */

import type { Bucket } from '../extsort/spill.ts';
import type { Router } from '../extsort/router.ts';
import type { SplitInput } from '../extsort/splitBucket.ts';
import type { ReadStatements } from '../source/readStatements.ts';
import type { ReadRange } from '../source/source.ts';
import { defineCall, type Call } from '../threads/call.ts';

interface OfModule {
  readonly module: string;
}

export interface HashRowsInput extends OfModule {
  readonly ranges: readonly ReadRange[];
  /** Int32: index of the next range to read, which all workers share. */
  readonly next: SharedArrayBuffer;
  /** Int32: rows read so far, for the progress display. */
  readonly progress: SharedArrayBuffer;
  readonly router: Router;
  readonly spill: string;
  /** Bytes that a bucket holds in memory. */
  readonly chunk: number;
}

export interface HashedRows {
  /** Entries of key and leaf; see worker/hashRows.ts. */
  readonly buckets: Bucket[];
  readonly read: number;
  /** What the reader has run for that; null if it cannot tell. */
  readonly statements: ReadStatements | null;
}

/** Reads ranges of a module's table until none is left, and hashes the record of each row. */
export const HASH_ROWS: Call<HashRowsInput, HashedRows> = defineCall('hash-rows');

/** Splits a bucket into several, in key order. */
export const SPLIT_ROWS: Call<SplitInput, Bucket[]> = defineCall('split-rows');

export interface SortRowsInput {
  readonly bucket: Bucket;
  /** Most bytes and entries of a bucket of the module. */
  readonly largest: Pick<Bucket, 'bytes' | 'entries'>;
  /** Receives the sorted bucket. */
  readonly buffer: SharedArrayBuffer;
}

/** Rows of a target, ascending by key and then by leaf. */
export interface SortedRows {
  /** Encoded keys, one after the other; that of a row without a key is empty. */
  readonly keys: Uint8Array;
  /** End of each key. */
  readonly keyEnds: Uint32Array;
  /** Packed leaf hashes; 32 zeros for a row that is no record. */
  readonly leaves: Uint8Array;
  readonly locators: BigInt64Array;
}

/** Sorts the entries of a bucket. */
export const SORT_ROWS: Call<SortRowsInput, SortedRows> = defineCall('sort-rows');

export interface ReadRowsInput extends OfModule {
  /** Ranges that hold the rows. */
  readonly ranges: readonly ReadRange[];
  /** Locators of the rows, ascending. */
  readonly locators: BigInt64Array;
}

/** A row of a target as a record. */
export interface ReadRow {
  readonly locator: bigint;
  /** Canonical JSON; a cell that is no value of its field is null. */
  readonly record: string;
  /** Fields whose cells are no values of theirs. */
  readonly rejected: readonly string[];
}

export interface ReadRows {
  readonly rows: ReadRow[];
  /** What the reader has run for that; null if it cannot tell. */
  readonly statements: ReadStatements | null;
}

/** Reads single rows again, in the same snapshot. */
export const READ_ROWS: Call<ReadRowsInput, ReadRows> = defineCall('read-rows');
