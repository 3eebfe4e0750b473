/**
 * Lists every table, view and virtual table of a SQLite database, with its readable columns and the
 * object that it is part of. Only SQLite's own counters and statistics are left out, if they have
 * exactly SQLite's form. A name alone makes nothing internal.
 */

import type { UnreadableColumn } from '../source.ts';
import { sqliteCode, type Connection } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import { asciiLower, columnsOf, type ColumnInfo } from './describe.ts';
import { formOf, virtualTables, type VirtualTable } from './virtual.ts';

export interface ListedTable {
  readonly name: string;
  readonly type: 'table' | 'view' | 'virtual';
  /** 1: without rowid. */
  readonly wr: number;
  readonly virtual: VirtualTable | null;
  readonly columns: ReadableColumns;
  /** The virtual table whose data it stores; null if it stands for itself. */
  readonly partOf: string | null;
}

interface ReadableColumns {
  /** The readable columns; none if the table cannot be read at all. */
  readonly readable: readonly ColumnInfo[];
  readonly unreadable: readonly UnreadableColumn[];
  /** Whether a column of the primary key cannot be read, so that the others are no key. */
  readonly lacksKey: boolean;
  /** The reason if it cannot be read at all, otherwise ''. */
  readonly why: string;
}

interface Line {
  readonly schema: string;
  readonly name: string;
  readonly type: ListedTable['type'] | 'shadow';
  readonly wr: number;
}

/** Tables that SQLite makes for itself, and their columns. */
const INTERNAL: ReadonlyMap<string, string> = new Map([
  ['sqlite_sequence', 'name,seq'],
  ['sqlite_stat1', 'tbl,idx,stat'],
  ['sqlite_stat2', 'tbl,idx,sampleno,sample'],
  ['sqlite_stat3', 'tbl,idx,neq,nlt,ndlt,sample'],
  ['sqlite_stat4', 'tbl,idx,neq,nlt,ndlt,sample'],
]);

/** Lists all of them, in no particular order. */
export function listTables(db: Connection): ListedTable[] {
  const lines = db.prepare<[], Line>('PRAGMA main.table_list').all();
  const own = lines.filter((line) => line.schema === 'main' && !isInternal(db, line));
  const names = new Set(own.map(({ name }) => asciiLower(name)));
  const virtual = own.some(({ type }) => type === 'virtual')
    ? virtualTables(db, names)
    : new Map<string, VirtualTable>();
  const listed = own.map((line): Omit<ListedTable, 'partOf'> => {
    const of = virtual.get(line.name) ?? null;
    // A table that SQLite calls a shadow counts as a table until it is shown to be a part.
    const type = line.type === 'shadow' ? 'table' : line.type;
    const columns = readableColumns(db, { ...line, type }, of);
    return { name: line.name, type, wr: line.wr, virtual: of, columns };
  });
  const parts = partsOf(db, listed);
  return listed.map((table) => Object.assign(table, { partOf: parts.get(table.name) ?? null }));
}

function isInternal(db: Connection, { name }: Line): boolean {
  if (name === 'sqlite_schema') return true;
  const form = INTERNAL.get(name);
  if (form === undefined) return false;
  return (
    form ===
    columnsOf(db, name)
      .map((column) => column.name)
      .join(',')
  );
}

/** Returns the virtual table of each table that is a part of one, by name. */
function partsOf(
  db: Connection,
  listed: readonly Omit<ListedTable, 'partOf'>[],
): Map<string, string> {
  const parts = new Map<string, string>();
  const tables = new Map(listed.map((table) => [asciiLower(table.name), table]));
  for (const { name, virtual, columns } of listed) {
    for (const [part, made] of virtual?.made ?? []) {
      const table = tables.get(part);
      if (table === undefined || table.type !== 'table') continue;
      if (formOf(db, table.name, table.wr === 1) !== made.form) continue;
      // A shadow table is read for itself if the virtual table does not show its texts or all of
      // its columns. Its first column is the rowid.
      const shows = columns.readable.filter(({ pk }) => pk === 0).length;
      if (made.holdsText && shows === 0) continue;
      if (part === `${asciiLower(name)}_content` && made.columns > shows + 1) continue;
      parts.set(table.name, name);
    }
  }
  return parts;
}

type Kind = Pick<ListedTable, 'name' | 'type' | 'wr'>;

/**
 * Returns the columns that are not hidden and can be read; a virtual table must yield a row, too.
 */
function readableColumns(
  db: Connection,
  table: Kind,
  virtual: VirtualTable | null,
): ReadableColumns {
  const none = (why: string): ReadableColumns => ({ ...ALL, readable: [], why });
  let columns: ColumnInfo[];
  try {
    columns = columnsOf(db, table.name).filter((column) => column.hidden !== 1);
  } catch (error) {
    return none(messageOf(error, table));
  }
  if (columns.length === 0) return none('SQLite names no column of it');
  const why = faultOf(db, table, columns);
  if (why === null) return { ...ALL, readable: withRowid(columns, virtual) };
  if (table.type !== 'table') return none(why);
  const readable: ColumnInfo[] = [];
  const unreadable: UnreadableColumn[] = [];
  let lacksKey = false;
  for (const column of columns) {
    const fault = faultOf(db, table, [column]);
    if (fault === null) readable.push(column);
    else unreadable.push({ name: column.name, why: fault, computed: column.hidden !== 0 });
    lacksKey ||= fault !== null && column.pk > 0;
  }
  return readable.length === 0 ? none(why) : { readable, unreadable, lacksKey, why: '' };
}

const ALL = { unreadable: [], lacksKey: false, why: '' } as const;

/** Adds the rowid of a virtual table as its key, as a column if it is none of its own. */
function withRowid(
  columns: readonly ColumnInfo[],
  virtual: VirtualTable | null,
): readonly ColumnInfo[] {
  const [first, ...others] = columns;
  if (virtual?.rowids == null || first === undefined) return columns;
  if (virtual.rowids === 'first') return [{ ...first, notnull: 1, pk: 1 }, ...others];
  const taken = new Set(columns.map(({ name }) => asciiLower(name)));
  const name = ['rowid', '_rowid_', 'oid'].find((free) => !taken.has(free));
  if (name === undefined) return columns;
  return [{ name, type: 'INTEGER', notnull: 1, pk: 1, hidden: 0 }, ...columns];
}

/** Returns why these columns cannot be read; null if they can. */
function faultOf(db: Connection, table: Kind, columns: readonly ColumnInfo[]): string | null {
  const list = columns.map((column) => quote(column.name)).join(', ');
  // Read as in a run: an index with an unknown collation does not matter.
  const how = table.type === 'table' && table.wr === 0 ? ' NOT INDEXED' : '';
  try {
    const statement = db.prepare(`SELECT ${list} FROM main.${quote(table.name)}${how} LIMIT 1`);
    if (table.type === 'virtual') statement.raw().get();
    return null;
  } catch (error) {
    return messageOf(error, table);
  }
}

/** Returns SQLite's message about a table if it contains names only, otherwise its code. */
function messageOf(error: unknown, { type }: Kind): string {
  const code = sqliteCode(error);
  const ofModule = type === 'virtual' && code === 'SQLITE_CORRUPT_VTAB';
  if (!code.startsWith('SQLITE_ERROR') && !ofModule) throw error;
  const { message } = error as Error;
  const isPlain = type !== 'virtual' || /^(?:no such |unknown |error in tokenizer)/.test(message);
  return `SQLite says ${isPlain ? message.slice(0, 200).replaceAll(': ', ' ') : code}`;
}
