/**
 * A client of a PostgreSQL database for steps. The session has the settings of its role and database, as any
 * other client of it would, but for those without which nothing can be promised: no timeouts, UTF-8, texts
 * without escapes. One that only reads has all of them pinned but the search path, and each of its statements
 * runs in a transaction that the server lets read only.
 */

import { Failure } from '../../outcome/failure.ts';
import type { PostgresAddress } from '../../postgres/address.ts';
import {
  connect,
  type Connection,
  type FirstRows,
  type Parameter,
} from '../../postgres/connect.ts';
import { openSession } from '../../postgres/session.ts';
import { completeAddress, type PostgresSettings } from '../../postgres/settings.ts';
import { statementsOf } from '../../sql/statements.ts';
import { atLine, postgresFailure } from './sqlErrors.ts';
import type { SqlClient, SqlOptions, SqlPage, SqlValue } from './world.ts';

export interface PostgresOptions extends SqlOptions {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Name of the session, for those who look for it on the server. */
  readonly applicationName?: string;
}

const CONNECT_MS = 15_000;
/** Time to end on the server what was aborted here. */
const END_MS = 5000;
const PAGE = 500;
const MOST = 1000;

const READS = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const WRITES = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';

/** Without these, what is sent and read is not what it seems. */
const NEEDED = [
  `SET client_encoding = 'UTF8'`,
  'SET standard_conforming_strings = on',
  `SET bytea_output = 'hex'`,
  'SET extra_float_digits = 3',
  `SET DateStyle = 'ISO'`,
];

/** Completes an address, for another database if one is named. @throws Failure USAGE */
export function settingsOf(
  address: PostgresAddress,
  { variables, database, applicationName }: Omit<PostgresOptions, 'readOnly' | 'signal'>,
): PostgresSettings {
  const named = {
    ...(database === undefined ? {} : { database }),
    ...(applicationName === undefined ? {} : { applicationName }),
  };
  return completeAddress({ ...address, ...named }, variables);
}

/** Opens a session with the settings that are pinned. @throws Failure */
export async function openConnection(
  settings: PostgresSettings,
  { readOnly, signal }: Pick<SqlOptions, 'readOnly' | 'signal'>,
): Promise<Connection> {
  const options = { connectMs: CONNECT_MS, signal, failure: postgresFailure };
  const { connection } = await openSession(settings, { ...options, writes: !readOnly });
  return connection;
}

/** Opens a client. @throws Failure, or the reason of the signal */
export async function openPostgres(
  address: PostgresAddress,
  options: PostgresOptions,
): Promise<SqlClient> {
  const settings = settingsOf(address, options);
  const connection = await openConnection(settings, options);
  try {
    if (options.readOnly) await connection.query('RESET search_path');
    // What the role and the database set, as files of SQL are written for.
    else await connection.query(['RESET ALL', ...NEEDED].join('; '));
    await connection.query(`SET client_connection_check_interval = '2s'`).catch(() => {});
    const [[process = '', begun = ''] = []] = await connection.query(
      `SELECT pid, backend_start FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()`,
    );
    const backend = { process: String(process), begun: String(begun) };
    return clientOf(connection, options, () => endBackend(settings, backend));
  } catch (error) {
    connection.end();
    throw error;
  }
}

interface Backend {
  readonly process: string;
  readonly begun: string;
}

/** Ends a session on the server, where a statement may still run after its connection was closed. */
async function endBackend(settings: PostgresSettings, { process, begun }: Backend): Promise<void> {
  const signal = AbortSignal.timeout(END_MS);
  try {
    const connection = await connect(settings, { connectMs: END_MS, signal, initially: {} });
    try {
      await connection.execute(
        `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
          WHERE pid = $1::int AND backend_start = $2::timestamptz`,
        [process, begun],
      );
    } finally {
      connection.end();
    }
  } catch {
    // The server finds out by itself within seconds.
  }
}

interface Transactions {
  isOpen(): boolean;
  begin(how: string): Promise<void>;
  undo(): Promise<void>;
  /** Runs `work` in a transaction, unless there is one, which `end` ends. */
  within<T>(how: string, end: string, work: () => Promise<T>): Promise<T>;
}

