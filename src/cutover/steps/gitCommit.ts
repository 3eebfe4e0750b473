/** `git.commit`: files are committed. */

import { TEXT, TEXTS, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const gitCommit: StepType = {
  text: 'Files are committed.',
  members: { files: about(TEXTS, 'Paths.'), message: about(TEXT, 'Message.') },
  required: ['files', 'message'],
  kind: 'change',
  place: 'repository',
  verifiesItself: true,
  resumes: true,
};
