/**
 * The schema of a SQLite database, as the database itself describes it. Promises that every table
 * listed can be read, that names are spelled as the schema spells them, and a stable order.
 *
 * Left out are internal and shadow tables, virtual tables whose module is not there, and views
 * that SQLite cannot prepare.
 */

import type Database from 'better-sqlite3';

import type { Collation, ColumnSchema, ForeignKey, SourceSchema, TableSchema } from '../source.ts';
import { compareNames } from '../nameOrder.ts';
import { quote, sqliteCode, type Connection } from './connection.ts';
import { matchFullOf } from './matchFull.ts';

/** A line of PRAGMA table_list. */
interface ListedTable {
  readonly schema: string;
  readonly name: string;
  readonly type: 'table' | 'view' | 'shadow' | 'virtual';
  readonly wr: number;
}

interface ColumnInfo {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
  readonly hidden: number;
}

interface IndexInfo {
  readonly name: string;
  readonly unique: number;
  readonly origin: string;
  readonly partial: number;
}

interface IndexColumn {
  readonly cid: number;
  readonly name: string | null;
  readonly desc: number;
  readonly coll: string;
  readonly key: number;
}

interface ForeignKeyPart {
  readonly id: number;
  readonly seq: number;
  readonly table: string;
  readonly from: string;
  readonly to: string | null;
}

/** How the rows of a table are reached. */
export type RowAccess =
  /** By rowid; `rowid` is its SQL name here. */
  | { readonly kind: 'rowid'; readonly rowid: string }
  /** In the order of the primary key, whose b-tree the table is. */
  | { readonly kind: 'ordered'; readonly orderBy: string }
  /** However SQLite yields them; `repeatable` where that is the same each time. */
  | { readonly kind: 'scan'; readonly from: string; readonly repeatable: boolean };

export interface TableAccess {
  readonly columns: readonly string[];
  readonly rows: RowAccess;
}

/** Reads the whole schema. */
export function readSchema(db: Connection): SourceSchema {
  const tables: TableSchema[] = [];
  for (const listed of listTables(db)) {
    const columns = readableColumns(db, listed.name);
    if (columns !== null) tables.push(describe(db, listed, columns));
  }
  tables.sort((a, b) => compareNames(a.name, b.name));
  // There may be thousands, each with parents among them.
  const byName = new Map(tables.map((table) => [asciiLower(table.name), table]));
  return { tables: tables.map((table) => withParents(table, byName)) };
}

/** How to read one table; null when the schema has no such table. */
export function readTableAccess(db: Connection, name: string): TableAccess | null {
  const { tables, known } = listingOf(db);
  const listed = tables.get(name);
  if (listed === undefined) return null;
  const before = known.get(name);
  if (before !== undefined) return before;
  const columns = readableColumns(db, name);
  if (columns === null) return null;
  const names = columns.map((column) => column.name);
  const access = { columns: names, rows: rowAccess(db, listed, columns) };
  known.set(name, access);
  return access;
}

/** What locates the rows of a table: its rowid by its SQL name, or the order they are read in. */
export function rowidOf(
  db: Connection,
  name: string,
): { readonly rowid: string | null; readonly orderBy: string } {
  const rows = readTableAccess(db, name)?.rows;
  const orderBy = rows?.kind === 'ordered' ? `ORDER BY ${rows.orderBy}` : '';
  return { rowid: rows?.kind === 'rowid' ? rows.rowid : null, orderBy };
}

interface Listing {
  readonly version: unknown;
  readonly tables: ReadonlyMap<string, ListedTable>;
  /** What was found out about some of them. */
  readonly known: Map<string, TableAccess>;
}

/**
 * What each connection lists: there may be thousands of tables, and each of them is looked up several
 * times. Statements hold memory that the garbage collector does not see.
 */
const LISTINGS = new WeakMap<Connection, Listing>();

/** The tables by name, listed anew where the schema has another version than before. */
function listingOf(db: Connection): Listing {
  const version = db.pragma('schema_version', { simple: true });
  const known = LISTINGS.get(db);
  if (known !== undefined && known.version === version) return known;
  const tables = new Map(listTables(db).map((table) => [table.name, table]));
  const listing = { version, tables, known: new Map<string, TableAccess>() };
  LISTINGS.set(db, listing);
  return listing;
}

