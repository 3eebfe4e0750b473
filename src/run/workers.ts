/** Number of threads that a command starts, if the command line does not give it. */

import type { Pool } from '../threads/pool.ts';
import { bytesUpTo } from '../seal/files.ts';
import type { Environment } from './environment.ts';

/** Number of threads on the command line; null if the command decides. */
export type Workers = number | null;

/** Up to this size in bytes, one thread is done before a second one has started. */
const SMALL = 8 * 2 ** 20;

type Processors = Pick<Environment, 'processors'>;

/** Default upper bound of the number of threads. */
const MOST = 8;

/** Returns the number for large work: as requested, else one per processor, at most 8. */
export function allWorkers(requested: Workers, { processors }: Processors): number {
  return requested ?? Math.min(MOST, processors);
}

/**
 * Returns the number of threads that read and map `bytes` of sources: as requested, else one if the
 * sources are small. An unknown size (null) counts as large.
 */
export function workersFor(requested: Workers, bytes: number | null, env: Processors): number {
  return requested === null && bytes !== null && bytes <= SMALL ? 1 : allWorkers(requested, env);
}

/**
 * Runs `work` with threads that hash the candidate at `folder`, or in this thread if the candidate
 * is small and no number was requested.
 */
export async function withHashers<T>(
  folder: string,
  requested: Workers,
  env: Environment,
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const inline = requested === null && bytesUpTo(folder, SMALL) < SMALL;
  const pool = env.startWorkers(inline ? 0 : allWorkers(requested, env), null);
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}
