/**
 * `sql.rows`: each row of a query satisfies a condition. The query runs in one transaction that the server
 * lets read only. What is said has counts and numbers of rows, never a value.
 */

import { counted } from '../../outcome/counted.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { parseCondition, type Condition } from '../condition.ts';
import { cellMeets } from '../databases/cellCondition.ts';
import { queryText, sqlFileIn } from '../databases/runbookSql.ts';
import { withSql } from '../databases/withSql.ts';
import { CONDITION, COUNT, about, QUERY } from '../schema/runbookParts.ts';
import type { SqlPage, SqlValue } from '../world/world.ts';
import { numberOf, requiredText } from './stepMembers.ts';
import type { DoneStep, StepResult, StepWork } from './stepType.ts';

const SHOWN = 5;

export const sqlRows: DoneStep = {
  text: 'Each row of a query satisfies a condition.',
  members: {
    query: QUERY,
    every: about(CONDITION, 'Condition on each row: on the column that it names, or the only one.'),
    minRows: about(COUNT, 'Least number of rows.'),
  },
  required: ['query', 'every'],
  kind: 'check',
  place: 'database',
  reads: (members) => sqlFileIn(requiredText(members, 'query')),
  plan: (members) => `check that each row of a query satisfies ${requiredText(members, 'every')}`,
  apply(work) {
    return withSql(work, { readOnly: true }, async (client) => {
      const query = queryText(
        requiredText(work.members, 'query'),
        work.world.files,
        client.dialect,
      );
      return judge(client.pages(query), work);
    });
  },
};

async function judge(pages: AsyncIterable<SqlPage>, { members }: StepWork): Promise<StepResult> {
  const every = requiredText(members, 'every');
  const condition = parseCondition(every);
  if (condition === null) throw new TypeError('a condition that the schema refuses');
  let column: number | null = null;
  let count = 0;
  let failed = 0;
  const first: number[] = [];
  for await (const { columns, rows } of pages) {
    if (column === null) {
      const found = columnOf(condition, columns);
      if (typeof found === 'string') return { verdict: 'INCONCLUSIVE', says: found };
      column = found;
    }
    for (const row of rows) {
      count += 1;
      if (cellMeets(condition, row[column] as SqlValue) === true) continue;
      failed += 1;
      if (first.length < SHOWN) first.push(count);
    }
  }
  const results = { failed, count };
  const { verdict, says } = verdictOf({ count, failed, first, every, members });
  return { verdict, says, results };
}

/** Position of the column that the condition names, or why there is none. */
function columnOf({ name }: Condition, columns: readonly string[]): number | string {
  if (name === null) {
    return columns.length === 1
      ? 0
      : `the query returns ${columns.length} columns, and the condition names none of them`;
  }
  const found = columns.flatMap((one, at) => (one === name ? [at] : []));
  if (found.length === 0) return `the query returns no column ${quoteName(name)}`;
  if (found.length > 1) return `the query returns ${found.length} columns ${quoteName(name)}`;
  return found[0] ?? 0;
}

interface Counts {
  readonly count: number;
  readonly failed: number;
  /** Numbers of the first rows that fail, from 1. */
  readonly first: readonly number[];
  readonly every: string;
  readonly members: StepWork['members'];
}

function verdictOf({ count, failed, first, every, members }: Counts): StepResult {
  const least = numberOf(members, 'minRows') ?? 0;
  if (failed > 0) {
    const more = failed > first.length ? ', …' : '';
    const which = `${failed === 1 ? 'row' : 'rows'} ${first.join(', ')}${more}`;
    return {
      verdict: 'FAIL',
      says: `${failed} of ${counted(count, 'row')} ${failed === 1 ? 'does' : 'do'} not satisfy ${every}: ${which}`,
    };
  }
  if (count < least) {
    return {
      verdict: 'FAIL',
      says: `the query returns ${counted(count, 'row')} instead of ${least} or more`,
    };
  }
  if (count === 0) return { verdict: 'INCONCLUSIVE', says: 'the query returns no row to judge' };
  return {
    verdict: 'PASS',
    says: `${count} of ${counted(count, 'row')} ${count === 1 ? 'satisfies' : 'satisfy'} ${every}`,
  };
}
