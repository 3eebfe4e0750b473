/** `git.tag`: a tag is set, or names the commit that was tested. */

import { TEXT, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const gitTag: StepType = {
  text: 'A tag is set, or names the commit that was tested.',
  members: { tag: about(TEXT, 'Name of the tag.'), commit: about(TEXT, 'Expected commit.') },
  required: ['tag'],
  kind: 'artifact',
  place: 'repository',
  verifiesItself: true,
  resumes: true,
};
