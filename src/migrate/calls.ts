/**
 * Calls to worker threads while modules are built: they read rows into buckets of entries, and sort
 * the buckets. Answered in `worker/`.
 */

import type { UnlinkedFile } from '../disk/unlinkedFile.ts';
import type { Locator } from '../extsort/entry.ts';
import type { Bucket } from '../extsort/spill.ts';
import type { SplitInput } from '../extsort/splitBucket.ts';
import type { LoggedFindings } from '../findings/findingStore.ts';
import type { BaseCounts, ReadRange } from '../source/source.ts';
import { defineCall, type Call } from '../threads/call.ts';
import type { RowSelection } from './select/rowSelection.ts';
import type { Ranked } from './select/smallest.ts';
import type { Router } from '../extsort/router.ts';

interface OfModule {
  readonly module: string;
}

/** Ranges that several workers read; each worker takes the next one. */
interface SharedRanges {
  readonly ranges: readonly ReadRange[];
  /** Int32: index of the next range to read. */
  readonly next: SharedArrayBuffer;
}

interface CountedRanges extends SharedRanges {
  /** Int32: rows read so far, for the progress display. */
  readonly progress: SharedArrayBuffer;
}

export interface SampleInput extends OfModule {
  readonly ranges: readonly ReadRange[];
  readonly rowsPerRange: number;
}

export interface Sample {
  /** Encoded keys; empty for keyless modules. */
  readonly keys: Uint8Array[];
  readonly rows: number;
  /** Bytes of all entries that the sampled rows become. */
  readonly bytes: number;
}

/** Samples the first rows of some ranges for the size of entries and the distribution of keys. */
export const SAMPLE_ROWS: Call<SampleInput, Sample> = defineCall('sample-rows');

/** Counts the rows of a query or view. */
export const COUNT_ROWS: Call<OfModule, number> = defineCall('count-rows');

export interface CountBaseInput extends OfModule {
  /** File that findings are written to. */
  readonly findings: UnlinkedFile;
}

export interface CountedBase {
  readonly counts: BaseCounts;
  readonly findings: LoggedFindings;
}

/** Matches the rows of a base table with those of the query or view that accounts for them. */
export const COUNT_BASE: Call<CountBaseInput, CountedBase> = defineCall('count-base');

export interface PartitionInput extends OfModule, CountedRanges {
  readonly router: Router;
  readonly spill: string;
  readonly chunk: number;
  readonly blobs: string;
  readonly selection: RowSelection;
  /** Whether rejected rows enter as well, if they have a key. */
  readonly provisional: boolean;
  /** The table that locators refer to. */
  readonly locatedIn: string;
  /** File that findings are written to. */
  readonly findings: UnlinkedFile;
}

export interface PartitionResult {
  readonly buckets: Bucket[];
  readonly read: number;
  /** Rows that are in the buckets. */
  readonly entered: number;
  /** Rows that the mapping leaves out. */
  readonly filtered: number;
  readonly findings: LoggedFindings;
}

/** Reads a worker's partition of a module's rows into buckets: the ranges that it takes. */
export const READ_PARTITION: Call<PartitionInput, PartitionResult> = defineCall('read-partition');

/** The task of a pass over the rows of a module. Files are key sets. */
export type KeyTask =
  /** Collects the keys of all rows. */
  | { readonly kind: 'present'; readonly into: string }
  /** Collects the keys of filtered rows. */
  | { readonly kind: 'filtered'; readonly into: string }
  /** Collects the keys of `among` that also belong to a row that is not filtered. */
  | { readonly kind: 'kept'; readonly among: string; readonly into: string }
  /** Collects keys of unfiltered rows, each with the keys of its parents in the same module. */
  | { readonly kind: 'links'; readonly into: string }
  /** Finds the keys with the smallest digests. */
  | { readonly kind: 'smallest'; readonly count: number }
  /** Collects the keys and values that the records of `among` refer to, by module. */
  | {
      readonly kind: 'follow';
      readonly among: string;
      readonly keys: ReadonlyMap<string, string>;
      readonly values: ReadonlyMap<string, string>;
    }
  /** Collects the keys of the records that hold the `values`. */
  | { readonly kind: 'holders'; readonly values: string; readonly into: string };

