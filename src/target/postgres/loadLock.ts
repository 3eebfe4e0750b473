/** One load at a time into a schema: a session-level advisory lock, which ends with the session. */

import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { quoteText } from '../../sql/quote.ts';

/** The server may need this long to notice that the client of a killed load is gone. */
const PATIENCE_MS = 6000;
const PAUSE_MS = 200;

/** Returns the key of the lock of a schema: 64 bits of a digest, as a signed number. */
export function lockKey(schema: string): bigint {
  const digest = hash('sha256', JSON.stringify(['load', schema]), 'buffer');
  return digest.readBigInt64BE(0);
}

/** Takes the lock. @throws Failure BUSY, which tells who holds it */
export async function takeLock(
  connection: Connection,
  schema: string,
  signal: AbortSignal,
): Promise<void> {
  const key = lockKey(schema);
  for (let waited = 0; ; waited += PAUSE_MS) {
    const [[taken] = []] = await connection.query(`SELECT pg_catalog.pg_try_advisory_lock(${key})`);
    if (taken === 't') return;
    if (waited >= PATIENCE_MS) throw await held(connection, schema, key);
    await pause(PAUSE_MS, null, { signal });
  }
}

async function held(connection: Connection, schema: string, key: bigint): Promise<Failure> {
  const high = BigInt.asUintN(32, key >> 32n);
  const low = BigInt.asUintN(32, key);
  const [[name = null, host = null, since = null] = []] = await connection.query(
    `SELECT a.application_name, coalesce(a.client_hostname, host(a.client_addr)), a.backend_start::timestamptz(0)
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        AND l.classid = ${high} AND l.objid = ${low}`,
  );
  const who = name === null || name === '' ? 'another session' : name;
  const from = host === null ? '' : ` from ${host}`;
  const begun = since === null ? '' : `, since ${since}`;
  return new Failure('BUSY', {
    what: `${who}${from}${begun} is at work in this schema`,
    where: `${connection.label}, schema ${quoteText(schema)}`,
    hint: 'wait until it has ended, then run again',
  });
}
