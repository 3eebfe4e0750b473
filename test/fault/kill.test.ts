/** A run that is killed at any moment: readers only ever see whole candidates. */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { verifyCandidate } from '../../src/seal/verify.ts';
import { sealift } from '../kit/run.ts';
import { countChanges, startHalting } from './barrier.ts';
import { generateDogSchool } from '../dogschool/generate.ts';
import { randomOf } from '../dogschool/random.ts';
import { HASHING, initialise, migrateHere, temporaryFolder, treeOf } from './fixture.ts';
import { readOnce, startReader } from './reader.ts';
import { isLong, times } from '../kit/long.ts';
import { copyPrepared } from '../kit/prepared.ts';

/** More on demand: `SEALIFT_KILLS=300`. */
const ROUNDS = times('SEALIFT_KILLS', 4, 40, 10);
/** Of each table of the school; the more there are, the more there is to be half. */
const ROWS = times('SEALIFT_KILL_ROWS', 250, 2000);
const INTERRUPTS = times('SEALIFT_INTERRUPTS', 2, 10, 5);
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const WORKERS = isLong('kills of two workers') ? '2' : '1';
/** Milliseconds between two readings: each takes time from the command, too. */
const PAUSE = 40;
/** Milliseconds: a machine may be slow, and each takes its time. */
const timeout = 300_000 + (ROUNDS + INTERRUPTS) * 60_000;
/** Changes where readers might see something: a sealed folder, the link, and what is being built. */
const [SEALED, LINK, STAGING] = [/\/[0-9a-f]{64}$/, /\/v1$/, /\/\.staging$/];

let project: string;
let store: string;
/** How many changes to the disk a run makes. */
let changes: number;

beforeAll(async () => {
  project = temporaryFolder();
  store = join(project, 'storage_candidate');
  await copyPrepared(`school-${ROWS}`, project, (folder) => {
    generateDogSchool(join(folder, 'legacy.db'), { rows: ROWS });
    return initialise(folder);
  });
  const whole = await countChanges(command(), named('run-0'));
  expect(whole.code, whole.stderr).toBe(0);
  ({ changes } = whole);
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

function command(): string[] {
  return ['migrate', '--project', project, '--workers', WORKERS];
}

function named(runId: string): { env: Record<string, string> } {
  return { env: { MIGRATE_RUN_ID: runId } };
}

async function expectWhole(): Promise<void> {
  const { findings, records } = await verifyCandidate(join(store, 'v1'), null, HASHING);
  expect(findings).toEqual([]);
  expect(records).toBeGreaterThan((ROWS * 3) / 4);
}

/** Nothing is left of a run but candidates that are whole, the link, the lock, and reports. */
async function expectClean(): Promise<void> {
  expect(readdirSync(store).toSorted()).toEqual(['.lock', 'sealed', 'v1']);
  for (const name of readdirSync(join(store, 'sealed'))) {
    const { findings } = await verifyCandidate(join(store, 'sealed', name), null, HASHING);
    expect(findings, name).toEqual([]);
  }
}

describe('SIGKILL', () => {
  it(
    `shows no reader half a candidate, ${ROUNDS} times, and the next run works`,
    { timeout },
    async () => {
      const random = randomOf(1, 'kill');
      expect(changes).toBeGreaterThan(100);
      const reading = startReader([join(store, 'v1')], PAUSE);
      let killed = 0;
      for (let round = 1; round <= ROUNDS; round += 1) {
        const anywhere = random.integer(1, changes);
        const place = [anywhere, SEALED, LINK, STAGING][round % 4] ?? anywhere;
        const halted = startHalting(command(), place, named(`run-${round}`));
        const isThere = await halted.reached;
        readOnce(join(store, 'v1'));
        if (isThere) halted.child.kill('SIGKILL');
        const { signal } = await halted.ended;
        readOnce(join(store, 'v1'));
        if (signal === 'SIGKILL') killed += 1;
        if (round % 8 === 0) await expectWhole();
      }
      expect(await reading.stop()).toBeGreaterThan(ROUNDS);
      expect(killed).toBe(ROUNDS);
      const { code, stderr } = await sealift(['migrate', '--project', project], named('run-after'));
      expect(code, stderr).toBe(0);
      await expectWhole();
      await expectClean();
      const { code: verified } = await sealift(['verify-checksums', '--project', project]);
      expect(verified).toBe(0);
    },
  );

  it('has a reader who would see half a candidate', async () => {
    const path = join(store, 'v1/hunde/schema.json');
    const bytes = readFileSync(path);
    rmSync(path);
    const reading = startReader([join(store, 'v1')]);
    await wait(20);
    await expect(reading.stop()).rejects.toThrow('ENOENT');
    writeFileSync(path, bytes.subarray(1));
    const again = startReader([join(store, 'v1')]);
    await wait(20);
    await expect(again.stop()).rejects.toThrow('half of hunde/schema.json');
    writeFileSync(path, bytes);
    readOnce(join(store, 'v1'));
  });
});

describe('SIGINT, SIGTERM and SIGHUP', () => {
  it('end a run with 130 and leave nothing', { timeout }, async () => {
    await migrateHere(project, { runId: 'run-quiet' });
    const random = randomOf(1, 'interrupt');
    const tree = (): string => [...treeOf(project, ['storage_reports'])].join('\n');
    for (let round = 0; round < INTERRUPTS; round += 1) {
      const before = tree();
      // The beginning is loading, the end is publishing: in between an interrupt comes in time.
      const place = random.integer(Math.ceil(changes / 4), Math.floor(changes / 2));
      const halted = startHalting(command(), place, named(`run-interrupted-${round}`));
      expect(await halted.reached).toBe(true);
      halted.child.kill(SIGNALS[round % SIGNALS.length]);
      halted.go();
      const { code, stderr } = await halted.ended;
      expect(code, stderr).toBe(130);
      expect(stderr).toMatch(/^sealift migrate: interrupted, nothing was changed\n$/m);
      expect(tree()).toBe(before);
    }
    await expectWhole();
  });
});
