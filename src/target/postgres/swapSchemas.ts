/**
 * Swaps two schemas by renaming them. Renaming waits for no writer, and what a transaction writes before
 * and after it would be in both: so all tables of both are locked first, in the same transaction, against
 * readers and writers. Those who wait go on after it, by the names, in what is live then. Under the locks
 * it is certain that nothing was written since the reconcile.
 *
 * Who waits for the table of a view has found the view already, and would go on in the table of that one:
 * so the views that clients can write through are locked, too, and first, as clients do.
 *
 * Clients wait while the locks are waited for and held, so an attempt to lock is short, and is given up
 * and repeated until the time for all of them has passed.
 */

import { setTimeout as pause } from 'node:timers/promises';

import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { lockHolders } from '../../postgres/lockHolders.ts';
import type { Connection, TextRow } from '../../postgres/connect.ts';
import { encodeSeen, noteSeen } from '../../postgres/seen.ts';
import { sqlState } from '../../postgres/connectionFailure.ts';
import { quote } from '../../sql/quote.ts';
import { isInWay } from '../parity.ts';
import type { PlaceChanges, SwapOrder } from '../swap.ts';
import type { Outside } from '../target.ts';
import { fenceIn, MAKE_FENCE, openFence } from './fence.ts';
import { assertOwnLedger, MAKE_MOVES, moveStatement } from './movesLedger.ts';
import { parityOf } from './parity.ts';
import { carryOn } from './parity/sequenceValues.ts';
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
    const end = Math.min(until, now().getTime() + ATTEMPT_MS);
    const failure = await beginLocked(connection, live, order, () => end - now().getTime());
    if (failure === null) break;
    if (now().getTime() + PAUSE_MS >= until) throw failure;
    await pause(PAUSE_MS, null, { signal });
  }
  try {
    await assertOwnLedger(connection);
    await assertSeen(connection, live, order, assertUnchanged);
    await assertNoneMissing(connection, live, order);
    const seen = order.from === null ? null : await noteLast(connection, live, order);
    const statements = [
      ...(await exchange(connection, live, order)),
      ...renames(live, order),
      moveStatement(live, order, seen),
    ];
    await connection.query(statements.join('; '));
    // As late as can be: a schema itself cannot be locked against new tables.
    if (order.from !== null) await assertNoneMade(connection, order.from.name);
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => {});
    throw error;
  }
  await connection.query('COMMIT');
}

/** Returns what is done before they are renamed: writes are refused and allowed, and sequences go on. */
async function exchange(
  connection: Connection,
  live: string,
  { to, from }: SwapOrder,
): Promise<string[]> {
  const allowed = openFence(await tablesOf(connection, to.name));
  if (from === null) return allowed;
  return [
    ...allowed,
    MAKE_FENCE,
    ...fenceIn(await tablesOf(connection, live)),
    // No number that an application has given out is given out again.
    ...(await carryOn(connection, live, to.name)),
  ];
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
  until: Until,
): Promise<Failure | null> {
  // Each statement has to see what was committed before it, also where the default is one snapshot for all.
  await connection.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; ${MAKE_MOVES.join('; ')}`,
  );
  const list = async (): Promise<Lockable> => ({
    views: from === null ? [] : await connection.execute(WRITABLE_VIEWS, [live]),
    tables: [
      ...(from === null ? [] : await tablesOf(connection, live)),
      ...(await tablesOf(connection, to.name)),
    ],
  });
  const found = await list();
  try {
    for (const statement of locksOf(found)) {
      const timeout = `'${Math.max(1, Math.round(until()))}ms'`;
      await connection.query(
        `SET LOCAL lock_timeout = ${timeout}; SET LOCAL statement_timeout = ${timeout}; ${statement}`,
      );
    }
    await connection.query('SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0');
  } catch (error) {
    await connection.query('ROLLBACK');
    const state = error instanceof Failure ? sqlState(error.cause) : null;
    if (!NOT_LOCKED.has(state)) throw error;
    return held(connection, found, error);
  }
  if (oidsOf(await list()).join() === oidsOf(found).join()) return null;
  await connection.query('ROLLBACK');
  return tablesMade(connection.label);
}

/** Returns the milliseconds that are left. */
type Until = () => number;

interface Lockable {
  /** Oid, name with its schema, and owner, quoted. */
  readonly views: readonly TextRow[];
  readonly tables: readonly StoredTable[];
}

/** Views through which rows can be written (INSERT 8, UPDATE 4, DELETE 16), a view before those that it reads. */
const WRITABLE_VIEWS = `
  SELECT c.oid, format('%I.%I', n.nspname, c.relname), quote_ident(pg_catalog.pg_get_userbyid(c.relowner))
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind = 'v' AND pg_catalog.pg_relation_is_updatable(c.oid, true) & 28 <> 0
  ORDER BY c.oid DESC`;

/**
 * Giving a view to the owner that it has changes nothing, and locks it alone. LOCK TABLE would lock what it
 * reads, wherever that is, and only if the owner of the view may.
 */
function locksOf({ views, tables }: Lockable): string[] {
  const names = tables.map(({ identifier }) => identifier).join(', ');
  return [
    ...views.map(([, view, owner]) => `ALTER VIEW ${view} OWNER TO ${owner}`),
    ...(tables.length === 0 ? [] : [`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`]),
  ];
}

function oidsOf({ views, tables }: Lockable): string[] {
  return [...views.map(([oid]) => String(oid)), ...tables.map(({ oid }) => oid)];
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

/** @throws Failure TARGET if something was bound to what is live since a person was told what is */
async function assertNoneMissing(
  connection: Connection,
  live: string,
  { move, to, from, mayMiss }: SwapOrder,
): Promise<void> {
  if (from === null || mayMiss) return;
  const { missing } = await parityOf(connection, live, to.name);
  const [first, ...more] = missing.filter((one) => isInWay(move, one));
  if (first === undefined) return;
  const rest = more.length === 0 ? '' : `, and ${counted(more.length, 'thing')} more`;
  throw new Failure('TARGET', {
    what: `what is bound to what is live would be missing, as it was made or changed meanwhile: ${first.what}${rest}`,
    where: connection.label,
    hint: 'nothing was changed; run again, which names each',
  });
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

/** Transactions that have made something in a schema hold a lock of it; what they made is not seen yet. */
const MAKERS = `
  SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_namespace n ON n.oid = l.objid
  WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_namespace'::regclass AND n.nspname = $1
    AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())`;

/** @throws Failure BUSY if a transaction may have made tables in what was live, and would be split */
async function assertNoneMade(connection: Connection, shelved: string): Promise<void> {
  const makers = await connection.execute(MAKERS, [shelved]);
  if (makers.length > 0) throw tablesMade(connection.label);
}

async function held(connection: Connection, found: Lockable, cause: unknown): Promise<Failure> {
  return new Failure('BUSY', {
    what: `tables could not be locked in time: ${await lockHolders(connection, oidsOf(found), [])}`,
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
