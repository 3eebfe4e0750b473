/** evidence build and verify: what is in the bag, and what passes for evidence and is none. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
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

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { SECRET, treeOf } from '../fault/fixture.ts';
import { succeed, workFolder } from '../kit/project.ts';
import { HAS_SSH_KEYGEN, keyOf, rebag, reviewedProject, signerLine } from '../kit/reviewers.ts';
import { sealift, type Ran } from '../kit/run.ts';

const work = workFolder('evidence');
let project = '';
let sealId = '';
let signers = '';

beforeAll(async () => {
  if (!HAS_SSH_KEYGEN) return;
  project = await reviewedProject(1);
  const key = ['--approve', '--who', 'berta', '--key', keyOf(project, 'berta')];
  await succeed(['review', ...key, '--project', project]);
  await succeed(['promote', '--who', 'pia', '--project', project]);
  const sign = ['--who', 'berta', '--key', keyOf(project, 'berta')];
  const folder = join(work, 'made');
  const built = await succeed(['evidence', 'build', folder, '--project', project, ...sign]);
  sealId = /^seal id {4}(\w+)$/m.exec(built.stdout)?.[1] ?? '';
  signers = join(work, 'signers');
  writeFileSync(signers, signerLine(project, 'berta', 'berta'));
});

afterAll(() => {
  if (project !== '') rmSync(project, { recursive: true });
});

const verify = (folder: string, ...more: readonly string[]): Promise<Ran> =>
  sealift(['evidence', 'verify', folder, ...more]);

let made = 0;
let bag = '';

beforeEach(() => {
  bag = join(work, `bag${(made += 1)}`);
  if (HAS_SSH_KEYGEN) cpSync(join(work, 'made'), bag, { recursive: true });
});

function edit(path: string, change: (text: string) => string): void {
  const file = join(bag, path);
  const text = readFileSync(file, 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(file, change(text));
}

/** Rewrites the journal from a line on, as a cheat would who has changed it. */
function rechain(change: (line: string) => string): void {
  const path = join(bag, 'data/journal/journal.ndjson');
  let prev = '0'.repeat(64);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const fresh = lines.map((line) => {
    const text = change(line).replace(/"prev":"\w+"/, `"prev":"${prev}"`);
    prev = createHash('sha256').update(`${text}\n`).digest('hex');
    return `${text}\n`;
  });
  expect(lines.map(change)).not.toEqual(lines);
  writeFileSync(path, fresh.join(''));
}

