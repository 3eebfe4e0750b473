/** The split from a query of distinct users by version. Pure. */

import { quoteName } from '../../outcome/quoteName.ts';
import type { RolloutPlan } from '../runbook.ts';
import type { SqlPage } from '../world/world.ts';
import type { Figure } from './figures.ts';
import { countIn, rowsOf } from './figureOfRows.ts';

export function usersOfRows(page: SqlPage, versions: RolloutPlan['versions']): Figure {
  const rows = rowsOf(page, ['version', 'n']);
  if ('unknown' in rows) return rows;
  const counts = new Map<string, number>();
  for (const { version = null, n } of rows.rows) {
    const count = countIn(n);
    if (count === null) return { unknown: '"n" is not a count' };
    const name = String(version);
    if (name !== versions.old && name !== versions.new) {
      const names = `${quoteName(versions.new)} and ${quoteName(versions.old)}`;
      return { unknown: `the query has rows of another version than ${names}` };
    }
    if (counts.has(name)) return { unknown: 'the query returns several rows of a version' };
    counts.set(name, count);
  }
  const part = counts.get(versions.new) ?? 0;
  return { fresh: { part, of: part + (counts.get(versions.old) ?? 0) } };
}
