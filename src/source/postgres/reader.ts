/** Reads tables of a PostgreSQL database in an exported snapshot, by COPY. */

import { connect, type Connection } from '../../postgres/connect.ts';
import { serverFailure } from '../../postgres/connectionFailure.ts';
import { pinSession } from '../../postgres/session.ts';
import { labelOf, type PostgresSettings } from '../../postgres/settings.ts';
import { Failure } from '../../outcome/failure.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import { rowsOf, type CellPage } from '../cellPage.ts';
import type { ReadRange, SourceHandle, SourceReader } from '../source.ts';
import type { ColumnAccess, TableAccess } from './catalogue.ts';
import { copyPages } from './copyCells.ts';

export interface PostgresHandle extends SourceHandle {
  readonly settings: PostgresSettings;
  readonly snapshot: string;
  readonly tables: readonly TableAccess[];
  readonly connectMs: number;
}

/** Opens a session in the snapshot of the handle. */
async function join(handle: PostgresHandle, signal: AbortSignal): Promise<Connection> {
  const { settings, snapshot, connectMs } = handle;
  const connection = await connect(settings, { connectMs, signal });
  try {
    await pinSession(connection);
    await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await connection.query(`SET TRANSACTION SNAPSHOT ${quoteText(snapshot)}`);
    return connection;
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
  let connection: Connection | null = await join(handle, signal);
  let closed = false;
  async function* readCells(
    name: string,
    columns: readonly string[],
    range: ReadRange,
  ): AsyncGenerator<CellPage, void, undefined> {
    signal.throwIfAborted();
    if (closed) throw new TypeError('the reader is closed');
    const table = tableNamed(handle.tables, name, label);
    const read = columns.map((column) => columnNamed(table, column, label));
    connection ??= await join(handle, signal);
    const here = connection;
    // A copy that is left half way would be sent to its end first.
    connection = null;
    const located = table.parts !== null;
    try {
      const chunks = here.copy(copySql(table, read, range));
      yield* copyPages(chunks, { forms: read.map(({ form }) => form), located });
      connection = here;
    } catch (error) {
      signal.throwIfAborted();
      throw serverFailure(error, `${label}, ${name}`);
    } finally {
      if (connection !== here) here.end();
      if (closed) here.end();
    }
  }
  return {
    readCells,
    async *read(table, columns, range) {
      for await (const page of readCells(table, columns, range)) yield rowsOf(page);
    },
    async close() {
      closed = true;
      connection?.end();
    },
  };
}

function copySql(
  { from, parts }: TableAccess,
  columns: readonly ColumnAccess[],
  range: ReadRange,
): string {
  const cells = columns.map(({ name, sql }) => sql ?? quote(name));
  if (parts === null) return `COPY (SELECT ${cells.join(', ')} FROM ${from}) TO STDOUT`;
  const part = parts[Number(range['part'])];
  if (part === undefined) throw new TypeError('the range is of another table');
  const bounds = [`ctid >= ${tid(range['from'])}`];
  if (range['to'] !== null) bounds.push(`ctid < ${tid(range['to'])}`);
  const where = bounds.join(' AND ');
  const all = [...cells, 'ctid'].join(', ');
  return `COPY (SELECT ${all} FROM ONLY ${part.identifier} WHERE ${where}) TO STDOUT`;
}

function tid(page: ReadRange[string] | undefined): string {
  return `'(${Math.trunc(Number(page))},0)'::pg_catalog.tid`;
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

function columnNamed({ name, columns }: TableAccess, column: string, label: string): ColumnAccess {
  const found = columns.find((one) => one.name === column);
  if (found !== undefined) return found;
  throw new Failure('SOURCE_SCHEMA', {
    what: `table ${JSON.stringify(name)} has no column ${JSON.stringify(column)}`,
    where: label,
    hint: 'check the mapping against the database',
  });
}
