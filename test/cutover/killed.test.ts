/**
 * Runs and ways back that are killed, as processes with SIGKILL: at random times, and as soon as each line of the
 * journal is there. Whenever that was, the commands that follow come to the same end, and nothing is done twice.
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { programsLeft } from '../../src/cutover/world/runningPrograms.ts';
import { sealift, start, type Ran } from '../kit/run.ts';
import {
  AFTER,
  BACK,
  linesOf,
  makeShop,
  SHOP_ENV,
  shopJournal,
  stateOfShop,
  writeProgram,
} from './shop.ts';

const RANDOM = times('SEALIFT_CUTOVER_KILLS', 1, 60, 12);
const LINES = times('SEALIFT_CUTOVER_KILLED_LINES', 1, 22, 11);
/** So many a run writes, and so many its way back. */
const [OF_RUN, OF_WAY_BACK] = [22, 17] as const;
/** A process that is begun and ended takes about so long, in ms. */
const LONGEST = 1500;
/** Of a test, in ms: much else may run on the machine. */
const LIMIT = 180_000;

const work = workFolder('killed-cutover');
let shops = 0;

function shop(change?: (runbook: string) => string): string {
  const folder = join(work, String((shops += 1)));
  mkdirSync(folder);
  makeShop(folder, change);
  return folder;
}

/** When a process is killed: resolves then, or when it has ended. */
type Moment = (folder: string, ended: Promise<unknown>) => Promise<unknown>;

const afterTime =
  (ms: number): Moment =>
  (_, ended) =>
    Promise.race([wait(ms), ended]);

/** Waits until something holds, or a process has ended. */
async function until(holds: () => boolean, ended: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  while (!over.signal.aborted && !holds()) await wait(1);
}

/** As soon as the journal has so many lines more than the process found. */
function atLine(more: number): Moment {
  return (folder, ended) => {
    const from = linesOf(folder);
    return until(() => linesOf(folder) >= from + more, ended);
  };
}

/** As soon as a file is there. */
function whenThere(name: string): Moment {
  return (folder, ended) => until(() => existsSync(join(folder, name)), ended);
}

/** Runs a command, and kills it at a moment, if there is one; the code is null if it was killed. */
async function command(folder: string, args: readonly string[], moment?: Moment): Promise<Ran> {
  const [name = '', ...rest] = args;
  const [all, options] = [
    ['cutover', name, 'shop.yaml', ...rest],
    { cwd: folder, env: SHOP_ENV },
  ] as const;
  if (moment === undefined) return sealift(all, options);
  const running = start(all, options);
  await moment(folder, running.ended);
  running.child.kill('SIGKILL');
  const ran = await running.ended;
  // What it has started goes on for a moment, and is waited for, as a person would.
  const programs = (): readonly number[] => programsLeft(join(folder, 'storage_cutovers/shop-1'));
  await expect.poll(programs, { timeout: 10_000 }).toEqual([]);
  return ran;
}

/** Brings a run from wherever it is to its end; the first commands are killed. Returns the last one. */
async function toTheEnd(folder: string, moments: readonly Moment[]): Promise<Ran> {
  const left = [...moments];
  for (let tries = 0; tries < 30; tries += 1) {
    const begun = linesOf(folder) >= 2;
    const args = begun ? ['resume'] : ['run'];
    const ran = await command(folder, [...args, '--who', 'ada', '--no-wait'], left.shift());
    if (ran.code === null) continue;
    if (ran.code !== 3) return ran;
    expect((await command(folder, ['approve', '--who', 'bo'], left.shift())).stderr).toBe('');
  }
  throw new Error('it comes to no end');
}

/** Takes a run back; the first commands are killed, and each other one is a `resume`. */
async function takenBack(folder: string, moments: readonly Moment[]): Promise<Ran> {
  const left = [...moments];
  for (let tries = 0; tries < 30; tries += 1) {
    const { event } = shopJournal(folder).entries.findLast(({ event: one }) =>
      /^(?:rollback-begun|run-ended)$/.test(one),
    ) ?? { event: '' };
    const args = event === 'rollback-begun' && tries % 2 === 1 ? ['resume'] : ['rollback'];
    const ran = await command(folder, [...args, '--who', 'ada'], left.shift());
    if (ran.code !== null) return ran;
  }
  throw new Error('it comes to no end');
}

function assertWhole(folder: string): void {
  const { entries } = shopJournal(folder);
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, at) => at + 1));
  expect(entries.at(-1)?.event).toBe('run-ended');
}

/** Lines of a journal, evenly spread. */
function spread(lines: number): number[] {
  const count = Math.min(LINES, lines);
  return Array.from({ length: count }, (_, at) => 1 + Math.floor(((at + 0.5) * lines) / count));
}
const randoms = Array.from({ length: RANDOM }, (_, at) => at + 1);
const some = (): number => Math.random() * LONGEST;