function transactionsOf(connection: Connection): Transactions {
  let open = false;
  const begin = async (how: string): Promise<void> => {
    await connection.query(how);
    open = true;
  };
  const undo = async (): Promise<void> => {
    open = false;
    await connection.query('ROLLBACK').catch(() => {});
  };
  return {
    isOpen: () => open,
    begin,
    undo,
    async within(how, end, work) {
      if (open) return work();
      await begin(how);
      try {
        const result = await work();
        await connection.query(end);
        open = false;
        return result;
      } catch (error) {
        await undo();
        throw error;
      }
    },
  };
}

function clientOf(
  connection: Connection,
  { readOnly, signal }: PostgresOptions,
  endOnServer: () => Promise<void>,
): SqlClient {
  const { label } = connection;
  const transactions = transactionsOf(connection);
  let ended: Promise<void> | null = null;
  const stop = (): void => {
    ended = endOnServer();
  };
  signal.addEventListener('abort', stop, { once: true });
  return {
    dialect: 'postgresql',
    label,
    async query(sql, parameters = [], most = MOST) {
      const ask = (): Promise<FirstRows> =>
        connection.first(sql, parameters.map(parameterOf), most);
      const found = await (readOnly ? transactions.within(READS, 'ROLLBACK', ask) : ask());
      if (found.more) throw tooMany(most, label);
      return pageOf(found);
    },
    async *pages(sql) {
      const own = !transactions.isOpen();
      if (own) await transactions.begin(READS);
      try {
        yield* fetched(connection, sql);
      } finally {
        if (own) await transactions.undo();
      }
    },
    async script(sql, where = label) {
      if (readOnly) throw new TypeError('a client that only reads runs no script');
      for (const { text, line } of statementsOf(sql, 'postgresql')) {
        try {
          await connection.run(text);
        } catch (error) {
          throw atLine(error, text, line, where);
        }
      }
    },
    async transaction(work) {
      if (transactions.isOpen()) throw new TypeError('a transaction in a transaction');
      const [how, end] = readOnly ? [READS, 'ROLLBACK'] : [WRITES, 'COMMIT'];
      return transactions.within(how, end, work);
    },
    async close() {
      signal.removeEventListener('abort', stop);
      connection.end();
      await ended;
    },
  };
}

const CURSOR = 'sealift_rows';

async function* fetched(connection: Connection, sql: string): AsyncGenerator<SqlPage> {
  const begin = `DECLARE ${CURSOR} NO SCROLL CURSOR FOR\n`;
  try {
    await connection.run(`${begin}${sql}`);
  } catch (error) {
    throw atLine(error, `${begin}${sql}`, 0, connection.label);
  }
  for (let first = true; ; first = false) {
    const page = pageOf(await connection.first(`FETCH ${PAGE} FROM ${CURSOR}`, [], PAGE));
    if (first || page.rows.length > 0) yield page;
    if (page.rows.length < PAGE) break;
  }
  await connection.run(`CLOSE ${CURSOR}`);
}

function parameterOf(value: SqlValue): Parameter {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return value === null ? null : String(value);
}

/** Types by their oid; see pg_type.dat of PostgreSQL. */
const WHOLE: ReadonlySet<number> = new Set([20, 21, 23, 26]);
const BOOLEAN = 16;
const BYTES = 17;

function pageOf({ columns, rows }: FirstRows): SqlPage {
  return {
    columns: columns.map(({ name }) => name),
    rows: rows.map((row) => row.map((cell, at) => valueOf(cell, columns[at]?.type ?? 0))),
  };
}

function valueOf(cell: string | null, type: number): SqlValue {
  if (cell === null) return null;
  if (WHOLE.has(type)) return BigInt(cell);
  if (type === BOOLEAN) return cell === 't';
  return type === BYTES ? Buffer.from(cell.slice(2), 'hex') : cell;
}

/** @throws nothing; makes the Failure for a statement with more rows than its caller takes */
export function tooMany(most: number, where: string): Failure {
  return new Failure('UNSUPPORTED', {
    what: `the statement returns more than ${most} rows`,
    where,
    hint: 'count or group them in the query',
  });
}
