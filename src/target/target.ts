/**
 * The contract of a target: tables that a load fills from the records of one sealed candidate.
 *
 * A load is resumable. Its progress is stored with the rows, so that a load that was killed at any
 * moment goes on where it was, without a row lost or doubled. A target is complete only after `finish`
 * has returned: until then, its ledger says so. Every adapter passes test/contract/target.test.ts.
 *
 * Errors are Failures with code TARGET, or BUSY if another load holds the target; they name the table
 * and the number of a record, never a value.
 */

import type { SwapControl } from './swap.ts';
import type { TargetNames } from './targetNames.ts';
import type { TableForm } from './tableForm.ts';

/** Where a target is; its members belong to the adapter. */
export interface TargetLocation {
  readonly scheme: string;
}

export interface TargetAdapter {
  /** What stands before the colon of its URLs. */
  readonly scheme: string;
  /** Form of its URLs, for messages. */
  readonly usage: string;
  /** Parses what follows the colon; a path is relative to `base`. @throws Failure USAGE */
  parse(rest: string, base: string): TargetLocation;
  /** Opens the target, and takes it for this load alone unless it is a dry run. @throws Failure */
  open(location: TargetLocation, load: LoadInto): Promise<Target>;
  /** Changes what is live there; only for targets that applications read. */
  readonly swaps?: SwapControl;
}

export type TargetAdapters = ReadonlyMap<string, TargetAdapter>;

/** What is loaded, and how. */
export interface LoadInto {
  readonly seal: SealOfLoad;
  readonly tables: readonly TableForm[];
  /** Modules of which a finding of the seal says that a text of the source had U+0000. */
  readonly nulModules: ReadonlySet<string>;
  /** Bytes of the largest blob of each module that has one. */
  readonly largestBlobs: ReadonlyMap<string, number>;
  /** Schema with tables that are there; null for a schema of the load's own. */
  readonly into: string | null;
  /** Names of what is there. */
  readonly names: TargetNames;
  /** First part of the name of a schema of its own; null for the default. */
  readonly name: string | null;
  /** Whether rows that no load of this seal has written may be there. */
  readonly allowRows: boolean;
  /** Names of constraints that are not created. */
  readonly without: readonly string[];
  /** Only reads the target. */
  readonly dryRun: boolean;
  readonly throttle: Throttle;
  readonly outside: Outside;
}

export interface SealOfLoad {
  readonly sealId: string;
  readonly dataRoot: string;
  /** Version of the program. */
  readonly tool: string;
  /** Operator; null if not named. */
  readonly who: string | null;
}

export interface Throttle {
  /** Null for no limit. */
  readonly rowsPerSecond: number | null;
  readonly lag: MaxLag | null;
  /** Milliseconds that a batch takes; 0 makes a batch of every chunk. */
  readonly batchMs: number;
}

/** Lag of the slowest standby from which the load waits. */
export type MaxLag = { readonly bytes: number } | { readonly seconds: number };

/** What an adapter gets from outside. */
export interface Outside {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly pid: number;
  /** Milliseconds to connect. */
  readonly connectMs: number;
}

/** Records of a module that are loaded, from the first one. */
export interface Progress {
  readonly records: number;
  /** Offset in data.ndjson after the last of them. */
  readonly offset: number;
}

/** Records that follow each other, and where they end. */
export interface Chunk {
  /** Number of them. */
  readonly count: number;
  /** Whole lines of data.ndjson. */
  readonly lines: Buffer;
  /** Progress after them. */
  readonly after: Progress;
  /** Parses the lines. @throws Failure CANDIDATE if they are no records */
  records(): readonly Readonly<Record<string, unknown>>[];
}

/** Content of blobs by their digest, in pieces; its length and digest are verified while it is read. */
export type ReadBlob = (module: string, sha256: string, size: number) => Iterable<Buffer>;

/** A step after the rows, such as a constraint. */
export interface FinishStep {
  /** For a progress display, such as `primary key of kunden`. */
  readonly label: string;
  run(): Promise<void>;
}

/** What of a target does not fit the seal. */
export interface TargetProblem {
  readonly module: string;
  readonly field?: string;
  /** What is wrong, and after a colon what to do. */
  readonly what: string;
}

/** Looks at all records of a module. */
export interface RecordCheck {
  see(chunk: Chunk): void;
  /** What was found, once all records were seen. */
  problems(): TargetProblem[];
}

/** Returns the modules with a blob that a target cannot hold. */
export function blobProblems(
  largestBlobs: ReadonlyMap<string, number>,
  most: number,
): TargetProblem[] {
  return [...largestBlobs].flatMap(([module, bytes]) => {
    if (bytes <= most) return [];
    const what = `a blob has ${bytes} bytes, and a cell of the target holds ${most}: leave the field out of the mapping, and move its content by other means`;
    return [{ module, what }];
  });
}

/** State of a target as it was found. */
export type LoadState =
  | { readonly kind: 'new' }
  /** A load of this seal was begun; progress by module. */
  | { readonly kind: 'begun'; readonly progress: ReadonlyMap<string, Progress> }
  /** This seal is loaded: nothing is to be done. */
  | { readonly kind: 'complete'; readonly at: string };

export interface Target {
  /** The place of the rows, for messages and reports, without secrets. */
  readonly label: string;
  readonly state: LoadState;
  /** Statements that make the tables and all that comes after the rows. */
  readonly ddl: readonly string[];
  /** Sentences about what this load does not do. */
  readonly notes: readonly string[];
  /** What does not fit, found without the records; all of it. Nothing is written while there is any. */
  readonly problems: readonly TargetProblem[];
  /** By module: what has to see every record before the first is written, as columns are narrower than fields. */
  readonly passes: ReadonlyMap<string, RecordCheck>;
  /** Modules in the order in which they are written: what others refer to first, where that matters. */
  readonly order: readonly string[];
  /** Makes schema, ledger and empty tables, if they are not there. */
  begin(): Promise<void>;
  /**
   * Writes chunks of a module in batches; a batch is committed with its progress, which is then told.
   * @throws Failure; what was not committed is not there
   */
  write(
    module: string,
    chunks: AsyncIterable<Chunk>,
    readBlob: ReadBlob,
    onCommit: (progress: Progress) => void,
  ): Promise<void>;
  /** Returns what comes after the rows, in order; steps that are done already are left out. */
  finishSteps(): Promise<readonly FinishStep[]>;
  /** Counts the rows that this load has written to the table of a module; the target counts. */
  count(module: string): Promise<number>;
  /** Makes the load complete; the last thing that is written. */
  complete(): Promise<void>;
  /** Closes the target. May be called more than once. */
  close(): Promise<void>;
}
