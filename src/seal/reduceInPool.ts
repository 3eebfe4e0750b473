/** Reduces the segments of a Merkle tree in worker threads. */

import { DIGEST_LENGTH } from '../merkle/hash.ts';
import type { ReduceSegment } from '../merkle/tree.ts';
import type { Pool } from '../threads/pool.ts';
import { sharedBuffers } from '../threads/sharedBuffer.ts';
import { REDUCE_SEGMENT } from './calls.ts';

/** Makes a function that reduces segments in the workers of a pool. */
export function reduceInPool(pool: Pool): ReduceSegment {
  const buffers = sharedBuffers();
  return async (leaves, count) => {
    const length = count * DIGEST_LENGTH;
    const buffer = buffers.take(length);
    const copy = Buffer.from(buffer, 0, length);
    leaves.copy(copy, 0, 0, length);
    await pool.call(REDUCE_SEGMENT, copy);
    // In memory of its own; see segmentRoot.
    const root = Buffer.alloc(DIGEST_LENGTH);
    copy.copy(root, 0, 0, DIGEST_LENGTH);
    buffers.giveBack(buffer);
    return root;
  };
}
