/** `notify`: a message to people. */

import { ADAPTER, TEXT, about, ROLE } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const notify: StepType = {
  text: 'A message to people.',
  members: { ...ADAPTER, text: about(TEXT, 'The message.'), to: ROLE },
  required: ['text'],
  kind: 'notice',
  place: 'person',
};
