/** How threads answer the calls of a scan. */

import { answer, type Answer } from '../../threads/call.ts';
import { SCAN_CHUNK } from '../calls.ts';

export const SCAN_ANSWERS: readonly Answer[] = [
  // The validator takes as long to load as a small candidate takes to hash.
  answer(SCAN_CHUNK, async (input) => {
    const { scanChunk } = await import('./scanChunk.ts');
    return { result: scanChunk(input) };
  }),
];
