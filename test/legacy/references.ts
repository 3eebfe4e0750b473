/** Which row of a SQLite database refers to which, by the foreign keys that it declares. */

import Database from 'better-sqlite3';

import type { Refers } from './truth.ts';

interface KeyColumn {
  readonly id: number;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** `close` when done. Tables are trusted: they are those of a test's own database. */
export function referencesIn(file: string): { readonly refers: Refers; close(): void } {
  const db = new Database(file, { readonly: true });
  const queries = new Map<string, readonly Database.Statement[]>();
  const queriesOf = (table: string, parent: string): readonly Database.Statement[] => {
    const key = JSON.stringify([table, parent]);
    const known = queries.get(key) ?? prepare(db, table, parent);
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

function prepare(db: Database.Database, table: string, parent: string): Database.Statement[] {
  const columns = db.pragma(`foreign_key_list(${quoted(table)})`) as KeyColumn[];
  const keys = Map.groupBy(
    columns.filter((column) => column.table === parent),
    ({ id }) => id,
  );
  return [...keys.values()].map((parts) => {
    const same = parts.map(({ from, to }) => `p.${quoted(to)} = c.${quoted(from)}`).join(' AND ');
    return db.prepare(
      `SELECT 1 FROM ${quoted(table)} c JOIN ${quoted(parent)} p ON ${same}
        WHERE c.rowid = ? AND p.rowid = ?`,
    );
  });
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
