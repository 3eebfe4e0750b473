/**
 * The schema of a SQLite database, as the database itself describes it. Promises: every listed
 * column can be read, each unreadable one is named with its reason, names are spelled as in the
 * schema, and the order is stable.
 */

import type {
  ColumnSchema,
  ForeignKey,
  OtherObject,
  SourceSchema,
  TableSchema,
} from '../source.ts';
import { compareNames } from '../nameOrder.ts';
import { sqlTokens, wordOf, type SqlToken } from '../../sql/tokens.ts';
import { collationsOf, NO_COLLATIONS } from './collations.ts';
import type { Connection } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import {
  asciiLower,
  foreignKeyParts,
  indexColumns,
  indexesOf,
  primaryIndex,
  type ColumnInfo,
  type ForeignKeyPart,
} from './describe.ts';
import { listTables, type ListedTable } from './listing.ts';
import { matchFullOf } from './matchFull.ts';

/** Access to the rows of a table. */
export type RowAccess =
  /** By rowid; `rowid` is its SQL name in this table. */
  | { readonly kind: 'rowid'; readonly rowid: string }
  /** In the order of the primary key, whose b-tree the table is. */
  | { readonly kind: 'ordered'; readonly orderBy: string }
  /** In SQLite's order; `repeatable` if that is the same each time. */
  | { readonly kind: 'scan'; readonly from: string; readonly repeatable: boolean };

export interface TableAccess {
  readonly columns: readonly string[];
  readonly rows: RowAccess;
}

/** Reads the whole schema. */
export function readSchema(db: Connection): SourceSchema {
  const tables: TableSchema[] = [];
  const others: OtherObject[] = [];
  const counters = countersOf(db);
  for (const listed of listingOf(db).tables.values()) {
    const { readable } = listed.columns;
    if (listed.partOf !== null || readable.length === 0) others.push(otherOf(listed));
    else tables.push(describe(db, listed, counters));
  }
  tables.sort((a, b) => compareNames(a.name, b.name));
  others.sort((a, b) => compareNames(a.name, b.name));
  // There may be thousands, each with parents among them.
  const byName = new Map(tables.map((table) => [asciiLower(table.name), table]));
  return {
    tables: tables.map((table) => withParents(table, byName)),
    ...(others.length === 0 ? {} : { others }),
  };
}

/**
 * Describes an object that is not read as a table. Only a stored table has rows of its own in the
 * file.
 */
function otherOf({ name, type, virtual, columns, partOf }: ListedTable): OtherObject {
  const kind = type === 'virtual' ? 'virtual table' : type;
  const says = virtual?.derived == null ? columns.why : `${virtual.derived}; ${columns.why}`;
  // These reasons are a part of the schema whose digest is sealed: their words must not change.
  const why = partOf === null ? says : `it keeps what ${JSON.stringify(partOf)} holds`;
  return { name, kind, why, partOf, derived: type !== 'table' };
}

/** Returns how to read one table; null if the schema has no such table. */
export function readTableAccess(db: Connection, name: string): TableAccess | null {
  const { tables, known } = listingOf(db);
  const listed = tables.get(name);
  if (listed === undefined) return null;
  const before = known.get(name);
  if (before !== undefined) return before;
  const { readable } = listed.columns;
  if (listed.partOf !== null || readable.length === 0) return null;
  const access = { columns: readable.map((column) => column.name), rows: rowAccess(db, listed) };
  known.set(name, access);
  return access;
}

/**
 * Whether the rows of a table are in a tree of its own, unlike those of a view or a virtual table.
 */
export function isStored(db: Connection, name: string): boolean {
  return listingOf(db).tables.get(name)?.type === 'table';
}

/**
 * Returns the locator of a table's rows: its rowid by its SQL name, or the order in which they are
 * read.
 */
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
  /** The access to some of them, as far as known. */
  readonly known: Map<string, TableAccess>;
}

/**
 * Listing per connection: there may be thousands of tables, each looked up several times.
 * Statements hold memory that the garbage collector does not see.
 */
const LISTINGS = new WeakMap<Connection, Listing>();

/** Returns the tables by name, listed again if the version of the schema changed. */
function listingOf(db: Connection): Listing {
  const version = db.pragma('schema_version', { simple: true });
  const known = LISTINGS.get(db);
  if (known !== undefined && known.version === version) return known;
  const tables = new Map(listTables(db).map((table) => [table.name, table]));
  const listing = { version, tables, known: new Map<string, TableAccess>() };
  LISTINGS.set(db, listing);
  return listing;
}

function isCounter(token: SqlToken): boolean {
  return wordOf(token) === 'autoincrement';
}

