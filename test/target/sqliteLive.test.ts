/** promote and rollback of SQLite files by a link: what they do, what they refuse, and what they say. */

import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { lockKeptBy } from './lockKept.ts';
import { sealift } from '../kit/run.ts';
import {
  execIn,
  LINK,
  liveIn,
  liveProject,
  move,
  moveArgs,
  reconcile,
  visit,
} from './liveFixture.ts';

let project: string;

function link(): string {
  return join(project, LINK);
}

afterEach(() => {
  rmSync(project, { recursive: true });
});

/** Promotes a file, which has to work. */
async function promoted(file: string): Promise<void> {
  const { code, stdout, stderr } = await move(project, 'promote', file);
  expect(code, stdout + stderr).toBe(0);
}

async function refused(
  how: 'promote' | 'rollback',
  file: string,
  more: readonly string[] = [],
): Promise<string> {
  const before = lstatSync(join(project, LINK), { throwIfNoEntry: false })?.isSymbolicLink()
    ? liveIn(project)
    : null;
  const { code, stdout, stderr } = await move(project, how, file, more);
  expect(code, stdout).not.toBe(0);
  if (before !== null) {
    expect(liveIn(project)).toBe(before);
    expect(execIn(project, LINK, 'PRAGMA user_version = 0'), 'what is live can be written').toBe(
      'ok',
    );
  }
  return stderr;
}

describe('going live by a link', () => {
  beforeEach(async () => {
    project = await liveProject(['a.db', 'b.db']);
  });

  it('makes the link, replaces it, and goes back; what is not live refuses writes', async () => {
    await promoted('a.db');
    expect(liveIn(project)).toBe('a.db');
    expect(execIn(project, LINK, 'PRAGMA user_version = 0')).toBe('ok');
    await promoted('b.db');
    expect(liveIn(project)).toBe('b.db');
    expect(execIn(project, 'a.db', visit('x'))).toBe('SQLITE_READONLY');
    const back = await move(project, 'rollback', LINK);
    expect(back.code, back.stderr).toBe(0);
    expect(liveIn(project)).toBe('a.db');
    expect(execIn(project, 'b.db', visit('x'))).toBe('SQLITE_READONLY');
    expect(execIn(project, LINK, visit('x'))).toBe('ok');
    const left = readdirSync(project).filter((name) => name.includes('current'));
    expect(left).toEqual([`.${LINK}.sealift-lock`, LINK]);
  });

  it('changes nothing where it is live already, and on a dry run says what it would do', async () => {
    const dry = await move(project, 'promote', 'a.db', ['--dry-run']);
    expect(dry.stdout).toContain(`point ${join(project, LINK)} to ${join(project, 'a.db')}`);
    expect(existsSync(join(project, LINK))).toBe(false);
    await promoted('a.db');
    expect((await move(project, 'promote', 'a.db')).stdout).toContain('it was already live there');
    const next = await move(project, 'promote', 'b.db', ['--dry-run']);
    expect(next.stdout).toContain(`refuse all writes to ${join(project, 'a.db')}`);
    expect(liveIn(project)).toBe('a.db');
  });

  it('makes a file live again that was live before, and lets it be written', async () => {
    await promoted('a.db');
    await promoted('b.db');
    await promoted('a.db');
    expect(liveIn(project)).toBe('a.db');
    expect(execIn(project, LINK, visit('x'))).toBe('ok');
  });

  it('a rollback takes the link, the file that is live, or the one before, and no other', async () => {
    await promoted('a.db');
    await promoted('b.db');
    copyFileSync(join(project, 'a.db'), join(project, 'c.db'));
    expect(await refused('rollback', 'c.db')).toContain('the file is neither live');
    for (const [file, live] of [
      ['a.db', 'a.db'],
      ['b.db', 'b.db'],
    ] as const) {
      if (liveIn(project) === live) await promoted('b.db');
      const { code, stderr } = await move(project, 'rollback', file);
      expect(code, stderr).toBe(0);
      await promoted('b.db');
    }
    expect(liveIn(project)).toBe('b.db');
  });

  it('a rollback needs something that was live before', async () => {
    expect(await refused('rollback', 'a.db')).toContain('nothing was live there before');
    await promoted('a.db');
    expect(await refused('rollback', 'a.db')).toContain('nothing was live there before');
  });
});

