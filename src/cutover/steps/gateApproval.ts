/** `gate.approval`: people approve what was seen so far. */

import { DURATION, about, ROLE } from '../schema/runbookParts.ts';
import type { GateStep } from './stepType.ts';

export const gateApproval: GateStep = {
  text: 'People approve what was seen so far.',
  members: {
    role: ROLE,
    of: about({ type: 'integer', minimum: 1 }, 'How many have to; 1 if left out.'),
    notOperator: about({ type: 'boolean' }, 'Whether the operator does not count. So if left out.'),
    expires: about(DURATION, 'How long an approval is valid.'),
  },
  required: ['role'],
  kind: 'gate',
  waitsFor: 'approval',
  place: 'person',
  resumes: true,
};