describe('a run that is killed', () => {
  it.each(spread(OF_RUN))(
    'at line %i comes to its end',
    async (line) => {
      const folder = shop();
      const ran = await toTheEnd(folder, [atLine(line), atLine(2)]);
      expect([ran.code, stateOfShop(folder)]).toEqual([0, AFTER]);
      assertWhole(folder);
    },
    LIMIT,
  );

  it.each(randoms)(
    'at random times comes to its end, the %ith time',
    async () => {
      const folder = shop();
      const moments = Array.from({ length: 3 }, some);
      const ran = await toTheEnd(folder, moments.map(afterTime));
      expect([ran.code, stateOfShop(folder)], String(moments)).toEqual([0, AFTER]);
      assertWhole(folder);
    },
    LIMIT,
  );

  it('is seen to be killed (negative control)', async () => {
    const folder = shop();
    const ran = await command(folder, ['run', '--who', 'ada', '--no-wait'], atLine(4));
    expect([ran.code, ran.signal]).toEqual([null, 'SIGKILL']);
    expect(stateOfShop(folder)).not.toEqual(AFTER);
  });
});

describe('a way back that is killed', () => {
  it.each(spread(OF_WAY_BACK))(
    'at line %i comes to its end',
    async (line) => {
      const folder = shop();
      expect((await toTheEnd(folder, [])).code).toBe(0);
      const ran = await takenBack(folder, [atLine(line), atLine(2)]);
      expect([ran.code, stateOfShop(folder)]).toEqual([4, BACK]);
      assertWhole(folder);
    },
    LIMIT,
  );

  it.each(randoms)(
    'at random times comes to its end, from wherever the run was, the %ith time',
    async () => {
      const folder = shop();
      await command(folder, ['run', '--who', 'ada', '--no-wait'], afterTime(300 + some()));
      if (linesOf(folder) < 2) return;
      const was = stateOfShop(folder);
      const ran = await takenBack(folder, [some(), some()].map(afterTime));
      expect(ran.code, ran.stderr).toBe(4);
      const { closed, noted, done } = stateOfShop(folder);
      expect([closed, noted]).toEqual([false, '']);
      expect(new Set(done).size).toBe(done.length);
      if (was.done.length === 4) expect(done).toEqual(BACK.done);
      assertWhole(folder);
    },
    LIMIT,
  );
});

/** Without what tells whether the program has done its work. */
const untold = (runbook: string): string =>
  runbook
    .replace('    probe: { use: exec, run: [./noted], changes: false }\n', '')
    .replace('run: [./forget], idempotent: true', 'run: [./forget]');

/** Kills a run in the middle of it, and says what `resume` then says. */
async function cutOff(): Promise<{ folder: string; ran: Ran }> {
  const folder = shop(untold);
  writeProgram(folder, 'note', 'echo noted >> noted.log; sleep 0.5');
  const run = await command(folder, ['run', '--who', 'ada', '--no-wait'], whenThere('noted.log'));
  expect(run.code).toBeNull();
  return { folder, ran: await command(folder, ['resume', '--who', 'ada', '--no-wait']) };
}

