/** Segments of a Merkle tree, reduced by worker threads. */

import { DIGEST_LENGTH } from '../merkle/hash.ts';
import type { ReduceSegment } from '../merkle/tree.ts';
import type { Pool } from '../threads/pool.ts';
import { asBuffer } from '../threads/sharedBuffer.ts';
import { REDUCE_SEGMENT } from './calls.ts';

/** Has the workers of a pool reduce segments. Calls are answered in order, so that few are waiting. */
export function reduceInPool(pool: Pool): ReduceSegment {
  return async (leaves, count) => {
    const copy = Uint8Array.from(leaves.subarray(0, count * DIGEST_LENGTH));
    return asBuffer(await pool.call(REDUCE_SEGMENT, copy));
  };
}
