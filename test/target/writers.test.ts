/**
 * Clients that write in a loop while what is live is swapped, hundreds of times: what was acknowledged is
 * live afterwards, whatever a client uses to write, and no transaction is split. The same clients lose
 * rows, and have transactions split, where a schema is only renamed.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { postgresAdapter } from '../../src/source/postgres.ts';
import { postgresTarget } from '../../src/target/postgres.ts';
import type { Swap } from '../../src/target/swap.ts';
import { randomOf, type Random } from '../dogschool/random.ts';
import { times } from '../kit/long.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import {
  connectTo,
  copyArena,
  DATABASE,
  LIVE,
  makeArena,
  schemaOf,
  startCrowd,
  type Crowd,
} from './writersArena.ts';
import { clean, keyOf, queue, race, wrongAfter, type Played, type Ready } from './writersRounds.ts';

const SWAPS = times('SEALIFT_SWAPS', 4, 100);
const WAIT_MS = 20_000;
const NONE = { lost: [], split: [], shelved: [] };

const outside = {
  variables: {},
  signal: new AbortController().signal,
  now: () => new Date(),
  pid: process.pid,
  connectMs: 10_000,
};

/** What is counted of all rounds, for a line. */
class Count {
  rows = 0;
  swaps = 0;
  refusals = 0;
  readonly errors: Record<string, number> = {};

  add({ isSwapped, held }: Played): void {
    this.rows += held.acknowledged.length;
    this.swaps += isSwapped ? 1 : 0;
    this.refusals += isSwapped ? 0 : 1;
    for (const [code, count] of Object.entries(held.errors)) {
      this.errors[code] = (this.errors[code] ?? 0) + count;
    }
  }

  say(what: string): void {
    const { rows, swaps, refusals, errors } = this;
    const line = `${what}: ${swaps} swaps, ${refusals} refusals, ${rows} writes acknowledged`;
    process.stderr.write(`notice: ${line}, errors of clients ${JSON.stringify(errors)}\n`);
  }
}

