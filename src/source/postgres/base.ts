/**
 * SQL that reads a relation by the rows of its base table, and counts the rows that belong together. Keys
 * are equal as the types of their columns compare them, in the bytes of collation "C". Null equals
 * nothing.
 */

import { quote } from '../../sql/quote.ts';
import type { BaseCounts } from '../source.ts';
import type { TextRow } from '../../postgres/connect.ts';
import { isLocated, rowsOf, type BaseAccess, type RelationAccess } from './relation.ts';

/** Column with the ctid of the base row of a located row. */
export const LOCATOR = '"sealift~row"';

/** Returns the query for rows of a relation, without strays. */
export function relationSql(relation: RelationAccess, cells: readonly string[]): string {
  const { base } = relation;
  const list = cells.map((cell) => `r.${quote(cell)}`);
  if (base === null) return `SELECT ${list.join(', ')} FROM ${rowsOf(relation)} r`;
  const match = sameKeys(base);
  if (isLocated(base)) {
    const all = [...list, `b.ctid AS ${LOCATOR}`].join(', ');
    return `SELECT ${all} FROM ${rowsOf(relation)} r JOIN ${aliased(base)} ON ${match}`;
  }
  return `SELECT ${list.join(', ')} FROM ${rowsOf(relation)} r
    WHERE EXISTS (SELECT FROM ${aliased(base)} WHERE ${match})`;
}

/** Returns the query that counts both sides, each read once: grouped by key, joined, and summed up. */
export function baseCountsSql(relation: RelationAccess, base: BaseAccess): string {
  const [own, results] = [base.key.map(([column]) => column), base.key.map(([, result]) => result)];
  return `
    WITH b AS MATERIALIZED (SELECT ${keys('b', own)}, count(*) AS n FROM ${aliased(base)}
      WHERE ${noNulls('b', own)} GROUP BY ${places(base)}),
    r AS MATERIALIZED (SELECT ${keys('r', results)}, count(*) AS n, ${countOf(base)}
      FROM ${rowsOf(relation)} r GROUP BY ${places(base)})
    SELECT (SELECT count(*) FROM ${base.from}),
      coalesce(sum(r.n), 0), coalesce(sum(r.n * b.n), 0),
      coalesce(sum(r.n) FILTER (WHERE b.n IS NULL), 0), coalesce(sum(b.n), 0),
      (SELECT coalesce(sum(n), 0) FROM b WHERE n > 1),
      coalesce(sum(b.n) FILTER (WHERE r.n > 1), 0),
      coalesce(sum(greatest(0, b.n - r.c)), 0),
      coalesce(sum(r.bad + greatest(0, r.c - coalesce(b.n, 0))), 0)
    FROM r LEFT JOIN b ON ${base.key.map((_, at) => `r."k${at}" = b."k${at}"`).join(' AND ')}`;
}

/** Reads the row of {@link baseCountsSql}. */
export function baseCountsOf(row: TextRow | undefined, base: BaseAccess): BaseCounts {
  const [rows, results, pairs, strays, matched, shared, multiplied, uncounted, miscounted] = (
    row ?? []
  ).map(Number);
  return {
    rows: rows ?? 0,
    results: results ?? 0,
    pairs: pairs ?? 0,
    strays: strays ?? 0,
    lost: (rows ?? 0) - (matched ?? 0),
    shared: shared ?? 0,
    multiplied: multiplied ?? 0,
    counted:
      base.count === null ? null : { uncounted: uncounted ?? 0, miscounted: miscounted ?? 0 },
  };
}

/** Returns the query for the locators of base rows that no row of the relation matches, in order. */
export function lostRowsSql(relation: RelationAccess, base: BaseAccess): string {
  const row = base.located ? 'b.ctid' : 'row_number() OVER ()';
  return `SELECT b.${LOCATOR} FROM (SELECT b.*, ${row} AS ${LOCATOR} FROM ${aliased(base)}) b
    WHERE NOT EXISTS (SELECT FROM ${rowsOf(relation)} r WHERE ${sameKeys(base)})
    ORDER BY 1`;
}

function aliased({ from }: BaseAccess): string {
  return `${from} b`;
}

function sameKeys({ key }: BaseAccess): string {
  return key.map(([column, result]) => `b.${quote(column)} = r.${quote(result)}`).join(' AND ');
}

function keys(alias: string, columns: readonly string[]): string {
  return columns.map((column, at) => `${alias}.${quote(column)} AS "k${at}"`).join(', ');
}

function places({ key }: BaseAccess): string {
  return key.map((_, index) => String(index + 1)).join(', ');
}

function noNulls(alias: string, columns: readonly string[]): string {
  return columns.map((column) => `${alias}.${quote(column)} IS NOT NULL`).join(' AND ');
}

/** SQL per group of results: the base rows that they count (`c`), and invalid counts (`bad`). */
function countOf({ count }: BaseAccess): string {
  if (count === null) return '0 AS c, 0 AS bad';
  const cell = `r.${quote(count)}`;
  return `coalesce(sum(${cell}) FILTER (WHERE ${cell} > 0), 0) AS c,
    count(*) FILTER (WHERE ${cell} IS NULL OR NOT ${cell} > 0) AS bad`;
}
