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
import type { Swap, SwapOptions } from '../../src/target/swap.ts';
import { randomOf } from '../dogschool/random.ts';
import { seedOf, times } from '../kit/long.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { succeed, workFolder } from '../kit/project.ts';
import type { Ran } from '../kit/run.ts';
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
import {
  clean,
  keyOf,
  queue,
  race,
  untilWaiting,
  wrongAfter,
  type Played,
  type Ready,
} from './writersRounds.ts';

const SWAPS = times('SEALIFT_SWAPS', 2, 100, 10);
/** For the locks: long where clients wait in a queue, else as long as is worth the wait. */
const WAIT_MS = { queue: 20_000, race: 250, given: 2500 };
const WHOLE = 'go on in what is live then where whole commands swap';
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
  busy = 0;
  readonly errors: Record<string, number> = {};

  add({ ended, held }: Played): void {
    this.rows += held.acknowledged.length;
    this.swaps += ended === 'swapped' ? 1 : 0;
    this.refusals += ended === 'written' ? 1 : 0;
    this.busy += ended === 'busy' ? 1 : 0;
    for (const [code, count] of Object.entries(held.errors)) {
      this.errors[code] = (this.errors[code] ?? 0) + count;
    }
  }

  say(what: string): void {
    const { rows, swaps, refusals, busy, errors } = this;
    const refused = `${refusals} refused for a row that came first, ${busy} not locked in time`;
    const line = `${what}: ${swaps} swaps, ${refused}, ${rows} writes acknowledged`;
    process.stderr.write(`notice: ${line}, errors of clients ${JSON.stringify(errors)}\n`);
  }
}

/** PostgreSQL has a ledger of its own. */
const journaled: SwapOptions['journaled'] = () => ({ done: [], open: null });

