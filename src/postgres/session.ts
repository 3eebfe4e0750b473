/**
 * A session with pinned settings: whatever the server, the database or the role set, values arrive in one
 * form, no timeout of theirs ends a long reading, and rows that a policy hides are an error.
 */

import { Failure } from '../outcome/failure.ts';
import type { Connection } from './connect.ts';

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
export async function pinSession(connection: Connection): Promise<ServerFacts> {
  const { label } = connection;
  const [[number = '', version = ''] = []] = await connection.query(
    `SELECT current_setting('server_version_num'), current_setting('server_version')`,
  );
  const major = Math.floor(Number(number) / 10_000);
  if (major < OLDEST) throw tooOld(String(version), label);
  const settings = PINNED.filter(([, , since = 0]) => major >= since);
  const statements = settings.map(([name, value]) => `SET SESSION ${name} = '${value}'`);
  await connection.query(statements.join('; '));
  // Transactions of a pooler: settings and process may be those of another session by now.
  const readBack = settings.map(([name]) => `current_setting('${name}')`).join(', ');
  const [[processId = null, role = '', standby = '', ...values] = []] = await connection.query(
    `SELECT pg_backend_pid(), current_user, pg_is_in_recovery(), ${readBack}`,
  );
  const sameProcess = String(connection.processId) === processId;
  const pinned = settings.every(([name, value], at) => isSet(name, value, values[at] ?? null));
  if (!sameProcess || !pinned) throw behindPooler(label);
  return { version: String(version), major, role: String(role), isStandby: standby === 't' };
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

function behindPooler(where: string): Failure {
  return new Failure('UNSUPPORTED', {
    what: 'a connection pooler stands between Sealift and the server, so that a snapshot cannot be kept',
    where,
    hint: 'connect to the server itself, or to a port of the pooler in session mode that keeps process ids',
  });
}
