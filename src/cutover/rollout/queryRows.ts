/** The rows of a query of a metric, few and whole: with the window of the look as its parameters. */

import { isoTime } from '../../outcome/age.ts';
import { queryText } from '../databases/runbookSql.ts';
import { withParameters } from '../databases/namedParameters.ts';
import { withSql } from '../databases/withSql.ts';
import { DEFAULT_INPUTS } from '../steps/stepType.ts';
import type { SqlPage } from '../world/world.ts';
import type { UnknownFigure } from './figures.ts';
import type { LookWindow, LookWork } from './readFigure.ts';

/** More rows than that are no summary. */
const MOST_ROWS = 1000;

export interface MetricQuery {
  readonly sql: string;
  readonly on: string | null;
  readonly window: LookWindow;
  /** Whether it counts what happened in the window, so that it has to name its beginning. */
  readonly counts: boolean;
}

/** @throws Failure, or what the signal aborts with */
export function queryRows(
  work: LookWork,
  { sql, on, window, counts }: MetricQuery,
): Promise<SqlPage | UnknownFigure> {
  const { world, signal } = work;
  const place = { input: on ?? DEFAULT_INPUTS.database ?? null, world, signal };
  return withSql(place, { readOnly: true }, async (client) => {
    const text = queryText(sql, world.files, client.dialect);
    const times = { since: isoTime(window.from / 1000), until: isoTime(window.to / 1000) };
    const query = withParameters(text, times, client.dialect);
    if (counts && !query.found.has('since')) {
      return { unknown: 'the query counts without ":since", so other stages are in its numbers' };
    }
    return client.query(query.sql, query.parameters, MOST_ROWS);
  });
}
