/** What the commands of attachments say is so: no claim of all where there is more, no advice in vain. */

import { chmodSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';

const ROOT = workFolder('attachments-said');

/** A project with the files a.txt, b.txt and so on; rows of more names have none. */
function projectOf(name: string, files: readonly string[], missing: readonly string[]): string {
  const project = join(ROOT, name);
  for (const folder of ['mapping', 'uploads'])
    mkdirSync(join(project, folder), { recursive: true });
  const database = new Database(join(project, 'app.db'));
  database.exec('CREATE TABLE file (id INTEGER PRIMARY KEY, path TEXT, storage_key TEXT)');
  const insert = database.prepare('INSERT INTO file (path) VALUES (?)');
  for (const path of [...missing, ...files]) insert.run(path);
  database.close();
  for (const path of files) writeFileSync(join(project, 'uploads', path), path);
  const table = { table: 'file', id: 'id', path: 'path', key: 'storage_key' };
  const places = { database: 'sqlite:app.db', root: 'uploads', store: 'folder:objects' };
  const declared = { format: 1, ...places, tables: [table] };
  writeFileSync(join(project, 'mapping/attachments.json'), JSON.stringify(declared));
  return project;
}

function run(project: string, name: string, ...more: readonly string[]): Promise<Ran> {
  return sealift(['attachments', name, '--project', project, ...more]);
}

/** Changes the bytes of the object of the first row. */
function harm(project: string): void {
  const [object = ''] = globSync('objects/file/1/*', { cwd: project });
  chmodSync(join(project, object), 0o600);
  writeFileSync(join(project, object), 'A.TXT');
}

describe('a run that could not move all', () => {
  it('says that all others were moved where that is so', async () => {
    const project = projectOf('all', ['a.txt', 'b.txt'], ['lost.txt']);
    const { code, stderr } = await run(project, 'migrate');
    expect(code).toBe(1);
    expect(stderr).toContain('1 file could not be moved; all others were');
    expect(stderr).toContain('attachments: 3 files, 1 failed');
  });

  it('does not say so where a limit has left some', async () => {
    const project = projectOf('limit', ['a.txt', 'b.txt'], ['lost.txt']);
    const limits = ['--limit', '1', '--concurrency', '1'];
    const { stdout, stderr } = await run(project, 'migrate', ...limits);
    expect(stderr).toContain('1 file could not be moved (');
    expect(stderr).not.toContain('all others');
    expect(stdout).toContain('1 more row is on disk: run it again');
  });

  it('names the places of the rows, in numbers that add up', async () => {
    const project = projectOf('places', ['a.txt', 'b.txt'], ['lost.txt']);
    const { stdout } = await run(project, 'migrate', '--json');
    const { places } = JSON.parse(stdout) as { places: { name: string; rows: number }[] };
    expect(places.map(({ name, rows }) => [name, rows])).toEqual([
      ['moved and read back', 2],
      ['cannot move', 1],
      ['left on disk', 0],
    ]);
  });
});

describe('the advice for an object that is wrong', () => {
  it('is to roll back while the file is on disk', async () => {
    const project = projectOf('there', ['a.txt'], []);
    await run(project, 'migrate');
    harm(project);
    const { code, stdout } = await run(project, 'verify');
    expect([code, stdout]).toEqual([2, expect.stringContaining('roll the row back')]);
  });

  it('is to restore the object when the file was purged', async () => {
    const project = projectOf('purged', ['a.txt'], []);
    await run(project, 'migrate');
    expect((await run(project, 'purge', '--run', 'run-local')).code).toBe(0);
    harm(project);
    const { stdout } = await run(project, 'verify');
    expect(stdout).toContain('restore the object, as its file was purged from disk');
    expect(stdout).not.toContain('roll the row back');
  });
});
