/** `pg.restore_swap`: a backup is restored into a new database, which takes the place of the old one. */

import { NAME, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const pgRestoreSwap: StepType = {
  text: 'A backup is restored into a new database, which takes the place of the old one.',
  members: { from: about(NAME, 'The step with the backup.') },
  kind: 'change',
  place: 'database',
  losesWrites: true,
  verifiesItself: true,
  resumes: true,
};
