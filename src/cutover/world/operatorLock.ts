/**
 * One operator of a cutover at a time: a session-level advisory lock in the PostgreSQL database of an input.
 * It ends with its session, also if the run is killed: within the seconds that the server needs to notice.
 * For a file of SQLite the lock of the project has to do.
 */

import { Failure } from '../../outcome/failure.ts';
import { lockKey, takeAdvisoryLock } from '../../postgres/advisoryLock.ts';
import { databasePlace, type SqlInputs } from './sqlClient.ts';
import { openConnection, settingsOf } from './sqlPostgres.ts';

/** The server may need that long to notice that the client of a killed run is gone. */
const PATIENCE_MS = 12_000;

export interface OperatorLock {
  /** Checks that the session that has the lock is still there. @throws Failure BUSY if it has ended */
  assertHeld(): Promise<void>;
  /** Gives the lock back. */
  release(): Promise<void>;
}

export interface LockRequest extends SqlInputs {
  /** Who takes it, for another that waits: the name of the session on the server. */
  readonly operator: string;
  /** Milliseconds to wait; 12 seconds if left out. */
  readonly patienceMs?: number;
  readonly signal: AbortSignal;
}

/** Takes the lock of an input; null if its database has none. @throws Failure BUSY, which tells who has it */
export async function takeOperatorLock(
  input: string,
  request: LockRequest,
): Promise<OperatorLock | null> {
  const place = databasePlace(input, request);
  if (place.dialect === 'sqlite') return null;
  const { variables, operator, signal, patienceMs = PATIENCE_MS } = request;
  const settings = settingsOf(place.address, { variables, applicationName: nameOf(operator) });
  const connection = await openConnection(settings, { readOnly: true, signal });
  const { label } = connection;
  try {
    await connection.query(`SET client_connection_check_interval = '2s'`).catch(() => {});
    const lock = { what: 'a cutover of this database', where: label, patienceMs };
    await takeAdvisoryLock(connection, lockKey('cutover'), lock, signal);
  } catch (error) {
    connection.end();
    throw error;
  }
  return {
    async assertHeld() {
      try {
        await connection.query('SELECT 1');
      } catch (cause) {
        signal.throwIfAborted();
        throw new Failure('BUSY', {
          what: 'the lock of the operator was lost, as its session has ended',
          where: label,
          hint: 'check that no other run has begun, then resume',
          cause,
        });
      }
    },
    async release() {
      connection.end();
    },
  };
}

/** Names of sessions have at most 63 bytes, of which the server replaces those that are not ASCII. */
function nameOf(operator: string): string {
  return `sealift cutover by ${operator.replaceAll(/[^\x20-\x7e]/gu, '?')}`.slice(0, 63);
}
