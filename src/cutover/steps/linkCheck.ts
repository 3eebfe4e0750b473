/** `link.check`: links of a page have a target. */

import { FILE } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const linkCheck: StepType = {
  text: 'Links of a page have a target.',
  members: { file: FILE },
  kind: 'check',
  place: 'files',
};
