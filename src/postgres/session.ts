/**
 * A session with pinned settings: whatever the server, the database or the role set, values arrive in one
 * form, no timeout of theirs ends a long reading, and rows that a policy hides are an error.
 */

import { Failure } from '../outcome/failure.ts';
import { connect, type Connection, type ConnectOptions } from './connect.ts';
import { sqlState, wasCutOff } from './connectionFailure.ts';
import type { PostgresSettings } from './settings.ts';

const OLDEST = 14;

/** Settings that decide how values are written, and what could end or narrow the reading. */
const PINNED: readonly (readonly [name: string, value: string, since?: number])[] = [
  ['client_encoding', 'UTF8'],
  ['TimeZone', 'UTC'],
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'iso_8601'],
  ['extra_float_digits', '3'],
  ['bytea_output', 'hex'],
  ['xmloption', 'content'],
  ['xmlbinary', 'base64'],
  ['lc_monetary', 'C'],
  ['lc_numeric', 'C'],
  ['lc_time', 'C'],
  ['timezone_abbreviations', 'Default'],
  ['quote_all_identifiers', 'off'],
  ['transform_null_equals', 'off'],
  // A limit on the rows that an index yields, which then are some of them.
  ['gin_fuzzy_search_limit', '0'],
  ['standard_conforming_strings', 'on'],
  ['search_path', ''],
  ['row_security', 'off'],
  ['statement_timeout', '0'],
  ['lock_timeout', '0'],
  ['idle_in_transaction_session_timeout', '0'],
  ['idle_session_timeout', '0'],
  ['transaction_timeout', '0', 17],
  ['default_transaction_read_only', 'on'],
  ['synchronize_seqscans', 'off'],
];

/** Settings that hide damage, and with it rows. Only a superuser may change them. */
const HIDING = ['zero_damaged_pages', 'ignore_checksum_failure'];

/** Timeouts that could end a session before its first statement. */
const NO_TIMEOUTS: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

const TRANSACTION_TIMEOUT = '25P04';
const NO_SUCH_SETTING = '42704';
const PROTOCOL_VIOLATION = '08P01';

export type SessionOptions = Omit<ConnectOptions, 'initially'> & {
  /** Whether it may write; if left out, the server refuses what is not a reading. */
  readonly writes?: boolean;
};

export interface Session {
  readonly connection: Connection;
  readonly facts: ServerFacts;
  /** Statements that have pinned its settings. */
  readonly pinned: readonly string[];
}

/** Connects and pins the settings of the session. @throws Failure, or the reason of the signal */
export async function openSession(
  settings: PostgresSettings,
  options: SessionOptions,
): Promise<Session> {
  try {
    return await begin(settings, { ...options, initially: NO_TIMEOUTS });
  } catch (error) {
    switch (error instanceof Failure ? sqlState(error.cause) : null) {
      case TRANSACTION_TIMEOUT:
        return withoutTransactionTimeout(settings, options, error);
      // A server that is too old; its version tells.
      case NO_SUCH_SETTING:
        return begin(settings, { ...options, initially: {} });
      case PROTOCOL_VIOLATION:
        throw behindPooler((error as Failure).where ?? '');
      default:
        // The server may have closed the connection before its reason was read.
        if (wasCutOff(error)) return withoutTransactionTimeout(settings, options, error);
        throw error;
    }
  }
}

/** Servers before 17 do not know this timeout, so it is named only after a session has ended by it. */
async function withoutTransactionTimeout(
  settings: PostgresSettings,
  options: SessionOptions,
  cause: unknown,
): Promise<Session> {
  const initially = { ...NO_TIMEOUTS, transaction_timeout: '0' };
  try {
    return await begin(settings, { ...options, initially });
  } catch (error) {
    const unknown = error instanceof Failure && sqlState(error.cause) === NO_SUCH_SETTING;
    throw unknown ? cause : error;
  }
}

type Begin = ConnectOptions & Pick<SessionOptions, 'writes'>;

