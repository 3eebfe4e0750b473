/**
 * Swaps two schemas by renaming them. Renaming waits for no writer, and what a transaction writes before
 * and after it would be in both: so all tables of both are locked first, in the same transaction, against
 * readers and writers. Those who wait go on after it, by the names, in what is live then. Under the locks
 * it is certain that nothing was written since the reconcile.
 *
 * Clients wait while the locks are waited for and held, so an attempt to lock is short, and is given up
 * and repeated until the time for all of them has passed.
 */

import { setTimeout as pause } from 'node:timers/promises';

import { Failure } from '../../outcome/failure.ts';
import { lockHolders } from '../../postgres/lockHolders.ts';
import type { Connection } from '../../postgres/connect.ts';
import { encodeSeen, noteSeen } from '../../postgres/seen.ts';
import { sqlState } from '../../postgres/connectionFailure.ts';
import { quote } from '../../sql/quote.ts';
import type { PlaceChanges, SwapOrder } from '../swap.ts';
import type { Outside } from '../target.ts';
import { MAKE_MOVES, moveStatement } from './movesLedger.ts';
import { placeChanges, seenIn, tablesOf, type StoredTable } from './placeChanges.ts';

/** Milliseconds of an attempt: a vacuum gives way after one second. */
const ATTEMPT_MS = 2000;
/** Between two attempts, in which those who waited for us can go on. */
const PAUSE_MS = 250;
/** No lock in time, a deadlock, or the time of the statement over. */
const NOT_LOCKED: ReadonlySet<string | null> = new Set(['55P03', '40P01', '57014']);

/** What a caller makes of differences; throws where they are not to be accepted. */
export type AssertUnchanged = (which: 'to' | 'from', changes: Omit<PlaceChanges, 'tookMs'>) => void;

/** Swaps. @throws Failure BUSY with who holds a lock, or what `assertUnchanged` throws; nothing was changed then */
export async function swapSchemas(
  connection: Connection,
  live: string,
  order: SwapOrder,
  assertUnchanged: AssertUnchanged,
  { now, signal }: Pick<Outside, 'now' | 'signal'>,
): Promise<void> {
  const until = now().getTime() + order.waitMs;
  for (;;) {
    const left = until - now().getTime();
    const failure = await beginLocked(connection, live, order, Math.min(ATTEMPT_MS, left));
    if (failure === null) break;
    if (now().getTime() + PAUSE_MS >= until) throw failure;
    await pause(PAUSE_MS, null, { signal });
  }
  try {
    await assertSeen(connection, live, order, assertUnchanged);
    const seen = order.from === null ? null : await noteLast(connection, live, order);
    await connection.query(renames(live, order).join('; '));
    await connection.query(moveStatement(live, order, seen));
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => {});
    throw error;
  }
  await connection.query('COMMIT');
}

/** Returns the statements that rename. */
export function renames(live: string, { to, from }: Pick<SwapOrder, 'to' | 'from'>): string[] {
  return [...(from === null ? [] : [rename(live, from.name)]), rename(to.name, live)];
}

function rename(schema: string, name: string): string {
  return `ALTER SCHEMA ${quote(schema)} RENAME TO ${quote(name)}`;
}

/** Begins a transaction in which all tables are locked; returns why they could not be, else null. */
async function beginLocked(
  connection: Connection,
  live: string,
  { to, from }: SwapOrder,
  timeoutMs: number,
): Promise<Failure | null> {
  const timeout = `${Math.max(1, Math.round(timeoutMs))}ms`;
  await connection.query(`BEGIN; SET LOCAL synchronous_commit = on; ${MAKE_MOVES.join('; ')}`);
  const list = async (): Promise<StoredTable[]> => [
    ...(from === null ? [] : await tablesOf(connection, live)),
    ...(await tablesOf(connection, to.name)),
  ];
  const tables = await list();
  try {
    const names = tables.map(({ identifier }) => identifier).join(', ');
    await connection.query(
      `SET LOCAL lock_timeout = '${timeout}'; SET LOCAL statement_timeout = '${timeout}'`,
    );
    if (tables.length > 0) await connection.query(`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`);
    await connection.query('SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0');
  } catch (error) {
    await connection.query('ROLLBACK');
    const state = error instanceof Failure ? sqlState(error.cause) : null;
    if (!NOT_LOCKED.has(state)) throw error;
    return held(connection, tables, error);
  }
  const now = await list();
  if (now.map(({ oid }) => oid).join() === tables.map(({ oid }) => oid).join()) return null;
  await connection.query('ROLLBACK');
  return tablesMade(connection.label);
}

async function assertSeen(
  connection: Connection,
  live: string,
  { to, toSeen, from, fromSeen, lossAccepted }: SwapOrder,
  assertUnchanged: AssertUnchanged,
): Promise<void> {
  const { label } = connection;
  if (toSeen !== null) {
    const tables = await tablesOf(connection, to.name);
    assertUnchanged('to', await placeChanges(connection, tables, seenIn(toSeen, label)));
  }
  if (from === null || lossAccepted) return;
  const tables = await tablesOf(connection, live);
  const seen = fromSeen === null ? null : seenIn(fromSeen, label);
  assertUnchanged('from', await placeChanges(connection, tables, seen));
}

/** Notes what is live as it is left, so that a rollback can tell that nothing was written to it since. */
async function noteLast(
  connection: Connection,
  live: string,
  { fromSeen, lossAccepted }: SwapOrder,
): Promise<string> {
  const seen = fromSeen === null || lossAccepted ? [] : seenIn(fromSeen, connection.label).tables;
  const known = new Map(seen.map(({ oid, rows }) => [oid, rows]));
  const tables = await tablesOf(connection, live);
  const read = tables.map(({ oid, identifier }) => ({ identifier, rows: known.get(oid) ?? null }));
  return encodeSeen(await noteSeen(connection, read));
}

async function held(
  connection: Connection,
  tables: readonly StoredTable[],
  cause: unknown,
): Promise<Failure> {
  const oids = tables.map(({ oid }) => oid);
  return new Failure('BUSY', {
    what: `tables could not be locked in time: ${await lockHolders(connection, oids, [])}`,
    where: connection.label,
    hint: 'nothing was changed; wait until that has ended, or end it (pg_terminate_backend, ROLLBACK PREPARED), then run again, or wait longer with --max-wait',
    cause,
  });
}

function tablesMade(where: string): Failure {
  return new Failure('BUSY', {
    what: 'tables were made or dropped while they were being locked',
    where,
    hint: 'nothing was changed; wait until that has ended, then run again',
  });
}
