/** Going live in a database of PostgreSQL; see target/swap.ts for what it promises. */

import { completeAddress } from '../../postgres/settings.ts';
import type { PostgresAddress } from '../../postgres/address.ts';
import { lockKey, takeAdvisoryLock } from '../../postgres/advisoryLock.ts';
import type { Connection } from '../../postgres/connect.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { openSession } from '../../postgres/session.ts';
import { targetFailure } from '../../postgres/targetFailure.ts';
import { decodeSeen } from '../../postgres/seen.ts';
import type { OpenTarget, Placed, Swap, SwapEntry, SwapOptions } from '../swap.ts';
import { assertPlaceUnchanged } from '../placeUnchanged.ts';
import { readMoves, readSeen } from './movesLedger.ts';
import { parityOf, paritySql } from './parity.ts';
import { placeChanges, seenIn, tablesOf } from './placeChanges.ts';
import { findPlaces, type Places } from './swapPlaces.ts';
import { renames, swapSchemas } from './swapSchemas.ts';

/** The server needs some time to notice that the client of a killed command is gone. */
const PATIENCE_MS = 12_000;

/** A view in the place of a table would run code of its owner as this role. Servers before August 2024 lack it. */
const WITHOUT_VIEWS = `SET restrict_nonsystem_relation_kind = 'view'`;

/** Opens the database, with the lock of its moves, which is given back where it only reads. @throws Failure */
export async function openSwap(
  address: PostgresAddress,
  options: SwapOptions,
): Promise<OpenTarget> {
  const { variables, connectMs, signal } = options.outside;
  const settings = completeAddress(address, variables);
  const writes = !options.dryRun;
  const { connection, facts } = await openSession(settings, {
    connectMs,
    signal,
    failure: targetFailure,
    writes,
  });
  try {
    if (facts.isStandby) throw standby(connection.label);
    if (writes) {
      await connection.query(`SET client_connection_check_interval = '2s'`).catch(() => {});
    }
    await connection.query(WITHOUT_VIEWS).catch(() => {});
    const place = { what: 'the moves of this database', where: connection.label };
    const lock = { ...place, patienceMs: PATIENCE_MS };
    const key = lockKey('moves');
    await takeAdvisoryLock(connection, key, lock, signal);
    if (!writes) await connection.query(`SELECT pg_catalog.pg_advisory_unlock(${key})`);
    const moves = await readMoves(connection);
    return {
      label: connection.label,
      isDone: (intent) => isDone(connection, intent),
      find: () => find(connection, moves, options),
      async close() {
        connection.end();
      },
    };
  } catch (error) {
    connection.end();
    throw error;
  }
}

async function isDone(connection: Connection, intent: string): Promise<boolean> {
  return (await readMoves(connection)).some((entry) => entry.intent === intent);
}

async function find(
  connection: Connection,
  moves: readonly SwapEntry[],
  options: SwapOptions,
): Promise<Swap> {
  const places = await findPlaces(connection, moves, options);
  await assertAllowed(connection, places);
  const { live, next } = places;
  const isBack = options.sealId === null && next !== null;
  const nextSeen = isBack ? await readSeen(connection, live, next.name) : null;
  return swapOf(connection, { ...places, nextSeen }, options);
}

type Found = Places & Pick<Swap, 'nextSeen'>;

function swapOf(
  connection: Connection,
  { live, now, next, nextSeen }: Found,
  { outside }: SwapOptions,
): Swap {
  const { label } = connection;
  const schemaOf = (placed: Placed): string => (placed.name === now?.name ? live : placed.name);
  return {
    label,
    live,
    now,
    next,
    nextSeen,
    confirmation: `${label.slice(label.lastIndexOf('/') + 1)}/${live}`,
    plan: next === null ? [] : renames(live, { to: next, from: now }).map((sql) => `${sql};`),
    isDone: (intent) => isDone(connection, intent),
    async isOf(placed, { target, seen: text }) {
      if (target !== label) return false;
      const there = new Set((await tablesOf(connection, schemaOf(placed))).map(({ oid }) => oid));
      const seen = decodeSeen(text)?.tables ?? [];
      return seen.length > 0 && seen.every(({ oid }) => there.has(oid));
    },
    optionsOf: (placed) => ({ target: 'URL', schema: schemaOf(placed) }),
    async changes(placed, text) {
      const begun = outside.now().getTime();
      const tables = await tablesOf(connection, schemaOf(placed));
      const found = await placeChanges(
        connection,
        tables,
        text === null ? null : seenIn(text, label),
      );
      return { ...found, tookMs: outside.now().getTime() - begun };
    },
    async parity() {
      if (now === null || next === null) return { kinds: [], missing: [], tookMs: 0 };
      const begun = outside.now().getTime();
      await connection.query('BEGIN READ ONLY');
      try {
        const found = await parityOf(connection, live, next.name);
        return { ...found, tookMs: outside.now().getTime() - begun };
      } finally {
        await connection.query('ROLLBACK').catch(() => {});
      }
    },
    paritySql: (missing) =>
      paritySql({ kinds: [], missing }, { live, fresh: next?.name ?? live, label }),
    async swap(order) {
      await swapSchemas(
        connection,
        live,
        order,
        (which, changes) => assertPlaceUnchanged(which, changes, label),
        outside,
      );
    },
  };
}

const RIGHTS = `
  SELECT n.nspname, pg_catalog.pg_has_role(n.nspowner, 'USAGE'),
    (SELECT quote_ident(c.relname) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
      AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
      AND (c.relkind IN ('r', 'p') AND NOT pg_catalog.has_table_privilege(c.oid, 'TRUNCATE')
        OR c.relkind = 'v' AND n.nspname = $2 AND pg_catalog.pg_relation_is_updatable(c.oid, true) & 28 <> 0)
      ORDER BY 1 LIMIT 1)
  FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1::text[])`;

/** @throws Failure TARGET if this role may not rename the schemas, or not lock what clients write to */
async function assertAllowed(connection: Connection, { live, now, next }: Places): Promise<void> {
  const { label } = connection;
  const [[mayCreate] = []] = await connection.query(
    `SELECT pg_catalog.has_database_privilege(current_database(), 'CREATE')`,
  );
  if (mayCreate !== 't') {
    throw notAllowed('this role may not rename schemas', label, 'grant it CREATE on the database');
  }
  const schemas = [...(now === null ? [] : [live]), ...(next === null ? [] : [next.name])];
  for (const [schema, isOurs, table] of await connection.execute(RIGHTS, [schemas, live])) {
    const where = `${label}, schema ${quoteName(String(schema))}`;
    const hint = 'connect as its owner, or as a superuser';
    if (isOurs !== 't') throw notAllowed('this role does not own the schema', where, hint);
    if (table === null || table === undefined) continue;
    throw notAllowed(`this role may not lock ${quoteName(table)}`, where, hint);
  }
}

function notAllowed(what: string, where: string, hint: string): Failure {
  return new Failure('TARGET', { what, where, hint });
}

function standby(where: string): Failure {
  return notAllowed('the server is a standby, which takes no writes', where, 'name the primary');
}
