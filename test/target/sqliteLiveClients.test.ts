/**
 * Clients that write while what is live is swapped: a row that was acknowledged is in what is live afterwards,
 * or its client got an error. Swaps by the adapter, so that many fit; and by commands.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { sqliteTarget } from '../../src/target/sqlite.ts';
import { digestOf } from '../../src/target/sqlite/aside.ts';
import type { OpenTarget, Swap, SwapEntry, SwapOrder } from '../../src/target/swap.ts';
import { randomOf } from '../dogschool/random.ts';
import { times } from '../kit/long.ts';
import { endWriters, startWriter } from '../source/writers.ts';
import {
  execIn,
  LINK,
  liveIn,
  liveProject,
  move,
  reconcile,
  visit,
  visitsIn,
} from './liveFixture.ts';
import { lockKeptBy } from './lockKept.ts';

const SWAPS = times('SEALIFT_LIVE_SWAPS', 12, 1000, 45);
const COMMANDS = times('SEALIFT_LIVE_COMMANDS', 4, 30, 15);
const CLIENT = fileURLToPath(new URL('./liveClient.ts', import.meta.url));
const PREFIX = 'client-';

let project: string;

afterEach(() => {
  rmSync(project, { recursive: true });
});

endWriters();

type How = 'keep' | 'reopen';

interface Client {
  /** Has it begin to write. */
  go(): void;
  /** Fulfilled once a row was acknowledged. */
  readonly wrote: Promise<unknown>;
  /** Ids that were acknowledged, and the codes of all errors. */
  stop(): Promise<{ readonly rows: string[]; readonly errors: ReadonlySet<string> }>;
}

