/**
 * The ledger of moves in a database, `sealift_ledger.moves`: what became live and when. A line is written
 * in the transaction that moves, so it is there if and only if the move took place.
 *
 * Its owner can have any code run by the role that uses it, so only an owner that this role trusts anyway is taken.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { Connection } from '../../postgres/connect.ts';
import { quoteText } from '../../sql/quote.ts';
import type { Placed, SwapEntry, SwapOrder } from '../swap.ts';
import { LEDGER } from './ddl.ts';

/** Schema of the ledger of moves; it is never moved itself. */
export const MOVES_SCHEMA: string = LEDGER;
const MOVES = `${MOVES_SCHEMA}.moves`;

/** Statements that make the ledger, if it is not there. */
export const MAKE_MOVES: readonly string[] = [
  `CREATE SCHEMA IF NOT EXISTS ${MOVES_SCHEMA}`,
  `CREATE TABLE IF NOT EXISTS ${MOVES} (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    intent text NOT NULL UNIQUE,
    move text NOT NULL CHECK (move IN ('promote', 'rollback')),
    live text NOT NULL,
    moved_from text NOT NULL,
    seal_id text,
    replaced_as text,
    replaced_seal_id text,
    replaced_seen text,
    loss_accepted boolean NOT NULL,
    tool text NOT NULL,
    operator text,
    at timestamptz NOT NULL
  )`,
];

/** Roles that own the ledger, or a part of it, and that this role does not have to trust. */
const STRANGERS = `
  SELECT r.rolname FROM pg_catalog.pg_namespace n
    CROSS JOIN LATERAL (
      SELECT n.nspowner
      UNION SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
      UNION SELECT p.proowner FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid
    ) o (owner)
    JOIN pg_catalog.pg_roles r ON r.oid = o.owner
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
  WHERE n.nspname = '${MOVES_SCHEMA}' AND NOT r.rolsuper
    AND (me.rolsuper OR NOT pg_catalog.pg_has_role(r.oid, 'USAGE'))
  ORDER BY r.rolname LIMIT 1`;

/** @throws Failure TARGET if another role has made the ledger */
export async function assertOwnLedger(connection: Connection): Promise<void> {
  const [[owner] = []] = await connection.query(STRANGERS);
  if (owner === undefined) return;
  throw new Failure('TARGET', {
    what: `the ledger of moves belongs to role ${quoteName(String(owner))}, whose code would run as this one`,
    where: `${connection.label}, schema ${quoteName(MOVES_SCHEMA)}`,
    hint: 'connect as that role; or find out what it has made there, and give all of it to another owner',
  });
}

async function isMade(connection: Connection): Promise<boolean> {
  const [[is] = []] = await connection.query(
    `SELECT pg_catalog.to_regclass('${MOVES}') IS NOT NULL`,
  );
  return is === 't';
}

/** Reads all moves, in order; none if the ledger is not there. */
export async function readMoves(connection: Connection): Promise<readonly SwapEntry[]> {
  await assertOwnLedger(connection);
  if (!(await isMade(connection))) return [];
  const rows = await connection.query(
    `SELECT move, live, moved_from, seal_id, replaced_as, replaced_seal_id, intent FROM ${MOVES} ORDER BY seq`,
    MOVES,
  );
  return rows.map(([move, live, name, sealId, replaced, replacedSeal, intent]): SwapEntry => ({
    move: move === 'rollback' ? 'rollback' : 'promote',
    live: String(live),
    to: { name: String(name), sealId: sealId ?? null },
    from: placed(replaced, replacedSeal),
    intent: String(intent),
  }));
}

function placed(name: string | null | undefined, sealId: string | null | undefined): Placed | null {
  return name === null || name === undefined ? null : { name, sealId: sealId ?? null };
}

/** Returns what was noted of a place when it ceased to be live, the last time; null if nothing was. */
export async function readSeen(
  connection: Connection,
  live: string,
  name: string,
): Promise<string | null> {
  const [[seen = null] = []] = await connection.execute(
    `SELECT replaced_seen FROM ${MOVES} WHERE live = $1 AND replaced_as = $2 ORDER BY seq DESC LIMIT 1`,
    [live, name],
    MOVES,
  );
  return seen;
}

/** Returns the statement that writes a move; `seen` is what is noted of what it replaces. */
export function moveStatement(live: string, order: SwapOrder, seen: string | null): string {
  const { intent, move, to, from, lossAccepted, tool, who } = order;
  const values = [
    ...[intent, move, live, to.name].map(quoteText),
    textOrNull(to.sealId),
    textOrNull(from?.name ?? null),
    textOrNull(from?.sealId ?? null),
    textOrNull(seen),
    String(lossAccepted),
    quoteText(tool),
    textOrNull(who),
    'pg_catalog.clock_timestamp()',
  ];
  return `INSERT INTO ${MOVES} (intent, move, live, moved_from, seal_id, replaced_as, replaced_seal_id,
      replaced_seen, loss_accepted, tool, operator, at) VALUES (${values.join(', ')})`;
}

function textOrNull(text: string | null): string {
  return text === null ? 'NULL' : quoteText(text);
}
