/**
 * migrate, promote and rollback killed at any moment: whoever reads `storage_live` or `v1` sees whole
 * candidates only, and the next command works. 4 kills, or as many as SEALIFT_KILLS says.
 */

import { readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sealedNames, sealIdOf } from '../../src/seal/sealedFolders.ts';
import { verifyCandidate } from '../../src/seal/verify.ts';
import { sealift } from '../kit/run.ts';
import { countChanges, startHalting, type Place } from './barrier.ts';
import { randomOf } from '../dogschool/random.ts';
import {
  build,
  journal,
  liveOf,
  promoteHere,
  scanEntryOf,
  scanHere,
  storeOf,
} from '../promote/fixture.ts';
import { HASHING, newProject } from './fixture.ts';
import { readOnce, startReader } from './reader.ts';
import { times } from '../kit/long.ts';

const KILLS = times('SEALIFT_KILLS', 4, 40, 8);
/** Milliseconds between two readings: each takes time from the command, too. */
const PAUSE = 20;

let project: string;
/** It was live first. */
let first: string;

beforeAll(async () => {
  project = await newProject(20);
  first = await build(project, 'one');
  await scanHere(project);
  await promoteHere(project, { candidate: first });
  for (const run of ['two', 'three']) {
    const name = await build(project, run);
    scanEntryOf(project, name, {});
    await promoteHere(project, { candidate: name });
  }
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

const links = (): string[] => [join(project, 'storage_live'), join(storeOf(project), 'v1')];

const scanned = new Set<string>();

/** Journals that a candidate has passed its scan. */
function scanOnce(name: string): void {
  if (!scanned.has(sealIdOf(name))) scanEntryOf(project, name, {});
  scanned.add(sealIdOf(name));
}

const random = randomOf(1, 'promote-kill');

type Kind = 'migrate' | 'promote' | 'rollback';

/** How many changes to the disk each of the commands makes, so that a kill finds a place in it. */
const changes = new Map<Kind, number>();

/** Changes the database, but no record, so that promote has to build all of them again. */
function touchSource(version: number): void {
  const db = new Database(join(project, 'legacy.db'));
  db.pragma(`user_version = ${version}`);
  db.close();
}

const KINDS = ['migrate', 'promote', 'rollback', 'promote'] as const;
/** Changes that readers or the next command might see; elsewhere at any. */
const PLACES = [null, /journal\.ndjson/, /storage_live/, null] as const;

function placeOf(round: number, kind: Kind): Place {
  // The first four differ in both, and each later four in another way.
  const named = PLACES[(round + (round >> 2)) % PLACES.length] ?? null;
  return named ?? random.integer(1, changes.get(kind) ?? 1);
}

async function count(kind: Kind): Promise<void> {
  touchSource(1);
  const args = kind === 'promote' ? [kind, first.slice(0, 64)] : [kind];
  const counted = await countChanges([...args, '--project', project, '--workers', '1']);
  expect(counted.code, counted.stderr).toBe(0);
  expect(counted.changes, kind).toBeGreaterThan(10);
  changes.set(kind, counted.changes);
}

/** A command at random, half of which change what is live, killed at a change; null where it had none. */
async function killOne(round: number): Promise<Kind | null> {
  const kind = KINDS[round % KINDS.length] ?? 'migrate';
  if (round % KINDS.length === 3) touchSource(round);
  const names = sealedNames(storeOf(project));
  const one = names[random.integer(0, names.length - 1)] ?? '';
  const args = kind === 'promote' ? [kind, one.slice(0, 64)] : [kind];
  const all = [...args, '--project', project, '--workers', '1'];
  const env = { MIGRATE_RUN_ID: `run-${round % 7}` };
  const halted = startHalting(all, placeOf(round, kind), { env });
  const isThere = await halted.reached;
  for (const link of links()) readOnce(link);
  if (isThere) halted.child.kill('SIGKILL');
  const { signal, code, stderr } = await halted.ended;
  // Rolling back ends where there is nothing to go back to.
  if (signal === null && code !== 0) expect(stderr).toContain('no candidate was live before');
  return signal === 'SIGKILL' ? kind : null;
}

describe('SIGKILL in migrate, promote and rollback', () => {
  it(`shows no reader half a candidate, ${KILLS} times, and the next command works`, async () => {
    // Of the first four, rollback is killed at a change that has a name.
    for (const kind of KINDS.slice(0, KILLS > 4 ? 3 : 2).toReversed()) await count(kind);
    const reading = startReader(links(), PAUSE);
    let [killed, round] = [0, 0];
    for (; killed < KILLS && round < 4 * KILLS; round += 1) {
      const before = liveOf(project);
      const command = await killOne(round);
      // What was built meanwhile counts as scanned: this is not about scans.
      const names = sealedNames(storeOf(project));
      for (const name of names) scanOnce(name);
      if (command === null) continue;
      killed += 1;
      const after = liveOf(project);
      if (command === 'migrate') expect(after).toBe(before);
      const next = names[random.integer(0, names.length - 1)] ?? '';
      await promoteHere(project, { candidate: next.slice(0, 64) });
      expect(liveOf(project)?.slice(0, 64)).toBe(next.slice(0, 64));
    }
    expect(await reading.stop()).toBeGreaterThan(KILLS);
    expect(killed).toBe(KILLS);
    await expectAllWhole();
    if (KILLS < 100) return;
    const settled = journal(project).entries.filter((entry) => entry['recovered'] === true);
    expect(new Set(settled.map(({ event }) => event)).size).toBeGreaterThan(1);
  }, 3_600_000);

  it('has a reader who would see half a candidate', async () => {
    const path = join(realpathSync(join(project, 'storage_live')), 'dogs/schema.json');
    renameSync(path, `${path}.away`);
    const reading = startReader(links());
    await wait(20);
    await expect(reading.stop()).rejects.toThrow('ENOENT');
    renameSync(`${path}.away`, path);
    readOnce(join(project, 'storage_live'));
  });
});

async function expectAllWhole(): Promise<void> {
  const { code, stderr } = await sealift(['migrate', '--project', project]);
  expect(code, stderr).toBe(0);
  expect((await sealift(['status', '--project', project])).code).toBe(0);
  const kept = readdirSync(storeOf(project)).toSorted();
  expect(kept).toEqual(['.lock', 'sealed', 'v1']);
  const names = sealedNames(storeOf(project));
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) {
    const { findings } = await verifyCandidate(
      join(storeOf(project), 'sealed', name),
      null,
      HASHING,
    );
    expect(findings, name).toEqual([]);
  }
}
