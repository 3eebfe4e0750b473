/** Writes a new SQLite database in one go: fast, and of no use if it is cut short. */

import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';

/** What a cell may be given as; the column's affinity turns 5 into an integer or a real. */
export type Cell = string | number | bigint | null | Uint8Array;

/** Adds a row with a value for each column of the table; the name is trusted. */
export type Insert = (table: string, row: readonly Cell[]) => void;

/** Creates the tables, has `write` fill them, then creates the indexes. Replaces the file. */
export function writeDatabase(
  file: string,
  schema: { readonly tables: readonly string[]; readonly indexes: readonly string[] },
  write: (insert: Insert) => void,
): void {
  rmSync(file, { force: true });
  const db = new Database(file);
  try {
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.pragma('foreign_keys = OFF');
    db.exec('BEGIN');
    for (const sql of schema.tables) db.exec(sql);
    write(inserter(db));
    for (const sql of schema.indexes) db.exec(sql);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

function inserter(db: Database.Database): Insert {
  const statements = new Map<string, Database.Statement>();
  return (table, row) => {
    let statement = statements.get(table);
    if (statement === undefined) {
      const places = row.map(() => '?').join(', ');
      statement = db.prepare(`INSERT INTO ${table} VALUES (${places})`);
      statements.set(table, statement);
    }
    statement.run(row);
  };
}