describe('later writes', () => {
  beforeEach(async () => {
    project = await liveProject(['a.db', 'b.db']);
    await promoted('a.db');
  });

  it('are never given up unsaid: a promote is refused', async () => {
    execIn(project, LINK, visit('late'));
    const said = await refused('promote', 'b.db');
    expect(said).toContain('what is live holds later writes, which would be lost');
  });

  it('have a number once they were reconciled, by the file or by its link', async () => {
    await promoted('b.db');
    execIn(project, LINK, `${visit('one')}; ${visit('two')}`);
    expect((await reconcile(project, 'b.db')).code).not.toBe(0);
    const said = await refused('rollback', LINK);
    expect(said).toContain('2 records other than sealed (2 more, 0 changed, 0 missing)');
    execIn(project, LINK, visit('three'));
    await reconcile(project, LINK);
    expect(await refused('rollback', LINK)).toContain('3 records other than sealed');
  });

  it('are given up by the name of the link, and by no other', async () => {
    await promoted('b.db');
    execIn(project, LINK, visit('late'));
    const wrong = await refused('rollback', LINK, ['--accept-data-loss', 'other']);
    expect(wrong).toContain(`its name has to be given: "${LINK}"`);
    const { code, stderr } = await move(project, 'rollback', LINK, ['--accept-data-loss', LINK]);
    expect(code, stderr).toBe(0);
    expect(liveIn(project)).toBe('a.db');
  });

  it('are seen in a table that is not of the seal', async () => {
    execIn(project, LINK, 'CREATE TABLE carts (id); INSERT INTO carts VALUES (1)');
    await reconcile(project, 'a.db');
    execIn(project, 'b.db', 'CREATE TABLE carts (id)');
    await reconcile(project, 'b.db');
    expect(await refused('promote', 'b.db')).toContain('"carts" has rows and is not of the seal');
  });

  it('to what is to go live are seen, too', async () => {
    execIn(project, 'b.db', visit('early'));
    expect(await refused('promote', 'b.db')).toContain('what is to go live was written to since');
  });

  it('to what was live before, where somebody let it be written, keep a rollback from it', async () => {
    await promoted('b.db');
    const bytes = readFileSync(join(project, 'a.db'));
    bytes[18] = 1;
    writeFileSync(join(project, 'a.db'), bytes);
    expect(await refused('rollback', LINK)).toContain('has been made writable since');
  });

  it('by a client that holds a lock make it wait, and then give up', async () => {
    const held = await lockKeptBy(join(project, 'a.db'), 'IMMEDIATE');
    const { code, stderr } = await move(project, 'promote', 'b.db', ['--max-wait', '1s']);
    expect(stderr).toContain('could not be locked in time');
    expect(code).not.toBe(0);
    await held.release();
    expect(liveIn(project)).toBe('a.db');
    expect(execIn(project, LINK, 'PRAGMA user_version = 0')).toBe('ok');
  });
});

describe('a database of no load', () => {
  beforeEach(async () => {
    project = await liveProject(['a.db']);
    const db = new Database(join(project, 'old.db'));
    db.exec('CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t');
    db.close();
    symlinkSync('old.db', join(project, LINK));
  });

  it('is replaced where it has no rows, and gone back to', async () => {
    await promoted('a.db');
    expect(execIn(project, 'old.db', 'INSERT INTO t VALUES (1)')).toBe('SQLITE_READONLY');
    const { code, stderr } = await move(project, 'rollback', LINK);
    expect(code, stderr).toBe(0);
    expect(liveIn(project)).toBe('old.db');
    expect(execIn(project, LINK, 'INSERT INTO t VALUES (1)')).toBe('ok');
  });

  it('is not given up with its rows, unless by name', async () => {
    execIn(project, 'old.db', 'INSERT INTO t VALUES (1)');
    expect(await refused('promote', 'a.db')).toContain('"t" has rows and is not of the seal');
    const { code } = await move(project, 'promote', 'a.db', ['--accept-data-loss', LINK]);
    expect(code).toBe(0);
  });

  it('whose writes were frozen as a source stays so, also when it is live again', async () => {
    const bytes = readFileSync(join(project, 'old.db'));
    bytes[18] = 3;
    writeFileSync(join(project, 'old.db'), bytes);
    await promoted('a.db');
    expect((await move(project, 'rollback', LINK)).code).toBe(0);
    expect(readFileSync(join(project, 'old.db'))).toEqual(bytes);
  });
});

