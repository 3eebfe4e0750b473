/** `pg.backup`: a dump of the database. */

import { about, FILE } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const pgBackup: StepType = {
  text: 'A dump of the database.',
  members: {
    rehearse: about({ type: 'boolean' }, 'Whether it is restored into a scratch database.'),
    file: FILE,
  },
  kind: 'artifact',
  place: 'database',
  resumes: true,
};
