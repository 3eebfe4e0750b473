/**
 * SQL that reads a relation by the rows of its base table, and counts the rows that belong
 * together. Keys are equal by SQLite's IS on the stored values, without affinity and collation: 5
 * is 5.0 and not "5", "a" is not "A". Null equals nothing.
 *
 * Names come from the schema, or were compiled; they are quoted. Sealift's own names begin with
 * `sealift~`, which no name of a result does.
 */

import type { BaseCounts } from '../source.ts';
import type { Connection } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import { locator } from './exact.ts';
import { PAGE_ROWS } from './rowPage.ts';
import { isLocated, type BaseAccess, type RelationAccess } from './relation.ts';

/** Column with the rowid of the base row of a located row. */
export const LOCATOR = '"sealift~row"';

/**
 * Returns `FROM …` for the rows of a relation: without strays, and in the order of the base if they
 * are located by it.
 */
export function relationTail(relation: RelationAccess): string {
  const { base } = relation;
  if (base === null) return `FROM ${rowsOf(relation)}`;
  if (isLocated(base)) {
    // `=` finds candidates by the index; IS decides whether the values are the same.
    const match = base.key.map(([column, result]) => {
      const [b, r] = [`b.${quote(column)}`, `+r.${quote(result)}`];
      return `${b} = ${r} AND +${b} COLLATE BINARY IS ${r}`;
    });
    return (
      `FROM (SELECT r.*, b.${String(base.rowid)} AS ${LOCATOR} FROM ${rowsOf(relation)} AS r ` +
      `JOIN ${tableOf(base)} AS b ON ${match.join(' AND ')}) ORDER BY ${LOCATOR}`
    );
  }
  const left = base.key.map(([, result]) => `+r.${quote(result)} COLLATE BINARY`);
  const right = base.key.map(([column]) => column);
  return (
    `FROM ${rowsOf(relation)} AS r WHERE (${left.join(', ')}) IN ` +
    `(SELECT ${plain(right)} FROM ${tableOf(base)} WHERE ${noNulls(right)})`
  );
}

export function countRelation(db: Connection, relation: RelationAccess): number {
  return (
    db
      .prepare<[], number>(`SELECT count(*) ${relationTail(relation)}`)
      .pluck()
      .get() ?? 0
  );
}

/** Counts both sides, each read once: grouped by key, joined, and summed up. */
export function countBase(db: Connection, relation: RelationAccess, base: BaseAccess): BaseCounts {
  const results = base.key.map(([, result]) => result);
  const columns = base.key.map(([column]) => column);
  const sql = `
    WITH b AS MATERIALIZED (SELECT ${plain(columns)}, count(*) AS n FROM ${tableOf(base)}
      WHERE ${noNulls(columns)} GROUP BY ${places(base)})
    SELECT (SELECT count(*) FROM ${tableOf(base)}) AS "rows",
      (SELECT coalesce(sum(n), 0) FROM b WHERE n > 1) AS shared,
      coalesce(sum(r.n), 0) AS results,
      coalesce(sum(r.n * b.n), 0) AS pairs,
      coalesce(sum(r.n) FILTER (WHERE b.n IS NULL), 0) AS strays,
      coalesce(sum(b.n), 0) AS matched,
      coalesce(sum(b.n) FILTER (WHERE r.n > 1), 0) AS multiplied,
      coalesce(sum(max(0, b.n - r.c)), 0) AS uncounted,
      coalesce(sum(r.bad + max(0, r.c - b.n)), 0) AS miscounted
    FROM (SELECT ${plain(results)}, count(*) AS n, ${countOf(base)} FROM ${rowsOf(relation)}
      GROUP BY ${places(base)}) AS r
    LEFT JOIN b ON ${equalKeys(base, 'b')}`;
  const found = db.prepare<[], Record<string, number>>(sql).get() ?? {};
  const at = (name: string): number => found[name] ?? 0;
  return {
    rows: at('rows'),
    results: at('results'),
    pairs: at('pairs'),
    strays: at('strays'),
    lost: at('rows') - at('matched'),
    shared: at('shared'),
    multiplied: at('multiplied'),
    counted:
      base.count === null ? null : { uncounted: at('uncounted'), miscounted: at('miscounted') },
  };
}

/** SQL per group of results: the base rows that they count (`c`), and invalid counts (`bad`). */
function countOf({ count }: BaseAccess): string {
  if (count === null) return '0 AS c, 0 AS bad';
  const cell = quote(count);
  const valid = `typeof(${cell}) = 'integer' AND ${cell} > 0`;
  return (
    `coalesce(sum(${cell}) FILTER (WHERE ${valid}), 0) AS c, ` +
    `count(*) FILTER (WHERE NOT (${valid})) AS bad`
  );
}

/** Yields pages of locators of the base rows that have no row of the relation. */
export function* lostRows(
  db: Connection,
  relation: RelationAccess,
  base: BaseAccess,
): Generator<(number | string)[], void, undefined> {
  const results = base.key.map(([, result]) => result);
  const columns = base.key.map(([column]) => column);
  const row = base.rowid ?? `row_number() OVER (${base.orderBy})`;
  const sql = `
    SELECT b.${LOCATOR}
    FROM (SELECT ${plain(columns)}, ${row} AS ${LOCATOR} FROM ${tableOf(base)}) AS b
    LEFT JOIN (SELECT DISTINCT ${plain(results)}, 1 AS n FROM ${rowsOf(relation)}
      WHERE ${noNulls(results)}) AS r ON ${equalKeys(base, 'r')}
    WHERE r.n IS NULL ORDER BY b.${LOCATOR}`;
  let page: (number | string)[] = [];
  for (const at of db.prepare<[], bigint>(sql).safeIntegers().pluck().iterate()) {
    page.push(locator(at));
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function tableOf(base: BaseAccess): string {
  return `main.${quote(base.table)}`;
}

/**
 * Returns the query as a table; its limit keeps SQLite from computing its cells again for each use.
 */
function rowsOf({ query }: RelationAccess): string {
  return `(SELECT * FROM (${query}) LIMIT -1)`;
}

/** Selects columns as values without affinity, compared by their bytes: `k0`, `k1` … */
function plain(columns: readonly string[]): string {
  return columns
    .map((column, index) => `+${quote(column)} COLLATE BINARY AS "sealift~k${index}"`)
    .join(', ');
}

function places({ key }: BaseAccess): string {
  return key.map((_, index) => String(index + 1)).join(', ');
}

function noNulls(columns: readonly string[]): string {
  return columns.map((column) => `${quote(column)} IS NOT NULL`).join(' AND ');
}

/** Compares the keys of both sides; the side that is found by an index comes first. */
function equalKeys({ key }: BaseAccess, looked: 'b' | 'r'): string {
  const other = looked === 'b' ? 'r' : 'b';
  return key
    .map((_, index) => `${looked}."sealift~k${index}" = ${other}."sealift~k${index}"`)
    .join(' AND ');
}
