/** `git.clean`: the working tree has no changes. */

import type { StepType } from './stepType.ts';

export const gitClean: StepType = {
  text: 'The working tree has no changes.',
  members: {},
  kind: 'check',
  place: 'repository',
};
