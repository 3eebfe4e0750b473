/**
 * snapshot, snapshot restore and clean killed at any change to the disk: the old state or the new one
 * is there as a whole, the journal is valid, what is live verifies, and the next run finishes.
 */

import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sealedNames, sealIdOf } from '../../src/seal/sealedFolders.ts';
import { verifyCandidate } from '../../src/seal/verify.ts';
import { openSnapshot } from '../../src/snapshot/readSnapshot.ts';
import { randomOf } from '../dogschool/random.ts';
import { digestsOf, succeed } from '../kit/project.ts';
import { times } from '../kit/long.ts';
import { journal, liveOf, storeOf } from '../promote/fixture.ts';
import { cutOver, restore, snapshotOf, type Cutover } from '../snapshot/fixture.ts';
import { countChanges, startHalting } from './barrier.ts';
import { HASHING, temporaryFolder, treeOf } from './fixture.ts';

const SNAPSHOTS = times('SEALIFT_KILLS_SNAPSHOT', 3, 100, 15);
const RESTORES = times('SEALIFT_KILLS_RESTORE', 4, 100, 10);
const CLEANS = times('SEALIFT_KILLS_CLEAN', 3, 100, 15);

const random = randomOf(1, 'snapshot-kill');

let from: Cutover;
let project: string;