/** Returns the names of the tables with an AUTOINCREMENT counter. */
function countersOf(db: Connection): Set<string> {
  const rows = db
    .prepare<[], { name: string; sql: string }>(
      `SELECT CAST(name AS TEXT) AS name, CAST(sql AS TEXT) AS sql FROM main.sqlite_schema
       WHERE sql LIKE '%AUTOINCREMENT%'`,
    )
    .all();
  const found = rows.filter(({ sql }) => sqlTokens(sql).some(isCounter));
  return new Set(found.map(({ name }) => name));
}

function describe(db: Connection, listed: ListedTable, counters: ReadonlySet<string>): TableSchema {
  const { name, type, virtual } = listed;
  const { readable, unreadable, lacksKey } = listed.columns;
  const primaryKey = lacksKey ? [] : primaryKeyOf(readable);
  const alias = rowidColumn(db, listed);
  const indexed = type === 'table';
  const collations = indexed ? collationsOf(db, name) : NO_COLLATIONS;
  const conditional = indexed ? conditionalUnique(db, name) : [];
  const derived = virtual?.derived ?? null;
  return {
    name,
    kind: type === 'view' ? 'view' : 'table',
    columns: readable.map((column): ColumnSchema => {
      const described = {
        name: column.name,
        declaredType: column.type,
        notNull: column.notnull === 1 || column.name === alias,
        generated: column.hidden !== 0,
      };
      const collation = collations.get(column.name);
      return collation === undefined ? described : Object.assign(described, { collation });
    }),
    primaryKey,
    unique: indexed ? uniqueSets(db, name, primaryKey) : [],
    foreignKeys: indexed ? foreignKeys(db, name) : [],
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(derived === null ? {} : { derived }),
    ...(conditional.length === 0 ? {} : { conditionalUnique: conditional }),
    ...(indexed && counters.has(name) ? { counter: true } : {}),
  };
}

function primaryKeyOf(columns: readonly ColumnInfo[]): string[] {
  const key = columns.filter((column) => column.pk > 0).sort((a, b) => a.pk - b.pk);
  return key.map((column) => column.name);
}

/**
 * Returns the column that is the rowid itself (INTEGER PRIMARY KEY): its key has no index of its
 * own.
 */
function rowidColumn(db: Connection, listed: ListedTable): string | null {
  const [only, second] = primaryKeyOf(listed.columns.readable);
  if (listed.type !== 'table' || listed.wr === 1 || only === undefined || second !== undefined) {
    return null;
  }
  return primaryIndex(db, listed.name) === undefined ? only : null;
}

function rowAccess(db: Connection, listed: ListedTable): RowAccess {
  const from = `main.${quote(listed.name)}`;
  if (listed.type !== 'table') return { kind: 'scan', from, repeatable: false };
  if (listed.wr === 1) return { kind: 'ordered', orderBy: primaryKeyOrder(db, listed.name) };
  const { readable, unreadable } = listed.columns;
  const taken = new Set([...readable, ...unreadable].map(({ name }) => asciiLower(name)));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  const alias = rowidColumn(db, listed);
  const rowid = free ?? (alias === null ? null : quote(alias));
  // NOT INDEXED: otherwise SQLite may walk an index, in another order for other columns.
  return rowid === null
    ? { kind: 'scan', from: `${from} NOT INDEXED`, repeatable: true }
    : { kind: 'rowid', rowid };
}

/** Returns ORDER BY terms that match the key's own b-tree exactly, so that nothing is sorted. */
function primaryKeyOrder(db: Connection, table: string): string {
  const index = primaryIndex(db, table);
  const parts = index === undefined ? [] : indexColumns(db, index.name);
  return parts
    .map(({ name, coll, desc }) => {
      return `${quote(name ?? '')} COLLATE ${quote(coll)} ${desc === 1 ? 'DESC' : 'ASC'}`;
    })
    .join(', ');
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

/** Lists unique indexes over some rows only, or over expressions. */
function conditionalUnique(db: Connection, table: string): string[] {
  const found = indexesOf(db, table).filter((index) => {
    if (index.unique !== 1) return false;
    return index.partial === 1 || indexColumns(db, index.name).some(({ cid }) => cid === -2);
  });
  return found.map(({ name }) => name).sort(compareNames);
}

/** Lists foreign keys as declared; an unnamed parent key is still empty. */
function foreignKeys(db: Connection, table: string): ForeignKey[] {
  const groups = new Map<number, ForeignKeyPart[]>();
  for (const part of foreignKeyParts(db, table)) {
    const group = groups.get(part.id);
    if (group === undefined) groups.set(part.id, [part]);
    else group.push(part);
  }
  const composite = [...groups.values()].some((parts) => parts.length > 1);
  const full = composite ? matchFullOf(statementOf(db, table)) : [];
  return [...groups].map(([id, parts]) => {
    // The pragma numbers them from the last declared one.
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

/** Spells the names of parents as in their own declaration and completes their keys. */
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
