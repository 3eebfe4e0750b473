/** Freezing the writes of a SQLite database: what it stops, what it changes, and what it refuses. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import {
  FROZEN_SOURCE,
  frozenHeader,
  isPutAside,
  PUT_ASIDE,
  refusesWrites,
  thawedHeader,
  writableHeader,
} from '../../src/sqlite/frozenHeader.ts';
import { sqliteWrites } from '../../src/source/sqlite/writeFreeze.ts';
import type { WriteOptions } from '../../src/source/writeControl.ts';
import { endWriters, MODES, readRows, startWriter, writeRows } from './writers.ts';

const OPTIONS: WriteOptions = {
  variables: {},
  timeouts: { connectMs: 0, lockMs: 50, queryMs: 0 },
};
const INSERT = "INSERT INTO t (name) VALUES ('late')";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealift-writes-'));
  file = join(folder, 'legacy.db');
});

endWriters();

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const at = (path: string = file): ReturnType<typeof sqliteAdapter.parse> =>
  sqliteAdapter.parse(path, '/');

/** Freezes the database, and returns what the journal would have noted. */
async function freeze(path: string = file, noted: string | null = null): Promise<string[]> {
  const before: string[] = [];
  await sqliteWrites.freeze(at(path), noted, (header) => before.push(header), OPTIONS);
  return before;
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error('it did not fail', { cause: error });
  return `${error.code}: ${error.line()}`;
}

/** A journal whose disk is full. */
function failToNote(): never {
  throw new Failure('DISK', { what: 'the disk is full' });
}

/** Runs SQL, a statement at a time, in a new connection; returns what the last came to. */
function writeHere(...statements: readonly string[]): string {
  const db = new Database(file, { fileMustExist: true, timeout: 0 });
  let code = '';
  for (const sql of statements) {
    try {
      db.exec(sql);
      code = 'ok';
    } catch (error) {
      ({ code } = error as { code: string });
    }
  }
  db.close();
  return code;
}

function headerOf(): Buffer {
  return readFileSync(file).subarray(0, 100);
}

/** Offsets of the bytes in which a file differs. */
function changedBytes(before: Buffer, after: Buffer): number[] {
  expect(after.length).toBe(before.length);
  return [...before.keys()].filter((offset) => before[offset] !== after[offset]);
}

