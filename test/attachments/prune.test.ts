/** What prune removes: no object that a row has, or could need again. */

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { acquireLock } from '../../src/disk/lock.ts';
import { workFolder } from '../kit/project.ts';
import { smallProject, TABLE, type Small } from './small.ts';

const WORK = workFolder('attachments-prune');

function projectOf(name: string, rows: string): Small {
  const sql = `${TABLE}INSERT INTO file VALUES ${rows};`;
  return smallProject(join(WORK, name), { a: 'aaa' }, sql);
}

function isStored({ project }: Small, key: string | null): boolean {
  return key !== null && existsSync(join(project, 'objects', key));
}

describe('an object that a row of another run has as its key', () => {
  it('stays, where the two ids are the same text', async () => {
    const small = projectOf('ids', "(42, 'a', NULL), ('42', 'a', NULL)");
    await small.run('migrate', '--run', 'first', '--limit', '1', '--concurrency', '1');
    await small.run('migrate', '--run', 'second');
    expect(small.keyOf(42)).toBe(small.keyOf('42'));
    await small.run('rollback', '--run', 'first');
    expect(await small.said('prune', '--run', 'first')).toMatchObject({
      code: 0,
      facts: { removed: 0, kept: 1 },
    });
    expect(isStored(small, small.keyOf('42'))).toBe(true);
  });

  it('stays, where a disk takes their keys for one', async () => {
    const small = projectOf('case', "('a', 'a', NULL), ('A', 'a', NULL)");
    await small.run('migrate', '--run', 'first', '--limit', '1', '--concurrency', '1');
    await small.run('migrate', '--run', 'second');
    await small.run('rollback', '--run', 'first');
    const { facts } = await small.said('prune', '--run', 'first');
    expect(facts).toMatchObject({ removed: 0, kept: 1 });
  });

  it('stays, where the row with the key was never moved', async () => {
    const small = projectOf('copied', "(1, 'a', NULL)");
    await small.run('migrate');
    small.sql('INSERT INTO file SELECT 2, NULL, storage_key FROM file');
    await small.run('rollback');
    expect((await small.said('prune')).facts).toMatchObject({ removed: 0, kept: 1 });
    expect(isStored(small, small.keyOf(2))).toBe(true);
  });
});

describe('the object of a row that is on disk again', () => {
  it('is removed while the file has its bytes', async () => {
    const small = projectOf('back', "(1, 'a', NULL)");
    await small.run('migrate');
    await small.run('rollback');
    expect((await small.said('prune')).facts).toMatchObject({ removed: 1, kept: 0 });
  });

  it('stays if the file was purged and the application has cleared the key', async () => {
    const small = projectOf('cleared', "(1, 'a', NULL)");
    await small.run('migrate');
    const key = small.keyOf(1);
    await small.run('purge', '--run', 'run-local');
    small.sql('UPDATE file SET storage_key = NULL');
    expect((await small.said('prune')).facts).toMatchObject({ removed: 0, kept: 1 });
    expect(isStored(small, key)).toBe(true);
  });

  it.each([
    ['was lost', (path: string) => rmSync(path)],
    ['was changed', (path: string) => writeFileSync(path, 'aab')],
  ])('stays if the file %s since', async (what, harm) => {
    const small = projectOf(what.replace(' ', '-'), "(1, 'a', NULL)");
    await small.run('migrate');
    await small.run('rollback');
    harm(join(small.project, 'uploads/a'));
    expect((await small.said('prune')).facts).toMatchObject({ removed: 0, kept: 1 });
  });

  it('is removed if the row is gone', async () => {
    const small = projectOf('gone', "(1, 'a', NULL), (2, 'b', NULL)");
    await small.run('migrate');
    small.sql('DELETE FROM file WHERE id = 1');
    expect((await small.said('prune')).facts).toMatchObject({ removed: 1, kept: 0 });
  });
});

describe('beside another run', () => {
  it.each(['prune', 'purge'])('%s does not begin', async (name) => {
    const small = projectOf(`beside-${name}`, "(1, 'a', NULL)");
    await small.run('migrate', '--run', 'first');
    await small.run('migrate', '--run', 'second');
    const folder = join(small.project, 'storage_attachments/second');
    const since = '2026-01-01T00:00:00.000Z';
    const lock = acquireLock(folder, { command: 'attachments migrate', pid: 1, since });
    const { code, stderr } = await small.run(name, '--run', 'first');
    lock.release();
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(' (process 1, since 2026-01-01T00:00:00.000Z) is at work'),
    ]);
    expect((await small.run(name, '--run', 'first')).code).toBe(0);
  });

  it('another run does not begin while it is at work', async () => {
    const small = projectOf('alone', "(1, 'a', NULL)");
    await small.run('migrate', '--run', 'first');
    const since = '2026-01-01T00:00:00.000Z';
    const folder = join(small.project, 'storage_attachments');
    const lock = acquireLock(folder, { command: 'attachments prune', pid: 1, since });
    const { code, stderr } = await small.run('migrate', '--run', 'second');
    lock.release();
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(' (process 1, since 2026-01-01T00:00:00.000Z) is at work'),
    ]);
  });
});