describe.skipIf(!hasPostgres())('clients that write while what is live is swapped', () => {
  const project = join(workFolder('writers'), 'project');
  const random = randomOf(seedOf(process.env, Date.now()), 'writers');
  let server: Postgres;
  let sealIds: readonly [string, string];
  let copies = 0;
  let database: string;
  let admin: Client;
  let crowd: Crowd;

  beforeAll(async () => {
    // Clients that lock in another order than a swap are the rule here, so deadlocks are found soon.
    const settings = { max_prepared_transactions: '10', deadlock_timeout: '30ms' };
    server = await startPostgres({ settings });
    ({ sealIds } = await makeArena(server, project));
  });
  afterAll(() => server.stop());

  beforeEach(async ({ task }) => {
    copies += 1;
    const isWhole = task.name === WHOLE;
    database = isWhole ? DATABASE : await copyArena(server, `${DATABASE}${copies}`);
    admin = await connectTo(server, database);
    crowd = await startCrowd(server, database);
  });
  afterEach(async () => {
    await crowd.stop();
    await admin.end();
  });

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
        columns: [],
      }));
      const seen = await prepared.inOneSnapshot(async () => prepared.seen?.(tables));
      return seen ?? '';
    } finally {
      await prepared.close();
    }
  }

  /** Opens the target for the next move: a promote of the second seal, or a rollback to the first. */
  async function open(
    isBack: boolean,
  ): Promise<{ readonly swap: Swap; readonly close: () => Promise<void> }> {
    const location = postgresTarget.parse(server.url(database).replace('postgres:', ''), '/');
    const options = { schema: null, live: null, base: '/', journaled, dryRun: false, outside };
    const target = await postgresTarget.swaps?.open(location, {
      ...options,
      sealId: isBack ? null : sealIds[1],
    });
    if (target === undefined) throw new Error('nothing can go live in PostgreSQL');
    return { swap: await target.find(), close: () => target.close() };
  }

  async function ready(isBack: boolean, how: keyof typeof WAIT_MS): Promise<Ready> {
    const lossAccepted = how === 'given';
    const fromSeen = lossAccepted ? null : await seenOf(LIVE);
    const toSeen = await seenOf(schemaOf(sealIds[isBack ? 0 : 1]));
    const { swap, close } = await open(isBack);
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
      // The view of another schema stays where it is.
      mayMiss: true,
      waitMs: WAIT_MS[how],
      tool: 'tests',
      who: null,
    };
    return {
      next: next.name,
      async swap() {
        try {
          await swap.swap(order);
          return 'swapped';
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          if (error.code === 'BUSY') return 'busy';
          if (/holds later writes/.test(error.message)) return 'written';
          throw error;
        }
      },
      end: close,
    };
  }

  /** Plays rounds until so many promotes and as many rollbacks took place. */
  async function playOn(
    swaps: number,
    play: (ready: Ready) => Promise<Played>,
    make: (isBack: boolean) => Promise<Ready>,
    check: (shelved: string, played: Played) => Promise<void> = checkAll,
  ): Promise<Count> {
    const count = new Count();
    while (count.swaps < 2 * swaps) {
      const isBack = count.swaps % 2 === 1;
      const one = await make(isBack);
      const played = await play(one);
      await one.end();
      const shelved = schemaOf(sealIds[isBack === (played.ended === 'swapped') ? 1 : 0]);
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
    const count = await playOn(Math.ceil(SWAPS / 10), atFullSpeed, (isBack) =>
      ready(isBack, 'race'),
    );
    count.say('at full speed');
    expect(count.rows).toBeGreaterThan(0);
  });

  it('go on in what is live then if they wait for the swap to end', async () => {
    const reader = await connectTo(server, database);
    const play = (one: Ready): Promise<Played> =>
      queue({ crowd, admin, random, ready: one }, reader);
    const count = await playOn(SWAPS, play, (isBack) => ready(isBack, 'queue'));
    await reader.end();
    count.say('waiting in the queue');
    expect(count.refusals + count.busy).toBe(0);
  });

  it('have each transaction in one schema where later writes are given up', async () => {
    const count = await playOn(
      Math.ceil(SWAPS / 4),
      atFullSpeed,
      (isBack) => ready(isBack, 'given'),
      async (shelved, played) => {
        const { lost, split } = await wrongAfter(admin, shelved, played);
        const { held, to, ended } = played;
        const later = held.acknowledged.filter(({ begun }) => ended !== 'swapped' || begun > to);
        expect(split).toEqual([]);
        expect(later.map(keyOf).filter((key) => lost.includes(key))).toEqual([]);
      },
    );
    count.say('with later writes given up');
    expect(count.refusals).toBe(0);
  });

  it('are waited for with rows that are not committed yet, and what they write is seen', async () => {
    const one = await ready(false, 'queue');
    const writer = await connectTo(server, database);
    await writer.query(`BEGIN; INSERT INTO ${LIVE}.lines (writer, number) VALUES ('late', 1)`);
    const swapped = one.swap();
    await untilWaiting(admin, true, 1);
    await writer.query('COMMIT');
    expect(await swapped).toBe('written');
    await one.end();
    await writer.end();
  });

  it('are not left with a table in what is no longer live that they have just made', async () => {
    const writer = await connectTo(server, database);
    await writer.query(
      `BEGIN; CREATE TABLE ${LIVE}.made (n int); INSERT INTO ${LIVE}.made VALUES (1)`,
    );
    const one = await ready(false, 'queue');
    expect(await one.swap()).toBe('busy');
    await one.end();
    await writer.query('ROLLBACK');
    const another = await ready(false, 'queue');
    expect(await another.swap()).toBe('swapped');
    await another.end();
    await writer.end();
  });

  it('lose rows where schemas are only renamed (negative control)', async () => {
    let wrong = 0;
    const count = await playOn(
      2,
      (one) => race({ crowd, random, ready: one, spreadMs: 0, share: 1, onlySlow: true }),
      renamedOnly,
      async (shelved, played) => {
        const { lost, split } = await wrongAfter(admin, shelved, played);
        wrong += lost.length + split.length;
      },
    );
    count.say(`renamed only, ${wrong} wrong`);
    expect(wrong).toBeGreaterThan(0);
  });

  it(WHOLE, async () => {
    const reader = await connectTo(server, database);
    const to = ['--project', project, '--target', server.source(database)];
    const run = (args: readonly string[]): Promise<Ran> => {
      return succeed([...args, ...to], { env: server.env });
    };
    const count = await playOn(
      Math.ceil(SWAPS / 33),
      (one) => queue({ crowd, admin, random, ready: one }, reader),
      async (isBack) => {
        const [live, next] = isBack ? [sealIds[1], sealIds[0]] : sealIds;
        await run(['reconcile', '--schema', LIVE, '--candidate', live]);
        await run(['reconcile', '--schema', schemaOf(next), '--candidate', next]);
        return {
          next: schemaOf(next),
          async swap() {
            await run([isBack ? 'rollback' : 'promote']);
            return 'swapped';
          },
          end: async () => {},
        };
      },
    );
    await reader.end();
    count.say('by whole commands');
    expect(count.rows).toBeGreaterThan(0);
  });

  function atFullSpeed(one: Ready): Promise<Played> {
    const how = { spreadMs: random.pick([20, 60, 200]), share: random.pick([0.1, 0.2, 1]) };
    return race({ crowd, random, ready: one, ...how, onlySlow: false });
  }

  /** A swap that makes sure that no row came first, too, but without locks. */
  async function renamedOnly(isBack: boolean): Promise<Ready> {
    const seen = await seenOf(LIVE);
    const { swap, close } = await open(false);
    const [first, second] = sealIds.map(schemaOf);
    const [from, to] = isBack ? [second, first] : [first, second];
    return {
      next: String(to),
      async swap() {
        const { tables } = await swap.changes({ name: LIVE, sealId: null }, seen);
        if (tables.length > 0) return 'written';
        await admin.query(`BEGIN; ALTER SCHEMA ${LIVE} RENAME TO ${from};
          ALTER SCHEMA ${to} RENAME TO ${LIVE}; COMMIT`);
        return 'swapped';
      },
      end: close,
    };
  }
});
