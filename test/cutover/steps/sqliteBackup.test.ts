/** `sqlite.backup`: a copy of one snapshot, opened and compared; a damaged or broken one fails. */

import Database from 'better-sqlite3';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  closeSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { sqliteBackup } from '../../../src/cutover/steps/sqliteBackup.ts';
import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { workFolder } from '../../kit/project.ts';
import { databaseWorld, seen, workOf, type WorldParts } from './databaseWorld.ts';
import { killedWhen, PATIENT } from './killed.ts';

const work = workFolder('sqliteBackup');
let files = 0;

const SCHEMA = `
  CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);
  CREATE TABLE c (p REFERENCES p, v); INSERT INTO c VALUES (1, 'canary-88'), (1, x'00ff'), (1, 0.1), (NULL, NULL);
  CREATE TABLE "w ""o" (k TEXT PRIMARY KEY, g AS (k || 'x')) WITHOUT ROWID; INSERT INTO "w ""o" VALUES ('b'), ('a');
  CREATE INDEX i ON c (v); CREATE VIEW v AS SELECT 1; CREATE TABLE e (a);
`;

function begin(sql = SCHEMA): { readonly parts: WorldParts; readonly file: string } {
  files += 1;
  const folder = join(work, String(files));
  mkdirSync(folder);
  const file = join(folder, 'a.db');
  const db = new Database(file);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
  return { parts: { folder, inputs: { db: 'sqlite:a.db' } }, file };
}

const apply = (parts: WorldParts, members: Members = { rehearse: true }): Promise<StepResult> =>
  sqliteBackup.apply(workOf(databaseWorld(parts), members, { id: 'backup' }));

describe('a copy', () => {
  it('is equal, private and alone, and no value is told', async () => {
    const { parts } = begin();
    const result = await apply(parts);
    expect(seen(result)).toMatch(
      /^PASS 4 tables with 7 rows copied as \d+\.\d kB, opened and equal$/,
    );
    const run = join(parts.folder, 'run');
    expect(readdirSync(run).sort()).toEqual(['backup.db', 'backup.tables.json']);
    expect(statSync(join(run, 'backup.db')).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(result)).not.toContain('canary');
    expect(result.kept).toMatchObject({ file: 'backup.db', count: 4, rows: 7 });
    const copy = new Database(join(run, 'backup.db'), { readonly: true });
    expect(copy.prepare(`SELECT count(*) FROM c WHERE v = 'canary-88'`).pluck().get()).toBe(1);
    copy.close();
  });

  it('is of one snapshot, though others write meanwhile', async () => {
    const { parts, file } = begin(
      `PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (0)`,
    );
    const db = new Database(file);
    const insert = db.prepare('INSERT INTO t VALUES (randomblob(500))');
    const writing = setInterval(() => insert.run(), 1);
    try {
      for (let time = 0; time < 3; time += 1) expect((await apply(parts)).verdict).toBe('PASS');
    } finally {
      clearInterval(writing);
    }
    expect(db.prepare('SELECT count(*) FROM t').pluck().get()).toBeGreaterThan(1);
    db.close();
  });

  it('of a database with a broken reference fails, and gets no name', async () => {
    const { parts } = begin(`${SCHEMA}; INSERT INTO c VALUES (9, 9)`);
    expect(seen(await apply(parts))).toBe('FAIL 1 row of it refer to none');
    expect(existsSync(join(parts.folder, 'run', 'backup.db'))).toBe(false);
    expect((await apply(parts, {})).says).toMatch(/not opened$/);
  });

  it('of a damaged database fails', async () => {
    const { parts, file } = begin(
      `CREATE TABLE t (a); CREATE INDEX i ON t (a);
       INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n`,
    );
    const db = new Database(file);
    const root = db
      .prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'i'`)
      .pluck()
      .get() as number;
    const size = db.pragma('page_size', { simple: true }) as number;
    db.close();
    const opened = openSync(file, 'r+');
    writeSync(opened, Buffer.alloc(64), 0, 64, (root - 1) * size + 8);
    closeSync(opened);
    expect(seen(await apply(parts))).toBe(
      'FAIL SQLite finds the copy damaged, and so the database',
    );
  });

  it('can be made, which a dry run says without an effect', async () => {
    const { parts } = begin();
    const world = databaseWorld(parts);
    const result = await sqliteBackup.dryRun?.(workOf(world, {}));
    expect(result?.says).toMatch(/^\d+\.\d kB of database can be copied$/);
    expect(readdirSync(world.artifacts.folder)).toEqual([]);
    const none = workOf(databaseWorld({ ...parts, inputs: { db: 'sqlite:none.db' } }), {});
    await expect(sqliteBackup.apply(none)).rejects.toThrow('there is no such file');
  });

  it('is made anew after a kill, and ends with its signal', async () => {
    const { parts } = begin(
      `CREATE TABLE t (a); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n`,
    );
    const applied = { parts, members: { rehearse: true }, call: { id: 'backup' } };
    const draft = join(parts.folder, 'run', 'backup.db.new');
    await killedWhen('sqlite.backup', applied, () =>
      expect.poll(() => existsSync(draft), PATIENT).toBe(true),
    );
    expect(existsSync(join(parts.folder, 'run', 'backup.db'))).toBe(false);
    const step = workOf(databaseWorld(parts), { rehearse: true }, { id: 'backup' });
    expect(await sqliteBackup.probe?.(step)).toBe('absent');
    const ending = new AbortController();
    const ended = expect(sqliteBackup.apply({ ...step, signal: ending.signal })).rejects.toThrow(
      'time is over',
    );
    setTimeout(() => {
      ending.abort(new Failure('WAITING', { what: 'time is over' }));
    }, 200);
    await ended;
    expect((await sqliteBackup.apply(step)).verdict).toBe('PASS');
  });
});
