/** `http.cases`: requests of a file, with what is expected of each. */

import { FILE } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const httpCases: StepType = {
  text: 'Requests of a file, with what is expected of each.',
  members: { file: FILE },
  required: ['file'],
  kind: 'check',
  place: 'application',
};