describe('what is no link to a file', () => {
  beforeEach(async () => {
    project = await liveProject(['a.db']);
  });

  it('is a file, or a folder: neither is touched', async () => {
    writeFileSync(link(), 'mine');
    expect(await refused('promote', 'a.db')).toContain('a file or folder is where the link');
    expect(readFileSync(link(), 'utf8')).toBe('mine');
    rmSync(link());
    mkdirSync(link());
    expect(await refused('promote', 'a.db')).toContain('a file or folder is where the link');
    expect(readdirSync(link())).toEqual([]);
  });

  it('is a link to nothing, to a folder, or to another link', async () => {
    symlinkSync('none.db', link());
    const said = await move(project, 'promote', 'a.db');
    expect(said.stderr).toContain('points to a file that is not there');
    unlinkSync(link());
    mkdirSync(join(project, 'folder'));
    symlinkSync('folder', link());
    expect((await move(project, 'promote', 'a.db')).stderr).toContain('something that is no file');
    unlinkSync(link());
    symlinkSync('a.db', join(project, 'other'));
    symlinkSync('other', link());
    expect((await move(project, 'promote', 'a.db')).stderr).toContain('something that is no file');
    expect(liveIn(project)).toBe('other');
  });

  it('is one in a folder that is a link, or one that is the file itself, or none', async () => {
    mkdirSync(join(project, 'real'));
    symlinkSync('real', join(project, 'way'));
    const target = ['--project', project, '--target', 'sqlite:a.db'];
    const cwd = { cwd: project };
    const through = await sealift(['promote', ...target, '--live', 'way/current.db'], cwd);
    expect(through.stderr).toContain('one of the folders of the path is a link');
    const same = await sealift(['promote', ...target, '--live', 'a.db'], cwd);
    expect(same.stderr).toContain('a file or folder is where the link');
    const none = await sealift(['promote', ...target], cwd);
    expect(none.stderr).toContain('none is named (--live)');
    expect(none.code).toBe(64);
    const schema = await sealift(['promote', ...target, '--live', LINK, '--schema', 'x'], cwd);
    expect(schema.stderr).toContain('without schemas');
  });

  it('was changed by somebody else: a rollback does not guess', async () => {
    copyFileSync(join(project, 'a.db'), join(project, 'b.db'));
    await reconcile(project, 'b.db');
    await promoted('a.db');
    await promoted('b.db');
    copyFileSync(join(project, 'b.db'), join(project, 'c.db'));
    unlinkSync(link());
    symlinkSync('c.db', link());
    expect(await refused('rollback', LINK)).toContain('no command of this project has made live');
  });

  it('has a file where the new link is made, which is left alone', async () => {
    writeFileSync(join(project, `.${LINK}.new`), 'mine');
    expect(await refused('promote', 'a.db')).toContain('a file or folder is in the way');
    expect(readFileSync(join(project, `.${LINK}.new`), 'utf8')).toBe('mine');
  });
});

describe('a target that', () => {
  beforeEach(async () => {
    project = await liveProject(['a.db']);
  });

  it('is not there, is of another seal, or was not reconciled', async () => {
    expect(await refused('promote', 'none.db')).toContain('a file that is not there');
    new Database(join(project, 'empty.db')).exec('CREATE TABLE t (a)').close();
    expect(await refused('promote', 'empty.db')).toContain('no load of the seal');
    renameSync(join(project, 'a.db'), join(project, 'moved.db'));
    const said = await refused('promote', 'moved.db');
    expect(said).toContain('the journal has no reconcile of what is to go live');
    expect(said).toContain(`sealift reconcile --target sqlite:${join(project, 'moved.db')}`);
  });

  it('another command is moving is busy', async () => {
    const held = await lockKeptBy(join(project, `.${LINK}.sealift-lock`), 'EXCLUSIVE');
    const { code, stderr } = await sealift(moveArgs(project, 'promote', 'a.db'));
    expect(code).not.toBe(0);
    expect(stderr).toContain('is at work');
    await held.release();
    await promoted('a.db');
    expect(realpathSync(join(project, LINK))).toBe(join(project, 'a.db'));
  });
});
