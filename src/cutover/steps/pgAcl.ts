/** `pg.acl`: grants on tables, sequences, functions and schemas. */

import { TEXT, TEXTS, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const pgAcl: StepType = {
  text: 'Grants on tables, sequences, functions and schemas.',
  members: {
    grantee: about(TEXT, 'Whose grants.'),
    expect: about({ enum: ['empty'] }, 'empty: there are none.'),
    schemas: about(TEXTS, 'Schemas.'),
  },
  required: ['grantee', 'expect'],
  kind: 'check',
  place: 'database',
};
