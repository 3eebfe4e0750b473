/** The calls of the tests of the pool, read by both sides. */

import { defineCall, defineWorker, type Call, type WorkerModule } from '../../src/threads/call.ts';

export interface Start {
  /** A file that is there while the worker is open. */
  readonly marker: string;
  /** The call that the worker has two answers for, or null. */
  readonly twice: string | null;
}

export const POOL_WORKER: WorkerModule<Start> = defineWorker(
  new URL('./poolWorker.ts', import.meta.url),
);

export const DOUBLE: Call<number, number> = defineCall('double');
/** Milliseconds → the same, that much later. */
export const SLOWLY: Call<number, number> = defineCall('slowly');
export const BYTES: Call<number, Uint8Array> = defineCall('bytes');
export const FAIL: Call<null, never> = defineCall('fail');
export const FAIL_BARELY: Call<null, never> = defineCall('fail-barely');
export const DEFECT: Call<null, never> = defineCall('defect');
export const TEXT: Call<null, never> = defineCall('text');
export const UNCLONEABLE: Call<null, () => number> = defineCall('uncloneable');
export const DIE: Call<null, never> = defineCall('die');
export const CRASH: Call<null, never> = defineCall('crash');
export const OPEN: Call<null, null> = defineCall('open');
/** No worker has an answer for it. */
export const NOWHERE: Call<null, null> = defineCall('nowhere');
