/**
 * Compiles and checks the queries of a mapping, and the views that it reads, before any of them runs.
 * Their text is attacker-controlled: it has passed `sql/postgresQuery.ts`, is planned as a part of another
 * query, in a transaction that cannot write, and may call functions of the server only, whose result
 * depends on their arguments alone.
 */

import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { sqlState } from '../../postgres/connectionFailure.ts';
import { arrivingColumns } from '../../sql/arriving.ts';
import {
  calledFunctions,
  clockTexts,
  dottedNames,
  namesWithSchema,
  readPostgresSql,
} from '../../sql/postgresQuery.ts';
import { quoteText } from '../../sql/quote.ts';
import type {
  BaseKey,
  ColumnSchema,
  Relation,
  RelationRequest,
  SourceSchema,
  TableSchema,
} from '../source.ts';
import type { Catalogue, ColumnAccess, TableAccess } from './catalogue.ts';
import { formOf } from './cellForm.ts';
import { isReadAsClock } from './clockReading.ts';
import { unsteadyView } from './steadyViews.ts';
import { DEFAULT_SCHEMA } from './tableName.ts';

/** Data that a reader needs to read a relation; survives structured clone. */
export interface RelationAccess {
  readonly name: string;
  readonly columns: readonly ColumnAccess[];
  /** One query, complete in itself. */
  readonly query: string;
  readonly base: BaseAccess | null;
}

export interface BaseAccess {
  readonly name: string;
  readonly from: string;
  /** Whether its rows have positions of their own: one stored part. */
  readonly located: boolean;
  /** Pairs of a column of the base table and a column of the result that must be equal. */
  readonly key: readonly (readonly [string, string])[];
  /** Whether the schema declares that no two rows of it have the same key. */
  readonly unique: boolean;
  /** The column of the result that counts rows of the base; null if there is none. */
  readonly count: string | null;
}

/** SQLSTATE of a statement that its timeout ended. */
const CANCELLED = '57014';

/** Names in results that are reserved for Sealift. */
const OURS = /^sealift~/i;

/** Whether the rows of a relation are located by the rows of its base. */
export function isLocated(base: BaseAccess): boolean {
  return base.unique && base.located;
}

export interface PlannedRelations {
  readonly relations: ReadonlyMap<string, Relation>;
  readonly access: readonly RelationAccess[];
  /** Names that may be those of views which they read, as identifiers. */
  readonly views: ReadonlySet<string>;
}

/** Plans all relations. @throws Failure MAPPING or SOURCE_SCHEMA at the first that cannot be read */
export async function planRelations(
  connection: Connection,
  catalogue: Catalogue,
  requests: readonly RelationRequest[],
): Promise<PlannedRelations> {
  const relations = new Map<string, Relation>();
  const accesses = new Map<string, RelationAccess>();
  const views = new Set<string>();
  for (const request of requests) {
    const table = catalogue.schema.tables.find(({ name }) => name === request.name);
    if (request.sql === null && table?.kind !== 'view') continue;
    const fail = failures(connection.label, request.name);
    if (request.sql !== null && table !== undefined) {
      const what = 'the database has a table of that name';
      throw fail('SOURCE_SCHEMA', what, 'give the module another name');
    }
    const planned = await planRelation(connection, catalogue, request, table, fail);
    const known = accesses.get(request.name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(planned.access)) {
      const what = 'modules read it with different bases';
      throw fail('SOURCE_SCHEMA', what, 'name the same base in each, or none');
    }
    for (const view of planned.views) views.add(view);
    relations.set(request.name, planned.relation);
    accesses.set(request.name, planned.access);
  }
  return { relations, access: [...accesses.values()], views };
}

type Fail = (code: 'MAPPING' | 'SOURCE_SCHEMA', what: string, hint: string) => Failure;

function failures(label: string, name: string): Fail {
  const where = `${label}, ${JSON.stringify(name.slice(0, 80))}`;
  return (code, what, hint) =>
    new Failure(code, { what: `the mapping's SQL cannot be run, as ${what}`, where, hint });
}

interface Planned {
  readonly relation: Relation;
  readonly access: RelationAccess;
  readonly views: ReadonlySet<string>;
}

