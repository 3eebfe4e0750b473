/** What a command gets from outside: clock, environment, adapters, worker threads, a display. */

import type { Pool } from '../disk/pool.ts';
import type { Adapters } from './project.ts';

/** Shows how far a command is; see cli/terminal.ts. */
export interface Progress {
  /** A step begins: `total` rows or bytes, 0 where that is not known. */
  begin(label: string, total: number): void;
  update(done: number): void;
  end(): void;
}

export interface Environment {
  readonly adapters: Adapters;
  /** Starts worker threads that answer the calls of migrate and verify. */
  readonly startWorkers: (workers: number, data: unknown) => Pool;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly now: () => Date;
  readonly pid: number;
  readonly tool: { readonly name: string; readonly version: string };
  /** Versions of the data that conversions depend on. */
  readonly versions: { readonly timeZoneData: string; readonly unicode: string };
  /** Called before the process ends early; returns what takes the call back. */
  readonly onInterrupt: (cleanUp: () => void) => () => void;
}
