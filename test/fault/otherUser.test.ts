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
import { canRunAsOther, OTHER, wrap } from './anotherUser.ts';
import { migrateHere, newProject } from './fixture.ts';
import { promoteHere, scanHere } from '../promote/fixture.ts';

const ABLE = canRunAsOther();

let project: string;
let temporary: string;

/** What is run as a process of that user. The others are run here, with that user's rights. */
const APART = isLong('every command of another user is a process')
  ? /./
  : /^(verify-checksums|promote)$/;

function run(...args: string[]): Promise<Ran> {
  const all = args.includes('--project') ? args : [...args, '--project', project];
  const env = { TMPDIR: temporary };
  if (APART.test(args[0] ?? '')) return sealift(all, { process: true, wrap, env });
  return asOther(() => sealift(all, { env }));
}

/** Does something with the rights of the other user. */
async function asOther<T>(act: () => Promise<T>): Promise<T> {
  if (wrap.length === 0) return act();
  const [groups, user, group] = [
    process.getgroups?.() ?? [],
    process.geteuid?.(),
    process.getegid?.(),
  ];
  process.setgroups?.([]);
  process.setegid?.(OTHER);
  process.seteuid?.(OTHER);
  try {
    return await act();
  } finally {
    process.seteuid?.(user ?? 0);
    process.setegid?.(group ?? 0);
    process.setgroups?.(groups);
  }
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

describe.skipIf(!ABLE)('a user who may not read', () => {
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
      const { stderr } = await run('init', '--source', source, '--project', join(temporary, 'new'));
      expect(stderr).toContain(CLOSED);
    }
  });
});

describe.skipIf(!ABLE)('a user who may read, but not write', () => {
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

describe.skipIf(!ABLE)('a user who is not root, in a project of their own', () => {
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