const approvalsIn = (): string[] =>
  readdirSync(join(bag, 'data/journal/approvals'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => `data/journal/approvals/${name}`);

describe.skipIf(!HAS_SSH_KEYGEN)('evidence build', () => {
  it('makes a bag that sha256sum reads, without a value of a record', () => {
    for (const name of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
      const ran = spawnSync('sha256sum', ['-c', '--strict', '--quiet', name], { cwd: bag });
      expect(ran.status, String(ran.stderr)).toBe(0);
    }
    const files = [...treeOf(bag).keys()].filter((path) => !path.includes('approvals/'));
    expect(files).toContain('data/candidate/dogs/schema.json');
    expect(files).toContain('data/candidate/mapping/allowed_signers');
    expect(files).toContain('data/reports/promote/report.html');
    expect(files.filter((path) => /data\.ndjson|lineage|ranges|blobs|merkle/.test(path))).toEqual(
      [],
    );
    const all = spawnSync('grep', ['-rl', SECRET, bag], { encoding: 'utf8' });
    expect([all.status, all.stdout]).toEqual([1, '']);
    expect(spawnSync('grep', ['-rlq', SECRET, project]).status).toBe(0);
    expect(readFileSync(join(bag, 'bag-info.txt'), 'utf8')).toContain(
      `External-Identifier: ${sealId}\n`,
    );
  });

  it('is taken for a bag by bagit.py', ({ skip }) => {
    if (spawnSync('python3', ['-c', 'import bagit']).status !== 0) {
      process.stderr.write("notice: python's bagit is not here; its verdict is skipped\n");
      skip();
    }
    const ran = spawnSync('python3', ['-m', 'bagit', '--validate', bag], { encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
  });

  it('refuses to overwrite, and what does not verify, and leaves nothing then', async () => {
    const build = ['evidence', 'build', bag, '--project', project];
    const there = await sealift(build);
    expect(there.code).toBe(64);
    expect(there.stderr).toContain('there is a file or folder of this name already');
    rmSync(bag, { recursive: true });
    const data = join(project, 'storage_candidate/v1/dogs/data.ndjson');
    const kept = readFileSync(data);
    rmSync(data);
    writeFileSync(data, kept.subarray(1));
    const changed = await sealift(build);
    rmSync(data);
    writeFileSync(data, kept);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain('the candidate does not verify');
    expect(existsSync(bag)).toBe(false);
    expect(readdirSync(work).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('names a link in place of the approvals, and follows none', async () => {
    const approvals = join(project, 'storage_journal/approvals');
    renameSync(approvals, `${approvals}-kept`);
    symlinkSync('approvals-kept', approvals);
    const ran = await sealift(['evidence', 'build', join(work, 'other'), '--project', project]);
    rmSync(approvals);
    renameSync(`${approvals}-kept`, approvals);
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringMatching(/link is in place of the approvals \(.*storage_journal\/approvals\)/),
    ]);
  });

  it('follows no link into another place', async () => {
    const target = join(work, 'linked');
    symlinkSync('/tmp', target);
    const ran = await sealift(['evidence', 'build', target, '--project', project]);
    expect(ran.code).toBe(64);
  });
});

describe.skipIf(!HAS_SSH_KEYGEN)('evidence verify', () => {
  it('passes, and says what it does not prove', async () => {
    const ran = await verify(bag);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^promoted by pia at /m);
    expect(ran.stdout).toMatch(/^approved by berta, key SHA256:/m);
    expect(ran.stdout).toMatch(/^reports about the candidate: migrate, promote, scan$/m);
    expect(ran.stdout).toContain('not proven: whose the keys are');
    const known = await verify(bag, '--expect-seal', sealId, '--allowed-signers', signers);
    expect(known.code, known.stdout).toBe(0);
    expect(known.stdout).not.toMatch(/whose the keys are|that you expect/);
  });

  it.each<[string, string, () => void]>([
    ['a byte changed', 'checksum', () => appendFileSync(join(bag, 'data/freeze.json'), ' ')],
    ['a file is missing', 'file-missing', () => rmSync(join(bag, 'data/freeze.json'))],
    ['a file more', 'file-extra', () => writeFileSync(join(bag, 'data/x'), '')],
    ['a tag file more', 'file-extra', () => writeFileSync(join(bag, 'fetch.txt'), '')],
    ['a link', 'file-extra', () => symlinkSync('/etc/passwd', join(bag, 'data/x'))],
    ['an empty folder', 'file-extra', () => mkdirSync(join(bag, 'data/x'))],
    [
      'a size that is not that of the files',
      'seal-format',
      () => edit('bag-info.txt', (text) => text.replace(/Oxum: (?=\d)/, 'Oxum: 9')),
    ],
    [
      'a dangerous name',
      'seal-format',
      () => edit('manifest-sha256.txt', (text) => text.replace('data/freeze', '../freeze')),
    ],
    ['no bag', 'seal-format', () => rmSync(join(bag, 'bagit.txt'))],
  ])('fails with %s', async (_, rule, harm) => {
    harm();
    const ran = await verify(bag);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toContain(`BLOCKER ${rule} `);
  });

  it.each<[string, string, () => void]>([
    [
      'a sealed file that was changed',
      'the file differs from the one that was sealed',
      () => edit('data/candidate/mapping/project.json', (text) => `${text} `),
    ],
    [
      'a sealed file that is gone',
      'the evidence lacks a file of the seal',
      () => rmSync(join(bag, 'data/candidate/dogs'), { recursive: true }),
    ],
    [
      'a line of the journal that was changed',
      'the journal is broken',
      () =>
        edit('data/journal/journal.ndjson', (text) => text.replace('"who":"ada"', '"who":"eve"')),
    ],
    [
      'a journal in which the reviewer built it, of which the signature knows the head',
      'promote counted this approval, but it was made for another journal',
      () => rechain((line) => line.replace('"who":"ada"', '"who":"Berta"')),
    ],
    [
      'a journal in which the reviewer promoted it',
      'promote counted this approval, but berta promotes it',
      () => rechain((line) => line.replace('"who":"pia"', '"who":"berta"')),
    ],
    [
      'a journal without the approval',
      'with 0 valid approvals of 1 that its mapping requires',
      () => rechain((line) => line.replace(/"approvals":\["\w+"\],/, '')),
    ],
    [
      'a journal in which the scan failed',
      'went live without a full scan that allowed it',
      () => rechain((line) => line.replace(/"verdict":"\w+"/, '"verdict":"FAIL"')),
    ],
    [
      'a journal in which another data root went live',
      'another data root went live than the candidate has',
      () =>
        rechain((line) =>
          line.includes('"event":"promote-intended"')
            ? line.replace(/"dataRoot":"\w+"/, `"dataRoot":"${'e'.repeat(64)}"`)
            : line,
        ),
    ],
    [
      'a journal of another candidate',
      'no line in which this candidate was sealed',
      () => rechain((line) => line.replaceAll(sealId, 'f'.repeat(64))),
    ],
    [
      'a freeze in the name of another person',
      'the freeze is not the last one of the journal',
      () => edit('data/freeze.json', (text) => text.replace('"Zoe"', '"Ada"')),
    ],
    [
      'a freeze that the journal has no line of',
      'the freeze is not the last one of the journal',
      () => rechain((line) => line.replace('"mapping-frozen"', '"mapping-looked-at"')),
    ],
    [
      'an approval that was edited',
      'its file is missing or was changed',
      () => edit(approvalsIn()[0] ?? '', (text) => text.replace('"berta"', '"dora"')),
    ],
    [
      'a signature that is gone',
      'it is not signed',
      () => rmSync(join(bag, `${approvalsIn()[0] ?? ''}.sig`)),
    ],
  ])('fails with %s, in a bag that was written anew', async (_, why, harm) => {
    harm();
    rebag(bag);
    const ran = await verify(bag);
    expect(ran.code, ran.stdout).toBe(2);
    expect(ran.stdout).toContain(why);
  });

  it('fails with keys or a seal id that are not the expected ones', async () => {
    writeFileSync(join(work, 'others'), signerLine(project, 'berta', 'emil'));
    const keys = await verify(bag, '--allowed-signers', join(work, 'others'));
    expect(keys.code).toBe(2);
    expect(keys.stdout).toContain('is not one of the allowed signers');
    const seal = await verify(bag, '--expect-seal', 'f'.repeat(64));
    expect(seal.code).toBe(2);
    expect(seal.stdout).toContain('the seal id is not the expected one');
  });

  it('warns where a report is missing, and fails without ssh-keygen', async () => {
    rmSync(join(bag, 'data/reports/scan'), { recursive: true });
    rebag(bag);
    const ran = await verify(bag);
    expect(ran.code, ran.stdout).toBe(1);
    expect(ran.stdout).toContain('WARNING evidence data/reports/scan');
    const without = await sealift(['evidence', 'verify', bag], { env: { PATH: '/nonexistent' } });
    expect(without.code).toBe(2);
    expect(without.stdout).toContain('ssh-keygen, which verifies signatures, is not installed');
  });

  it('could not run where there is no folder', async () => {
    const ran = await verify(join(work, 'nowhere'));
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('there is no folder of evidence');
  });
});