function listTables(db: Connection): ListedTable[] {
  const listed = db.prepare<[], ListedTable>('PRAGMA main.table_list').all();
  return listed.filter(
    ({ schema, name, type }) => schema === 'main' && type !== 'shadow' && !/^sqlite_/i.test(name),
  );
}

type Pragma = 'table_xinfo' | 'index_list' | 'index_xinfo' | 'foreign_key_list';
type Describe = Database.Statement<[string]>;

/** Of each connection, one statement for each pragma. */
const PRAGMAS = new WeakMap<Connection, Map<Pragma, Describe>>();

/** What a pragma says of a table or index. */
function described<T>(db: Connection, pragma: Pragma, name: string): T[] {
  const made = PRAGMAS.get(db) ?? new Map<Pragma, Describe>();
  PRAGMAS.set(db, made);
  const statement =
    made.get(pragma) ?? db.prepare<[string]>(`SELECT * FROM pragma_${pragma}(?, 'main')`);
  made.set(pragma, statement);
  return statement.all(name) as T[];
}

/** The columns, without hidden ones; null when the table cannot be read at all. */
function readableColumns(db: Connection, table: string): ColumnInfo[] | null {
  try {
    const all = described<ColumnInfo>(db, 'table_xinfo', table);
    const columns = all.filter((column) => column.hidden !== 1);
    if (columns.length === 0) return null;
    const list = columns.map((column) => quote(column.name)).join(', ');
    db.prepare(`SELECT ${list} FROM main.${quote(table)}`);
    return columns;
  } catch (error) {
    if (sqliteCode(error) === 'SQLITE_ERROR') return null;
    throw error;
  }
}

function describe(db: Connection, listed: ListedTable, columns: ColumnInfo[]): TableSchema {
  const primaryKey = primaryKeyOf(columns);
  const alias = rowidColumn(db, listed, columns);
  const collations = listed.type === 'table' ? collationsOf(db, listed.name) : NO_COLLATIONS;
  return {
    name: listed.name,
    kind: listed.type === 'view' ? 'view' : 'table',
    columns: columns.map((column): ColumnSchema => {
      const collation = collations.get(column.name);
      return {
        name: column.name,
        declaredType: column.type,
        notNull: column.notnull === 1 || column.name === alias,
        generated: column.hidden !== 0,
        ...(collation === undefined ? {} : { collation }),
      };
    }),
    primaryKey,
    unique: listed.type === 'table' ? uniqueSets(db, listed.name, primaryKey) : [],
    foreignKeys: listed.type === 'table' ? foreignKeys(db, listed.name) : [],
  };
}

function primaryKeyOf(columns: readonly ColumnInfo[]): string[] {
  const key = columns.filter((column) => column.pk > 0).sort((a, b) => a.pk - b.pk);
  return key.map((column) => column.name);
}

/** The column that is the rowid itself (INTEGER PRIMARY KEY): its key has no index of its own. */
function rowidColumn(db: Connection, listed: ListedTable, columns: ColumnInfo[]): string | null {
  const [only, second] = primaryKeyOf(columns);
  if (listed.type !== 'table' || listed.wr === 1 || only === undefined || second !== undefined) {
    return null;
  }
  const indexed = indexesOf(db, listed.name).some((index) => index.origin === 'pk');
  return indexed ? null : only;
}

function rowAccess(db: Connection, listed: ListedTable, columns: ColumnInfo[]): RowAccess {
  const from = `main.${quote(listed.name)}`;
  if (listed.type !== 'table') return { kind: 'scan', from, repeatable: false };
  if (listed.wr === 1) return { kind: 'ordered', orderBy: primaryKeyOrder(db, listed.name) };
  const taken = new Set(columns.map((column) => asciiLower(column.name)));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  const alias = rowidColumn(db, listed, columns);
  const rowid = free ?? (alias === null ? null : quote(alias));
  // NOT INDEXED: else SQLite may walk an index, in another order for other columns.
  return rowid === null
    ? { kind: 'scan', from: `${from} NOT INDEXED`, repeatable: true }
    : { kind: 'rowid', rowid };
}

/** ORDER BY terms that are exactly the key's own b-tree, so that nothing is sorted. */
function primaryKeyOrder(db: Connection, table: string): string {
  const index = indexesOf(db, table).find(({ origin }) => origin === 'pk');
  const parts = index === undefined ? [] : indexColumns(db, index.name);
  return parts
    .map(({ name, coll, desc }) => {
      return `${quote(name ?? '')} COLLATE ${quote(coll)} ${desc === 1 ? 'DESC' : 'ASC'}`;
    })
    .join(', ');
}

