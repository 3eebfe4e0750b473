/**
 * Compiles and checks the queries of a mapping, and the views that it reads, before any of them
 * runs. Their text is attacker-controlled. Text that `src/sql/` rejects never reaches SQLite, and
 * text that SQLite does not accept as one read-only query is rejected, too.
 */

import Database from 'better-sqlite3';

import { Failure } from '../../outcome/failure.ts';
import { arrivingColumns } from '../../sql/arriving.ts';
import { defineDates } from '../../sql/dates.ts';
import type { Refused, Sql } from '../../sql/query.ts';
import { DATE_PREFIX, readSourceSql, readSourceView } from '../../sql/allowed.ts';
import type {
  BaseKey,
  ColumnSchema,
  Relation,
  RelationRequest,
  SourceSchema,
  TableSchema,
} from '../source.ts';
import { asFailure, sqliteCode, type Access, type Connection } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import { rowidOf } from './schema.ts';

/** Data that a reader needs to read a relation; survives structured clone. */
export interface RelationAccess {
  readonly name: string;
  readonly columns: readonly string[];
  /** One query, complete in itself. */
  readonly query: string;
  readonly base: BaseAccess | null;
}

export interface BaseAccess {
  readonly table: string;
  /** Pairs of a column of the base table and a column of the result that must be equal. */
  readonly key: readonly (readonly [string, string])[];
  /** The SQL name of its rowid; null if its rows are located by their ordinal. */
  readonly rowid: string | null;
  /** ORDER BY clause of a base without rowid; '' if its rows are read in their own order. */
  readonly orderBy: string;
  /** Whether the schema declares that no two rows of it have the same key. */
  readonly unique: boolean;
  /** The column of the result that counts rows of the base; null if there is none. */
  readonly count: string | null;
}

export interface PlannedRelations {
  readonly relations: ReadonlyMap<string, Relation>;
  /** The relations that are not read like a table. */
  readonly access: readonly RelationAccess[];
}

/** Names in results and functions that are reserved for Sealift. */
const OURS = /^sealift~/i;

/**
 * Plans all relations. @throws Failure MAPPING or SOURCE_SCHEMA at the first that cannot be read
 */
export function planRelations(
  db: Connection,
  access: Access,
  schema: SourceSchema,
  requests: readonly RelationRequest[],
): PlannedRelations {
  const relations = new Map<string, Relation>();
  const accesses = new Map<string, RelationAccess>();
  if (requests.some(({ sql }) => sql !== null)) defineSourceDates(db);
  for (const request of requests) {
    const table = schema.tables.find(({ name }) => name === request.name);
    if (request.sql === null && table?.kind !== 'view') continue;
    const fail = failures(access, request.name);
    if (request.sql !== null && table !== undefined) {
      throw fail(
        'SOURCE_SCHEMA',
        'the database has a table of that name',
        'give the module another name',
      );
    }
    const planned = planRelation(db, schema, request, table, fail);
    assertOrdered(access, planned.names, request.base, fail);
    const { relation, reading } = planned;
    const known = accesses.get(request.name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(reading)) {
      throw fail(
        'SOURCE_SCHEMA',
        'modules read it with different bases',
        'name the same base in each, or none',
      );
    }
    relations.set(request.name, relation);
    accesses.set(request.name, reading);
  }
  const special = [...accesses.values()].filter(
    ({ name, base }) => base !== null || relations.get(name)?.schema.kind === 'query',
  );
  return { relations, access: special };
}

/** Checks that no key is looked up whose order is that of an unknown collation. */
function assertOrdered(
  { unordered = [] }: Access,
  names: ReadonlySet<string>,
  base: BaseKey | null,
  fail: Fail,
): void {
  const found = unordered.find((table) => names.has(table.toLowerCase()) || table === base?.table);
  if (found === undefined) return;
  const what = `the key of table ${JSON.stringify(found)} is ordered by a collation that is not available`;
  throw fail('SOURCE_SCHEMA', what, 'map the table itself, without SQL');
}

/**
 * Defines date functions without a clock, for queries; their names in views keep SQLite's meaning.
 */
