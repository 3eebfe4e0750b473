/** `file.fresh`: a file that is generated anew has no difference. */

import { ARGV, ENVIRONMENT, TEXTS, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const fileFresh: StepType = {
  text: 'A file that is generated anew has no difference.',
  members: { run: ARGV, env: ENVIRONMENT, files: about(TEXTS, 'The generated files.') },
  required: ['run', 'files'],
  kind: 'check',
  place: 'repository',
};
