/** `attest`: a person says that something is so. */

import { TEXT, about, ROLE } from '../schema/runbookParts.ts';
import type { GateStep } from './stepType.ts';

export const attest: GateStep = {
  text: 'A person says that something is so.',
  members: { role: ROLE, text: about(TEXT, 'What the person says.') },
  required: ['role', 'text'],
  kind: 'gate',
  waitsFor: 'approval',
  place: 'person',
  resumes: true,
};