export function defineSourceDates(db: Connection): void {
  defineDates(db, new Database(':memory:'), DATE_PREFIX, () => {
    return new Failure('SOURCE_SCHEMA', {
      what: 'a query of the mapping hands a word for the clock or the time zone to a date function',
      hint: 'leave out such cells in the query',
    });
  });
}

type Fail = (code: 'MAPPING' | 'SOURCE_SCHEMA', what: string, hint: string) => Failure;

function failures(access: Access, name: string): Fail {
  const where = `${access.shown}, ${JSON.stringify(name.slice(0, 80))}`;
  return (code, what, hint) =>
    new Failure(code, { what: `the mapping's SQL cannot be run, as ${what}`, where, hint });
}

function planRelation(
  db: Connection,
  schema: SourceSchema,
  request: RelationRequest,
  view: TableSchema | undefined,
  fail: Fail,
): { relation: Relation; reading: RelationAccess; names: ReadonlySet<string> } {
  const named = namesOf(db, request, fail);
  const columns = view?.columns ?? compiled(db, named.query, fail);
  const base = request.base === null ? null : baseAccess(db, schema, request.base, columns);
  const { name } = request;
  const query = view === undefined ? named.query : `SELECT * FROM main.${quote(name)}`;
  const relation: Relation = {
    schema: view ?? {
      name,
      kind: 'query',
      columns,
      primaryKey: [],
      unique: [],
      foreignKeys: [],
    },
    locates: base !== null && isLocated(base) ? base.table : name,
    ...notArriving(db, schema, { query, base }, named),
  };
  return {
    relation,
    reading: { name, columns: columns.map((column) => column.name), query, base },
    names: named.names,
  };
}

/** Whether the rows of a relation are located by the rows of its base. */
export function isLocated(base: BaseAccess): boolean {
  return base.unique && base.rowid !== null;
}

/** Lists the columns of the base that do not reach the result. */
function notArriving(
  db: Connection,
  { tables }: SourceSchema,
  { query, base }: Pick<RelationAccess, 'query' | 'base'>,
  { names, readsAll }: Named,
): Pick<Relation, 'unread' | 'filtering'> {
  if (base === null) return { unread: [], filtering: [] };
  const arrived = arrivingColumns(query, base.table, {
    columns: new Map(
      tables.map(({ name, columns }) => [name.toLowerCase(), columns.map((column) => column.name)]),
    ),
    views: new Map(viewsOf(db).map(({ name, sql }) => [name.toLowerCase(), sql])),
  });
  // A key column is in the result, wherever the query takes its value from.
  for (const [column] of base.key) arrived.add(column.toLowerCase());
  const missing = (tables.find(({ name }) => name === base.table)?.columns ?? [])
    .map(({ name }) => name)
    .filter((name) => !arrived.has(name.toLowerCase()));
  const isRead = (name: string): boolean => readsAll || names.has(name.toLowerCase());
  return {
    unread: missing.filter((name) => !isRead(name)),
    filtering: missing.filter(isRead),
  };
}

interface Named {
  readonly query: string;
  readonly names: ReadonlySet<string>;
  readonly readsAll: boolean;
}

/** Lists the query, and all that it and the views it reads name. */
function namesOf(db: Connection, { name, sql }: RelationRequest, fail: Fail): Named {
  const own = sql === null ? null : passed(readSourceSql(sql), 'it', fail);
  const names = new Set(own?.names ?? [name.toLowerCase()]);
  let readsAll = own?.readsAll === true;
  const views = new Map(viewsOf(db).map((view) => [view.name.toLowerCase(), view]));
  // Names that are added in the loop are checked as well.
  for (const named of names) {
    const view = views.get(named);
    if (view === undefined) continue;
    const inner = passed(readSourceView(view.sql), `view ${JSON.stringify(view.name)}`, fail);
    for (const other of inner.names) names.add(other);
    readsAll ||= inner.readsAll;
  }
  return { query: own?.query ?? '', names, readsAll };
}

function passed(sql: Sql | Refused, which: string, fail: Fail): Sql {
  if (!('refused' in sql)) return sql;
  const what = sql.refused.replace(/^it\b/, which);
  throw fail('MAPPING', what, 'write one SELECT of deterministic functions');
}

