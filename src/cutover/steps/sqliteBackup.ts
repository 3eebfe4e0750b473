/** `sqlite.backup`: a copy of a SQLite database. */

import { about, FILE } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const sqliteBackup: StepType = {
  text: 'A copy of a SQLite database.',
  members: {
    rehearse: about({ type: 'boolean' }, 'Whether it is opened and compared.'),
    file: FILE,
  },
  kind: 'artifact',
  place: 'database',
  resumes: true,
};
