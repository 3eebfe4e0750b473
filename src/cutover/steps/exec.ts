/** `exec`: a program, without a shell. */

import { ARGV, ENVIRONMENT, EXIT, NAME, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const exec: StepType = {
  text: 'A program, without a shell.',
  members: {
    run: ARGV,
    command: about(NAME, 'A command of the runbook, instead of `run`.'),
    env: ENVIRONMENT,
    exit: EXIT,
    changes: about({ type: 'boolean' }, 'false: it is a check. It changes something otherwise.'),
    idempotent: about({ type: 'boolean' }, 'Whether it can run again after it was cut off.'),
  },
  kind: 'change',
  place: 'files',
};
