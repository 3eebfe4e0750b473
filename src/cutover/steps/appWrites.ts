/** `app.writes`: the application takes writes, or refuses them. */

import { ADAPTER, VALUES, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const appWrites: StepType = {
  text: 'The application takes writes, or refuses them.',
  members: {
    set: about({ enum: ['on', 'off'] }, 'on or off.'),
    expect: about(VALUES, 'What health reports then.'),
    ...ADAPTER,
  },
  required: ['set'],
  kind: 'change',
  place: 'application',
  verifiesItself: true,
  resumes: true,
};
