/** clean takes away links and leftovers, and nothing that they point to; prune knows what it removes. */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { temporaryFolder, treeOf } from '../fault/fixture.ts';
import { startHalting } from '../fault/barrier.ts';
import { succeed } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { cutOver, type Cutover } from '../snapshot/fixture.ts';
import { build, eventsOf, journal, liveOf, pruneHere, storeOf } from './fixture.ts';

let template: Cutover;
let project: string;

beforeAll(async () => {
  template = await cutOver();
  await build(template.project, 'three');
  await build(template.project, 'four');
  await succeed(['verify-checksums', '--project', template.project]);
});

afterAll(() => {
  rmSync(template.project, { recursive: true });
});

beforeEach(() => {
  project = temporaryFolder();
  cpSync(template.project, project, { recursive: true, verbatimSymlinks: true });
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

const LOCKS = ['.lock', 'history/.lock', 'journal.ndjson'];
const ASIDE = ['storage_candidate', 'storage_reports', 'storage_journal'].flatMap((folder) =>
  LOCKS.map((name) => `${folder}/${name}`),
);

function tree(): Map<string, string> {
  return treeOf(project, ASIDE);
}

/** Everything with these names gone. */
function treeWithout(before: Map<string, string>, names: readonly string[]): Map<string, string> {
  return new Map(
    [...before].filter(([path]) => !names.some((name) => `${path}/`.startsWith(`${name}/`))),
  );
}

const clean = ['clean', '--project'];

describe('clean', () => {
  it('removes the links and leftovers, writes down which, and nothing else', async () => {
    const before = tree();
    const store = storeOf(project);
    mkdirSync(join(store, '.staging/candidate'), { recursive: true });
    mkdirSync(join(store, '.staging.old'));
    symlinkSync(`sealed/${template.live}`, join(store, '.v1.new'));
    symlinkSync(`storage_candidate/sealed/${template.live}`, join(project, '.storage_live.new'));
    mkdirSync(join(project, 'storage_reports/history/.migrate.new'));
    mkdirSync(join(project, 'storage_snapshots'));
    writeFileSync(join(project, 'storage_snapshots/.snapshot.new'), 'half of it');
    const dirty = tree();
    const said = await succeed([...clean, project, '--dry-run']);
    expect(said.stdout).toContain('would be removed: storage_candidate/v1');
    expect(tree()).toEqual(dirty);
    await succeed([...clean, project, '--who', 'ada']);
    const links = ['storage_candidate/v1', 'storage_reports/latest-verify-checksums'];
    const left = treeWithout(before, links);
    expect(tree()).toEqual(left.set('storage_snapshots', 'folder'));
    expect(journal(project).entries.at(-1)).toMatchObject({ event: 'clean', who: 'ada' });
    const removed = journal(project).entries.at(-1)?.['removed'];
    expect(removed).toEqual(expect.arrayContaining([...links, 'storage_candidate/.staging']));
    expect(liveOf(project)).toBe(template.live);
    await succeed(['verify-checksums', '--candidate', 'live', '--project', project]);
  });

  it('says that there is nothing, and journals nothing, the second time', async () => {
    await succeed([...clean, project]);
    const before = readFileSync(join(project, 'storage_journal/journal.ndjson'), 'utf8');
    expect((await succeed([...clean, project])).stdout).toContain('0 names removed');
    const after = readFileSync(join(project, 'storage_journal/journal.ndjson'), 'utf8');
    expect(after).toBe(before);
  });

  it('is followed by a migrate that builds v1 again', async () => {
    await succeed([...clean, project]);
    expect((await sealift(['promote', '--project', project])).stderr).toContain('no candidate');
    await succeed(['migrate', '--project', project]);
    expect(existsSync(join(storeOf(project), 'v1/checksums/SHA256SUMS'))).toBe(true);
  });

  it.each<[string, (store: string) => void]>([
    ['v1 is a folder', (store) => mkdirSync(join(store, 'v1'))],
    ['v1 points elsewhere', (store) => symlinkSync('/etc', join(store, 'v1'))],
    ['v1 points to another folder of it', (store) => symlinkSync('sealed', join(store, 'v1'))],
    [
      'a latest report is a folder',
      (store) => mkdirSync(join(store, '../storage_reports/latest-scan')),
    ],
    [
      'a latest report points elsewhere',
      (store) => symlinkSync('../mapping', join(store, '../storage_reports/latest-scan')),
    ],
    ['staging is a link', (store) => symlinkSync('sealed', join(store, '.staging'))],
    ['a half-swapped link is a file', (store) => writeFileSync(join(store, '.v1.new'), 'x')],
  ])('removes nothing where %s', async (_, prepare) => {
    rmSync(join(storeOf(project), 'v1'));
    prepare(storeOf(project));
    const before = tree();
    const { code, stderr } = await sealift([...clean, project]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('nothing was removed')]);
    expect(tree()).toEqual(before);
  });

  it('does not follow a link in place of a folder of the project', async () => {
    renameSync(join(project, 'storage_reports'), join(project, 'elsewhere'));
    symlinkSync('elsewhere', join(project, 'storage_reports'));
    const before = tree();
    expect((await sealift([...clean, project])).stderr).toContain('nothing was removed');
    expect(tree()).toEqual(before);
  });

  it('waits for no migrate that is at work, and leaves its staging alone', async () => {
    const halted = startHalting(['migrate', '--project', project], /\.staging/);
    expect(await halted.reached).toBe(true);
    const { code, stderr } = await sealift([...clean, project]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('sealift migrate (process')]);
    halted.go();
    expect((await halted.ended).code).toBe(0);
  });

  it('creates nothing where there is no project', async () => {
    const empty = temporaryFolder();
    for (const folder of [empty, join(empty, 'nowhere')]) {
      const { code, stderr } = await sealift([...clean, folder]);
      expect([code, stderr]).toEqual([64, expect.stringContaining('there is no project')]);
    }
    expect(readdirSync(empty)).toEqual([]);
    rmSync(empty, { recursive: true });
  });
});