async function startClient(how: How, pause: number): Promise<Client> {
  const args = [CLIENT, join(project, LINK), PREFIX, how, String(pause)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  await once(reader, 'line');
  return {
    go: () => child.stdin.write('go'),
    wrote: once(reader, 'line'),
    async stop() {
      const ended = once(child, 'close');
      child.stdin.end();
      await ended;
      const rows = lines.filter((line) => line.startsWith('ok ')).map((line) => line.slice(3));
      const errors = lines.filter((line) => !line.startsWith('ok ') && line !== 'ready');
      return { rows: rows.toSorted(), errors: new Set(errors) };
    },
  };
}

const outside = {
  variables: {},
  signal: new AbortController().signal,
  now: () => new Date(),
  pid: process.pid,
  connectMs: 5000,
};

interface Opened {
  readonly target: OpenTarget;
  readonly swap: Swap;
}

/** Opens a swap as promote does, by the adapter alone. */
async function opened(
  file: string,
  sealId: string,
  signal: AbortSignal = outside.signal,
): Promise<Opened> {
  const location = sqliteTarget.parse(file, project);
  const done: SwapEntry[] = [];
  const about = { sealId, schema: null, live: LINK, base: project, dryRun: false };
  const options = { ...about, outside: { ...outside, signal } };
  const { swaps } = sqliteTarget;
  if (swaps === undefined) throw new Error('the target has no swaps');
  const target = await swaps.open(location, {
    ...options,
    journaled: () => ({ done, open: null }),
  });
  return { target, swap: await target.find() };
}

function orderOf({ now, next }: Swap, lossAccepted: boolean): SwapOrder {
  if (next === null) throw new Error('it is live already');
  return {
    move: 'promote',
    intent: 'i',
    to: next,
    toSeen: null,
    from: now,
    fromSeen: now === null ? null : seen,
    lossAccepted,
    mayMiss: false,
    waitMs: 5000,
    tool: 'test',
    who: null,
  };
}

async function swapTo(file: string, sealId: string, lossAccepted: boolean): Promise<boolean> {
  const { target, swap } = await opened(file, sealId);
  try {
    await swap.swap(orderOf(swap, lossAccepted));
    return true;
  } catch (error) {
    if (error instanceof Failure && error.message.includes('later writes')) return false;
    throw error;
  } finally {
    await target.close();
  }
}

/** Digest of a file as the load has left it. */
let seen = '';

function sealOf(file: string): string {
  const db = new Database(join(project, file), { readonly: true });
  try {
    return String(db.prepare('SELECT seal_id FROM sealift_ledger').pluck().get());
  } finally {
    db.close();
  }
}

const random = randomOf(7, 'live-clients');

describe.each([
  ['keep', 'delete'],
  ['reopen', 'delete'],
  ['keep', 'wal'],
  ['reopen', 'wal'],
] as const)('a client that says %s, in mode %s', (how, mode) => {
  it(`loses no row in ${SWAPS} swaps`, async () => {
    project = await liveProject(['pristine.db'], mode);
    const pristine = join(project, 'pristine.db');
    seen = (await digestOf(pristine, outside.signal)) ?? '';
    const sealId = sealOf('pristine.db');
    for (let round = 0; round < SWAPS; round += 1) {
      const [old, fresh] = [`old${round}.db`, `fresh${round}.db`];
      for (const file of [old, fresh]) copyFileSync(pristine, join(project, file));
      await swapTo(old, sealId, true);
      const client = await startClient(how, random.integer(0, 2));
      // Each third round it writes before the swap, or after it; in the others at the same time.
      const when = ['before', 'meanwhile', 'after'][round % 3] ?? '';
      if (when !== 'after') client.go();
      if (when === 'before') await client.wrote;
      if (when === 'meanwhile') await wait(random.integer(0, 12));
      const isDone = await swapTo(fresh, sealId, false);
      if (when === 'before') expect(isDone).toBe(false);
      if (when === 'after') {
        expect(isDone).toBe(true);
        client.go();
      }
      await client.wrote;
      const { rows, errors } = await client.stop();
      expect(liveIn(project)).toBe(isDone ? fresh : old);
      expect(visitsIn(join(project, LINK), PREFIX)).toEqual(rows);
      const other = join(project, isDone ? old : fresh);
      expect(visitsIn(other, PREFIX)).toEqual([]);
      for (const error of errors) expect(error).toMatch(/^SQLITE_(?:READONLY|BUSY)/);
      if (when === 'after' && how === 'keep') expect(errors).toContain('SQLITE_READONLY');
    }
  }, 600_000);

  it('is refused in what was given up with later rows, from that moment on', async () => {
    project = await liveProject(['pristine.db'], mode);
    const sealId = sealOf('pristine.db');
    for (const file of ['old.db', 'fresh.db']) {
      copyFileSync(join(project, 'pristine.db'), join(project, file));
    }
    await swapTo('old.db', sealId, true);
    const client = await startClient(how, 0);
    client.go();
    await client.wrote;
    expect(await swapTo('fresh.db', sealId, true)).toBe(true);
    const given = visitsIn(join(project, 'old.db'), PREFIX);
    await wait(50);
    const { rows } = await client.stop();
    expect(visitsIn(join(project, 'old.db'), PREFIX)).toEqual(given);
    const kept = visitsIn(join(project, LINK), PREFIX);
    expect([...given, ...kept].toSorted()).toEqual(rows);
    expect(given.length).toBeGreaterThan(0);
  }, 60_000);
});

describe('a client that writes now and then', () => {
  it(`loses no row in ${COMMANDS} promotes and rollbacks`, async () => {
    project = await liveProject(['a.db', 'b.db']);
    const pristine = join(project, 'pristine');
    copyFileSync(join(project, 'b.db'), pristine);
    expect((await move(project, 'promote', 'a.db')).code).toBe(0);
    expect((await move(project, 'promote', 'b.db')).code).toBe(0);
    let done = 0;
    for (let round = 0; round < COMMANDS; round += 1) {
      const live = liveIn(project);
      const client = await startClient(round % 2 === 0 ? 'keep' : 'reopen', 5);
      // Every second one of each kind is not disturbed.
      const later = setTimeout(() => client.go(), round % 4 < 2 ? 60_000 : random.integer(0, 700));
      const isBack = live === 'b.db';
      const { code, stderr } = isBack
        ? await move(project, 'rollback', LINK)
        : await move(project, 'promote', 'b.db');
      clearTimeout(later);
      const { rows } = await client.stop();
      if (code !== 0) expect(stderr).toContain('later writes');
      else done += 1;
      expect(visitsIn(join(project, LINK), PREFIX)).toEqual(rows);
      // What is live is as it was reconciled again, for the next round.
      copyFileSync(pristine, join(project, LINK));
      if (liveIn(project) === 'a.db') expect((await reconcile(project, 'a.db')).code).toBe(0);
    }
    expect(done).toBeGreaterThan(0);
  }, 600_000);
});

describe('a row', () => {
  it('that commits while its lock is waited for is not lost', async () => {
    // An uncommitted row is in no file of a database with a write-ahead log.
    project = await liveProject(['a.db', 'b.db'], 'wal');
    const sealId = sealOf('a.db');
    await swapTo('a.db', sealId, true);
    seen = (await digestOf(join(project, 'a.db'), outside.signal)) ?? '';
    const late = { sql: visit(`${PREFIX}late`), afterMs: 500 };
    const client = await lockKeptBy(join(project, 'a.db'), 'IMMEDIATE', late);
    expect(await swapTo('b.db', sealId, false)).toBe(false);
    expect(liveIn(project)).toBe('a.db');
    expect(visitsIn(join(project, LINK), PREFIX)).toEqual([`${PREFIX}late`]);
    expect(execIn(project, LINK, TOUCH)).toBe('ok');
    await client.release();
  });
});

describe('what goes live', () => {
  it('is compared once more by the swap itself, before anything is changed', async () => {
    project = await liveProject(['a.db', 'b.db']);
    const sealId = sealOf('a.db');
    await swapTo('a.db', sealId, true);
    const { target, swap } = await opened('b.db', sealId);
    const order = { ...orderOf(swap, true), toSeen: 'of another time' };
    await expect(swap.swap(order)).rejects.toThrow('what is to go live was written to');
    await target.close();
    expect(liveIn(project)).toBe('a.db');
    expect(execIn(project, LINK, TOUCH)).toBe('ok');
  });
});

describe('a swap that is interrupted', () => {
  it('lets what is live be written again', async () => {
    project = await liveProject(['a.db', 'b.db']);
    const sealId = sealOf('a.db');
    await swapTo('a.db', sealId, true);
    seen = (await digestOf(join(project, 'a.db'), outside.signal)) ?? '';
    const controller = new AbortController();
    const { target, swap } = await opened('b.db', sealId, controller.signal);
    const swapping = swap.swap(orderOf(swap, false));
    swapping.catch(() => {});
    for (let turn = 0; turn < 20 && execIn(project, LINK, TOUCH) === 'ok'; turn += 1) {
      await Promise.resolve();
    }
    expect(execIn(project, LINK, TOUCH)).toBe('SQLITE_READONLY');
    controller.abort();
    await target.close();
    expect(execIn(project, LINK, TOUCH)).toBe('ok');
    await expect(swapping).rejects.toThrow('aborted');
    expect(liveIn(project)).toBe('a.db');
  });
});

/** A write that changes nothing. */
const TOUCH = 'BEGIN IMMEDIATE; ROLLBACK';

describe('a log that a client keeps open', () => {
  it('holds what was reconciled: it goes along, and what comes later is seen', async () => {
    project = await liveProject(['a.db', 'b.db'], 'wal');
    expect((await move(project, 'promote', 'a.db')).code).toBe(0);
    const client = await startWriter(join(project, LINK));
    expect(await client.run(`${visit('brief')}; DELETE FROM visits WHERE id = 'brief'`)).toBe('ok');
    expect(statSync(join(project, 'a.db-wal')).size).toBeGreaterThan(0);
    expect((await reconcile(project, 'a.db')).code).toBe(0);
    expect(await client.run(visit('late'))).toBe('ok');
    const said = await move(project, 'promote', 'b.db');
    expect(said.stderr).toContain('what is live holds later writes');
    expect(await client.run(`DELETE FROM visits WHERE id = 'late'`)).toBe('ok');
    expect((await reconcile(project, 'a.db')).code).toBe(0);
    const { code, stderr } = await move(project, 'promote', 'b.db');
    expect(code, stderr).toBe(0);
    expect(await client.run(visit('late'))).toBe('SQLITE_READONLY');
    await client.kill();
    expect(execIn(project, 'a.db', visit('later'))).toBe('SQLITE_READONLY');
  });
});
