/** Handlers of the calls about candidates, for pool threads and the main thread alike. */

import { BAG_ANSWERS } from '../evidence/worker/bagAnswers.ts';
import { SCAN_ANSWERS } from '../scan/worker/scanAnswers.ts';
import { HASH_ANSWERS } from '../seal/worker/hashAnswers.ts';
import type { Answer } from '../threads/call.ts';

/** Handlers of the calls of verify and scan, and of those about bags of evidence. */
export const CANDIDATE_ANSWERS: readonly Answer[] = [
  ...HASH_ANSWERS,
  ...SCAN_ANSWERS,
  ...BAG_ANSWERS,
];