async function planRelation(
  connection: Connection,
  catalogue: Catalogue,
  request: RelationRequest,
  view: TableSchema | undefined,
  fail: Fail,
): Promise<Planned> {
  const { name } = request;
  const own = view === undefined ? passed(String(request.sql), fail) : null;
  const query = own?.query ?? `SELECT * FROM ${viewOf(catalogue, name).from}`;
  if (own !== null) {
    await assertFunctions(connection, catalogue.schema, query, fail);
    await assertTexts(connection, query, fail);
  }
  const views = own === null ? new Set([viewOf(catalogue, name).from]) : namesWithSchema(query);
  const unsteady = await unsteadyView(connection, views);
  if (unsteady !== null) throw fail('MAPPING', unsteady.what, unsteady.hint);
  const found = await described(connection, query, fail);
  const base = request.base === null ? null : baseAccess(catalogue, request.base, found.columns);
  const relation: Relation = {
    schema: view ?? {
      name,
      kind: 'query',
      columns: found.columns,
      primaryKey: [],
      unique: [],
      foreignKeys: [],
      ...(base !== null && isLocated(base) ? { locator: 'ctid' as const } : {}),
    },
    locates: base !== null && isLocated(base) ? base.name : name,
    ...notArriving(catalogue.schema, query, base, own),
  };
  return { relation, access: { name, columns: found.access, query, base }, views };
}

function viewOf({ access }: Catalogue, name: string): TableAccess {
  const found = access.find((table) => table.name === name);
  if (found === undefined) throw new TypeError(`no view ${name}`);
  return found;
}

type Passed = Exclude<ReturnType<typeof readPostgresSql>, { refused: string }>;

function passed(sql: string, fail: Fail): Passed {
  const read = readPostgresSql(sql);
  if (!('refused' in read)) return read;
  throw fail('MAPPING', read.refused, 'write one SELECT of deterministic functions');
}

/** Functions that depend on settings that are pinned, or on types alone. */
const STABLE: ReadonlySet<string> = new Set(
  `concat concat_ws date_part date_trunc date_bin extract format json_build_array json_build_object
  jsonb_build_array jsonb_build_object make_timestamptz quote_literal row_to_json timezone to_char
  to_date to_json to_jsonb to_number to_timestamp timestamptz date time timetz timestamp age text
  array_to_string array_to_json json_agg jsonb_agg json_object_agg jsonb_object_agg`.split(/\s+/),
);

/** @throws Failure MAPPING if a function is not the server's, or may give another result tomorrow */
async function assertFunctions(
  connection: Connection,
  schema: SourceSchema,
  query: string,
  fail: Fail,
): Promise<void> {
  const [called, dotted] = [calledFunctions(query), dottedNames(query)];
  const all = new Set([...called, ...dotted]);
  if (all.size === 0) return;
  const names = [...all].map(quoteText).join(', ');
  const rows = await connection.query(
    `SELECT p.proname, bool_and(p.provolatile = 'i'), bool_or(p.provolatile = 'v')
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.proname IN (${names})
    GROUP BY p.proname`,
  );
  const byName = new Map(rows.map(([name, immutable, volatile]) => [name, [immutable, volatile]]));
  const columns = new Set(schema.tables.flatMap((table) => table.columns.map((of) => of.name)));
  for (const name of all) {
    const [immutable, volatile] = byName.get(name) ?? [];
    // After a dot it is a column, unless a function of the server has this name.
    const mayBeColumn = immutable === undefined || (volatile === 'f' && columns.has(name));
    if (!called.has(name) && mayBeColumn) continue;
    // now() with an argument is age(): it subtracts from the clock where it has one argument only.
    const allowed = immutable === 't' || (volatile === 'f' && STABLE.has(name) && name !== 'age');
    if (allowed) continue;
    throw fail(
      'MAPPING',
      'it calls a function that is not allowed',
      "use PostgreSQL's own functions whose result depends on their arguments alone",
    );
  }
}

/** @throws Failure MAPPING if a text of the query is the clock where a date is made of it */
async function assertTexts(connection: Connection, query: string, fail: Fail): Promise<void> {
  if (!(await isReadAsClock(connection, clockTexts(query)))) return;
  const what = 'it has a text that a date reads as the clock, such as today';
  throw fail('MAPPING', what, "write the date itself; a text that is no date may be 'to' || 'day'");
}

