/** Reduces the segments of a Merkle tree in worker threads. */

import { DIGEST_LENGTH } from '../merkle/hash.ts';
import type { ReduceSegment } from '../merkle/tree.ts';
import type { Pool } from '../threads/pool.ts';
import { asBuffer } from '../threads/sharedBuffer.ts';
import { REDUCE_SEGMENT } from './calls.ts';

/** Makes a function that reduces segments in the workers of a pool. */
export function reduceInPool(pool: Pool): ReduceSegment {
  return async (leaves, count) => {
    const copy = Uint8Array.from(leaves.subarray(0, count * DIGEST_LENGTH));
    return asBuffer(await pool.call(REDUCE_SEGMENT, copy));
  };
}
