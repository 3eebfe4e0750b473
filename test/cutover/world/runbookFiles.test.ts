/** Files of a runbook are read from its folder, and from nowhere else. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { filesOf } from '../../../src/cutover/world/runbookFiles.ts';
import { Failure } from '../../../src/outcome/failure.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'sealift-files-')));
const folder = join(root, 'runbook');
const files = filesOf(folder);

beforeAll(() => {
  mkdirSync(join(folder, 'sql', 'inner.sql'), { recursive: true });
  for (const name of [
    '025b.sql',
    '025.sql',
    '025a.sql',
    '026.sql',
    '.025.sql',
    'a025.sql',
    '025ä.sql',
  ]) {
    writeFileSync(join(folder, 'sql', name), name);
  }
  writeFileSync(join(root, 'outside'), 'a secret');
  symlinkSync('../outside', join(folder, 'link'));
  symlinkSync('..', join(folder, 'up'));
  symlinkSync('sql', join(folder, 'same'));
  symlinkSync('025.sql', join(folder, 'sql', '025link.sql'));
  symlinkSync('circle', join(folder, 'circle'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});
afterAll(() => rmSync(root, { recursive: true }));

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.line();
    throw error;
  }
  return 'none';
}

describe('a file of a runbook', () => {
  it('is read, also over a link that stays in the folder', () => {
    expect(files.read('sql/025.sql', 100)?.toString()).toBe('025.sql');
    expect(files.read('same/025.sql', 100)?.toString()).toBe('025.sql');
    expect(files.place('sql/none')).toBe(join(folder, 'sql/none'));
  });

  it('that is not there is null', () => {
    expect(files.read('sql/none', 100)).toBeNull();
    expect(files.read('none/none', 100)).toBeNull();
  });

  it.each(['../outside', '/etc/passwd', 'sql/../../outside', 'link', 'up/outside', 'up', 'a\0b'])(
    '%j is refused, as it is outside',
    (path) => {
      expect(failure(() => files.read(path, 100))).toContain('has to stay in the folder');
      expect(failure(() => files.place(path))).toContain('has to stay in the folder');
    },
  );

  it('that is too long, or no ordinary file, is told', () => {
    expect(failure(() => files.read('sql/025.sql', 6))).toContain('has more than 6 B');
    expect(files.read('sql/025.sql', 7)).toHaveLength(7);
    expect(failure(() => files.read('pipe', 100))).toContain('no ordinary file');
    expect(failure(() => files.read('sql', 100))).toContain('no ordinary file');
    expect(failure(() => files.read('circle', 100))).toContain('cannot open it');
    expect(failure(() => files.read('x'.repeat(300), 100))).toContain('cannot open it');
  });
});

describe('a pattern', () => {
  it.each([
    ['sql/025*.sql', ['025.sql', '025a.sql', '025b.sql', '025ä.sql']],
    ['sql/*5a*l', ['025a.sql']],
    ['sql/*', ['025.sql', '025a.sql', '025b.sql', '025ä.sql', '026.sql', 'a025.sql']],
    ['sql/.*', ['.025.sql']],
    ['sql/025.sql', ['025.sql']],
    ['sql/025.sq*l.sql', []],
    ['sql/[0-9]*', []],
    ['none/*', []],
  ])('%s matches ordinary files, ascending', (pattern, names) => {
    expect(files.matching(pattern)).toEqual(names.map((name) => `sql/${name}`));
  });

  it('has its asterisk in the last part, and stays in the folder', () => {
    expect(failure(() => files.matching('*/025.sql'))).toContain('in its last part only');
    expect(failure(() => files.matching('../*'))).toContain('has to stay in the folder');
    expect(failure(() => files.matching('/etc/*'))).toContain('has to stay in the folder');
    expect(failure(() => files.matching('up/*'))).toContain('has to stay in the folder');
  });

  it('with many asterisks takes no time', () => {
    writeFileSync(join(folder, 'a'.repeat(200)), '');
    expect(files.matching(`${'*a'.repeat(150)}b`)).toEqual([]);
    expect(files.matching('*a'.repeat(150))).toHaveLength(1);
  });
});
