/** `gate.window`: the window of the runbook is open. */

import type { GateStep } from './stepType.ts';

export const gateWindow: GateStep = {
  text: 'The window of the runbook is open.',
  members: {},
  kind: 'gate',
  waitsFor: 'window',
  place: 'clock',
  resumes: true,
};