describe.skipIf(!hasPostgres())('clients that write while what is live is swapped', () => {
  const project = join(workFolder('writers'), 'project');
  const random = randomOf(times('SEALIFT_LONG_SEED', 1, 1), 'writers');
  let server: Postgres;
  let sealIds: readonly [string, string];
  let copies = 0;
  let database: string;
  let admin: Client;
  let crowd: Crowd;

  beforeAll(async () => {
    server = await startPostgres({ settings: { max_prepared_transactions: '10' } });
    ({ sealIds } = await makeArena(server, project));
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    copies += 1;
    database = await copyArena(server, `${DATABASE}${copies}`);
    await use();
  });
  afterEach(async () => {
    await crowd.stop();
    await admin.end();
  });

  async function use(): Promise<void> {
    admin = await connectTo(server, database);
    crowd = await startCrowd(server, database);
  }

  /** What a reconcile notes of a schema. */
  async function seenOf(schema: string): Promise<string> {
    const location = postgresAdapter.parse(server.url(database).replace('postgres:', ''), '/');
    const timeouts = { connectMs: 10_000, lockMs: 10_000, queryMs: 0 };
    const prepared = await postgresAdapter.prepare(location, {
      ...outside,
      scratch: '/',
      timeouts,
    });
    try {
      const tables = ['lines', 'orders'].map((table) => ({
        table: `${schema}.${table}`,
        rows: 20,
      }));
      const seen = await prepared.inOneSnapshot(async () => prepared.seen?.(tables));
      return seen ?? '';
    } finally {
      await prepared.close();
    }
  }

  /** Opens the target for the next move: a promote of the second seal, or a rollback to the first. */
  async function open(isBack: boolean): Promise<Swap> {
    const location = postgresTarget.parse(server.url(database).replace('postgres:', ''), '/');
    const options = { schema: null, live: null, journaled: () => [], dryRun: false, outside };
    const swap = await postgresTarget.swaps?.open(location, {
      ...options,
      sealId: isBack ? null : sealIds[1],
    });
    if (swap === undefined) throw new Error('nothing can go live in PostgreSQL');
    return swap;
  }

  async function ready(isBack: boolean, lossAccepted = false): Promise<Ready> {
    const fromSeen = lossAccepted ? null : await seenOf(LIVE);
    const toSeen = await seenOf(schemaOf(sealIds[isBack ? 0 : 1]));
    const swap = await open(isBack);
    const { now, next } = swap;
    if (now === null || next === null) throw new Error('both seals are loaded');
    const order = {
      move: isBack ? ('rollback' as const) : ('promote' as const),
      intent: randomBytes(16).toString('hex'),
      to: next,
      toSeen: isBack && !lossAccepted ? swap.nextSeen : toSeen,
      from: now,
      fromSeen,
      lossAccepted,
      waitMs: WAIT_MS,
      tool: 'tests',
      who: null,
    };
    return {
      next: next.name,
      async swap() {
        try {
          await swap.swap(order);
          return true;
        } catch (error) {
          if (error instanceof Failure && /holds later writes/.test(error.message)) return false;
          throw error;
        }
      },
      end: () => swap.close(),
    };
  }

  /** Plays rounds until so many promotes and as many rollbacks took place. */
  async function playOn(
    swaps: number,
    play: (ready: Ready, random: Random) => Promise<Played>,
    make: (isBack: boolean) => Promise<Ready> = ready,
    check: (shelved: string, played: Played) => Promise<void> = checkAll,
  ): Promise<Count> {
    const count = new Count();
    while (count.swaps < 2 * swaps) {
      const isBack = count.swaps % 2 === 1;
      const one = await make(isBack);
      const played = await play(one, random);
      await one.end();
      const shelved = schemaOf(sealIds[isBack === played.isSwapped ? 1 : 0]);
      await check(shelved, played);
      await clean(admin, shelved);
      count.add(played);
    }
    return count;
  }

  async function checkAll(shelved: string, played: Played): Promise<void> {
    expect(await wrongAfter(admin, shelved, played)).toEqual(NONE);
  }

  it('have all that was acknowledged in what is live, or the swap is refused', async () => {
    const count = await playOn(SWAPS, (one, random) => race({ crowd, random, ready: one }));
    count.say('at full speed');
    expect(count.rows).toBeGreaterThan(0);
  });

  it('go on in what is live then if they wait for the swap to end', async () => {
    const reader = await connectTo(server, database);
    const count = await playOn(SWAPS, (one, random) => {
      return queue({ crowd, admin, random, ready: one }, reader);
    });
    await reader.end();
    count.say('waiting in the queue');
    expect(count.refusals).toBe(0);
  });

  it('have each transaction in one schema where later writes are given up', async () => {
    const count = await playOn(
      SWAPS,
      (one, random) => race({ crowd, random, ready: one }),
      (isBack) => ready(isBack, true),
      async (shelved, played) => {
        const { lost, split } = await wrongAfter(admin, shelved, played);
        const { held, to } = played;
        const later = held.acknowledged.filter(({ begun }) => begun > to).map(keyOf);
        expect(split).toEqual([]);
        expect(lost.filter((key) => later.includes(key))).toEqual([]);
      },
    );
    count.say('with later writes given up');
    expect(count.refusals).toBe(0);
  });

  it('lose rows where schemas are only renamed (negative control)', async () => {
    let wrong = 0;
    const count = await playOn(
      SWAPS,
      (one, random) => race({ crowd, random, ready: one }),
      renamedOnly,
      async (shelved, played) => {
        const { lost, split } = await wrongAfter(admin, shelved, played);
        wrong += lost.length + split.length;
      },
    );
    count.say(`renamed only, ${wrong} wrong`);
    expect(wrong).toBeGreaterThan(0);
  });

  /** A swap that makes sure that no row came first, too, but without locks. */
  async function renamedOnly(isBack: boolean): Promise<Ready> {
    const seen = await seenOf(LIVE);
    const swap = await open(false);
    const [first, second] = sealIds.map(schemaOf);
    const [from, to] = isBack ? [second, first] : [first, second];
    return {
      next: String(to),
      async swap() {
        const { tables } = await swap.changes({ name: LIVE, sealId: null }, seen);
        if (tables.length > 0) return false;
        await admin.query(`BEGIN; ALTER SCHEMA ${LIVE} RENAME TO ${from};
          ALTER SCHEMA ${to} RENAME TO ${LIVE}; COMMIT`);
        return true;
      },
      end: () => swap.close(),
    };
  }
});
