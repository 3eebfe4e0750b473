/** What threads answer about candidates, whether they belong to a pool or are the main one. */

import { SCAN_ANSWERS } from '../scan/worker/scanAnswers.ts';
import { HASH_ANSWERS } from '../seal/worker/hashAnswers.ts';
import type { Answer } from '../threads/call.ts';

/** The calls of verify and of scan. */
export const CANDIDATE_ANSWERS: readonly Answer[] = [...HASH_ANSWERS, ...SCAN_ANSWERS];
