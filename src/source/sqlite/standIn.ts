/**
 * Reads tables without rowid whose key is ordered by a collation of the application, which is
 * unknown here. SQLite cannot open such a tree without the collation. In a private copy, whose
 * schema says BINARY instead, the tree is read from its first leaf to its last, and every row is
 * there. A lookup by key in it would miss rows, so queries of a mapping may not name such a table.
 */

import Database from 'better-sqlite3';

import { sqlText, sqlTokens, wordOf, type SqlToken } from '../../sql/tokens.ts';
import type { Connection } from './connection.ts';
import { asciiLower, indexColumns, primaryIndex } from './describe.ts';

/** Names of these tables, ascending. */
export function tablesWithoutCollation(db: Connection): string[] {
  const listed = db
    .prepare<[], { name: string }>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') AND wr = 1",
    )
    .all();
  if (listed.length === 0) return [];
  const known = knownCollations();
  const missing = listed.filter(({ name }) => {
    const index = primaryIndex(db, name);
    const parts = index === undefined ? [] : indexColumns(db, index.name);
    return parts.some(({ coll }) => !known.has(asciiLower(coll)));
  });
  return missing.map(({ name }) => name).sort();
}

/** Lists the collations of SQLite itself; a connection also lists each that its schema names. */
function knownCollations(): Set<string> {
  const db = new Database(':memory:');
  try {
    const rows = db.prepare<[], { name: string }>('SELECT name FROM pragma_collation_list').all();
    return new Set(rows.map(({ name }) => asciiLower(name)));
  } finally {
    db.close();
  }
}

export function standInNotes(tables: readonly string[]): string[] {
  return tables.map((table) => {
    const shown = JSON.stringify(table.slice(0, 80));
    return `table ${shown} was read in a copy, as its key is ordered by a collation that is not available`;
  });
}

/**
 * Changes the schema of a private copy: BINARY replaces every unknown collation of these tables.
 */
export function standIn(copy: string, tables: readonly string[]): void {
  const known = knownCollations();
  const db = new Database(copy, { fileMustExist: true });
  try {
    db.unsafeMode(true);
    db.pragma('writable_schema = ON');
    const read = db.prepare<[string], { sql: string }>(
      "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?",
    );
    const write = db.prepare("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?");
    for (const table of tables) {
      const sql = read.get(table)?.sql;
      if (sql !== undefined) write.run(withBinary(sql, known), table);
    }
  } finally {
    db.close();
  }
}

function withBinary(sql: string, known: ReadonlySet<string>): string {
  const tokens = sqlTokens(sql);
  const changed = tokens.map((token, at): SqlToken => {
    const named = wordOf(tokens[at - 1]) === 'collate' && !known.has(asciiLower(token.text));
    return named ? { kind: 'name', text: 'BINARY', apart: true } : token;
  });
  return sqlText(changed);
}
