/** `sql.count`: a query returns one number. */

import { CONDITION, about, QUERY } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const sqlCount: StepType = {
  text: 'A query returns one number.',
  members: { query: QUERY, expect: about(CONDITION, 'Condition on it, such as "== 0".') },
  required: ['query', 'expect'],
  kind: 'check',
  place: 'database',
};
