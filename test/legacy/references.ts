/**
 * Which row of a SQLite database refers to which, by the foreign keys that it declares, and by the
 * lists of ids in JSON that it cannot declare.
 */

import Database from 'better-sqlite3';

import type { Refers } from './truth.ts';

interface KeyColumn {
  readonly id: number;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** A column that holds a JSON array of the values of a column of another table. */
export interface ListColumn {
  readonly table: string;
  readonly column: string;
  readonly parent: string;
  readonly to: string;
}

/** The dog school's. */
export const LISTS: readonly ListColumn[] = [
  { table: 'kurse', column: 'hundIds', parent: 'hunde', to: 'id' },
];

/** `close` when done. Tables are trusted: they are those of a test's own database. */
export function referencesIn(
  file: string,
  lists: readonly ListColumn[] = [],
): { readonly refers: Refers; close(): void } {
  const db = new Database(file, { readonly: true });
  const queries = new Map<string, readonly Database.Statement[]>();
  const queriesOf = (table: string, parent: string): readonly Database.Statement[] => {
    const key = JSON.stringify([table, parent]);
    const known = queries.get(key) ?? prepare(db, table, parent, lists);
    queries.set(key, known);
    return known;
  };
  return {
    refers: (from, to) =>
      queriesOf(from.table, to.table).some(
        (query) => query.get(BigInt(from.row), BigInt(to.row)) !== undefined,
      ),
    close: () => db.close(),
  };
}

function prepare(
  db: Database.Database,
  table: string,
  parent: string,
  lists: readonly ListColumn[],
): Database.Statement[] {
  const columns = db.pragma(`foreign_key_list(${quoted(table)})`) as KeyColumn[];
  const keys = Map.groupBy(
    columns.filter((column) => column.table === parent),
    ({ id }) => id,
  );
  const declared = [...keys.values()].map((parts) =>
    parts.map(({ from, to }) => `p.${quoted(to)} = c.${quoted(from)}`).join(' AND '),
  );
  const listed = lists
    .filter((list) => list.table === table && list.parent === parent)
    .map(({ column, to }) => {
      const json = `c.${quoted(column)}`;
      const members = `json_each(CASE WHEN json_valid(${json}) THEN ${json} ELSE '[]' END)`;
      return `p.${quoted(to)} IN (SELECT value FROM ${members})`;
    });
  return [...declared, ...listed].map((same) =>
    db.prepare(
      `SELECT 1 FROM ${quoted(table)} c JOIN ${quoted(parent)} p ON ${same}
        WHERE c.rowid = ? AND p.rowid = ?`,
    ),
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
