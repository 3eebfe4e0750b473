/** Descriptions of a SQLite database's tables and indexes, line by line from its pragmas. */

import type Database from 'better-sqlite3';

import type { Connection } from './connection.ts';

export interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
  /** 1: hidden column of a virtual table; 2 and 3: computed, virtual and stored. */
  readonly hidden: number;
}

export interface IndexInfo {
  readonly name: string;
  readonly unique: number;
  readonly origin: string;
  readonly partial: number;
}

export interface IndexColumn {
  readonly cid: number;
  readonly name: string | null;
  readonly desc: number;
  readonly coll: string;
  readonly key: number;
}

export interface ForeignKeyPart {
  readonly id: number;
  readonly seq: number;
  readonly table: string;
  readonly from: string;
  readonly to: string | null;
}

type Pragma = 'table_xinfo' | 'index_list' | 'index_xinfo' | 'foreign_key_list';
type Describe = Database.Statement<[string]>;

/** One statement per connection and pragma: there may be thousands of tables. */
const PRAGMAS = new WeakMap<Connection, Map<Pragma, Describe>>();

function described<T>(db: Connection, pragma: Pragma, name: string): T[] {
  const made = PRAGMAS.get(db) ?? new Map<Pragma, Describe>();
  PRAGMAS.set(db, made);
  const statement =
    made.get(pragma) ?? db.prepare<[string]>(`SELECT * FROM pragma_${pragma}(?, 'main')`);
  made.set(pragma, statement);
  return statement.all(name) as T[];
}

export function columnsOf(db: Connection, table: string): ColumnInfo[] {
  return described<ColumnInfo>(db, 'table_xinfo', table);
}

export function indexesOf(db: Connection, table: string): IndexInfo[] {
  return described<IndexInfo>(db, 'index_list', table);
}

/** Lists the columns of an index's key, in its order. */
export function indexColumns(db: Connection, index: string): IndexColumn[] {
  const all = described<IndexColumn>(db, 'index_xinfo', index);
  return all.filter((column) => column.key === 1);
}

/** Lists the parts of all foreign keys of a table; an unnamed parent key has no `to`. */
export function foreignKeyParts(db: Connection, table: string): ForeignKeyPart[] {
  return described<ForeignKeyPart>(db, 'foreign_key_list', table);
}

/** Returns the index that is the primary key, if there is one. */
export function primaryIndex(db: Connection, table: string): IndexInfo | undefined {
  return indexesOf(db, table).find(({ origin }) => origin === 'pk');
}

/** Lower-cases ASCII letters only, as SQLite compares identifiers. */
export function asciiLower(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
