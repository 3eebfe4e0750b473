/**
 * Frozen writes and users: what root has frozen is closed to root and to the owner alike, a user
 * freezes what is their own, and one who may only read can still migrate it.
 */

import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';

import { journal } from '../promote/fixture.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { endWriters, MODES, startWriter } from '../source/writers.ts';
import { canRunAsOther, OTHER, wrap } from './anotherUser.ts';
import { newProject } from './fixture.ts';

const INSERT = "INSERT INTO owners VALUES (900, 'late', 'late')";

let project: string;

endWriters();

afterEach(() => {
  rmSync(project, { recursive: true });
});

const file = (): string => join(project, 'data/legacy.db');

/** Runs a command as the other user, in a process. */
function asOther(...args: string[]): Promise<Ran> {
  const env = { TMPDIR: join(project, 'temporary') };
  return sealift([...args, '--project', project], { process: true, wrap, env });
}

/** A project of the other user, whose database is in a folder of its own. */
async function prepare(mode: string): Promise<void> {
  project = await newProject(5);
  mkdirSync(join(project, 'data'));
  mkdirSync(join(project, 'temporary'));
  const db = new Database(join(project, 'legacy.db'));
  db.pragma(`journal_mode = ${mode}`);
  db.exec(`VACUUM INTO '${file()}'`);
  db.close();
  const copy = new Database(file());
  copy.pragma(`journal_mode = ${mode}`);
  copy.close();
  rmSync(join(project, 'legacy.db'));
  const path = join(project, 'mapping/project.json');
  const text = readFileSync(path, 'utf8').replace('legacy.db', 'data/legacy.db');
  rmSync(path);
  writeFileSync(path, text);
  giveAway(project);
}

function giveAway(folder: string): void {
  chownSync(folder, OTHER, OTHER);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chownSync(join(entry.parentPath, entry.name), OTHER, OTHER);
  }
}

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot || !canRunAsOther()).each(MODES)('in mode %s', (mode) => {
  it('what its owner has frozen is closed to the owner and to root', async () => {
    await prepare(mode);
    const [owner, root] = [await startWriter(file(), wrap), await startWriter(file())];
    await owner.run('SELECT * FROM owners');
    await root.run('SELECT * FROM owners');
    const { code, stderr } = await asOther('freeze-writes');
    expect(code, stderr).toBe(0);
    expect(await owner.run(INSERT)).toBe('SQLITE_READONLY');
    expect(await root.run(INSERT)).toBe('SQLITE_READONLY');
  });

  it('a user who may not write to a database cannot freeze it, but migrate it when it is frozen', async () => {
    await prepare(mode);
    chownSync(file(), 0, 0);
    chmodSync(file(), 0o644);
    const refused = await asOther('freeze-writes');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('this user may not write to the database or its folder'),
    ]);
    expect(journal(project).entries).toEqual([]);
    expect((await sealift(['freeze-writes', '--project', project])).code).toBe(0);
    giveAway(project);
    chownSync(file(), 0, 0);
    chownSync(join(project, 'data'), 0, 0);
    chmodSync(join(project, 'data'), 0o555);
    const migrated = await asOther('migrate', '--require-frozen');
    expect(migrated.code, migrated.stderr).toBe(0);
    expect(readdirSync(join(project, 'data'))).toEqual(['legacy.db']);
  });
});