describe.each(MODES)('a frozen database in mode %s', (mode) => {
  beforeEach(() => {
    writeRows(file, mode);
  });

  it('refuses connections that were open before, and those that come later', async () => {
    const open = await startWriter(file);
    const idle = await startWriter(file);
    expect(await open.run(INSERT)).toBe('ok');
    expect(await open.run('SELECT * FROM t')).toBe('ok');
    const [before = ''] = await freeze();
    expect(await sqliteWrites.state(at(), before, OPTIONS)).toEqual({ kind: 'frozen' });
    expect(await sqliteWrites.tryWrite(at(), OPTIONS)).toBe('refused');
    for (const writer of [open, idle]) {
      expect(await writer.run(`BEGIN IMMEDIATE; ${INSERT}`)).toBe('SQLITE_READONLY');
      await writer.run('ROLLBACK');
      expect(await writer.run(INSERT)).toBe('SQLITE_READONLY');
      expect(await writer.run('SELECT * FROM t')).toBe('ok');
    }
    expect(writeHere(INSERT)).toBe('SQLITE_READONLY');
    expect(readRows(file)).toEqual({ rows: 101, check: 'ok' });
  });

  it('has writers who get in where nothing is frozen', async () => {
    expect(await sqliteWrites.state(at(), null, OPTIONS)).toEqual({ kind: 'writable' });
    expect(await sqliteWrites.tryWrite(at(), OPTIONS)).toBe('accepted');
    expect(writeHere(INSERT)).toBe('ok');
  });

  it('stays frozen whatever a writer tries first', async () => {
    const [before = ''] = await freeze();
    for (const sql of [
      'PRAGMA journal_mode = DELETE',
      'PRAGMA journal_mode = WAL',
      'VACUUM',
      'PRAGMA user_version = 7',
      'PRAGMA wal_checkpoint(TRUNCATE)',
      'PRAGMA locking_mode = EXCLUSIVE',
      'PRAGMA writable_schema = RESET',
      'BEGIN IMMEDIATE',
    ]) {
      expect(writeHere(sql, INSERT), sql).toMatch(/^SQLITE_(?:READONLY|BUSY)$/);
      expect(headerOf(), sql).toEqual(frozenHeader(Buffer.from(before, 'hex'), FROZEN_SOURCE));
    }
    expect(readRows(file)).toEqual({ rows: 100, check: 'ok' });
  });

  it('differs in its write version and change counter, and afterwards in the counter', async () => {
    const original = readFileSync(file);
    const [before = ''] = await freeze();
    expect(before).toBe(original.subarray(0, 100).toString('hex'));
    expect(changedBytes(original, readFileSync(file))).toEqual([18, 27, 95]);
    await sqliteWrites.unfreeze(at(), before, OPTIONS);
    expect(changedBytes(original, readFileSync(file))).toEqual([27, 95]);
    expect(readdirSync(folder)).toEqual(['legacy.db']);
    expect(await sqliteWrites.tryWrite(at(), OPTIONS)).toBe('accepted');
    expect(writeHere(INSERT)).toBe('ok');
    expect(readRows(file)).toEqual({ rows: 101, check: 'ok' });
  });

  it('is written again by a connection that was idle meanwhile, without an old page', async () => {
    const idle = await startWriter(file);
    await idle.run('SELECT * FROM t');
    const [before = ''] = await freeze();
    await sqliteWrites.unfreeze(at(), before, OPTIONS);
    expect(writeHere(INSERT)).toBe('ok');
    expect(await idle.run(INSERT)).toBe('ok');
    expect(readRows(file)).toEqual({ rows: 102, check: 'ok' });
  });

  it('is not frozen while another process writes, and nothing is noted or changed', async () => {
    const writer = await startWriter(file);
    expect(await writer.run(`BEGIN IMMEDIATE; ${INSERT}`)).toBe('ok');
    const header = headerOf();
    const before: string[] = [];
    const work = sqliteWrites.freeze(at(), null, (noted) => before.push(noted), OPTIONS);
    expect(await failureOf(work)).toContain('SOURCE_LOCKED: another process is using the database');
    expect(before).toEqual([]);
    expect(headerOf()).toEqual(header);
    expect(await failureOf(sqliteWrites.tryWrite(at(), OPTIONS))).toContain(
      'SOURCE_LOCKED: another process holds a lock on the database',
    );
    expect(await writer.run('COMMIT')).toBe('ok');
    expect(await freeze()).toHaveLength(1);
  });

  it('is not changed where the journal cannot note its header', async () => {
    const original = readFileSync(file);
    const work = sqliteWrites.freeze(at(), null, failToNote, OPTIONS);
    expect(await failureOf(work)).toContain('the disk is full');
    expect(changedBytes(original, readFileSync(file))).toEqual([]);
  });

  it('is finished by a freeze that begins again, from each state of a half-written header', async () => {
    const original = headerOf();
    const noted = original.toString('hex');
    const half = Buffer.from(original);
    half[18] = 3;
    for (const header of [half, frozenHeader(original, FROZEN_SOURCE)]) {
      writeFileSync(file, Buffer.concat([header, readFileSync(file).subarray(100)]));
      expect(await freeze(file, noted)).toEqual([]);
      expect(headerOf()).toEqual(frozenHeader(original, FROZEN_SOURCE));
    }
    const late = writableHeader(original);
    late[18] = 3;
    for (const header of [half, frozenHeader(original, FROZEN_SOURCE), late]) {
      writeFileSync(file, Buffer.concat([header, readFileSync(file).subarray(100)]));
      await sqliteWrites.unfreeze(at(), noted, OPTIONS);
      expect(headerOf()).toEqual(writableHeader(original));
    }
  });

  it('is not touched where its header is not the one that was noted', async () => {
    const [before = ''] = await freeze();
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(77, 24);
    writeFileSync(file, bytes);
    const found = await sqliteWrites.state(at(), before, OPTIONS);
    expect(found).toEqual({ kind: 'other', why: expect.stringContaining('not the one') as string });
    expect(await sqliteWrites.state(at(), null, OPTIONS)).toMatchObject({ kind: 'other' });
    const line = await failureOf(sqliteWrites.unfreeze(at(), before, OPTIONS));
    expect(line).toContain('the header of the database was not touched');
    expect(await failureOf(freeze())).toContain('SOURCE_WRITES');
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('is frozen by its link, too, and keeps the size that its header states', async () => {
    appendFileSync(file, Buffer.alloc(4096, 7));
    symlinkSync(file, join(folder, 'link.db'));
    const [before = ''] = await freeze(join(folder, 'link.db'));
    expect(await sqliteWrites.state(at(), before, OPTIONS)).toEqual({ kind: 'frozen' });
    // SQLite ignores pages beyond that size, and would count them if it were not valid.
    expect(readRows(file)).toEqual({ rows: 100, check: 'ok' });
  });
});

describe('the adapter', () => {
  it.each(MODES)('reads a frozen database in mode %s, in place and from a copy', async (mode) => {
    writeRows(file, mode);
    await freeze();
    // A name that ends in a space is not one that SQLite's driver opens.
    renameSync(file, `${file} `);
    copyFileSync(`${file} `, file);
    for (const path of [file, `${file} `]) {
      const scratch = join(folder, `scratch-${path.length}`);
      mkdirSync(scratch);
      const { signal } = new AbortController();
      const source = await sqliteAdapter.prepare(at(path), { ...OPTIONS, scratch, signal });
      expect(await source.count('t')).toBe(100);
      await source.assertUnchanged();
      await source.close();
      rmSync(scratch, { recursive: true });
    }
    expect(readdirSync(folder)).toEqual(['legacy.db', 'legacy.db ']);
  });
});

describe('in write-ahead mode', () => {
  beforeEach(() => {
    writeRows(file, 'wal');
  });

  it('the log of a killed application is written into the database first', async () => {
    const writer = await startWriter(file);
    expect(await writer.run(INSERT)).toBe('ok');
    await writer.kill();
    await freeze();
    expect(readRows(file)).toEqual({ rows: 101, check: 'ok' });
    expect(await sqliteWrites.tryWrite(at(), OPTIONS)).toBe('refused');
  });

  it('a reader that began before reads on, and cannot become a writer', async () => {
    const reader = await startWriter(file);
    expect(await reader.run('BEGIN; SELECT * FROM t')).toBe('ok');
    await freeze();
    expect(await reader.run(INSERT)).toMatch(/^SQLITE_(?:BUSY|READONLY)/);
    expect(await reader.run('COMMIT')).toBe('ok');
    expect(await reader.run(INSERT)).toBe('SQLITE_READONLY');
  });

  it('a connection that read at the last moment before the header was written is refused', async () => {
    const late = new Database(file, { timeout: 0 });
    const read = (): void => {
      late.prepare('SELECT * FROM t').all();
    };
    await sqliteWrites.freeze(at(), null, read, OPTIONS);
    expect(() => late.exec(INSERT)).toThrow('attempt to write a readonly database');
    late.close();
  });

  it('a log that is not empty means that the database is not frozen as noted', async () => {
    const [before = ''] = await freeze();
    writeFileSync(`${file}-wal`, 'x');
    expect(await sqliteWrites.state(at(), before, OPTIONS)).toMatchObject({ kind: 'unfinished' });
    expect(await failureOf(sqliteWrites.unfreeze(at(), before, OPTIONS))).toContain('not touched');
  });
});

describe('what cannot be frozen', () => {
  it('is a database with a transaction that has to be undone', async () => {
    writeRows(file, 'delete');
    const writer = await startWriter(file);
    // A transaction larger than the cache is written before it is committed.
    await writer.run('PRAGMA cache_size = 1');
    await writer.run(`BEGIN; UPDATE t SET name = name || '!'`);
    await writer.run('INSERT INTO t (name) SELECT hex(zeroblob(2000)) FROM t');
    const copy = join(folder, 'copy.db');
    copyFileSync(file, copy);
    copyFileSync(`${file}-journal`, `${copy}-journal`);
    expect(await failureOf(freeze(copy))).toContain('a writer was killed and left a transaction');
    expect(readFileSync(copy)).toEqual(readFileSync(file));
    expect(existsSync(`${copy}-journal`)).toBe(true);
  });

  it('is an empty file, a file of another kind, a folder, and nothing', async () => {
    writeFileSync(file, '');
    expect(await failureOf(freeze())).toContain('an empty file has no header');
    writeFileSync(file, 'x'.repeat(200));
    expect(await failureOf(freeze())).toContain('the file is not a SQLite database');
    expect(await failureOf(freeze(folder))).toContain('must be a file');
    expect(await failureOf(freeze(join(folder, 'absent')))).toContain('there is no such database');
    const spaced = join(folder, 'spaced.db ');
    writeRows(file.replace('legacy', 'plain'), 'delete');
    copyFileSync(join(folder, 'plain.db'), spaced);
    expect(await failureOf(freeze(spaced))).toContain('whitespace');
  });
});

describe('the header', () => {
  it('never has a change counter twice, also past the largest number', () => {
    for (const [counter, valid] of [
      [5, 5],
      [5, 6],
      [5, 7],
      [5, 2],
      [0xffffffff, 0xffffffff],
      [0xfffffffe, 0],
    ] as const) {
      const before = Buffer.alloc(100, 1);
      before.writeUInt32BE(counter, 24);
      before.writeUInt32BE(valid, 92);
      const all = [before, frozenHeader(before, FROZEN_SOURCE), writableHeader(before)];
      expect(new Set(all.map((header) => header.readUInt32BE(24))).size).toBe(3);
      const agrees = all.map((header) => header.readUInt32BE(24) === header.readUInt32BE(92));
      expect(new Set(agrees)).toEqual(new Set([counter === valid]));
      expect(writableHeader(before)[18]).toBe(1);
      const aside = frozenHeader(before, PUT_ASIDE);
      const thawed = thawedHeader(aside);
      expect(refusesWrites(aside) && isPutAside(aside)).toBe(true);
      expect([...thawed.subarray(18, 20)]).toEqual([1, 1]);
      const counters = [before, aside, thawed].map((header) => header.readUInt32BE(24));
      expect(new Set(counters).size).toBe(3);
      expect(thawed.readUInt32BE(24) === thawed.readUInt32BE(92)).toBe(counter === valid);
    }
  });
});
