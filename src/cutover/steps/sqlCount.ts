/** `sql.count`: a query returns one number. It runs in a transaction that the server lets read only. */

import { parseCondition } from '../condition.ts';
import { cellMeets, numberIn } from '../databases/cellCondition.ts';
import { queryText, sqlFileIn } from '../databases/runbookSql.ts';
import { withSql } from '../databases/withSql.ts';
import { CONDITION, about, QUERY } from '../schema/runbookParts.ts';
import type { SqlClient, SqlValue } from '../world/world.ts';
import { requiredText } from './stepMembers.ts';
import type { DoneStep, StepResult } from './stepType.ts';

export const sqlCount: DoneStep = {
  text: 'A query returns one number.',
  members: { query: QUERY, expect: about(CONDITION, 'Condition on it, such as "== 0".') },
  required: ['query', 'expect'],
  kind: 'check',
  place: 'database',
  reads: (members) => sqlFileIn(requiredText(members, 'query')),
  plan: (members) => `check that a query returns a number ${requiredText(members, 'expect')}`,
  apply(work) {
    return withSql(work, { readOnly: true }, async (client) => {
      const query = queryText(
        requiredText(work.members, 'query'),
        work.world.files,
        client.dialect,
      );
      const cell = await onlyCell(client, query);
      if ('says' in cell) return { verdict: 'INCONCLUSIVE', says: cell.says };
      return judge(cell.value, requiredText(work.members, 'expect'));
    });
  },
};

async function onlyCell(
  client: SqlClient,
  query: string,
): Promise<{ readonly value: SqlValue } | { readonly says: string }> {
  for await (const { columns, rows } of client.pages(query)) {
    if (columns.length !== 1)
      return { says: `the query returns ${columns.length} columns instead of 1` };
    if (rows.length > 1) return { says: 'the query returns several rows instead of 1' };
    const [row] = rows;
    return row === undefined ? { says: 'the query returns no row' } : { value: row[0] ?? null };
  }
  return { says: 'the query returns no row' };
}

function judge(cell: SqlValue, expect: string): StepResult {
  const condition = parseCondition(expect);
  if (condition === null) throw new TypeError('a condition that the schema refuses');
  if (cell === null) return { verdict: 'INCONCLUSIVE', says: 'the query returns NULL' };
  const number = numberIn(cell);
  if (number === null || !Number.isFinite(number)) {
    return { verdict: 'INCONCLUSIVE', says: 'the query does not return a number' };
  }
  const met = cellMeets(condition, cell);
  if (met === null) {
    return {
      verdict: 'INCONCLUSIVE',
      says: `the number is too close to ${String(condition.value)} to compare it`,
    };
  }
  const says = met
    ? `the number is ${String(cell)}`
    : `the number is ${String(cell)}, not ${expect}`;
  return { verdict: met ? 'PASS' : 'FAIL', says, results: { count: number } };
}
