/** Values in columns of a table besides those that are read, which are in no record. */

import { quote } from '../../sql/quote.ts';
import type { SeenRows } from '../unchanged.ts';
import { translated, type Access, type Connection } from './connection.ts';

/** Neither generated nor hidden ones. */
const COLUMNS = `SELECT name, dflt_value AS preset FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid`;

/** A default that is computed tells nothing of a value. */
const LITERAL = /^(?:-?\d+(?:\.\d+)?|'(?:[^']|'')*')$/;

/**
 * Returns the columns of tables besides those that were read in which a row has a value other than its
 * default, as `table.column`. @throws Failure
 */
export function valuesBeside(
  db: Connection,
  access: Access,
  tables: readonly SeenRows[],
): string[] {
  return tables.flatMap(({ table, columns }) => {
    const names = translated(access, table, () => columnsBeside(db, table, columns));
    return names.map((name) => `${table}.${name}`);
  });
}

function columnsBeside(db: Connection, table: string, read: readonly string[]): string[] {
  const columns = db.prepare(COLUMNS).all(table) as readonly {
    readonly name: string;
    readonly preset: string | null;
  }[];
  return columns.flatMap(({ name, preset }) => {
    if (read.includes(name)) return [];
    const column = quote(name);
    const isOther =
      preset !== null && LITERAL.test(preset) ? `AND quote(${column}) <> quote(${preset})` : '';
    const sql = `SELECT 1 FROM ${quote(table)} WHERE ${column} IS NOT NULL ${isOther} LIMIT 1`;
    return db.prepare(sql).get() === undefined ? [] : [name];
  });
}
