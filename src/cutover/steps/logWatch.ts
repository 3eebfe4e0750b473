/** `log.watch`: lines of a log. */

import { ARGV, CONDITION, TEXT, about, FILE } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const logWatch: StepType = {
  text: 'Lines of a log.',
  members: {
    file: FILE,
    run: ARGV,
    pattern: about(TEXT, 'RE2 syntax.'),
    expect: about(CONDITION, 'Condition on the number of lines, or on their share.'),
  },
  required: ['pattern', 'expect'],
  kind: 'check',
  place: 'files',
};
