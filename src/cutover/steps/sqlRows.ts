/** `sql.rows`: each row of a query satisfies a condition. */

import { CONDITION, COUNT, about, QUERY } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const sqlRows: StepType = {
  text: 'Each row of a query satisfies a condition.',
  members: {
    query: QUERY,
    every: about(CONDITION, 'Condition on each row.'),
    minRows: about(COUNT, 'Least number of rows.'),
  },
  required: ['query', 'every'],
  kind: 'check',
  place: 'database',
};
