/**
 * SQLite's own count of the rows of a table, independent of how they are read: over the table's
 * pages from first to last, and once more over an index, if SQLite finds a suitable one. It ends,
 * even if the pages form a cycle.
 */

import { sqliteCode, translated, type Access, type Connection } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import { indexDisagrees, mostRows, tooManyRows } from './damage.ts';
import { isStored } from './schema.ts';

/** @throws Failure SOURCE_FORMAT if the table is damaged */
export function countRows(db: Connection, access: Access, table: string): number {
  return translated(access, table, () => {
    const from = `main.${quote(table)}`;
    // A view's rows are those of other tables, and a virtual table's come from its module.
    if (!isStored(db, table)) return counted(db, `SELECT count(*) FROM ${from}`);
    const most = mostRows(db);
    const rows = upTo(db, `${from} NOT INDEXED`, most + 1);
    if (rows > most) throw tooManyRows(access, table);
    const indexed = indexRows(db, from, rows + 1) ?? rows;
    if (indexed !== rows) throw indexDisagrees(access, table, [rows, indexed]);
    return rows;
  });
}

function counted(db: Connection, sql: string, ...bound: number[]): number {
  return (
    db
      .prepare<number[], number>(sql)
      .pluck()
      .get(...bound) ?? 0
  );
}

/** Counts up to a limit: `count(*)` alone would not end in a tree with a cycle. */
function upTo(db: Connection, from: string, limit: number): number {
  return counted(db, `SELECT count(*) FROM (SELECT 1 FROM ${from} LIMIT ?)`, limit);
}

/** Null if the collation or the function of an index is unknown. */
function indexRows(db: Connection, from: string, limit: number): number | null {
  try {
    return upTo(db, from, limit);
  } catch (error) {
    if (sqliteCode(error).startsWith('SQLITE_ERROR')) return null;
    throw error;
  }
}
