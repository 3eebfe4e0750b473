/**
 * A user who may not read a project, or not write to it: each command says so in one line, and takes
 * nothing that it may not look at for something that is not there.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
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
