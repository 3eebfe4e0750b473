/** A run that is killed at any moment: readers only ever see whole candidates. */

import { existsSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { verifyCandidate } from '../../src/seal/verify.ts';
import { sealift, start, type Running } from '../cli/run.ts';
import { generateDogSchool } from '../dogschool/generate.ts';
import { randomOf } from '../dogschool/random.ts';
import { HASHING, initialise, migrateHere, temporaryFolder, treeOf } from './fixture.ts';
import { readOnce, startReader } from './reader.ts';

/** More on demand: `SEALIFT_KILLS=300`. */
const ROUNDS = Number(process.env['SEALIFT_KILLS'] ?? 8);

let project: string;
let store: string;

beforeAll(async () => {
  project = temporaryFolder();
  store = join(project, 'storage_candidate');
  generateDogSchool(join(project, 'legacy.db'), { rows: 2000 });
  await initialise(project);
  await migrateHere(project);
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

function run(runId: string): Running {
  const args = ['migrate', '--project', project, '--workers', '2'];
  return start(args, { env: { MIGRATE_RUN_ID: runId } });
}

/** Kills the run as soon as a name that matches comes or goes in the folder. */
function killOn(running: Running, folder: string, name: RegExp): () => void {
  const watcher = watch(folder, (_, changed) => {
    if (name.test(String(changed))) running.child.kill('SIGKILL');
  });
  return () => {
    watcher.close();
  };
}

async function expectWhole(): Promise<void> {
  const { findings, records } = await verifyCandidate(join(store, 'v1'), null, HASHING);
  expect(findings).toEqual([]);
  expect(records).toBeGreaterThan(1500);
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
  it(`shows no reader half a candidate, ${ROUNDS} times, and the next run works`, async () => {
    const random = randomOf(1, 'kill');
    const began = performance.now();
    expect((await run('run-0').ended).code).toBe(0);
    const usual = performance.now() - began;
    const reading = startReader([join(store, 'v1')]);
    let killed = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const running = run(`run-${round}`);
      const places = [
        null,
        [join(store, 'sealed'), /./],
        [store, /v1/],
        [store, /staging/],
      ] as const;
      const place = places[round % places.length] ?? null;
      const done = place === null ? () => {} : killOn(running, place[0], place[1]);
      const timer = setTimeout(() => running.child.kill('SIGKILL'), usual * random.fraction());
      if (place !== null && place[0] !== store) clearTimeout(timer);
      const { signal } = await running.ended;
      clearTimeout(timer);
      done();
      if (signal === 'SIGKILL') killed += 1;
      if (round % 8 === 0) await expectWhole();
    }
    expect(await reading.stop()).toBeGreaterThan(50);
    expect(killed).toBeGreaterThan(ROUNDS / 2);
    const { code, stderr } = await run('run-after').ended;
    expect(code, stderr).toBe(0);
    await expectWhole();
    await expectClean();
    const { code: verified } = await sealift(['verify-checksums', '--project', project]);
    expect(verified).toBe(0);
  });

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

describe('SIGINT and SIGTERM', () => {
  it('end a run with 130 and leave nothing', async () => {
    await migrateHere(project, { runId: 'run-quiet' });
    const random = randomOf(1, 'interrupt');
    const tree = (): string => [...treeOf(project, ['storage_reports'])].join('\n');
    let interrupted = 0;
    for (let round = 0; round < 10; round += 1) {
      const before = tree();
      const running = run(`run-interrupted-${round}`);
      while (running.child.exitCode === null && !existsSync(join(store, '.staging'))) await wait(1);
      await wait(random.integer(0, 150));
      running.child.kill(round % 2 === 0 ? 'SIGINT' : 'SIGTERM');
      const { code, stderr } = await running.ended;
      if (code !== 130) continue;
      interrupted += 1;
      expect(stderr).toMatch(/^sealift migrate: interrupted, nothing was changed\n$/m);
      expect(tree()).toBe(before);
    }
    expect(interrupted).toBeGreaterThan(4);
    await expectWhole();
  });
});
