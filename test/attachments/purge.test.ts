/** What purge removes: no file that any row still needs, and nothing that stands in its place. */

import {
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canRunAsOther, OTHER, wrap } from '../fault/anotherUser.ts';
import { workFolder } from '../kit/project.ts';
import { attachments, reasonsOf } from './project.ts';
import { smallProject, TABLE, type Small } from './small.ts';
import { strictPlace } from './storePlaces.ts';

const WORK = workFolder('attachments-purge');
const PURGE = ['purge', '--run', 'run-local'] as const;

function projectOf(name: string, files: Record<string, string>, rows: string): Small {
  return smallProject(join(WORK, name), files, `${TABLE}INSERT INTO file VALUES ${rows};`);
}

/** Whether the file of this name is on disk. */
function isThere({ project }: Small, name: string): boolean {
  return existsSync(join(project, 'uploads', name));
}

function harmObject({ project }: Small, id: number): void {
  const [object = ''] = globSync(`objects/file/${id}/*`, { cwd: project });
  chmodSync(join(project, object), 0o600);
  writeFileSync(join(project, object), 'xxx');
}

describe('a file of two rows', () => {
  it('is removed once, after the objects of both were read', async () => {
    const small = projectOf('both', { a: 'aaa' }, "(1, 'a', NULL), (2, 'a', NULL)");
    await small.run('migrate');
    expect(await small.said(...PURGE)).toMatchObject({ code: 0, facts: { removed: 1, gone: 1 } });
    expect(isThere(small, 'a')).toBe(false);
    expect(await small.said(...PURGE)).toMatchObject({ code: 0, facts: { removed: 0, gone: 2 } });
  });

  it('stays if the object of one of them is wrong', async () => {
    const small = projectOf('one', { a: 'aaa' }, "(1, 'a', NULL), (2, './a', NULL)");
    await small.run('migrate');
    harmObject(small, 2);
    expect(await small.said(...PURGE)).toMatchObject({ code: 1, facts: { refused: 2 } });
    expect(isThere(small, 'a')).toBe(true);
    expect(await small.said('rollback')).toMatchObject({ code: 0, facts: { restored: 2 } });
  });

  it('stays if the object of a row that another run has moved is wrong', async () => {
    const small = projectOf('run', { a: 'aaa' }, "(1, 'a', NULL), (2, 'a', NULL)");
    await small.run('migrate', '--run', 'first', '--limit', '1', '--concurrency', '1');
    await small.run('migrate', '--run', 'second');
    harmObject(small, 2);
    const { code } = await small.said('purge', '--run', 'first');
    expect(code).toBe(1);
    expect(isThere(small, 'a')).toBe(true);
  });

  it('is removed by each of its names', async () => {
    const small = projectOf('links', { a: 'aaa' }, "(1, 'a', NULL), (2, 'b', NULL)");
    linkSync(join(small.project, 'uploads/a'), join(small.project, 'uploads/b'));
    await small.run('migrate');
    expect(await small.said(...PURGE)).toMatchObject({ code: 0, facts: { removed: 2 } });
    expect([isThere(small, 'a'), isThere(small, 'b')]).toEqual([false, false]);
  });
});

describe('a file that a row on disk reads in another way', () => {
  const LEFT = 'a row that is still on disk needs the same file: move that row first';

  it('stays where that row names a link to it', async () => {
    const small = projectOf('link', { a: 'aaa' }, "(1, 'a', NULL), (2, 'b', NULL)");
    symlinkSync('a', join(small.project, 'uploads/b'));
    await small.run('migrate');
    expect((await small.said(...PURGE)).code).toBe(1);
    expect(isThere(small, 'a')).toBe(true);
    expect(reasonsOf(small.project, 'attachments-purge').get(1)).toBe(LEFT);
  });

  it('stays where the path of that row is stored as bytes', async () => {
    const small = projectOf('bytes', { a: 'aaa' }, "(1, 'a', NULL), (2, x'61', NULL)");
    await small.run('migrate');
    expect((await small.said(...PURGE)).code).toBe(1);
    expect(isThere(small, 'a')).toBe(true);
  });
});

