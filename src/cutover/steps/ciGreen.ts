/** `ci.green`: cI has passed for the commit. */

import { TEXT, about, FILE, URL } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const ciGreen: StepType = {
  text: 'CI has passed for the commit.',
  members: { commit: about(TEXT, 'The commit.'), file: FILE, url: URL },
  required: ['commit'],
  kind: 'check',
  place: 'repository',
};
