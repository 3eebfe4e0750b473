/**
 * A user who may not read a project, or not write to it: each command says so in one line, and takes
 * nothing that it may not look at for something that is not there.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { isLong } from '../kit/long.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { migrateHere, newProject } from './fixture.ts';
import { promoteHere, scanHere } from '../promote/fixture.ts';

/** Root may read everything, so that it has to become somebody else. */
const NOBODY: readonly string[] = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const wrap = process.getuid?.() === 0 ? NOBODY : [];

let project: string;
let temporary: string;

function run(...args: string[]): Promise<Ran> {
  const where = args[0] === 'completion' ? [] : ['--project', project];
  return sealift([...args, ...where], { process: true, wrap, env: { TMPDIR: temporary } });
}

/** Whether another user can run what is checked out here. */
function canRun(): boolean {
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
  const all = [...wrap, process.execPath, main, '--version'];
  const [command = '', ...args] = all;
  if (spawnSync(command, args, { cwd: '/' }).status === 0) return true;
  process.stderr.write('notice: no other user can run this here; tests of that are skipped\n');
  return false;
}

beforeAll(async () => {
  project = await newProject(5);
  await migrateHere(project);
  await scanHere(project);
  await promoteHere(project);
  chmodSync(project, 0o755);
  temporary = join(project, 'temporary');
  mkdirSync(temporary);
  chmodSync(temporary, 0o777);
});

afterEach(() => {
  chmodSync(project, 0o755);
  for (const folder of ['mapping', 'storage_journal', 'storage_candidate']) {
    chmodSync(join(project, folder), 0o755);
  }
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

const CLOSED = 'this user has no permission to read it';

describe.skipIf(!canRun())('a user who may not read', () => {
  it.each([
    [0o000, '.', ['status', 'verify-checksums', 'migrate']],
    [0o000, 'storage_candidate', ['status', 'verify-checksums', 'scan-all', 'diff v1 live']],
    [0o000, 'storage_journal', ['status', 'scan-all --candidate live']],
    [0o000, 'mapping', ['migrate', 'freeze --check', 'registry check']],
  ])('with %o on %s is told so by each command', async (mode, folder, commands) => {
    chmodSync(join(project, folder), mode);
    for (const command of commands) {
      const { code, stderr } = await run(...command.split(' '));
      expect(stderr.trimEnd().split('\n').at(-1), command).toContain(CLOSED);
      expect([1, 2], command).toContain(code);
      expect(stderr, command).not.toMatch(/defect|there is no|never frozen|\/proc\//);
    }
  });

  it('a source is told that, too, and not that it is not there', async () => {
    const folder = join(project, 'closed');
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o000);
    for (const scheme of ['sqlite', 'csv']) {
      const source = `${scheme}:${join(folder, 'legacy.db')}`;
      const args = ['init', '--source', source, '--project', join(temporary, 'new')];
      const { stderr } = await sealift(args, { process: true, wrap, env: { TMPDIR: temporary } });
      expect(stderr).toContain(CLOSED);
    }
  });
});

describe.skipIf(!canRun())('a user who may read, but not write', () => {
  it('sees where the project stands, and that its candidate is whole; builds nothing', async () => {
    execFileSync('chmod', ['-R', 'a+rX,a-w', project]);
    chmodSync(temporary, 0o777);
    const status = await run('status');
    expect([status.code, status.stderr]).toEqual([0, '']);
    const verified = await run('verify-checksums');
    expect(verified.code).toBe(74);
    expect(verified.stdout).toContain('verify-checksums: PASS');
    expect(verified.stderr).toContain('no report was written: the folder cannot be written');
    for (const command of ['migrate', 'promote', 'rollback', 'prune', 'freeze --who a --why b']) {
      const { code, stderr } = await run(...command.split(' '));
      expect([code, stderr], command).toEqual([1, expect.stringContaining('cannot be written')]);
      expect(stderr, command).not.toContain('defect');
    }
    execFileSync('chmod', ['-R', 'u+w', project]);
  });
});

describe.skipIf(!canRun())('a user who is not root, in a project of their own', () => {
  let own: string;

  beforeAll(() => {
    own = join(temporary, 'own');
    mkdirSync(own);
    execFileSync('cp', ['-r', join(project, 'mapping'), join(project, 'legacy.db'), own]);
    execFileSync('chmod', ['-R', 'a+rwX', own]);
  });

  /** Runs a command as that user, which has to succeed. */
  async function works(...args: string[]): Promise<void> {
    const env = { TMPDIR: temporary };
    const ran = await sealift([...args, '--project', own], { process: true, wrap, env });
    expect([ran.code, ran.stderr.split('\n').at(-2) ?? ''], args[0]).toEqual([
      0,
      expect.not.stringContaining('sealift'),
    ]);
  }

  /** Runs a program of the system as that user. */
  function shell(script: string): number | null {
    const [command, ...args] = [...wrap, 'sh', '-c', script];
    return spawnSync(command, args, { cwd: own }).status;
  }

  it('cannot change or empty what is sealed by accident', async () => {
    await works('migrate');
    await works('scan-all');
    await works('promote');
    expect(shell('rm -rf storage_candidate/v1/')).not.toBe(0);
    expect(shell('rm -rf storage_live/')).not.toBe(0);
    expect(shell('echo x >> storage_live/owners/data.ndjson')).not.toBe(0);
    expect(shell('touch storage_live/owners/new')).not.toBe(0);
    await works('verify-checksums', '--candidate', 'live');
  });

  it('goes on with every command that moves, copies or removes candidates', async () => {
    const env = { MIGRATE_RUN_ID: 'two', TMPDIR: temporary };
    const built = await sealift(['migrate', '--project', own], { process: true, wrap, env });
    expect(built.code).toBe(0);
    await works('snapshot', '--out', join(own, 'kept.tar'));
    await works('migrate');
    await works('export', '--out', join(own, 'copy'));
    expect(shell('rm -r copy')).toBe(0);
    await works('diff', 'v1', 'live');
    await works('clean');
    await works('prune');
    expect(readdirSync(join(own, 'storage_candidate/sealed'))).toHaveLength(2);
    expect(readdirSync(join(own, 'storage_candidate')).sort()).toEqual(['.lock', 'sealed']);
    expect(shell('chmod -R u+w storage_candidate && rm -r storage_candidate storage_live')).toBe(0);
    await works('snapshot', 'restore', join(own, 'kept.tar'));
    await works('verify-checksums', '--candidate', 'live');
    // A damaged one is read-only, too, and is moved aside all the same.
    expect(
      shell(
        'chmod u+w storage_live/owners/data.ndjson; echo >> storage_live/owners/data.ndjson; chmod a-w storage_live/owners/data.ndjson',
      ),
    ).toBe(0);
    await works('snapshot', 'restore', join(own, 'kept.tar'));
    await works('verify-checksums', '--candidate', 'live');
    if (!isLong('drill of another user')) return;
    await works('determinism', '--sample', '3');
    await works('drill', '--module', 'owners');
  });
});
