/** Answers of worker threads to the calls of a scan. */

import { answer, type Answer } from '../../threads/call.ts';
import { SCAN_CHUNK } from '../calls.ts';

export const SCAN_ANSWERS: readonly Answer[] = [
  // Loaded on demand: loading the validator takes as long as hashing a small candidate.
  answer(SCAN_CHUNK, async (input) => {
    const { scanChunk } = await import('./scanChunk.ts');
    return { result: scanChunk(input) };
  }),
];
