/** A session-level advisory lock of a name: one session at a time has it, and it ends with the session. */

import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { Failure } from '../outcome/failure.ts';
import type { Connection } from './connect.ts';

const PAUSE_MS = 200;

export interface LockPlace {
  /** What is locked, such as `this schema`. */
  readonly what: string;
  readonly where: string;
  /** Milliseconds to wait: the server may need some to notice that the client of a killed command is gone. */
  readonly patienceMs: number;
}

/** Returns the key of the lock of a name of several parts: 64 bits of a digest, as a signed number. */
export function lockKey(...name: readonly string[]): bigint {
  return hash('sha256', JSON.stringify(name), 'buffer').readBigInt64BE(0);
}

/** Takes a lock. @throws Failure BUSY, which tells who holds it */
export async function takeAdvisoryLock(
  connection: Pick<Connection, 'query'>,
  key: bigint,
  place: LockPlace,
  signal: AbortSignal,
): Promise<void> {
  for (let waited = 0; ; waited += PAUSE_MS) {
    const [[taken] = []] = await connection.query(`SELECT pg_catalog.pg_try_advisory_lock(${key})`);
    if (taken === 't') return;
    if (waited >= place.patienceMs) throw await held(connection, key, place);
    await pause(PAUSE_MS, null, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}

async function held(
  connection: Pick<Connection, 'query'>,
  key: bigint,
  { what, where }: LockPlace,
): Promise<Failure> {
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
    what: `${who}${from}${begun} is at work in ${what}`,
    where,
    hint: 'wait until it has ended, then run again',
  });
}
