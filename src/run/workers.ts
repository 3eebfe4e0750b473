/** How many threads a command starts, where it was not told: as many as are worth their start. */

import type { Pool } from '../threads/pool.ts';
import { bytesUpTo } from '../seal/files.ts';
import type { Environment } from './environment.ts';

/** As the command line says, or null where it is left to the command. */
export type Workers = number | null;

/** Up to here, in bytes, a second thread starts no sooner than one thread is done. */
const SMALL = 8 * 2 ** 20;

type Processors = Pick<Environment, 'processors'>;

/** One for each processor, and at most this many. */
const MOST = 8;

/** For large work: as asked, else one for each processor, at most 8. */
export function allWorkers(asked: Workers, { processors }: Processors): number {
  return asked ?? Math.min(MOST, processors);
}

/**
 * Returns the number of threads that read and map `bytes` of sources: as requested, else one for small
 * sources. Null is an unknown size, for which all are started.
 */
export function workersFor(asked: Workers, bytes: number | null, env: Processors): number {
  return asked === null && bytes !== null && bytes <= SMALL ? 1 : allWorkers(asked, env);
}

/**
 * Has `work` done with threads that hash what is in the candidate at `folder`, or with this one
 * alone where it is small and nothing else was asked for.
 */
export async function withHashers<T>(
  folder: string,
  asked: Workers,
  env: Environment,
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const inline = asked === null && bytesUpTo(folder, SMALL) < SMALL;
  const pool = env.startWorkers(inline ? 0 : allWorkers(asked, env), null);
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}
