/** A snapshot keeps a way back: it is verified alone, and puts back what is lost or damaged. */

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { temporaryFolder, treeOf } from '../fault/fixture.ts';
import { digestsOf, succeed } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { append, eventsOf, journal, liveOf, storeOf } from '../promote/fixture.ts';
import { cutOver, restore, snapshotOf, type Cutover } from './fixture.ts';

let template: Cutover;
/** A snapshot of the template, outside of it. */
let kept: string;
let folder: string;
let project: string;

beforeAll(async () => {
  template = await cutOver();
  const file = await snapshotOf(template.project);
  folder = temporaryFolder();
  kept = join(folder, 'kept.tar');
  copyFileSync(file, kept);
});

afterAll(() => {
  rmSync(template.project, { recursive: true });
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  project = temporaryFolder();
  cpSync(template.project, project, { recursive: true, verbatimSymlinks: true });
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

const LOCKS = ['storage_candidate/.lock', 'storage_journal/.lock', 'storage_snapshots'];

/** Everything but locks, the journal and what is kept aside. */
function state(): Map<string, string> {
  return treeOf(project, [...LOCKS, 'storage_journal/journal.ndjson', 'storage_candidate/.trash']);
}

function candidate(name: string): string {
  return join(storeOf(project), 'sealed', name);
}

/** Changes a byte of a sealed file, which nothing may do. */
function damage(file: string): void {
  chmodSync(file, 0o600);
  appendFileSync(file, 'x');
}

async function putsBack(...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await restore(project, kept, ...options);
  expect([code, stderr.replaceAll(/^checksums: .*\n/gm, '')]).toEqual([0, '']);
  return stdout;
}

describe('a snapshot', () => {
  it('holds candidates, mapping and journal, and is verified from the archive alone', async () => {
    const unpacked = join(folder, 'unpacked');
    execFileSync('sh', ['-c', `mkdir ${unpacked} && tar -C ${unpacked} -xf ${kept}`]);
    execFileSync('sha256sum', ['-c', '--strict', '--quiet', 'SHA256SUMS'], { cwd: unpacked });
    const { live, previous } = template;
    expect(readdirSync(join(unpacked, 'candidates'))).toEqual([live, previous].sort());
    expect(digestsOf(join(unpacked, 'mapping'))).toEqual(digestsOf(join(project, 'mapping')));
    expect(existsSync(join(unpacked, 'mapping/freeze.json'))).toBe(true);
    const { stdout, code } = await sealift(['snapshot', 'verify', kept]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('internally consistent only')]);
  });

  it('is journaled with its digest, which is in its name, too', async () => {
    const [name = ''] = readdirSync(join(project, 'storage_snapshots'));
    const last = journal(project).entries.at(-1);
    expect(last).toMatchObject({ event: 'snapshot', who: 'ada', head: last?.prev });
    expect(name).toContain(String(last?.['snapshot']));
    const args = ['snapshot', 'verify', kept, '--expect', String(last?.['snapshot'])];
    expect((await sealift(args)).stdout).toContain('the SHA-256 is the expected one');
  });

  it('has the same bytes wherever and whenever it is made', async () => {
    const lines = readFileSync(join(project, 'storage_journal/journal.ndjson'));
    const make = async (file: string): Promise<Buffer> => {
      writeFileSync(join(project, 'storage_journal/journal.ndjson'), lines);
      await succeed(['snapshot', '--out', join(project, file), '--project', project]);
      return readFileSync(join(project, file));
    };
    expect((await make('a.tar')).equals(await make('b.tar'))).toBe(true);
  });

  it('overwrites nothing, and leaves nothing where it fails', async () => {
    writeFileSync(join(project, 'there.tar'), 'kept');
    const before = state();
    const args = ['snapshot', '--project', project, '--out'];
    const there = await sealift([...args, join(project, 'there.tar')]);
    expect([there.code, there.stderr]).toEqual([1, expect.stringContaining('exists already')]);
    const nowhere = await sealift([...args, join(project, 'nowhere/a.tar')]);
    expect([nowhere.code, nowhere.stderr]).toEqual([64, expect.stringContaining('not exist')]);
    expect(state()).toEqual(before);
  });

  it('is not made of a candidate that does not verify, which it names', async () => {
    damage(join(candidate(template.previous), 'owners/data.ndjson'));
    const before = readdirSync(join(project, 'storage_snapshots'));
    const { code, stderr } = await sealift(['snapshot', '--project', project]);
    expect(code).toBe(1);
    expect(stderr).toContain(template.previous);
    expect(readdirSync(join(project, 'storage_snapshots'))).toEqual(before);
    rmSync(candidate(template.previous), { recursive: true });
    const missing = await sealift(['snapshot', '--project', project]);
    expect(missing.stderr).toContain(`a candidate to keep is missing`);
  });
});

/** What snapshot says of the project. */
async function made(): Promise<string> {
  return (await succeed(['snapshot', '--project', project])).stdout;
}

describe('a snapshot of a project with a damage that it keeps', () => {
  it('says nothing of a project without one (negative control)', async () => {
    expect(await made()).not.toMatch(/kept as it is|not in the snapshot|freeze/);
  });

  it('says that the mapping is not as it was frozen', async () => {
    appendFileSync(join(project, 'mapping/project.json'), ' ');
    expect(await made()).toContain('kept as it is: the mapping changed since it was frozen');
    rmSync(join(project, 'mapping/freeze.json'));
    expect(await made()).toContain('the journal records a freeze, but mapping/freeze.json is');
  });

  it('names an approval whose file is missing', async () => {
    const [sealId, approval] = [template.live, 'f'.repeat(64)];
    append(project, [{ event: 'approved', sealId, approval, signer: null }]);
    expect(await made()).toContain(`not in the snapshot: approval ${approval}, whose file is`);
  });
});

describe('a restore', () => {
  it('changes nothing where nothing is missing', async () => {
    const before = treeOf(project, LOCKS);
    expect(await putsBack()).toContain('nothing that the snapshot has is missing or damaged');
    expect(treeOf(project, LOCKS)).toEqual(before);
  });

  it('puts back a damaged candidate, and keeps the damaged one', async () => {
    const before = state();
    damage(join(candidate(template.previous), 'owners/data.ndjson'));
    const said = await putsBack('--dry-run');
    expect(said).toContain(`candidate ${template.previous} was damaged`);
    expect(state()).not.toEqual(before);
    await putsBack('--who', 'ada');
    expect(state()).toEqual(before);
    expect(readdirSync(join(storeOf(project), '.trash'))).toEqual([template.previous]);
    expect(journal(project).entries.at(-1)).toMatchObject({ event: 'restored', who: 'ada' });
    await succeed(['rollback', '--project', project]);
    expect(liveOf(project)).toBe(template.previous);
  });

  it('puts back a deleted storage_candidate, with its links', async () => {
    const before = state();
    rmSync(storeOf(project), { recursive: true });
    rmSync(join(project, 'storage_live'));
    const { stdout } = await sealift(['status', '--project', project]);
    expect(stdout).toContain('sealift snapshot restore');
    await putsBack();
    expect(state()).toEqual(before);
    await succeed(['verify-checksums', '--candidate', 'live', '--project', project]);
  });

  it('puts back a lost mapping, and a lost file of it', async () => {
    const before = state();
    rmSync(join(project, 'mapping'), { recursive: true });
    await putsBack();
    expect(state()).toEqual(before);
    rmSync(join(project, 'mapping/freeze.json'));
    await putsBack();
    expect(state()).toEqual(before);
  });

  it('replaces a changed mapping only if told to, and keeps the changed one', async () => {
    const before = state();
    appendFileSync(join(project, 'mapping/project.json'), '\n');
    writeFileSync(join(project, 'mapping/modules/extra.json'), '{}');
    const changed = state();
    const refused = await restore(project, kept);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('differ from the snapshot');
    expect(refused.stderr).toContain('--replace');
    expect(state()).toEqual(changed);
    expect(await putsBack('--keep-mapping')).toContain('that differ were left');
    expect(state()).toEqual(changed);
    expect(await putsBack('--replace')).toContain('storage_snapshots/replaced-1');
    expect(state()).toEqual(before);
    const aside = join(project, 'storage_snapshots/replaced-1/mapping');
    expect([...digestsOf(aside).keys()]).toEqual(['modules/extra.json', 'project.json']);
    await succeed(['freeze', '--check', '--project', project]);
  });

  it('never shortens a journal that contains the head of the snapshot', async () => {
    await succeed(['scan-all', '--project', project]);
    const before = readFileSync(join(project, 'storage_journal/journal.ndjson'));
    rmSync(candidate(template.previous), { recursive: true });
    await putsBack();
    const after = readFileSync(join(project, 'storage_journal/journal.ndjson'));
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    expect(eventsOf(project).at(-1)).toBe('restored');
  });

  it.each([
    ['missing', '', 'was missing'],
    ['cut', 'head -n 2', 'were missing at the end'],
  ])('puts back a journal that is %s', async (_, filter, said) => {
    const file = join(project, 'storage_journal/journal.ndjson');
    const lines = readFileSync(file);
    if (filter === '') rmSync(file);
    else writeFileSync(file, execFileSync('sh', ['-c', `${filter} < ${file}`]));
    expect(await putsBack()).toContain(said);
    const after = readFileSync(file);
    const whole = lines.subarray(0, lines.lastIndexOf('{"at"') - 0);
    expect(after.subarray(0, whole.length).equals(whole)).toBe(true);
    expect(eventsOf(project).at(-1)).toBe('restored');
    await succeed(['status', '--project', project]);
  });

  it.each([
    ['broken', 'the journal of the project is broken'],
    ['of another project', 'the journal of the project is not the one in the snapshot'],
  ])('replaces a journal that is %s only if told to, and keeps it', async (kind, said) => {
    const file = join(project, 'storage_journal/journal.ndjson');
    const lines = readFileSync(file, 'utf8').split('\n');
    rmSync(file);
    if (kind === 'broken') writeFileSync(file, `${lines[0]}\n${lines[2]}\n`);
    else await sealift(['migrate', '--project', project]);
    const bytes = readFileSync(file);
    const { code, stderr } = await restore(project, kept);
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    await putsBack('--replace');
    const aside = join(project, 'storage_snapshots/replaced-1/storage_journal/journal.ndjson');
    expect(readFileSync(aside).equals(bytes)).toBe(true);
    await succeed(['status', '--project', project]);
  });

  it('makes a whole project of an empty folder', async () => {
    const fresh = temporaryFolder();
    const { code } = await restore(fresh, kept);
    expect(code).toBe(0);
    expect(liveOf(fresh)).toBe(template.live);
    await succeed(['verify-checksums', '--project', fresh]);
    await succeed(['freeze', '--check', '--project', fresh]);
    await succeed(['rollback', '--project', fresh]);
    rmSync(fresh, { recursive: true });
  });
});
