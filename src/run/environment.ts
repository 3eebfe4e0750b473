/** What a command gets from outside: clock, environment, adapters, worker threads, a display. */

import type { LoadedMapping } from '../mapping/load.ts';
import type { Pool } from '../threads/pool.ts';
import type { Failure } from '../outcome/failure.ts';
import type { Adapters } from '../source/source.ts';

/** What a step counts, and what it is a part of. */
export interface About {
  /** In the singular; `row` where left out. */
  readonly unit?: string;
  /** Steps that follow each other and have the same are shown as one; a module, mostly. */
  readonly group?: string;
  /** Whether it counts what its group is about; not where it looks at something else. */
  readonly counts?: boolean;
}

/** Shows how far a command is; see cli/terminal.ts. */
export interface Progress {
  /** A step begins: `total` of the unit, 0 where that is not known. */
  begin(label: string, total: number, about?: About): void;
  update(done: number): void;
  end(): void;
}

/**
 * What each worker thread is given at its start: what it maps rows by; null if it only answers calls
 * about candidates.
 */
export type WorkerStart = {
  readonly mapping: LoadedMapping;
  /** Secret keys by id. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
} | null;

export interface Environment {
  readonly adapters: Adapters;
  /**
   * Starts worker threads that answer the calls about candidates and, given a mapping, those of migrate.
   * With 0, this thread answers those about candidates.
   */
  readonly startWorkers: (workers: number, start: WorkerStart) => Pool;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly now: () => Date;
  /** The folder to which relative paths of a command line belong. */
  readonly cwd: string;
  /** The system's folder for temporary files. */
  readonly temporary: string;
  /** How many threads can run at once. */
  readonly processors: number;
  readonly pid: number;
  readonly tool: { readonly name: string; readonly version: string };
  /** Versions of the data that conversions depend on. */
  readonly versions: { readonly timeZoneData: string; readonly unicode: string };
  /** Starts `sealift ARGS` as a process of its own. */
  readonly runSelf: (args: readonly string[], options: SelfOptions) => SelfRun;
  /** Aborts where the process ends early: connections and copies are let go of. */
  readonly signal: AbortSignal;
  /** Called before the process ends early; returns what takes the call back. */
  readonly onInterrupt: (cleanUp: () => void) => () => void;
  /**
   * Ends the process with a failure, as an interrupt does, once it holds more than `bytes` of memory:
   * SQL of a mapping decides itself how much it takes. Returns what ends the watch.
   */
  readonly watchMemory: (bytes: number, failure: () => Failure) => () => void;
}

/** How a run of our own command line differs from this one. */
export interface SelfOptions {
  /** Environment variables to set; undefined takes one away. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly umask: number;
}

/** A run of our own command line as a process of its own. */
export interface SelfRun {
  readonly ended: Promise<{
    readonly code: number | null;
    /** What killed it. */
    readonly signal: string | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
  /** SIGKILL: it cannot clean up. */
  kill(): void;
}