beforeEach(async () => {
  from = await cutOver();
  project = from.project;
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

/** Counts the changes that a command makes to the disk, which has to succeed. */
async function changesOf(args: readonly string[]): Promise<number> {
  const { code, stderr, changes } = await countChanges(args);
  expect(code, stderr).toBe(0);
  expect(changes).toBeGreaterThan(5);
  return changes;
}

/** Kills a command at one of its changes, which `of` of `count` are spread over. */
async function killAt(args: readonly string[], changes: number): Promise<boolean> {
  const halted = startHalting(args, random.integer(1, changes));
  if (await halted.reached) halted.child.kill('SIGKILL');
  const { signal } = await halted.ended;
  return signal === 'SIGKILL';
}

async function expectWhole(name: string): Promise<void> {
  const folder = join(storeOf(project), 'sealed', name);
  const { findings } = await verifyCandidate(folder, sealIdOf(name), HASHING);
  expect(findings, name).toEqual([]);
}

describe('SIGKILL in snapshot', () => {
  it(`leaves whole archives alone, ${SNAPSHOTS} times`, async () => {
    const args = ['snapshot', '--project', project];
    const changes = await changesOf(args);
    const folder = join(project, 'storage_snapshots');
    let killed = 0;
    for (let round = 0; killed < SNAPSHOTS && round < 3 * SNAPSHOTS; round += 1) {
      if (!(await killAt(args, changes))) continue;
      killed += 1;
      const events = journal(project).entries.filter(({ event }) => event === 'snapshot');
      const known = events.map((entry) => entry['snapshot']);
      for (const name of readdirSync(folder).filter((file) => file.endsWith('.tar'))) {
        const snapshot = openSnapshot(join(folder, name), null, '/');
        snapshot.close();
        expect(known).toContain(snapshot.sha256);
      }
      expect(liveOf(project)).toBe(from.live);
      await expectWhole(from.live);
    }
    expect(killed).toBe(SNAPSHOTS);
    await snapshotOf(project);
    expect(readdirSync(folder).filter((name) => !name.endsWith('.tar'))).toEqual([]);
  }, 3_600_000);
});

/** What is lost or damaged, by name. */
const LOSSES: Readonly<Record<string, () => void>> = {
  'the candidate before': () => rmSync(sealed(from.previous), { recursive: true }),
  'a file of the candidate before': () => {
    const file = join(sealed(from.previous), 'owners/data.ndjson');
    chmodSync(file, 0o600);
    appendFileSync(file, 'x');
  },
  'the mapping': () => rmSync(join(project, 'mapping'), { recursive: true }),
  'files of the mapping': () => {
    appendFileSync(join(project, 'mapping/project.json'), ' ');
    rmSync(join(project, 'mapping/modules/owners.json'));
  },
  'the journal': () => rmSync(join(project, 'storage_journal/journal.ndjson')),
  'all candidates and the live link': () => {
    rmSync(storeOf(project), { recursive: true });
    rmSync(join(project, 'storage_live'));
  },
};

function sealed(name: string): string {
  return join(storeOf(project), 'sealed', name);
}

const ASIDE = ['storage_snapshots', 'storage_candidate/.lock', 'storage_candidate/.trash'];
const JOURNAL = ['storage_journal/.lock', 'storage_journal/journal.ndjson'];

function tree(): Map<string, string> {
  return treeOf(project, [...ASIDE, ...JOURNAL]);
}

describe('SIGKILL in snapshot restore', () => {
  let folder: string;

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it(`leaves the old or the new, ${RESTORES} times, and can be repeated`, async () => {
    folder = temporaryFolder();
    const file = join(folder, 'kept.tar');
    copyFileSync(await snapshotOf(project), file);
    const before = tree();
    const mapping = digestsOf(join(project, 'mapping'));
    const args = ['snapshot', 'restore', file, '--replace', '--project', project];
    const changes = new Map<string, number>();
    for (const [name, lose] of Object.entries(LOSSES)) {
      lose();
      changes.set(name, await changesOf(args));
      expect(tree(), name).toEqual(before);
    }
    let killed = 0;
    for (let round = 0; killed < RESTORES && round < 3 * RESTORES; round += 1) {
      const names = Object.keys(LOSSES);
      const name = names[round % names.length] ?? '';
      LOSSES[name]?.();
      if (await killAt(args, changes.get(name) ?? 1)) {
        killed += 1;
        await expectOldOrNew(name, mapping);
      }
      const again = await restore(project, file, '--replace');
      expect([again.code, again.stderr], name).toEqual([0, expect.anything()]);
      expect(tree(), name).toEqual(before);
      await succeed(['status', '--project', project]);
    }
    expect(killed).toBe(RESTORES);
  }, 3_600_000);
});

async function expectOldOrNew(name: string, mapping: Map<string, string>): Promise<void> {
  // The journal is read and verified; a live link points to a whole candidate, if to any.
  if (existsSync(join(project, 'storage_journal/journal.ndjson'))) {
    expect(journal(project).entries.length, name).toBeGreaterThan(5);
  }
  for (const one of sealedNames(storeOf(project))) {
    const isDamaged = name === 'a file of the candidate before' && one === from.previous;
    const { findings } = await verifyCandidate(sealed(one), sealIdOf(one), HASHING);
    if (!isDamaged) expect(findings, name).toEqual([]);
  }
  const live = liveOf(project);
  if (live !== null) expect(sealedNames(storeOf(project)), name).toContain(live);
  const files = existsSync(join(project, 'mapping')) ? digestsOf(join(project, 'mapping')) : null;
  if (files === null) expect(name).toBe('the mapping');
  else if (name !== 'files of the mapping') expect(files, name).toEqual(mapping);
}

describe('SIGKILL in clean', () => {
  it(`removes nothing but what it has journaled, ${CLEANS} times`, async () => {
    await succeed(['verify-checksums', '--project', project]);
    const report = 'verify-checksums-000001';
    const litter = (): void => {
      const store = storeOf(project);
      if (!existsSync(join(store, 'v1'))) symlinkSync(`sealed/${from.live}`, join(store, 'v1'));
      mkdirSync(join(store, '.staging/candidate'), { recursive: true });
      writeFileSync(join(store, '.staging/candidate/data.ndjson'), 'half');
      mkdirSync(join(store, '.staging.old'), { recursive: true });
      for (const name of ['scan', 'migrate', 'verify-checksums']) {
        const link = join(project, `storage_reports/latest-${name}`);
        rmSync(link, { force: true });
        symlinkSync(`history/${report}`, link);
      }
    };
    const args = ['clean', '--project', project];
    litter();
    const changes = await changesOf(args);
    const clean = tree();
    litter();
    const dirty = tree();
    let killed = 0;
    for (let round = 0; killed < CLEANS && round < 3 * CLEANS; round += 1) {
      litter();
      if (!(await killAt(args, changes))) continue;
      killed += 1;
      for (const [path, content] of tree()) {
        if (!path.includes('.staging') && !path.includes('.lock')) {
          expect([path, content]).toEqual([path, dirty.get(path)]);
        }
      }
      for (const path of clean.keys()) expect(tree().has(path), path).toBe(true);
      const last = journal(project).entries.at(-1);
      if (!existsSync(join(storeOf(project), 'v1'))) expect(last?.event).toBe('clean');
      expect(liveOf(project)).toBe(from.live);
      await expectWhole(from.live);
      await succeed([...args]);
      expect(tree()).toEqual(clean);
    }
    expect(killed).toBe(CLEANS);
  }, 3_600_000);
});
