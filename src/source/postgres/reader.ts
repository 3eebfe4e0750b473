/** Reads tables of a PostgreSQL database in an exported snapshot, by COPY. */

import type { Connection, TextRow } from '../../postgres/connect.ts';
import { serverFailure } from '../../postgres/connectionFailure.ts';
import { assertPinned, openSession } from '../../postgres/session.ts';
import { labelOf, type PostgresSettings } from '../../postgres/settings.ts';
import { Failure } from '../../outcome/failure.ts';
import type { ReadSession } from '../../outcome/reading.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import { rowsOf, type CellPage } from '../cellPage.ts';
import { ranStatements } from '../readStatements.ts';
import type { ReadRange, RelationReader, SourceHandle, SourceReader } from '../source.ts';
import { baseCountsOf, baseCountsSql, lostRowsSql, relationSql } from './base.ts';
import type { ColumnAccess, Lockable, TableAccess } from './catalogue.ts';
import { copyLines, copyPages, locatorOfText, PAGE_ROWS, type CopyShape } from './copyCells.ts';
import { inTime } from './inTime.ts';
import { lockByQuery, lockTables } from './locking.ts';
import { isLocated, tookTooLong, type BaseAccess, type RelationAccess } from './relation.ts';

export interface PostgresHandle extends SourceHandle {
  readonly settings: PostgresSettings;
  readonly snapshot: string;
  /** Position in the write-ahead log when the snapshot was taken. */
  readonly lsn: string;
  readonly tables: readonly TableAccess[];
  readonly relations: readonly RelationAccess[];
  readonly connectMs: number;
  readonly queryMs: number;
  readonly lockable: readonly Lockable[];
  readonly lockMs: number;
}

export const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

const RANGES =
  'a table is read in ranges of its pages, from the tid :from up to :to, which is not of it: ' +
  '(0,0) is the first one, and from there without an upper bound is all of it';

interface Joined {
  readonly connection: Connection;
  readonly session: ReadSession;
}

/** Returns the statement that enters a snapshot, by its name as SQL. */
function enter(snapshot: string): string {
  return `SET TRANSACTION SNAPSHOT ${snapshot}`;
}

/** Opens a session in the snapshot of the handle. */
async function join(handle: PostgresHandle, signal: AbortSignal): Promise<Joined> {
  const { settings, snapshot, lsn, connectMs } = handle;
  const { connection, facts, pinned } = await openSession(settings, { connectMs, signal });
  try {
    await connection.query(BEGIN);
    await connection.query(enter(quoteText(snapshot)));
    const reported = await assertPinned(connection, facts.major);
    await lockTables(connection, handle.lockable, handle.lockMs);
    await lockByQuery(connection, handle.lockable);
    const session = {
      server: `PostgreSQL ${facts.version}`,
      statements: [...pinned, BEGIN, enter(":'snapshot'")],
      settings: reported,
      snapshot: `${snapshot}, at ${lsn}`,
      ranges: RANGES,
    };
    return { connection, session };
  } catch (error) {
    connection.end();
    throw error;
  }
}

/** Opens a reader. @throws Failure, or the reason of the signal */
export async function openReader(
  handle: PostgresHandle,
  signal: AbortSignal,
): Promise<SourceReader> {
  const label = labelOf(handle.settings);
  // Another session of the snapshot begins as this one does.
  const { session, ...first } = await join(handle, signal);
  let connection: Connection | null = first.connection;
  let closed = false;
  const ran = ranStatements();
  /** Lends the connection; one that is not given back is closed, and another one joins the snapshot. */
  async function* lent<T>(
    name: string,
    use: (connection: Connection) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    signal.throwIfAborted();
    if (closed) throw new TypeError('the reader is closed');
    connection ??= (await join(handle, signal)).connection;
    const here = connection;
    // A copy that is left half way would be sent to its end first.
    connection = null;
    try {
      yield* use(here);
      connection = here;
    } catch (error) {
      signal.throwIfAborted();
      throw serverFailure(error, `${label}, ${name}`);
    } finally {
      if (connection !== here || closed) here.end();
    }
  }
  const copied = <T>(
    name: string,
    columns: readonly string[],
    range: ReadRange,
    pagesOf: (chunks: AsyncIterable<Uint8Array>, shape: CopyShape) => AsyncIterable<T>,
  ): AsyncIterable<T> => {
    const copy = copyOf(handle, name, columns, range);
    return lent(name, (here) => {
      ran.note(copy.told);
      const chunks: AsyncIterable<Uint8Array> = here.copy(copy.sql);
      return pagesOf(copy.isRelation ? limited(handle, name, chunks) : chunks, copy);
    });
  };
  async function* readCells(
    name: string,
    columns: readonly string[],
    range: ReadRange,
  ): AsyncGenerator<CellPage, void, undefined> {
    yield* copied(name, columns, range, copyPages);
  }
  const rowsOfQuery = async (name: string, sql: string): Promise<TextRow[]> => {
    return listOf(lent(name, (here) => limited(handle, name, rowsAnswering(here, sql))));
  };
  return {
    readCells,
    async *readLines(table, columns, range) {
      yield* copied(table, columns, range, copyLines);
    },
    async *read(table, columns, range) {
      for await (const page of readCells(table, columns, range)) yield rowsOf(page);
    },
    tellStatements: () => ({ session, reads: ran.take() }),
    relations: relationReader(handle, rowsOfQuery, label),
    async close() {
      closed = true;
      connection?.end();
    },
  };
}

