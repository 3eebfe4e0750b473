/**
 * What worker threads are asked for while modules are built: to read rows, and to sort the buckets of
 * entries that rows become. Answered in `worker/`.
 */

import type { UnlinkedFile } from '../disk/unlinkedFile.ts';
import type { Bucket } from '../extsort/spill.ts';
import type { LoggedFindings } from '../findings/findingStore.ts';
import type { BaseCounts, ReadRange } from '../source/source.ts';
import { defineCall, type Call } from '../threads/call.ts';
import type { RowSelection } from './select/rowSelection.ts';
import type { Ranked } from './select/smallest.ts';
import type { Router } from './sort/router.ts';

/** Where in its source a row is: its rowid or ordinal; a string where a double would change it. */
export type Locator = number | string;

interface OfModule {
  readonly module: string;
}

/** Ranges that several workers read, each of which takes the next one. */
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
  /** Encoded keys; of keyless modules none. */
  readonly keys: Uint8Array[];
  readonly rows: number;
  /** Bytes of all entries that the sampled rows become. */
  readonly bytes: number;
}

/** Reads the first rows of some ranges: how large entries get, and where keys lie. */
export const SAMPLE_ROWS: Call<SampleInput, Sample> = defineCall('sample-rows');

/** Counts the rows of a query or view. */
export const COUNT_ROWS: Call<OfModule, number> = defineCall('count-rows');

export interface CountBaseInput extends OfModule {
  /** Where findings go. */
  readonly findings: UnlinkedFile;
}

export interface CountedBase {
  readonly counts: BaseCounts;
  readonly findings: LoggedFindings;
}

/** Counts the rows of a base table against those of the query or view that accounts for them. */
export const COUNT_BASE: Call<CountBaseInput, CountedBase> = defineCall('count-base');

export interface PartitionInput extends OfModule, CountedRanges {
  readonly router: Router;
  readonly spill: string;
  readonly chunk: number;
  readonly blobs: string;
  readonly selection: RowSelection;
  /** Rejected rows enter as well, if they have a key. */
  readonly provisional: boolean;
  /** The table that locators are of. */
  readonly locatedIn: string;
  /** Where findings go. */
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

/** Reads a worker's partition of a module's rows into buckets: the ranges that no other takes. */
export const READ_PARTITION: Call<PartitionInput, PartitionResult> = defineCall('read-partition');

/** What a pass is for. Files are key sets. */
export type KeyTask =
  /** Keys of all rows. */
  | { readonly kind: 'present'; readonly into: string }
  /** Keys of rows that are filtered. */
  | { readonly kind: 'filtered'; readonly into: string }
  /** Those of `among` that a row has which is not filtered. */
  | { readonly kind: 'kept'; readonly among: string; readonly into: string }
  /** Keys of rows that are not filtered, and of those in the module itself that would filter them. */
  | { readonly kind: 'links'; readonly into: string }
  /** The keys with the smallest digests. */
  | { readonly kind: 'smallest'; readonly count: number }
  /** What the records of `among` refer to: keys, and values, by module. */
  | {
      readonly kind: 'follow';
      readonly among: string;
      readonly keys: ReadonlyMap<string, string>;
      readonly values: ReadonlyMap<string, string>;
    }
  /** Keys of the records that hold the `values`. */
  | { readonly kind: 'holders'; readonly values: string; readonly into: string };

export interface KeyTaskInput extends OfModule, CountedRanges {
  readonly task: KeyTask;
  readonly selection: RowSelection;
}

/** Of task `smallest` the keys that this worker has seen, of others nothing. */
export type KeyTaskResult = readonly Ranked[];

/** Runs a task over the keys of a module's rows. */
export const RUN_KEY_TASK: Call<KeyTaskInput, KeyTaskResult> = defineCall('run-key-task');

/** Columns that not all modules of a table map, and which ones do: indexes into its modules. */
export interface SharedColumns {
  readonly columns: readonly string[];
  readonly modules: readonly number[];
}

export interface LeftOutInput extends SharedRanges {
  /** All that read the table. */
  readonly modules: readonly string[];
  readonly parts: readonly SharedColumns[];
  readonly selection: RowSelection;
}

/** Rows that are left out because of what kind the cells of a column are. */
export interface OddCells {
  readonly column: string;
  nulls: number;
  others: number;
}

export interface LeftOut {
  /** Rows that no module takes. */
  readonly rows: number;
  /** Those among them that are left out by the kind of a cell alone. */
  readonly odd: readonly OddCells[];
  /** By part: rows that a module takes, but none that maps the part, where a cell of it is not null. */
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
  /** It is larger than what is sorted in memory, and all of its keys are equal. */
  readonly inTurn: boolean;
}

/** Gives the records of a bucket their ordinals and final ids, and spills them by these. */
export const ASSIGN_ORDINALS: Call<OrdinalsInput, Bucket[]> = defineCall('assign-ordinals');

export interface SplitInput extends SpillInput {
  /** About how many buckets it becomes. */
  readonly parts: number;
}

/** Splits a bucket into several, in key order. */
export const SPLIT_BUCKET: Call<SplitInput, Bucket[]> = defineCall('split-bucket');

export interface SortOptions {
  /** Rows with equal keys are kept, and each line has the locator of its row. */
  readonly provisional: boolean;
  /** Rows with equal keys whose records are equal become one record: that of the first row. */
  readonly merge: boolean;
  /** The fields that make the key of a record. */
  readonly keyFields: readonly string[];
}

export interface SortInput extends SortOptions {
  readonly bucket: Bucket;
  /** Where the sorted bucket goes. */
  readonly buffer: SharedArrayBuffer;
}

/** How often a diagnosis was made of records that are kept. */
export type CountedDiagnosis = readonly [field: string, rule: string, count: number];

/** Locators of rows whose target id is the same; none of them enters the candidate. */
export type DuplicateGroup = readonly Locator[];

export interface SortedBucket {
  /** One byte of padding, then the lines of data.ndjson. */
  readonly data: Uint8Array;
  readonly leaves: Uint8Array;
  /** For each line the offset after its LF, counted without the padding. */
  readonly ends: Uint32Array;
  readonly lineage: Uint8Array;
  /** The lines of findings.ndjson, and how many they are. */
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
