/** Logs and journals beside a database, its own and those of others. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { prepareAt, waiting } from '../contract/opening.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealift-side-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

interface Made {
  /** A copy of the database, with or without its log. */
  readonly file: string;
  readonly log: string;
}

/** A database in write-ahead mode whose log holds `later`, copied while it is open. */
function walDatabase(sql: string, later: string, pragma = ''): Made {
  files += 1;
  const open = join(folder, `open-${files}.db`);
  const file = join(folder, `copy-${files}.db`);
  const db = new Database(open);
  db.exec(`${pragma}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${sql}`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.exec(later);
  copyFileSync(open, file);
  copyFileSync(`${open}-wal`, `${file}-wal`);
  db.close();
  return { file, log: `${file}-wal` };
}

/** What a look at it says: the rows of t, and the notes; or the failure. */
async function look(file: string): Promise<{ rows: number; notes: readonly string[] } | string> {
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  try {
    const source = await prepareAt(sqliteAdapter, file, { scratch, ...waiting(100) });
    try {
      return { rows: await source.count('t'), notes: source.notes ?? [] };
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof Failure) return error.line().replaceAll(folder, '');
    throw error;
  }
}

const TWO = 'CREATE TABLE t (v); INSERT INTO t VALUES (1), (2);';
const MORE = 'INSERT INTO t VALUES (3);';
const SCHEMA = 'CREATE TABLE more (v);';

describe('a write-ahead log beside a database', () => {
  it('is read with it, and that is said', async () => {
    const { file } = walDatabase(TWO, MORE);
    expect(await look(file)).toEqual({
      rows: 3,
      notes: [`the write-ahead log "copy-${files}.db-wal" was read with the database`],
    });
  });

  it('is read also where all of it is in the database by now, or the schema changed in it', async () => {
    const { file, log } = walDatabase(TWO, SCHEMA + MORE);
    expect(await look(file)).toMatchObject({ rows: 3 });
    // As after a checkpoint, whose log is begun anew by the next writer only.
    const whole = join(folder, 'whole.db');
    copyFileSync(file, whole);
    copyFileSync(log, `${whole}-wal`);
    const db = new Database(whole);
    db.pragma('wal_checkpoint(FULL)');
    copyFileSync(whole, join(folder, 'checkpointed.db'));
    copyFileSync(`${whole}-wal`, join(folder, 'checkpointed.db-wal'));
    db.close();
    expect(await look(join(folder, 'checkpointed.db'))).toMatchObject({ rows: 3 });
  });

  it.each<[string, string, () => Made]>([
    [
      'a database that keeps none',
      'the database does not use such a log',
      () => {
        const { log } = walDatabase(TWO, MORE);
        const file = join(folder, 'plain.db');
        new Database(file).exec(TWO).close();
        return { file, log };
      },
    ],
    [
      'an empty file',
      'the database is empty',
      () => {
        const { log } = walDatabase(TWO, MORE);
        writeFileSync(join(folder, 'empty.db'), '');
        return { file: join(folder, 'empty.db'), log };
      },
    ],
    [
      'one of larger pages',
      'its pages have another size',
      () => {
        const { file } = walDatabase(TWO, MORE, 'PRAGMA page_size = 8192');
        return { file, log: walDatabase(TWO, MORE).log };
      },
    ],
    [
      'one of another encoding',
      'its texts have another encoding',
      () => {
        const { file } = walDatabase(TWO, SCHEMA, "PRAGMA encoding = 'UTF-16le'");
        return { file, log: walDatabase(TWO, SCHEMA).log };
      },
    ],
    [
      'a newer copy of the same one',
      'it is older than the database',
      () => {
        const { file } = walDatabase(`${TWO} CREATE TABLE a (x); CREATE TABLE b (x);`, MORE);
        return { file, log: walDatabase(TWO, SCHEMA).log };
      },
    ],
  ])('is refused where it is that of another: %s', async (_, why, prepare) => {
    const { file, log } = prepare();
    copyFileSync(log, `${file}-wal`);
    const name = file.slice(folder.length + 1);
    expect(await look(file)).toBe(
      `the write-ahead log "${name}-wal" next to the database is not its own, as ${why} (/${name}): ` +
        'fetch the database and its log again, copied together; or move the log away if it is a remnant',
    );
  });

  it('is said not to have been read where it is none', async () => {
    const { file } = walDatabase(TWO, MORE);
    writeFileSync(`${file}-wal`, 'no log at all, but as long as the header of one would be');
    expect(await look(file)).toEqual({
      rows: 2,
      notes: [`"copy-${files}.db-wal" is not a write-ahead log, and was not read`],
    });
  });

  it('is named where its database is not there, and where it is taken for one', async () => {
    const { file, log } = walDatabase(TWO, MORE);
    const name = file.slice(folder.length);
    expect(await look(log)).toBe(
      `this is the write-ahead log of a database, not the database (${name}-wal): name the database, with the log next to it`,
    );
    rmSync(file);
    expect(await look(file)).toBe(
      `there is no such database (${name}): "${name.slice(1)}-wal" exists without its database: fetch both, copied together`,
    );
  });
});

describe('a rollback journal beside a database', () => {
  it('that a crash has left is undone in a copy, and that is said', async () => {
    const open = join(folder, 'journal.db');
    const db = new Database(open);
    db.exec(`PRAGMA cache_size = 5; ${TWO}`);
    db.exec('BEGIN');
    const insert = db.prepare('INSERT INTO t VALUES (?)');
    for (let row = 0; row < 500; row += 1) insert.run('x'.repeat(500));
    const file = join(folder, 'crashed.db');
    copyFileSync(open, file);
    copyFileSync(`${open}-journal`, `${file}-journal`);
    db.exec('ROLLBACK');
    db.close();
    expect(readFileSync(`${file}-journal`)[0]).not.toBe(0);
    expect(await look(file)).toEqual({
      rows: 2,
      notes: ['an unfinished transaction in "crashed.db-journal" was undone in a copy'],
    });
  });

  it('is named where its database is not there', async () => {
    writeFileSync(join(folder, 'gone.db-journal'), 'x');
    expect(await look(join(folder, 'gone.db'))).toContain(
      '"gone.db-journal" exists without its database',
    );
  });
});