/** Ends what takes longer than a query may. */
function limited<T>(
  { queryMs, settings }: PostgresHandle,
  name: string,
  items: AsyncIterable<T>,
): AsyncIterable<T> {
  const where = `${labelOf(settings)}, ${JSON.stringify(name)}`;
  return inTime(items, queryMs, () => tookTooLong(queryMs, where));
}

function relationReader(
  { relations, tables }: PostgresHandle,
  rowsOfQuery: (name: string, sql: string) => Promise<TextRow[]>,
  label: string,
): RelationReader {
  const withBase = (name: string): readonly [RelationAccess, BaseAccess] => {
    const relation = relations.find((one) => one.name === name);
    if (relation?.base != null) return [relation, relation.base];
    throw new Failure('SOURCE_SCHEMA', {
      what: `${JSON.stringify(name.slice(0, 80))} has no suitable base table`,
      where: label,
      hint: 'check "base" in the mapping against the database',
    });
  };
  return {
    async count(name) {
      const relation = relations.find((one) => one.name === name);
      const from =
        relation === undefined
          ? tableNamed(tables, name, label).from
          : `(${relationSql(relation, [])}) q`;
      const [[rows] = []] = await rowsOfQuery(name, `SELECT count(*) FROM ${from}`);
      return Number(rows);
    },
    async baseCounts(name) {
      const [relation, base] = withBase(name);
      const [row] = await rowsOfQuery(name, baseCountsSql(relation, base));
      return baseCountsOf(row, base);
    },
    async *lostRows(name) {
      const [relation, base] = withBase(name);
      const rows = await rowsOfQuery(name, lostRowsSql(relation, base));
      for (let at = 0; at < rows.length; at += PAGE_ROWS) {
        yield rows.slice(at, at + PAGE_ROWS).map(([row]) => locatorOfText(String(row)));
      }
    },
  };
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* rowsAnswering(connection: Connection, sql: string): AsyncGenerator<TextRow> {
  yield* await connection.query(sql);
}

interface Copy extends CopyShape {
  readonly sql: string;
  /** The same, with its bounds as variables of psql. */
  readonly told: string;
  /** Whether SQL of others runs, which may take any time. */
  readonly isRelation: boolean;
}

function copyOf(
  { relations, tables, settings }: PostgresHandle,
  name: string,
  columns: readonly string[],
  range: ReadRange,
): Copy {
  const label = labelOf(settings);
  const relation = relations.find((one) => one.name === name);
  if (relation !== undefined) return copyOfRelation(relation, columns, label);
  return copyOfTable(tableNamed(tables, name, label), columns, range, label);
}

function copyOfRelation(relation: RelationAccess, columns: readonly string[], label: string): Copy {
  const read = columns.map((column) => columnNamed(relation, column, label));
  const sql = relationSql(
    relation,
    read.map(({ name }) => name),
  );
  const located = relation.base !== null && isLocated(relation.base);
  const forms = read.map(({ form }) => form);
  const copy = `COPY (${sql}) TO STDOUT`;
  return { sql: copy, told: copy, forms, located, isRelation: true };
}

function copyOfTable(
  table: TableAccess,
  columns: readonly string[],
  range: ReadRange,
  label: string,
): Copy {
  const read = columns.map((column) => columnNamed(table, column, label));
  const cells = read.map(({ name, sql }) => sql ?? quote(name));
  const { from, parts } = table;
  const forms = read.map(({ form }) => form);
  if (parts === null) {
    const sql = `COPY (SELECT ${cells.join(', ')} FROM ${from}) TO STDOUT`;
    return { sql, told: sql, forms, located: false, isRelation: false };
  }
  const part = parts[Number(range['part'])];
  if (part === undefined) throw new TypeError('the range is of another table');
  const list = [...cells, 'ctid'].join(', ');
  const hasEnd = range['to'] !== null;
  const between = (first: string, end: string): string => {
    const bounds = [`ctid >= ${first}::pg_catalog.tid`];
    if (hasEnd) bounds.push(`ctid < ${end}::pg_catalog.tid`);
    return `COPY (SELECT ${list} FROM ONLY ${part.identifier} WHERE ${bounds.join(' AND ')}) TO STDOUT`;
  };
  const sql = between(tid(range['from']), tid(range['to']));
  return { sql, told: between(":'from'", ":'to'"), forms, located: true, isRelation: false };
}

/** Returns the text of the first tid of a page. */
function tid(page: ReadRange[string] | undefined): string {
  return `'(${Math.trunc(Number(page))},0)'`;
}

/** Returns a table by its name. @throws Failure SOURCE_SCHEMA */
export function tableNamed(
  tables: readonly TableAccess[],
  name: string,
  label: string,
): TableAccess {
  const found = tables.find((table) => table.name === name);
  if (found !== undefined) return found;
  throw new Failure('SOURCE_SCHEMA', {
    what: `the database has no table ${JSON.stringify(name)} that can be read`,
    where: label,
    hint: 'check the mapping against the database',
  });
}

function columnNamed(
  { name, columns }: Pick<TableAccess, 'name' | 'columns'>,
  column: string,
  label: string,
): ColumnAccess {
  const found = columns.find((one) => one.name === column);
  if (found !== undefined) return found;
  throw new Failure('SOURCE_SCHEMA', {
    what: `table ${JSON.stringify(name)} has no column ${JSON.stringify(column)}`,
    where: label,
    hint: 'check the mapping against the database',
  });
}
