/** `app.deploy`: a build is deployed; the commit that health reports is the expected one. */

import { ADAPTER, TEXT, about, URL } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const appDeploy: StepType = {
  text: 'A build is deployed; the commit that health reports is the expected one.',
  members: { ...ADAPTER, commit: about(TEXT, 'The commit.'), health: URL },
  required: ['commit', 'health'],
  kind: 'change',
  place: 'application',
  verifiesItself: true,
  resumes: true,
};
