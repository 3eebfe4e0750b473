/** `file.check`: a file is there, and as expected. */

import { DURATION, TEXT, VALUES, about, FILE } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const fileCheck: StepType = {
  text: 'A file is there, and as expected.',
  members: {
    file: FILE,
    json: about(VALUES, 'Expected values, by JSON path.'),
    sha256: about(TEXT, 'Expected digest.'),
    maxAge: about(DURATION, 'How old it may be.'),
  },
  required: ['file'],
  kind: 'check',
  place: 'files',
};