describe('a path with a link in it', () => {
  it('that stays below the root has its file removed', async () => {
    const small = projectOf('folder', {}, "(1, 'b/a', NULL)");
    mkdirSync(join(small.project, 'uploads/real'));
    writeFileSync(join(small.project, 'uploads/real/a'), 'aaa');
    symlinkSync('real', join(small.project, 'uploads/b'));
    await small.run('migrate');
    expect(await small.said(...PURGE)).toMatchObject({ code: 0, facts: { removed: 1 } });
    expect(isThere(small, 'real/a')).toBe(false);
  });

  it('that names the file of a purged row is not said to be gone', async () => {
    const small = projectOf('again', { a: 'aaa', b: 'bbb' }, "(1, 'a', NULL)");
    await small.run('migrate');
    await small.run(...PURGE);
    symlinkSync('b', join(small.project, 'uploads/a'));
    expect(await small.said(...PURGE)).toMatchObject({ code: 1, facts: { gone: 0, refused: 1 } });
  });
});

describe.skipIf(!canRunAsOther())('a file that may not be removed', () => {
  it('is told with its row, and stops no other', async () => {
    const small = projectOf('kept', { a: 'aaa' }, "(1, 'kept/c', NULL), (2, 'a', NULL)");
    const uploads = join(small.project, 'uploads');
    mkdirSync(join(uploads, 'kept'));
    writeFileSync(join(uploads, 'kept/c'), 'ccc');
    await small.run('migrate');
    chmodSync(WORK, 0o755);
    chownSync(small.project, OTHER, OTHER);
    for (const path of readdirSync(small.project, { recursive: true, encoding: 'utf8' })) {
      chownSync(join(small.project, path), OTHER, OTHER);
    }
    chownSync(join(uploads, 'kept'), 0, 0);
    chmodSync(join(uploads, 'kept'), 0o755);
    const ran = await attachments(small.project, PURGE, { process: true, wrap });
    const { code, stdout } = ran;
    expect(stdout, ran.stderr).toContain('the file cannot be removed (EACCES)');
    expect(code).toBe(1);
    expect([isThere(small, 'a'), isThere(small, 'kept/c')]).toEqual([false, true]);
  });
});

describe('while its object is read', () => {
  const store = strictPlace();
  beforeAll(() => store.begin());
  afterAll(() => store.end());

  /** Moves the file `d/a`, and purges it while `meanwhile` happens. */
  async function purged(
    name: string,
    meanwhile: (small: Small) => void,
  ): Promise<{ small: Small; facts: unknown; code: number | null }> {
    const { url, env } = await store.make(name);
    const project = join(WORK, `store-${name}`);
    mkdirSync(join(project, 'uploads/d'), { recursive: true });
    const rows = "(1, 'd/a', NULL)";
    const files = { 'd/a': 'aaa' };
    const sql = `${TABLE}INSERT INTO file VALUES ${rows};`;
    const small = smallProject(project, files, sql, { store: url }, { env });
    await small.run('migrate');
    store.server().faults = ({ method, target }) => {
      if (method === 'GET' && target.includes('/file/')) meanwhile(small);
      return null;
    };
    const { code, facts } = await small.said(...PURGE);
    store.server().faults = () => null;
    return { small, facts, code };
  }

  it('a row that went back to disk keeps its file', async () => {
    const { small, facts } = await purged('back', (app) => {
      app.sql('UPDATE file SET storage_key = NULL');
    });
    expect(facts).toMatchObject({ removed: 0, changed: 1 });
    expect(isThere(small, 'd/a')).toBe(true);
  });

  it('a folder that becomes a link does not lead to another file', async () => {
    const { small, code } = await purged('swap', ({ project }) => {
      if (existsSync(join(project, 'elsewhere'))) return;
      mkdirSync(join(project, 'elsewhere'));
      writeFileSync(join(project, 'elsewhere/a'), 'aaa');
      renameSync(join(project, 'uploads/d'), join(project, 'uploads/was'));
      symlinkSync(join(project, 'elsewhere'), join(project, 'uploads/d'));
    });
    expect(code).toBe(1);
    expect(readFileSync(join(small.project, 'elsewhere/a'), 'utf8')).toBe('aaa');
    expect(isThere(small, 'was/a')).toBe(true);
  });
});
