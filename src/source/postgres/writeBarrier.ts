/**
 * The wait for writers in flight: a transaction that had written before its right was revoked commits
 * later. A lock that no writer holds beside us, had once on each table after the rights were revoked,
 * proves that all of them have ended. Tables are locked one by one, so that no writer waits for us while
 * we wait for it.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { Connection } from '../../postgres/connect.ts';
import { sqlState } from '../../postgres/connectionFailure.ts';
import type { Writable } from './writeScope.ts';

/** Time of one attempt, in ms: those who come later wait for it. */
const ATTEMPT_MS = 1000;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';

/**
 * Waits until all who wrote before have ended, for up to `lockMs` for each table, and returns the position
 * in the write-ahead log after it.
 * @throws Failure SOURCE_LOCKED that names the session that writes
 */
export async function awaitWriters(
  connection: Connection,
  relations: readonly Writable[],
  lockMs: number,
): Promise<string> {
  for (const relation of relations) {
    if (relation.stores) await awaitTable(connection, relation, lockMs);
  }
  const [[lsn] = []] = await connection.query('SELECT pg_catalog.pg_current_wal_insert_lsn()');
  return String(lsn);
}

async function awaitTable(connection: Connection, table: Writable, lockMs: number): Promise<void> {
  const timeout = Math.max(1, Math.min(ATTEMPT_MS, lockMs));
  for (let waited = 0; ; waited += timeout) {
    try {
      await connection.query(
        `BEGIN; SET LOCAL lock_timeout = '${timeout}ms';
        LOCK TABLE ONLY ${table.identifier} IN SHARE MODE; COMMIT`,
        quoteName(table.name),
      );
      return;
    } catch (error) {
      const state = error instanceof Failure ? sqlState(error.cause) : null;
      if (state !== LOCK_NOT_AVAILABLE && state !== DEADLOCK) throw error;
      await connection.query('ROLLBACK');
      if (waited + timeout >= lockMs) throw await held(connection, table, error);
    }
  }
}

/** Those that keep a table from being locked; one without a process is a prepared transaction. */
const HOLDERS = `
  SELECT l.pid, coalesce(a.usename, x.owner), x.gid,
    to_char(coalesce(a.xact_start, x.prepared), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  FROM pg_catalog.pg_locks l
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    LEFT JOIN pg_catalog.pg_locks t ON l.pid IS NULL AND t.pid IS NULL AND t.locktype = 'transactionid'
      AND t.virtualtransaction = l.virtualtransaction
    LEFT JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = t.transactionid
  WHERE l.granted AND l.locktype = 'relation' AND l.relation = $1::oid
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
    AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareLock')
  ORDER BY 4 NULLS LAST, l.pid`;

async function held(connection: Connection, table: Writable, cause: unknown): Promise<Failure> {
  const found = await connection.execute(HOLDERS, [table.oid]);
  const names = found.map(([pid, role, gid, since]) => {
    const of = role === null || role === undefined ? '' : ` of role ${quoteName(role)}`;
    const begun = since === null || since === undefined ? '' : `, begun at ${since}`;
    if (gid !== null && gid !== undefined) {
      return `prepared transaction ${quoteName(gid)}${of}${begun}`;
    }
    return `session ${pid}${of}${begun}`;
  });
  const who = names.length === 0 ? 'a transaction that has just ended' : names.join('; ');
  return new Failure('SOURCE_LOCKED', {
    what: `no new transaction may write to table ${quoteName(table.name)}, but one that began before still may: ${who}`,
    where: connection.label,
    hint: 'wait until it has ended, or end it (pg_terminate_backend, ROLLBACK PREPARED), then run freeze-writes again, which goes on; unfreeze-writes goes back',
    cause,
  });
}
