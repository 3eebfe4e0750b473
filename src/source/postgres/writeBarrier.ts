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
import { lockHolders } from '../../postgres/lockHolders.ts';
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

/** Modes of locks that let us have ours. */
const BESIDE = ['AccessShareLock', 'RowShareLock', 'ShareLock'];

async function held(connection: Connection, table: Writable, cause: unknown): Promise<Failure> {
  const who = await lockHolders(connection, [table.oid], BESIDE);
  return new Failure('SOURCE_LOCKED', {
    what: `no new transaction may write to table ${quoteName(table.name)}, but one that began before still may: ${who}`,
    where: connection.label,
    hint: 'wait until it has ended, or end it (pg_terminate_backend, ROLLBACK PREPARED), then run freeze-writes again, which goes on; unfreeze-writes goes back',
    cause,
  });
}