function viewsOf(db: Connection): { name: string; sql: string }[] {
  // SQLite itself accepts bytes there as text.
  const sql = `SELECT CAST(name AS TEXT) AS name, CAST(sql AS TEXT) AS sql FROM main.sqlite_schema
    WHERE CAST(type AS TEXT) = 'view'`;
  return db.prepare<[], { name: string; sql: string }>(sql).all();
}

/** Returns the columns of a query's result. SQLite compiles the query without running it. */
function compiled(db: Connection, query: string, fail: Fail): ColumnSchema[] {
  let columns: ColumnSchema[];
  try {
    const statement = db.prepare(query);
    if (!statement.reader || !statement.readonly) {
      throw fail('MAPPING', 'it is not a query', 'write one SELECT that changes nothing');
    }
    columns = statement.columns().map(({ name, type }): ColumnSchema => {
      return { name, declaredType: type ?? '', notNull: false, generated: false };
    });
    assertNames(columns, fail);
    // Compiled as a part of another query, which is how it is read: with the same names.
    const list = columns.map(({ name }) => quote(name)).join(', ');
    db.prepare(`SELECT ${list} FROM (${query})`);
  } catch (error) {
    // No row was read: the message can only be about the texts of the mapping and the schema. Some
    // errors have a longer code, such as an unknown collation.
    const isCompileError =
      sqliteCode(error).startsWith('SQLITE_ERROR') || error instanceof RangeError;
    if (!isCompileError) throw error;
    const says = (error as Error).message.replaceAll(': ', ' ');
    throw fail('SOURCE_SCHEMA', `SQLite says ${says}`, 'fix the query in the module');
  }
  return columns;
}

function assertNames(columns: readonly ColumnSchema[], fail: Fail): void {
  const seen = new Set<string>();
  for (const [index, { name }] of columns.entries()) {
    const lower = name.toLowerCase();
    const shown = JSON.stringify(name.slice(0, 80));
    const hint = 'give each result column a unique name with AS';
    if (name === '') throw fail('SOURCE_SCHEMA', `result column ${index + 1} has no name`, hint);
    if (OURS.test(name)) {
      throw fail('SOURCE_SCHEMA', `result column ${index + 1} has a reserved name, ${shown}`, hint);
    }
    if (seen.has(lower)) {
      throw fail('SOURCE_SCHEMA', `two result columns are called ${shown}`, hint);
    }
    seen.add(lower);
  }
}

/**
 * Returns how the base is read; null if it does not fit, which the mapping's own check explains.
 */
function baseAccess(
  db: Connection,
  schema: SourceSchema,
  base: BaseKey,
  columns: readonly ColumnSchema[],
): BaseAccess | null {
  const table = schema.tables.find(({ name }) => name === base.table);
  const key = Object.entries(base.key);
  if (table?.kind !== 'table' || key.length === 0) return null;
  const own = new Set(table.columns.map(({ name }) => name));
  const results = new Set(columns.map(({ name }) => name));
  if (!key.every(([column, result]) => own.has(column) && results.has(result))) return null;
  const { count = null } = base;
  if (count !== null && !results.has(count)) return null;
  const sets = [table.primaryKey, ...table.unique].filter((set) => set.length > 0);
  const unique = sets.some((set) => set.every((column) => Object.hasOwn(base.key, column)));
  return { table: table.name, key, unique, count, ...rowidOf(db, table.name) };
}

/**
 * Makes the Failure for an error of a running query. SQLite's messages may hold values: only some
 * are passed on.
 */
export function relationFailure(error: unknown, access: Access, name: string): unknown {
  if (sqliteCode(error) !== 'SQLITE_ERROR') return asFailure(error, access.shown, name);
  const { message } = error as Error;
  const known = /^(?:malformed JSON|integer overflow|JSON cannot hold BLOB values)$/.test(message);
  return new Failure('SOURCE_FORMAT', {
    what: `the query fails at a row, SQLite says ${known ? message : 'SQLITE_ERROR'}`,
    where: `${access.shown}, ${JSON.stringify(name.slice(0, 80))}`,
    hint: 'exclude such rows in the query, for example with json_valid()',
  });
}
