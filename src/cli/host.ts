/**
 * What the command line takes from the process that it runs in: folder, variables, streams. A test
 * gives its own, and several command lines can run in one process without a trace in it.
 */

import { availableParallelism, tmpdir } from 'node:os';

import type { Environment } from '../run/environment.ts';
import { processOutput, type Output } from './output.ts';

export interface Host extends Pick<
  Environment,
  'cwd' | 'temporary' | 'processors' | 'pid' | 'variables'
> {
  readonly output: Output;
  /** Sets the mask of the files that are made from now on. */
  readonly umask: (mask: number) => void;
  /** Parts of the environment that take the place of threads and processes of our own. */
  readonly instead: Partial<Environment>;
}

/** The process itself. */
export function processHost(): Host {
  return {
    cwd: process.cwd(),
    temporary: tmpdir(),
    processors: availableParallelism(),
    pid: process.pid,
    variables: process.env,
    output: processOutput,
    umask: (mask) => {
      process.umask(mask);
    },
    instead: {},
  };
}