function indexesOf(db: Connection, table: string): IndexInfo[] {
  return described<IndexInfo>(db, 'index_list', table);
}

function indexColumns(db: Connection, index: string): IndexColumn[] {
  const all = described<IndexColumn>(db, 'index_xinfo', index);
  return all.filter((column) => column.key === 1);
}

const NO_COLLATIONS: ReadonlyMap<string, Collation> = new Map();

/** Of the columns of unique sets, as their indexes compare them. */
function collationsOf(db: Connection, table: string): ReadonlyMap<string, Collation> {
  const found = new Map<string, Collation>();
  for (const index of indexesOf(db, table)) {
    if (index.unique !== 1 || index.partial !== 0) continue;
    for (const { name, coll } of indexColumns(db, index.name)) {
      const known = coll.toUpperCase();
      if (name !== null && (known === 'NOCASE' || known === 'RTRIM')) found.set(name, known);
    }
  }
  return found;
}

function uniqueSets(db: Connection, table: string, primaryKey: readonly string[]): string[][] {
  const sets = new Map<string, string[]>();
  for (const index of indexesOf(db, table)) {
    if (index.unique !== 1 || index.partial !== 0 || index.origin === 'pk') continue;
    const parts = indexColumns(db, index.name);
    const names = parts.flatMap(({ name, cid }) => (name === null || cid < 0 ? [] : [name]));
    if (names.length === parts.length) sets.set(JSON.stringify(names), names);
  }
  sets.delete(JSON.stringify(primaryKey));
  return [...sets].sort(([a], [b]) => compareNames(a, b)).map(([, names]) => names);
}

/** Foreign keys as declared; an unnamed parent key is still empty. */
function foreignKeys(db: Connection, table: string): ForeignKey[] {
  const groups = new Map<number, ForeignKeyPart[]>();
  for (const part of described<ForeignKeyPart>(db, 'foreign_key_list', table)) {
    const group = groups.get(part.id);
    if (group === undefined) groups.set(part.id, [part]);
    else group.push(part);
  }
  const composite = [...groups.values()].some((parts) => parts.length > 1);
  const full = composite ? matchFullOf(statementOf(db, table)) : [];
  return [...groups].map(([id, parts]) => {
    // The pragma numbers them from the last one that is declared.
    const isFull = parts.length > 1 && full.length === groups.size && full.at(-1 - id) === true;
    return foreignKeyOf(parts, isFull);
  });
}

function foreignKeyOf(parts: ForeignKeyPart[], isFull: boolean): ForeignKey {
  parts.sort((a, b) => a.seq - b.seq);
  const key: ForeignKey = {
    columns: parts.map((part) => part.from),
    table: parts[0]?.table ?? '',
    to: parts.flatMap(({ to }) => (to === null ? [] : [to])),
  };
  return isFull ? { ...key, match: 'full' } : key;
}

function statementOf(db: Connection, table: string): string {
  const sql = db
    .prepare<[string]>(`SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?`)
    .pluck()
    .get(table);
  return typeof sql === 'string' ? sql : '';
}

/** Spells parents as they spell themselves and completes their keys. */
function withParents(table: TableSchema, tables: ReadonlyMap<string, TableSchema>): TableSchema {
  const own = table.columns.map((column) => column.name);
  const resolved = table.foreignKeys.map((key): ForeignKey => {
    const columns = key.columns.map((name) => spelled(name, own));
    const parent = tables.get(asciiLower(key.table));
    if (parent === undefined) return { ...key, columns };
    const names = parent.columns.map((column) => column.name);
    const to = key.to.length === 0 ? parent.primaryKey : key.to.map((to) => spelled(to, names));
    const found: ForeignKey = { columns, table: parent.name, to };
    return key.match === undefined ? found : { ...found, match: key.match };
  });
  const unique = new Map(resolved.map((key) => [JSON.stringify(key), key]));
  const foreignKeys = [...unique].sort(([a], [b]) => compareNames(a, b)).map(([, key]) => key);
  return { ...table, foreignKeys };
}

function spelled(name: string, names: readonly string[]): string {
  return names.find((other) => asciiLower(other) === asciiLower(name)) ?? name;
}

/** SQLite compares identifiers without regard to the case of ASCII letters, and of those only. */
function asciiLower(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
