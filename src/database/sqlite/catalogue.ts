/**
 * The catalogue of an SQLite database: which tables there are, their columns, and which columns name a
 * row, under which collation. Names in statements come from here, never from a mapping.
 */

import type { Database } from 'better-sqlite3';

import type { ColumnFacts } from '../database.ts';

export interface TableEntry {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual' | 'shadow';
}

/** Lists tables and views of the database, ascending by name; those of SQLite left out. */
export function listEntries(db: Database): TableEntry[] {
  return db
    .prepare<[], TableEntry>(
      `SELECT name, type AS kind FROM pragma_table_list
        WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        ORDER BY name COLLATE BINARY`,
    )
    .all();
}

export interface ColumnEntry {
  readonly facts: ColumnFacts;
  readonly generated: boolean;
  /** 1-based place in the primary key; 0 outside. */
  readonly place: number;
}

interface ColumnLine {
  readonly name: string;
  readonly type: string;
  readonly isNotNull: bigint;
  readonly place: bigint;
  readonly hidden: bigint;
}

/** Reads the columns of a table, in their order. */
export function readColumns(db: Database, table: string): ColumnEntry[] {
  return db
    .prepare<[string], ColumnLine>(
      `SELECT name, type, "notnull" AS isNotNull, pk AS place, hidden
        FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid`,
    )
    .all(table)
    .map(({ name, type, isNotNull, place, hidden }) => {
      const kind = kindOf(type);
      const facts = { name, type, kind, nullable: isNotNull === 0n, maxLength: null };
      return { facts, generated: hidden > 1n, place: Number(place) };
    });
}

/**
 * Returns the kind of a column by the affinity of its declared type, https://sqlite.org/datatype3.html.
 * A numeric affinity would change a text that is written there; a column without a type stores all as it is.
 */
function kindOf(type: string): ColumnFacts['kind'] {
  if (/INT/i.test(type)) return 'integer';
  if (type === '' || /CHAR|CLOB|TEXT/i.test(type)) return 'text';
  return /BLOB/i.test(type) ? 'bytes' : 'other';
}

/** Columns of the primary key, in its order; empty without one. */
export function primaryKey(columns: readonly ColumnEntry[]): string[] {
  return columns
    .filter(({ place }) => place > 0)
    .toSorted((one, other) => one.place - other.place)
    .map(({ facts }) => facts.name);
}

interface IndexLine {
  readonly index: string;
  readonly column: string | null;
  readonly collation: string;
}

const BUILT_IN = new Set(['BINARY', 'NOCASE', 'RTRIM']);

/**
 * Returns the collations under which columns name at most one row, by column, so that an index orders
 * them; null if no constraint says that they do. One that SQLite does not have gives way to BINARY.
 */
export function keyCollations(
  db: Database,
  table: string,
  key: readonly string[],
): ReadonlyMap<string, string> | null {
  for (const parts of uniqueIndexes(db, table)) {
    if (!isSet(key, [...parts.keys()])) continue;
    return new Map([...parts].map(([name, own]) => [name, BUILT_IN.has(own) ? own : 'BINARY']));
  }
  // An INTEGER PRIMARY KEY is the rowid, and has no index.
  return isSet(key, primaryKey(readColumns(db, table)))
    ? new Map(key.map((name) => [name, 'BINARY']))
    : null;
}

function uniqueIndexes(db: Database, table: string): Map<string, string>[] {
  const lines = db
    .prepare<[string], IndexLine>(
      `SELECT l.name AS "index", x.name AS "column", upper(x.coll) AS collation
        FROM pragma_index_list(?) l JOIN pragma_index_xinfo(l.name) x
        WHERE l."unique" = 1 AND l.partial = 0 AND x.key = 1 ORDER BY l.seq, x.seqno`,
    )
    .all(table);
  const indexes = new Map<string, Map<string, string>>();
  for (const { index, column, collation } of lines) {
    const parts = indexes.get(index) ?? new Map<string, string>();
    // An expression has no name, and is in no key.
    indexes.set(index, parts.set(column ?? '\0', collation));
  }
  return [...indexes.values()];
}

function isSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}