describe('a program of which nothing tells whether it was done', () => {
  it(
    'holds the run, and asks, however often it is taken up',
    async () => {
      const { folder, ran } = await cutOff();
      const said = [
        1,
        expect.stringMatching(/^.*nothing tells whether noted was done .*--done .*--again .*\n$/),
      ];
      expect([ran.code, ran.stderr]).toEqual(said);
      const again = await command(folder, ['resume', '--who', 'ada', '--no-wait']);
      expect([again.code, again.stderr]).toEqual(said);
      expect((await command(folder, ['tick'])).code).toBe(1);
      expect(stateOfShop(folder).noted).toBe('noted\n');
      const status = await command(folder, ['status']);
      expect(status.stdout).toMatch(/noted +exec +UNKNOWN/);
      // Who answers says why, and of a step that is held.
      for (const wrong of [
        ['--done', 'noted'],
        ['--done', 'open', '--why', 'x'],
      ]) {
        const refused = await command(folder, ['resume', '--who', 'ada', ...wrong]);
        expect(refused.code, refused.stderr).toBe(64);
      }
      const both = ['--done', 'noted', '--again', 'migrate', '--why', 'x'];
      expect((await command(folder, ['resume', '--who', 'ada', ...both])).code).toBe(64);
      expect(shopJournal(folder).entries.some(({ event }) => event === 'step-probed')).toBe(false);
    },
    LIMIT,
  );

  it(
    'keeps the run from going on for as long as it goes on itself',
    async () => {
      const folder = shop(untold);
      writeProgram(folder, 'note', 'echo noted >> noted.log; exec sleep 60');
      const running = start(['cutover', 'run', 'shop.yaml', '--who', 'ada', '--no-wait'], {
        cwd: folder,
        env: SHOP_ENV,
      });
      await whenThere('noted.log')(folder, running.ended);
      running.child.kill('SIGKILL');
      await running.ended;
      for (const args of [['resume', '--who', 'ada'], ['tick'], ['rollback', '--who', 'ada']]) {
        const ran = await command(folder, args);
        expect([ran.code, ran.stderr]).toEqual([
          1,
          expect.stringMatching(/a program of the run goes on, .*\(process \d+\) .*: wait until/),
        ]);
      }
      const [pid = 0] = programsLeft(join(folder, 'storage_cutovers/shop-1'));
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => programsLeft(join(folder, 'storage_cutovers/shop-1'))).toEqual([]);
      expect((await command(folder, ['rollback', '--who', 'ada'])).code).toBe(4);
    },
    LIMIT,
  );

  it.each([
    ['--done', 'noted\n'],
    ['--again', 'noted\nnoted\n'],
  ])(
    'goes on with %s',
    async (answer, noted) => {
      const { folder } = await cutOff();
      const why = ['--why', 'seen in the log'];
      const ran = await command(folder, [
        'resume',
        '--who',
        'ada',
        '--no-wait',
        answer,
        'noted',
        ...why,
      ]);
      expect([ran.code, ran.stderr]).toEqual([3, expect.any(String)]);
      expect((await toTheEnd(folder, [])).code).toBe(0);
      expect(stateOfShop(folder)).toEqual({ ...AFTER, noted });
    },
    LIMIT,
  );

  it(
    'holds the way back, and asks',
    async () => {
      const folder = shop(untold);
      expect((await toTheEnd(folder, [])).code).toBe(0);
      writeProgram(folder, 'forget', 'echo forgotten >> forgotten.log; sleep 0.5');
      const back = ['rollback', '--who', 'ada'];
      expect((await command(folder, back, whenThere('forgotten.log'))).code).toBeNull();
      for (const args of [['resume', '--who', 'ada'], back, back]) {
        const ran = await command(folder, args);
        expect([ran.code, ran.stderr]).toEqual([
          1,
          expect.stringMatching(/noted .*--done or --again/),
        ]);
      }
      expect((await command(folder, [...back, '--done', 'noted'])).code).toBe(64);
      expect((await command(folder, [...back, '--done', 'open', '--why', 'x'])).code).toBe(64);
      const ran = await command(folder, [...back, '--done', 'noted', '--why', 'seen in the log']);
      expect([ran.code, stateOfShop(folder)]).toEqual([4, { ...BACK, noted: 'noted\n' }]);
    },
    LIMIT,
  );

  it(
    'does not keep a way back from going on that was cut off, too',
    async () => {
      const { folder } = await cutOff();
      const back = await command(folder, ['rollback', '--who', 'ada'], atLine(3));
      expect(back.code).toBeNull();
      const ran = await takenBack(folder, []);
      expect([ran.code, ran.stderr]).toEqual([
        1,
        expect.stringMatching(/--done or --again|taken back/),
      ]);
    },
    LIMIT,
  );
});

describe('a run that was cut off before its first line', () => {
  it(
    'is not taken up, and does not keep another one from beginning',
    async () => {
      const folder = shop();
      mkdirSync(join(folder, 'storage_cutovers/shop-1'), { recursive: true });
      writeFileSync(join(folder, 'storage_cutovers/shop-1/journal.ndjson'), '');
      for (const name of ['resume', 'tick', 'rollback', 'pause', 'abort', 'panic']) {
        const ran = await command(folder, [name, ...(name === 'tick' ? [] : ['--who', 'ada'])]);
        expect([ran.code, ran.stderr]).toEqual([
          64,
          expect.stringContaining('the run has not begun'),
        ]);
      }
      const ran = await command(folder, ['run', '--who', 'ada', '--no-wait']);
      expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining('shop-2')]);
    },
    LIMIT,
  );

  it(
    'can be aborted where a change was cut off, as no process works on it',
    async () => {
      const folder = shop();
      await command(folder, ['run', '--who', 'ada', '--no-wait'], atLine(3));
      const ran = await command(folder, ['abort', '--who', 'ada', '--why', 'enough']);
      expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('the run is ABORTED')]);
      const next = await command(folder, ['run', '--who', 'ada', '--no-wait']);
      expect(next.stderr).toContain('shop-2');
    },
    LIMIT,
  );
});
