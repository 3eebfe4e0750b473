/** What a SQLite database says of its tables and indexes, line by line as its pragmas say it. */

import type Database from 'better-sqlite3';

import type { Connection } from './connection.ts';

export interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
  /** 1: of a virtual table, not among its columns; 2 and 3: computed, virtual and stored. */
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

/** Of each connection, one statement for each pragma: there may be thousands of tables. */
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

/** The columns of an index's key, in its order. */
export function indexColumns(db: Connection, index: string): IndexColumn[] {
  const all = described<IndexColumn>(db, 'index_xinfo', index);
  return all.filter((column) => column.key === 1);
}

/** The parts of all foreign keys of a table; an unnamed parent key has no `to`. */
export function foreignKeyParts(db: Connection, table: string): ForeignKeyPart[] {
  return described<ForeignKeyPart>(db, 'foreign_key_list', table);
}

/** The index that is the primary key, where it is one. */
export function primaryIndex(db: Connection, table: string): IndexInfo | undefined {
  return indexesOf(db, table).find(({ origin }) => origin === 'pk');
}

/** SQLite compares identifiers without regard to the case of ASCII letters, and of those only. */
export function asciiLower(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
