/** `sql.migrate`: files of SQL in order, each in a transaction with its line in the ledger. */

import { TEXT, TEXTS, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const sqlMigrate: StepType = {
  text: 'Files of SQL in order, each in a transaction with its line in the ledger.',
  members: {
    files: about(TEXT, 'Files, or a pattern of them; ordered by name.'),
    outside: about(TEXTS, 'Files that cannot run in a transaction; they need `probe`.'),
  },
  required: ['files'],
  kind: 'change',
  place: 'database',
  resumes: true,
};
