/** What threads answer about candidates, whether they belong to a pool or are the main one. */

import type { ChunkInput } from '../scan/scanChunk.ts';
import { hashHandlers } from '../seal/hashLines.ts';
import type { Handler, Reply } from '../threads/pool.ts';

/** What threads do for a candidate. */
export const CANDIDATE_HANDLERS: Readonly<Record<string, Handler>> = {
  ...hashHandlers,
  // The validator takes as long to load as a small candidate takes to hash.
  scanChunk: async (input: ChunkInput): Promise<Reply> => {
    const { scanChunk } = await import('../scan/scanChunk.ts');
    return { result: scanChunk(input) };
  },
};
