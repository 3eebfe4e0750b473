/**
 * Rounds in which clients write while what is live is swapped, and what is wrong afterwards: rows that were
 * acknowledged and are not live, and transactions of which rows are in both schemas, or not all.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'pg';

import type { Random } from '../dogschool/random.ts';
import type { Acknowledged, Held, Opening } from './writerClient.ts';
import { WRITERS } from './writerKinds.ts';
import { LIVE, type Crowd } from './writersArena.ts';

/** How a swap ended: refused because of a row that came first, or as not all was locked in time. */
export type Ended = 'swapped' | 'written' | 'busy';

/** A swap that is ready to be done, or to be refused. */
export interface Ready {
  /** Schema that is to go live. */
  readonly next: string;
  swap(): Promise<Ended>;
  end(): Promise<void>;
}

export interface Round {
  readonly crowd: Crowd;
  readonly admin: Client;
  readonly random: Random;
  readonly ready: Ready;
}

export interface Played {
  readonly ended: Ended;
  readonly held: Held;
  /** When the swap was begun, and when it had ended. */
  readonly from: number;
  readonly to: number;
}

const SPREAD_MS = 20;

function seedOf(random: Random): number {
  return random.integer(0, 2 ** 31);
}

export type Race = Omit<Round, 'admin'> & Omit<Opening, 'seed'>;

/** Lets the clients write, and swaps after a moment, with clients at full speed. */
export async function race({ crowd, random, ready, ...how }: Race): Promise<Played> {
  crowd.open({ seed: seedOf(random), ...how });
  await wait(random.integer(0, SPREAD_MS));
  const from = Date.now();
  const ended = await ready.swap();
  const to = Date.now();
  await wait(random.integer(0, SPREAD_MS));
  return { ended, held: await crowd.shut(), from, to };
}

const WAITING = `SELECT count(*) FROM pg_locks
  WHERE NOT granted AND locktype = 'relation' AND (mode = 'AccessExclusiveLock') = $1`;

/** Waits until so many sessions wait for a lock of a table: swaps, or clients. */
export async function untilWaiting(admin: Client, isSwap: boolean, count: number): Promise<void> {
  const until = Date.now() + (isSwap ? 60_000 : 3 * SPREAD_MS);
  for (;;) {
    const { rows } = await admin.query<{ count: string }>(WAITING, [isSwap]);
    if (Number(rows[0]?.count) >= count || Date.now() > until) return;
    await wait(1);
  }
}

/**
 * Keeps the swap from its last lock by a reader, until the clients have queued up for its locks, so that
 * all of them go on in the moment in which it ends.
 */
export async function queue(round: Round, reader: Client): Promise<Played> {
  const { crowd, admin, random, ready } = round;
  const table = random.pick([`${LIVE}.orders`, `${LIVE}.sealift_ledger`, `${ready.next}.orders`]);
  await reader.query(`BEGIN; LOCK TABLE ${table} IN ACCESS SHARE MODE`);
  const from = Date.now();
  const swapped = ready.swap();
  await untilWaiting(admin, true, 1);
  const spreadMs = random.integer(0, SPREAD_MS);
  crowd.open({ seed: seedOf(random), spreadMs, share: 1, onlySlow: false });
  await untilWaiting(admin, false, random.integer(1, WRITERS.length));
  await reader.query('COMMIT');
  const ended = await swapped;
  const to = Date.now();
  await wait(random.integer(0, SPREAD_MS));
  return { ended, held: await crowd.shut(), from, to };
}

/** Rows by writer and number, of the tables of a schema. */
type Written = ReadonlyMap<string, number>;

async function writtenTo(admin: Client, schema: string): Promise<Written> {
  const { rows } = await admin.query<{ key: string; count: string }>(
    `SELECT writer || ' ' || number AS key, count(*) FROM (
      SELECT writer, number FROM ${schema}.orders
      UNION ALL SELECT writer, number FROM ${schema}.lines) t
    WHERE writer <> 'seal' GROUP BY 1`,
  );
  return new Map(rows.map(({ key, count }) => [key, Number(count)]));
}

/** What is wrong: acknowledged rows that are lost, and transactions that are split, as `writer number`. */
export interface Wrong {
  readonly lost: readonly string[];
  readonly split: readonly string[];
  /** Rows in what is no longer live. */
  readonly shelved: readonly string[];
}

const ROWS: ReadonlyMap<string, number> = new Map(WRITERS.map(({ name, rows }) => [name, rows]));

/** Rows of a call in all. */
function whole(key: string): number {
  return ROWS.get(key.slice(0, key.indexOf(' '))) ?? 0;
}

/** Looks for what is wrong after a round. */
export async function wrongAfter(
  admin: Client,
  shelved: string,
  { held }: Pick<Played, 'held'>,
): Promise<Wrong> {
  const live = await writtenTo(admin, LIVE);
  const other = await writtenTo(admin, shelved);
  const keys = [...new Set([...live.keys(), ...other.keys()])];
  return {
    lost: held.acknowledged.map(keyOf).filter((key) => live.get(key) !== whole(key)),
    split: keys.filter((key) => {
      return ![live.get(key), other.get(key)].every((count = 0) => [0, whole(key)].includes(count));
    }),
    shelved: [...other.keys()],
  };
}

export function keyOf({ writer, number }: Pick<Acknowledged, 'writer' | 'number'>): string {
  return `${writer} ${number}`;
}

/** Makes both schemas equal to their seals again. */
export async function clean(admin: Client, shelved: string): Promise<void> {
  for (const schema of [LIVE, shelved]) {
    for (const table of ['lines', 'orders']) {
      await admin.query(`DELETE FROM ${schema}.${table} WHERE writer <> 'seal'`);
    }
  }
  await admin.query('DELETE FROM aside.notes');
  await admin.query(`VACUUM ${LIVE}.lines, ${LIVE}.orders, aside.notes`);
}
