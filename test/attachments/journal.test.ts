/** The journal of a run: what replaces or shortens it is noticed, and one that is broken hides no other. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { smallProject, TABLE, type Small } from './small.ts';

const WORK = workFolder('attachments-journal');
const FILES = { a: 'aaa', b: 'bbb' };

function journalOf({ project }: Small, run: string): string {
  return join(project, 'storage_attachments', run, 'journal.ndjson');
}

/** Two runs, of which the journal of the second is the longer one. */
async function twoRuns(name: string): Promise<Small> {
  const sql = `${TABLE}INSERT INTO file VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'b', NULL);`;
  const small = smallProject(join(WORK, name), FILES, sql);
  await small.run('migrate', '--run', 'first', '--limit', '1', '--concurrency', '1');
  await small.run('migrate', '--run', 'second');
  return small;
}

function cutLastLine(path: string): void {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -2);
  writeFileSync(path, `${lines.join('\n')}\n`);
}

describe('the journal of another run, put in the place of one', () => {
  it.each(['migrate', 'verify', 'rollback', 'rollback --dry-run', 'purge', 'prune', 'status'])(
    'is refused by %s',
    async (command) => {
      const small = await twoRuns(command.replaceAll(' ', ''));
      const before = small.rows();
      copyFileSync(journalOf(small, 'second'), journalOf(small, 'first'));
      const run = command === 'status' ? [] : ['--run', 'first'];
      const { code, stderr } = await small.run(...(command.split(' ') as [string]), ...run);
      expect(code).toBe(command === 'verify' ? 2 : 1);
      expect(stderr).toContain('not the one that the journal of the project knows of');
      expect(small.rows()).toEqual(before);
    },
  );
});

describe('a run that failed after it had moved rows', () => {
  it('has its last line noted, so that it cannot be cut off unseen', async () => {
    const sql = `${TABLE}INSERT INTO file VALUES (1, 'a', NULL);
      CREATE TRIGGER mirror AFTER UPDATE ON file
      BEGIN INSERT INTO file VALUES (2, 'b', ''); END;`;
    const small = smallProject(join(WORK, 'failed'), FILES, sql);
    expect((await small.run('migrate')).code).toBe(1);
    cutLastLine(journalOf(small, 'run-local'));
    const { code, stderr } = await small.run('verify');
    expect([code, stderr]).toEqual([2, expect.stringContaining('has lost lines')]);
  });
});

describe('status', () => {
  it('lists a run that could move nothing', async () => {
    const sql = `${TABLE}INSERT INTO file VALUES (1, 'lost', NULL);`;
    const small = smallProject(join(WORK, 'nothing'), {}, sql);
    await small.run('migrate');
    const { code, stdout } = await small.run('status');
    expect([code, stdout]).toEqual([0, expect.stringContaining('run run-local: 0 files moved')]);
  });

  it('names a run whose journal is broken, and lists the others', async () => {
    const small = await twoRuns('broken');
    cutLastLine(journalOf(small, 'first'));
    const { code, stdout, stderr } = await small.run('status');
    expect([code, stderr]).toEqual([1, expect.stringContaining('has lost lines')]);
    expect(stdout).toContain('run first: its journal cannot be relied on');
    expect(stdout).toContain('run second: 2 files moved');
  });
});
