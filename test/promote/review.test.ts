/** Approvals of a candidate by other people, and what passes for one and is none. */

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { acquireLock } from '../../src/disk/lock.ts';
import type { Approval } from '../../src/journal/approval.ts';
import type { JournalMembers } from '../../src/journal/line.ts';
import { succeed } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { append, journal, liveOf } from './fixture.ts';
import {
  buildAndScan,
  freeze,
  HAS_SSH_KEYGEN,
  keyOf,
  requireApprovals,
  reviewedProject,
  signerLine,
} from '../kit/reviewers.ts';

const made: string[] = [];

afterAll(() => {
  for (const project of made) rmSync(project, { recursive: true });
});

async function fresh(required: number, signers = true): Promise<string> {
  const project = await reviewedProject(required, signers);
  made.push(project);
  return project;
}

const run = (project: string, ...args: readonly string[]): Promise<Ran> =>
  sealift([...args, '--project', project], { cwd: project });

const approveAs = (project: string, who: string, key: string): Promise<Ran> =>
  run(project, 'review', '--approve', '--who', who, '--key', keyOf(project, key));

const promoteAs = (project: string, who: string): Promise<Ran> =>
  run(project, 'promote', '--who', who);

/** The approvals of a project, by the names of their files. */
function files(project: string): string[] {
  return readdirSync(join(project, 'storage_journal/approvals')).toSorted();
}

/** The last line of the journal with this event. */
function lastOf(project: string, name: string): JournalMembers {
  const entry = journal(project).entries.findLast(({ event }) => event === name);
  if (entry === undefined) throw new Error(`the journal has no line of ${name}`);
  return entry;
}

function sign(project: string, key: string, file: string, namespace = 'sealift-approval'): void {
  const args = ['-q', '-Y', 'sign', '-n', namespace, '-f', keyOf(project, key), file];
  expect(spawnSync('ssh-keygen', args, { cwd: project }).status).toBe(0);
}

/** Accepts what was written and signed. */
const accept = (project: string, file = 'approval.json'): Promise<Ran> =>
  run(project, 'review', '--accept', file, '--signature', `${file}.sig`);

const write = (project: string, who = 'berta'): Promise<unknown> =>
  succeed(['review', '--approve', '--who', who, '--write', 'approval.json', '--project', project], {
    cwd: project,
  });