/** A candidate that prune would remove. */
function older(): string {
  const last = journal(project).entries.findLast(({ event }) => event === 'sealed');
  const kept = new Set<unknown>([template.live, template.previous, last?.['candidate']]);
  return readdirSync(join(storeOf(project), 'sealed')).find((name) => !kept.has(name)) ?? '';
}

describe('prune', () => {
  it.each<[string, string, (folder: string) => void]>([
    [
      'is empty',
      'was emptied',
      (folder) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      },
    ],
    [
      'has no seal',
      'has no list of checksums',
      (folder) => {
        chmodSync(join(folder, 'checksums'), 0o700);
        rmSync(join(folder, 'checksums/SHA256SUMS'));
      },
    ],
    [
      'holds another candidate',
      'holds a candidate of another seal id',
      (folder) => {
        rmSync(folder, { recursive: true });
        cpSync(join(folder, '..', template.live), folder, { recursive: true });
      },
    ],
  ])('names a folder that %s, and removes it only if told to', async (_, said, change) => {
    const name = older();
    const folder = join(storeOf(project), 'sealed', name);
    change(folder);
    const { notes } = await pruneHere(project);
    expect(notes.join('\n')).toContain(`not removed: ${name}, which ${said}`);
    expect(notes.join('\n')).toContain('--damaged removes them');
    expect(existsSync(folder)).toBe(true);
    await succeed(['prune', '--damaged', '--project', project]);
    expect(existsSync(folder)).toBe(false);
    expect(eventsOf(project).at(-1)).toBe('prune');
  });

  it('removes what it knows (negative control)', async () => {
    const name = older();
    expect((await pruneHere(project)).notes.join('\n')).toContain(`removed: ${name}`);
    expect(existsSync(join(storeOf(project), 'sealed', name))).toBe(false);
  });
});

describe('rm', () => {
  it('with a slash empties what is live, as root; status, verify and rollback know', async () => {
    rmSync(join(storeOf(project), 'sealed', template.live), { recursive: true });
    mkdirSync(join(storeOf(project), 'sealed', template.live));
    const status = await sealift(['status', '--project', project]);
    expect(status.stdout).toContain(`${template.live}, emptied`);
    const live = await sealift(['verify-checksums', '--candidate', 'live', '--project', project]);
    expect(live.code).toBe(2);
    await succeed(['rollback', '--project', project]);
    expect(liveOf(project)).toBe(template.previous);
  });

  it('of what was live before is known to rollback', async () => {
    rmSync(join(storeOf(project), 'sealed', template.previous), { recursive: true });
    mkdirSync(join(storeOf(project), 'sealed', template.previous));
    const { code, stderr } = await sealift(['rollback', '--project', project]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('does not verify')]);
    expect(liveOf(project)).toBe(template.live);
  });

  it('without a slash takes a link, and no candidate', async () => {
    rmSync(join(storeOf(project), 'v1'));
    await succeed(['verify-checksums', '--candidate', 'live', '--project', project]);
  });
});

describe('a command on a folder that is no project', () => {
  it.each([
    ['verify-checksums'],
    ['scan-all'],
    ['scan-pii'],
    ['scan-drift'],
    ['dry-run'],
    ['migrate'],
    ['promote'],
    ['rollback'],
    ['prune'],
    ['snapshot'],
    ['status'],
    ['determinism'],
    ['drill'],
    ['diff v1 live'],
    ['freeze --check'],
    ['freeze --who a --why b'],
    ['registry check'],
    ['registry build'],
    ['export --out OUT'],
    ['clean'],
  ])('%s creates nothing', async (command) => {
    const empty = temporaryFolder();
    const args = command.replace('OUT', join(empty, 'out')).split(' ');
    for (const folder of [empty, join(empty, 'nowhere')]) {
      await sealift([...args, '--project', folder]);
      expect(readdirSync(empty)).toEqual([]);
    }
    rmSync(empty, { recursive: true });
  });

  it('and a check that passes on a copy elsewhere has no place for its report', async () => {
    const candidate = join(storeOf(project), 'sealed', template.live);
    const nowhere = join(project, 'nowhere');
    const args = ['scan-all', '--candidate', candidate, '--project', nowhere];
    const { code, stdout, stderr } = await sealift(args);
    expect([code, stdout]).toEqual([74, expect.stringContaining('scan-all: PASS')]);
    expect(stdout).toContain('this scan is not in a journal');
    expect(stderr).toContain('no report was written: the folder of the project does not exist');
    expect(existsSync(nowhere)).toBe(false);
  });
});