async function described(
  connection: Connection,
  query: string,
  fail: Fail,
): Promise<{ readonly columns: ColumnSchema[]; readonly access: ColumnAccess[] }> {
  const fields = await connection
    .describe(`SELECT * FROM (${query}) "sealift~q" LIMIT 0`)
    .catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code === 'SOURCE_MISSING') throw error;
      if (sqlState(error.cause) === CANCELLED) {
        const hint = 'make it simpler, or give it more time with SEALIFT_QUERY_SECONDS';
        throw fail('MAPPING', 'the server did not plan it in time', hint);
      }
      throw fail('SOURCE_SCHEMA', error.message, 'name tables with their schema, and see its log');
    });
  assertNames(
    fields.map(({ name }) => name),
    fail,
  );
  const columns: ColumnSchema[] = [];
  const access: ColumnAccess[] = [];
  for (const { name, type, modifier } of fields) {
    const [[declared = '', typeName = '', category, kind, element, delimiter] = []] =
      await connection.query(
        `SELECT pg_catalog.format_type(${type}, ${modifier}), t.typname, t.typcategory, t.typtype,
          e.typname, t.typdelim
        FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
        WHERE t.oid = ${type}`,
      );
    columns.push({ name, declaredType: String(declared), notNull: false, generated: false });
    access.push({
      name,
      form: formOf({
        name: String(typeName),
        isArray: category === 'A' && kind === 'b',
        element: element ?? null,
        delimiter: delimiter ?? ',',
      }),
    });
  }
  return { columns, access };
}

function assertNames(names: readonly string[], fail: Fail): void {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    const shown = JSON.stringify(name.slice(0, 80));
    const hint = 'give each result column a unique name with AS';
    if (name === '?column?') {
      throw fail('SOURCE_SCHEMA', `result column ${index + 1} has no name`, hint);
    }
    if (OURS.test(name)) {
      throw fail('SOURCE_SCHEMA', `result column ${index + 1} has a reserved name, ${shown}`, hint);
    }
    if (seen.has(name)) throw fail('SOURCE_SCHEMA', `two result columns are called ${shown}`, hint);
    seen.add(name);
  }
}

/** Returns how the base is read; null if it does not fit, which the mapping's own check explains. */
function baseAccess(
  { schema, access }: Catalogue,
  base: BaseKey,
  columns: readonly ColumnSchema[],
): BaseAccess | null {
  const table = schema.tables.find(({ name }) => name === base.table);
  const read = access.find(({ name }) => name === base.table);
  const key = Object.entries(base.key);
  if (table?.kind !== 'table' || read === undefined || key.length === 0) return null;
  const own = new Set(table.columns.map(({ name }) => name));
  const results = new Set(columns.map(({ name }) => name));
  if (!key.every(([column, result]) => own.has(column) && results.has(result))) return null;
  const { count = null } = base;
  if (count !== null && !results.has(count)) return null;
  const sets = [table.primaryKey, ...table.unique].filter((set) => set.length > 0);
  const unique = sets.some((set) => set.every((column) => Object.hasOwn(base.key, column)));
  const located = read.parts?.length === 1;
  return { name: table.name, from: read.from, located, key, unique, count };
}

/** Lists the columns of the base that do not reach the result. */
function notArriving(
  { tables }: SourceSchema,
  query: string,
  base: BaseAccess | null,
  own: Passed | null,
): Pick<Relation, 'unread' | 'filtering'> {
  if (base === null) return { unread: [], filtering: [] };
  // Within a query, tables are named with their schema; the last part is what the columns are found by.
  const columns = new Map(
    tables.map(({ name, schema = DEFAULT_SCHEMA, columns: all }) => {
      const plain = schema === DEFAULT_SCHEMA ? name : name.slice(name.indexOf('.') + 1);
      return [plain.toLowerCase(), all.map((column) => column.name)];
    }),
  );
  const table = base.name.slice(base.name.lastIndexOf('.') + 1);
  const arrived = arrivingColumns(query, table, { columns, views: new Map() });
  for (const [column] of base.key) arrived.add(column.toLowerCase());
  const missing = (tables.find(({ name }) => name === base.name)?.columns ?? [])
    .map(({ name }) => name)
    .filter((name) => !arrived.has(name.toLowerCase()));
  const isRead = (name: string): boolean =>
    own !== null && (own.readsAll || own.names.has(name.toLowerCase()));
  return {
    unread: missing.filter((name) => !isRead(name)),
    filtering: missing.filter(isRead),
  };
}

/** Failure of a query or view that has yielded nothing for `ms`. */
export function tookTooLong(ms: number, where: string): Failure {
  return new Failure('MAPPING', {
    what: `a query or view yielded no row for ${counted(ms / 1000, 'second')}, so the run was stopped`,
    where,
    hint: 'see that it ends, make it faster, or give it more time with SEALIFT_QUERY_SECONDS',
  });
}

/** Returns a query as what follows FROM. */
export function rowsOf({ query }: Pick<RelationAccess, 'query'>): string {
  return `(${query})`;
}