/** Puts an approval in its place by hand, with a line of the journal, as a cheat would. */
function plant(project: string, bytes: string, who: string): void {
  const folder = join(project, 'storage_journal/approvals');
  writeFileSync(join(project, 'planted'), bytes);
  const sum = spawnSync('sha256sum', [join(project, 'planted')], { encoding: 'utf8' }).stdout;
  const approval = sum.slice(0, 64);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${approval}.json`), bytes);
  const { sealId } = (JSON.parse(bytes) as Approval<'approve-candidate'>).subject;
  append(project, [{ event: 'approved', sealId, approval, signer: 'SHA256:x', who }]);
  const signature = join(project, 'planted.sig');
  try {
    copyFileSync(signature, join(folder, `${approval}.json.sig`));
  } catch {
    // It has none.
  }
}

describe.skipIf(!HAS_SSH_KEYGEN)('an approval', () => {
  let project: string;
  beforeEach(async () => {
    project = await fresh(1);
  });

  it('shows who built and scanned, and what the scan found', async () => {
    const shown = await run(project, 'review');
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toMatch(/^built by ada$/m);
    expect(shown.stdout).toMatch(/^scanned by carla: \w+, 0 BLOCKER, /m);
    expect(shown.stdout).toMatch(/^frozen by Zoe: CHG-1$/m);
    expect(shown.stdout).toMatch(/^approvals: 0, required: 1$/m);
  });

  it('that is missing is the next step of status, and no longer once it is there', async () => {
    const next = async (): Promise<string> => {
      const shown = await succeed(['status', '--project', project], { cwd: project });
      return shown.stdout.split('\n').find((line) => line.startsWith('next ')) ?? '';
    };
    const missing =
      'next       what is built needs 1 more approval by another person: sealift review';
    expect(await next()).toBe(missing);
    // One of the person who built it does not count.
    await approveAs(project, 'ada', 'ada');
    expect(await next()).toBe(missing);
    expect((await approveAs(project, 'berta', 'berta')).code).toBe(0);
    expect(await next()).toMatch(/: sealift promote/);
    expect((await promoteAs(project, 'pia')).code).toBe(0);
    expect(await next()).toBe('next       nothing, what is built is live');
  });

  it('by another person lets promote go on, which tells of it', async () => {
    const before = await promoteAs(project, 'pia');
    expect([before.code, liveOf(project)]).toEqual([1, null]);
    expect(before.stderr).toContain('requires 1 approval by another person, and none counts');
    const approved = await approveAs(project, 'berta', 'berta');
    expect(approved.code, approved.stderr).toBe(0);
    expect(approved.stdout).toMatch(/^approved by berta, key SHA256:\S{43}$/m);
    const entry = journal(project).entries.at(-1);
    expect(entry).toMatchObject({ event: 'approved', who: 'berta' });
    expect(entry?.['signer']).toMatch(/^SHA256:\S{43}$/);
    const digest = String(entry?.['approval']);
    expect(files(project)).toEqual([`${digest}.json`, `${digest}.json.sig`]);
    const live = await promoteAs(project, 'pia');
    expect(live.code, live.stderr).toBe(0);
    expect(live.stdout).toMatch(/^approved by berta, key SHA256:/m);
    const intent = journal(project).entries.find(({ event }) => event === 'promote-intended');
    expect(intent?.['approvals']).toEqual([digest]);
  });

  it('is not needed in a rehearsal, in which nothing goes live', async () => {
    const folder = join(project, 'storage_candidate/.shadow-x/project');
    const rest = ['mapping', 'storage_journal', 'legacy.db'];
    for (const name of rest) cpSync(join(project, name), join(folder, name), { recursive: true });
    const sealed = 'storage_candidate/sealed';
    cpSync(join(project, sealed), join(folder, sealed), { recursive: true });
    const [name = ''] = readdirSync(join(folder, sealed));
    // Without a drill at work, the place alone does not make it a rehearsal.
    expect((await run(folder, 'promote', name)).code).not.toBe(0);
    const holder = { command: 'drill', pid: process.pid, since: '2025-01-31T10:00:00.000Z' };
    const lock = acquireLock(dirname(folder), holder);
    const live = await run(folder, 'promote', name);
    lock.release();
    expect(live.code, live.stderr).toBe(0);
    expect(liveOf(project)).toBe(null);
  });

  it('is canonical JSON with a line feed, whose signature ssh-keygen verifies', async () => {
    await approveAs(project, 'berta', 'berta');
    const [json = '', sig = ''] = files(project).map((name) =>
      join(project, 'storage_journal/approvals', name),
    );
    const text = readFileSync(json, 'utf8');
    const names = Object.keys(JSON.parse(text) as object);
    expect(names).toEqual(names.toSorted());
    expect(text.endsWith('}\n')).toBe(true);
    const signers = join(project, 'mapping/allowed_signers');
    const args = [
      '-Y',
      'verify',
      '-f',
      signers,
      '-I',
      'berta',
      '-n',
      'sealift-approval',
      '-s',
      sig,
    ];
    expect(spawnSync('ssh-keygen', args, { input: text }).status).toBe(0);
    const other = text.replace('"berta"', '"dora"');
    expect(spawnSync('ssh-keygen', args, { input: other }).status).not.toBe(0);
  });

  it('can be signed on another machine', async () => {
    await write(project);
    sign(project, 'berta', 'approval.json');
    const accepted = await accept(project);
    expect(accepted.code, accepted.stderr).toBe(0);
    expect((await promoteAs(project, 'pia')).code).toBe(0);
  });

  it('is void after a scan with another result, and valid after one with the same', async () => {
    await approveAs(project, 'berta', 'berta');
    const { sealId, checks, verdict, counts } = lastOf(project, 'scan');
    append(project, [{ event: 'scan', sealId, checks, verdict, counts }]);
    expect((await run(project, 'promote', '--who', 'pia', '--dry-run')).code).toBe(0);
    append(project, [
      {
        event: 'scan',
        sealId,
        checks,
        verdict: 'PASS',
        counts: { BLOCKER: 0, WARNING: 0, INFO: 77 },
      },
    ]);
    const ran = await promoteAs(project, 'pia');
    expect([ran.code, liveOf(project)]).toEqual([1, null]);
    expect(ran.stderr).toContain('a later scan had another result');
  });

  it.each([
    ['ada', 'ada', 'ada built it'],
    ['A D A', 'berta', 'ada built it'],
    ['ＡＤＡ', 'berta', 'ada built it'],
    ['carla', 'berta', 'carla scanned it'],
    ['berta', 'ada', 'is that of ada, who built it'],
    ['dora', 'berta', 'is not that of dora'],
    ['emil', 'emil', 'is not one of the allowed signers'],
    ['gustav', 'gustav', 'its key has expired'],
  ])('by %s with the key of %s is refused', async (who, key, why) => {
    const before = journal(project).head;
    const ran = await approveAs(project, who, key);
    expect([ran.code, journal(project).head]).toEqual([1, before]);
    expect(ran.stderr).toContain(why);
  });

  it('by the name of who promotes does not count', async () => {
    await approveAs(project, 'berta', 'berta');
    for (const who of ['Berta', ' b e r t a', 'berta@example.org']) {
      const ran = await promoteAs(project, who);
      expect([ran.code, liveOf(project)]).toEqual([1, null]);
      expect(ran.stderr).toContain('promotes it, and no person approves their own work');
    }
  });

  it('needs a name of who promotes', async () => {
    await approveAs(project, 'berta', 'berta');
    const ran = await run(project, 'promote');
    expect([ran.code, liveOf(project)]).toEqual([64, null]);
    expect(ran.stderr).toContain('promote needs your name');
  });

  it('needs a key, where there are allowed signers', async () => {
    const ran = await run(project, 'review', '--approve', '--who', 'berta');
    expect(ran.code).toBe(64);
    expect(ran.stderr).toContain('a name alone is no approval');
  });

  it('with a signature of another namespace is refused', async () => {
    await write(project);
    sign(project, 'berta', 'approval.json', 'file');
    const ran = await accept(project);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('its signature is for another purpose');
  });

  it('with a signature over another file is refused', async () => {
    await write(project);
    writeFileSync(join(project, 'other.json'), '{}\n');
    sign(project, 'berta', 'other.json');
    copyFileSync(join(project, 'other.json.sig'), join(project, 'approval.json.sig'));
    const ran = await accept(project);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('its signature is not over this file');
  });

  it('that was edited is refused, with another layout and with another name', async () => {
    await write(project);
    sign(project, 'berta', 'approval.json');
    const path = join(project, 'approval.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('{', '{ '));
    expect((await accept(project)).stderr).toContain('is not an approval');
    writeFileSync(path, text.replace(/"time":"\d{4}/, '"time":"2001'));
    expect((await accept(project)).stderr).toContain('its signature is not over this file');
  });

  it('of another candidate is refused, also by its file', async () => {
    await write(project);
    sign(project, 'berta', 'approval.json');
    const first = readFileSync(join(project, 'approval.json'), 'utf8');
    await buildAndScan(project, 'another');
    const { sealId } = lastOf(project, 'sealed');
    const ran = await run(
      project,
      'review',
      String(sealId),
      '--accept',
      'approval.json',
      '--signature',
      'approval.json.sig',
    );
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('an approval of another candidate');
    copyFileSync(join(project, 'approval.json.sig'), join(project, 'planted.sig'));
    const { sealId: earlier } = (JSON.parse(first) as Approval<'approve-candidate'>).subject;
    plant(project, first.replace(earlier, String(sealId)), 'berta');
    const promoted = await promoteAs(project, 'pia');
    expect([promoted.code, liveOf(project)]).toEqual([1, null]);
    expect(promoted.stderr).toContain('that of berta does not count');
  });

  it('in the journal counts for nothing without its file, or with a file that was changed', async () => {
    await approveAs(project, 'berta', 'berta');
    const [json = '', sig = ''] = files(project).map((name) =>
      join(project, 'storage_journal/approvals', name),
    );
    const kept = readFileSync(json);
    appendFileSync(json, ' ');
    expect((await promoteAs(project, 'pia')).stderr).toContain(
      'its file is missing or was changed',
    );
    writeFileSync(json, kept);
    rmSync(sig);
    expect((await promoteAs(project, 'pia')).stderr).toContain('it is not signed');
    expect(liveOf(project)).toBeNull();
  });

  it('by a key that was added to the frozen signers is refused, also after another freeze', async () => {
    const signers = join(project, 'mapping/allowed_signers');
    appendFileSync(signers, signerLine(project, 'emil', 'emil'));
    const edited = await approveAs(project, 'emil', 'emil');
    expect(edited.code).toBe(64);
    expect(edited.stderr).toContain('the mapping changed since it was frozen');
    await freeze(project);
    const again = await approveAs(project, 'emil', 'emil');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('was not built with the frozen mapping and its allowed signers');
  });

  it('needs signers that are frozen', async () => {
    rmSync(join(project, 'mapping/freeze.json'));
    const ran = await approveAs(project, 'berta', 'berta');
    expect(ran.code).toBe(64);
    expect(ran.stderr).toContain('the allowed signers are not frozen');
  });

  it('is still required where the setting was taken away after the build', async () => {
    requireApprovals(project, 0);
    rmSync(join(project, 'mapping/freeze.json'));
    const ran = await promoteAs(project, 'pia');
    expect([ran.code, liveOf(project)]).toEqual([64, null]);
    await freeze(project);
    expect((await promoteAs(project, 'pia')).code).toBe(1);
    expect(liveOf(project)).toBeNull();
  });

  it('signed with a certificate is refused, which can be issued after the freeze', async () => {
    await write(project);
    const certify = ['-q', '-s', keyOf(project, 'emil'), '-I', 'x', '-n', 'berta'];
    const cwd = project;
    spawnSync('ssh-keygen', [...certify, `${keyOf(project, 'berta')}.pub`], { cwd });
    sign(project, 'berta-cert.pub', 'approval.json');
    expect((await accept(project)).stderr).toContain('it is signed with a certificate');
  });

  it('of a name that cannot be printed is refused', async () => {
    await write(project);
    const path = join(project, 'approval.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"berta"', '"ber\\u001b[31mta"'));
    sign(project, 'berta', 'approval.json');
    const ran = await accept(project);
    expect(ran.code).toBe(64);
    expect(ran.stderr).toContain('must have 1 to 128 printable characters');
  });

  it('that cannot be verified does not count, as ssh-keygen is absent', async () => {
    await approveAs(project, 'berta', 'berta');
    const env = { PATH: '/nonexistent' };
    const args = ['promote', '--who', 'pia', '--project', project];
    const ran = await sealift(args, { env });
    expect([ran.code, liveOf(project)]).toEqual([1, null]);
    expect(ran.stderr).toContain('ssh-keygen, which verifies signatures, is not installed');
    const key = ['--approve', '--who', 'dora', '--key', keyOf(project, 'dora')];
    const signing = await sealift(['review', ...key, '--project', project], { env });
    expect(signing.stderr).toContain('ssh-keygen, which signs, is not installed');
  });
});

describe.skipIf(!HAS_SSH_KEYGEN)('two approvals', () => {
  it('are by two keys and two names, neither by one key twice nor by one name', async () => {
    const project = await fresh(2);
    expect((await approveAs(project, 'berta', 'berta')).code).toBe(0);
    expect((await promoteAs(project, 'pia')).stderr).toContain('and only 1 counts');
    const twice = await approveAs(project, 'berta@example.org', 'berta');
    expect(twice.code).toBe(1);
    expect(twice.stderr).toMatch(
      /the key SHA256:\S{43} has approved this candidate already, as berta/,
    );
    expect((await approveAs(project, 'DORA DÜRR', 'dora')).code).toBe(0);
    const live = await promoteAs(project, 'pia');
    expect(live.code, live.stderr).toBe(0);
    expect(live.stdout.match(/^approved by /gm)?.length).toBe(2);
  });

  it('by one key under two names are one, where the second was put there by hand', async () => {
    const project = await fresh(2);
    await write(project, 'berta@example.org');
    sign(project, 'berta', 'approval.json');
    await approveAs(project, 'berta', 'berta');
    copyFileSync(join(project, 'approval.json.sig'), join(project, 'planted.sig'));
    plant(project, readFileSync(join(project, 'approval.json'), 'utf8'), 'berta@example.org');
    const ran = await promoteAs(project, 'pia');
    expect([ran.code, liveOf(project)]).toEqual([1, null]);
    expect(ran.stderr).toContain('those of berta and berta@example.org are signed with one key');
  });
});

describe('an approval by name only', () => {
  it('is told as not proven where none is required', async () => {
    const project = await fresh(0, false);
    const approved = await run(project, 'review', '--approve', '--who', 'berta');
    expect(approved.code, approved.stderr).toBe(0);
    expect(approved.stdout).toMatch(/^approved by berta, not proven: no key signed it$/m);
    const live = await run(project, 'promote');
    expect(live.code, live.stderr).toBe(0);
    expect(live.stdout).toMatch(/^approved by berta, not proven/m);
  });

  it('by who built it is refused', async () => {
    const project = await fresh(0, false);
    const ran = await run(project, 'review', '--approve', '--who', 'Ada');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('ada built it');
  });

  it('does not count where the project requires one', async () => {
    const project = await fresh(1, false);
    await run(project, 'review', '--approve', '--who', 'berta');
    const ran = await promoteAs(project, 'pia');
    expect([ran.code, liveOf(project)]).toEqual([1, null]);
    expect(ran.stderr).toContain('but has no keys to verify one with');
  });
});
