/** Answers of worker threads to the calls about the files of a bag. */

import { answer, type Answer } from '../../threads/call.ts';
import { COPY_FILES, HASH_FILES } from '../calls.ts';
import { copyFiles, hashFiles } from './bagFiles.ts';

export const BAG_ANSWERS: readonly Answer[] = [
  answer(COPY_FILES, (input) => ({ result: copyFiles(input) })),
  answer(HASH_FILES, (input) => ({ result: hashFiles(input) })),
];
