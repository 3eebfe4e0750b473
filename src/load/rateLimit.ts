/** Lets no more rows through per second than an operator allows, so that a target stays responsive. */

import { setTimeout as pause } from 'node:timers/promises';

import type { Chunk } from '../target/target.ts';

/** A limited stream comes in chunks of about the rows of this part of a second. */
const PARTS = 10;
const LEAST_PIECE = 4096;

/** Returns the bytes to read at once, so that a chunk has a tenth of the rows of a second. */
export function limitedPiece(bytes: number, records: number, rowsPerSecond: number): number {
  const rows = Math.max(1, rowsPerSecond / PARTS);
  return Math.max(LEAST_PIECE, Math.floor((bytes / Math.max(1, records)) * rows));
}

/** Yields the chunks no faster than `rowsPerSecond` on average since the first. */
export async function* limited(
  chunks: AsyncIterable<Chunk>,
  rowsPerSecond: number,
  now: () => Date,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const begun = now().getTime();
  let rows = 0;
  for await (const chunk of chunks) {
    rows += chunk.count;
    const early = begun + (rows / rowsPerSecond) * 1000 - now().getTime();
    if (early > 0) await pause(early, null, { signal });
    yield chunk;
  }
}