async function begin(settings: PostgresSettings, options: Begin): Promise<Session> {
  const connection = await connect(settings, options);
  try {
    return { connection, ...(await pinSession(connection, options.writes === true)) };
  } catch (error) {
    connection.end();
    throw error;
  }
}

export interface ServerFacts {
  /** Such as `18.4`. */
  readonly version: string;
  readonly major: number;
  readonly role: string;
  readonly isStandby: boolean;
}

/**
 * Pins the settings of a new session and reads them back.
 * @throws Failure UNSUPPORTED if the server is too old or a pooler stands between
 */
async function pinSession(
  connection: Connection,
  writes: boolean,
): Promise<Omit<Session, 'connection'>> {
  const { label } = connection;
  const [[number = '', version = ''] = []] = await connection.query(
    `SELECT current_setting('server_version_num'), current_setting('server_version')`,
  );
  const major = Math.floor(Number(number) / 10_000);
  if (major < OLDEST) throw tooOld(String(version), label);
  const pinned = pinStatements(major);
  await connection.query(pinned.join('; '));
  await assertPinned(connection, major);
  if (writes) await connection.query('SET SESSION default_transaction_read_only = off');
  const hiding = HIDING.map((name) => `current_setting('${name}')`).join(', ');
  const [[role = '', standby = '', hidden = ''] = []] = await connection.query(
    `SELECT current_user, pg_is_in_recovery(), concat_ws(' ', ${hiding})`,
  );
  if (/on/.test(String(hidden))) throw hidesDamage(label);
  // A server that looks after its client ends what runs for one that is gone; not all systems can.
  await connection.query(`SET client_connection_check_interval = '10s'`).catch(() => {});
  const isStandby = standby === 't';
  return { facts: { version: String(version), major, role: String(role), isStandby }, pinned };
}

/**
 * Checks that a session is still the one that was pinned: a pooler may give a transaction another. Returns the
 * settings by name, as the session reports them.
 * @throws Failure UNSUPPORTED
 */
export async function assertPinned(
  connection: Connection,
  major: number,
): Promise<Readonly<Record<string, string>>> {
  const settings = pinnedOf(major);
  const readBack = settings.map(([name]) => `current_setting('${name}')`).join(', ');
  const [[processId = null, ...values] = []] = await connection.query(
    `SELECT pg_backend_pid(), ${readBack}`,
  );
  const sameProcess = String(connection.processId) === processId;
  const pinned = settings.every(([name, value], at) => isSet(name, value, values[at] ?? null));
  if (!sameProcess || !pinned) throw behindPooler(connection.label);
  return Object.fromEntries(settings.map(([name], at) => [name, String(values[at])]));
}

/** Returns the statements that pin the settings of a session. */
function pinStatements(major: number): string[] {
  return pinnedOf(major).map(([name, value]) => `SET SESSION ${name} = '${value}'`);
}

function pinnedOf(major: number): typeof PINNED {
  return PINNED.filter(([, , since = 0]) => major >= since);
}

function isSet(name: string, wanted: string, found: string | null): boolean {
  if (name === 'search_path') return found === '' || found === '""';
  return found === wanted;
}

function tooOld(version: string, where: string): Failure {
  return new Failure('UNSUPPORTED', {
    what: `the server is PostgreSQL ${version}, and Sealift reads ${OLDEST} and later`,
    where,
    hint: 'upgrade it, or restore a dump of it into a newer server and read that',
  });
}

function hidesDamage(where: string): Failure {
  return new Failure('UNSUPPORTED', {
    what: `the server is set to hide damaged pages, and with them rows (${HIDING.join(', ')})`,
    where,
    hint: 'turn both off for this user and database',
  });
}

function behindPooler(where: string): Failure {
  return new Failure('UNSUPPORTED', {
    what: 'a connection pooler stands between Sealift and the server, so that a snapshot cannot be kept',
    where,
    hint: 'connect to the server itself, or to a port of the pooler in session mode that keeps process ids',
  });
}
