/** Inputs of a command from outside: clock, variables, adapters, worker threads, a display. */

import type { RunProgram } from '../crypto/sshSignature.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import type { Pool } from '../threads/pool.ts';
import type { Failure } from '../outcome/failure.ts';
import type { Adapters } from '../source/source.ts';
import type { StoreAdapters } from '../objects/objectStore.ts';
import type { DatabaseAdapters } from '../database/database.ts';
import type { TargetAdapters } from '../target/target.ts';

/** The unit of a progress step, and the group that the step belongs to. */
export interface About {
  /** In the singular; `row` where left out. */
  readonly unit?: string;
  /** Consecutive steps of one group are shown as one; usually a module. */
  readonly group?: string;
  /** Whether the step counts the units of its group, not those of another. */
  readonly counts?: boolean;
  /** Whether nothing of the step lasts on the display. */
  readonly passing?: boolean;
  /** Units that an earlier run has done, which do not count for the rate. */
  readonly before?: number;
}

/** Shows the progress of a command; see cli/terminal.ts. */
export interface Progress {
  /** Begins a step of `total` units; 0 if the number is unknown. */
  begin(label: string, total: number, about?: About): void;
  /** `bytes`: size of the units that are done, where that is known; `failed`: units that were refused. */
  update(done: number, bytes?: number, failed?: number): void;
  end(): void;
  /** Writes a line that lasts, beside the steps. */
  say(line: string): void;
}

/** Inputs for mapping rows in a worker thread; null if it only answers calls about candidates. */
export type WorkerStart = {
  readonly mapping: LoadedMapping;
  /** Secret keys by id. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
} | null;

export interface Environment {
  readonly adapters: Adapters;
  readonly targets: TargetAdapters;
  readonly databases: DatabaseAdapters;
  readonly stores: StoreAdapters;
  /**
   * Starts worker threads that answer the calls about candidates and, given a mapping, those of
   * migrate. With 0 workers, the calling thread answers those about candidates.
   */
  readonly startWorkers: (workers: number, start: WorkerStart) => Pool;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly now: () => Date;
  /** Gives so many random bytes, fit for keys and nonces. */
  readonly random: (bytes: number) => Uint8Array;
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
  /** Starts `sealift ARGS` in a separate process. */
  readonly runSelf: (args: readonly string[], options: SelfOptions) => SelfRun;
  /** Program and first arguments that are `sealift`, for a process that starts it by itself. */
  readonly selfArgv: readonly string[];
  /** Runs another program, such as ssh-keygen, in a bare environment. */
  readonly runProgram: RunProgram;
  /** Aborts if the process ends early, so that connections are closed and copies stopped. */
  readonly signal: AbortSignal;
  /**
   * Aborts if a command that ends what it has begun is told to stop; the process goes on until then. Of
   * any other command it never aborts.
   */
  readonly stopping: AbortSignal;
  /** Registers a call for an early end of the process; returns a function that unregisters it. */
  readonly onInterrupt: (cleanUp: () => void) => () => void;
  /**
   * Ends the process with a failure, as an interrupt does, once it holds more than `bytes` of
   * memory: SQL of a mapping may take any amount. Returns a function that ends the watch.
   */
  readonly watchMemory: (bytes: number, failure: () => Failure) => () => void;
}

/** Differences between a child run of `sealift` and this one. */
export interface SelfOptions {
  /** Environment variables to set; undefined removes one. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly umask: number;
}

/** A run of `sealift` in a separate process. */
export interface SelfRun {
  readonly ended: Promise<{
    readonly code: number | null;
    /** Signal that killed it. */
    readonly signal: string | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
  /** Sends SIGKILL, so that the process cannot clean up. */
  kill(): void;
}