export interface KeyTaskInput extends OfModule, CountedRanges {
  readonly task: KeyTask;
  readonly selection: RowSelection;
}

/** The smallest keys of this worker's rows for task `smallest`; empty for other tasks. */
export type KeyTaskResult = readonly Ranked[];

/** Runs a task over the keys of a module's rows. */
export const RUN_KEY_TASK: Call<KeyTaskInput, KeyTaskResult> = defineCall('run-key-task');

/** Columns that only some modules of a table map; `modules` are indexes of these. */
export interface SharedColumns {
  readonly columns: readonly string[];
  readonly modules: readonly number[];
}

export interface LeftOutInput extends SharedRanges {
  /** All modules that read the table. */
  readonly modules: readonly string[];
  readonly parts: readonly SharedColumns[];
  readonly selection: RowSelection;
}

/** Numbers of rows that are left out because of the kind of their cells in a column. */
export interface OddCells {
  readonly column: string;
  nulls: number;
  others: number;
}

export interface LeftOut {
  /** Rows that no module takes. */
  readonly rows: number;
  /** Those of them that are left out only because of the kind of a cell. */
  readonly odd: readonly OddCells[];
  /** By part: rows with a value in the part that some module takes, but none that maps the part. */
  readonly parts: readonly number[];
}

/** Counts the rows of a table that no module takes. */
export const COUNT_LEFT_OUT: Call<LeftOutInput, LeftOut> = defineCall('count-left-out');

interface SpillInput {
  readonly bucket: Bucket;
  readonly path: string;
  readonly chunk: number;
}

export interface OrdinalsInput extends OfModule, SpillInput {
  readonly router: Router;
  /** Whether the bucket is too large to be sorted in memory; all of its keys are equal then. */
  readonly inTurn: boolean;
}

/** Gives the records of a bucket their ordinals and final ids, and spills them by these. */
export const ASSIGN_ORDINALS: Call<OrdinalsInput, Bucket[]> = defineCall('assign-ordinals');

/** Splits a bucket into several, in key order. */
export const SPLIT_BUCKET: Call<SplitInput, Bucket[]> = defineCall('split-bucket');

export interface SortOptions {
  /** Whether rows with equal keys are kept, and each line has the locator of its row. */
  readonly provisional: boolean;
  /** Whether rows with equal keys and records become one record, that of the first row. */
  readonly merge: boolean;
  /** Fields that form the key of a record. */
  readonly keyFields: readonly string[];
}

export interface SortInput extends SortOptions {
  readonly bucket: Bucket;
  /** Receives the sorted bucket. */
  readonly buffer: SharedArrayBuffer;
}

/** The number of diagnoses of kept records by field and rule. */
export type CountedDiagnosis = readonly [field: string, rule: string, count: number];

/** Locators of rows with the same key; none of them enters the candidate. */
export type DuplicateGroup = readonly Locator[];

export interface SortedBucket {
  /** One byte of padding, then the lines of data.ndjson. */
  readonly data: Uint8Array;
  readonly leaves: Uint8Array;
  /** Offset after the LF of each line, not counting the padding. */
  readonly ends: Uint32Array;
  readonly lineage: Uint8Array;
  /** Lines of findings.ndjson, and their number. */
  readonly findings: Uint8Array;
  readonly findingCount: number;
  /** The findings, counted by field and rule. */
  readonly diagnosed: readonly CountedDiagnosis[];
  readonly duplicates: readonly DuplicateGroup[];
  /** Entries merged into an equal one. */
  readonly merged: number;
  /** Provisional candidates: the locator of each line's row. */
  readonly locators: BigInt64Array | null;
}

/** Orders the entries of a bucket and hashes their leaves. */
export const SORT_BUCKET: Call<SortInput, SortedBucket> = defineCall('sort-bucket');
