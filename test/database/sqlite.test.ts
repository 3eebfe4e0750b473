/** What SQLite has and the contract does not know: types of cells, triggers, locks, files. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import type { Cell } from '../../src/database/database.ts';
import { sqliteDatabase } from '../../src/database/sqlite.ts';
import { workFolder } from '../kit/project.ts';
import { openDatabase, refusal, tableT } from './opened.ts';

const work = workFolder('database-sqlite');
const ALL = { isNull: [], notNull: [] };
let made = 0;

function make(sql: string): [string, Sqlite.Database] {
  made += 1;
  const path = join(work, `d${made}.db`);
  const db = new Sqlite(path);
  db.exec(sql);
  return [path, db];
}

function swapping(
  id: Cell,
  expected: Cell,
  wanted: Cell,
): Parameters<Awaited<ReturnType<typeof tableT>>['swap']>[0] {
  return [{ key: [id], expect: { c: expected }, set: { c: wanted } }];
}

describe('SQLite', () => {
  it('tells a text, a BLOB of its bytes and an integer of its digits apart', async () => {
    const [path, db] = make(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, c); INSERT INTO t VALUES (1, '1'), (2, x'31'), (3, 1)`,
    );
    const table = await tableT(await openDatabase(sqliteDatabase, path));
    const cells: Cell[] = ['1', Buffer.from('1'), 1n];
    const rows = await table.page(null, 10, ALL);
    expect(rows.map((row) => row.cells[0])).toEqual(cells);
    for (const [at, cell] of cells.entries()) {
      for (const other of cells.filter((one) => one !== cell)) {
        expect(await table.swap(swapping(BigInt(at + 1), other, 'x'))).toEqual([false]);
      }
      expect(await table.swap(swapping(BigInt(at + 1), cell, cell))).toEqual([true]);
    }
    expect(db.prepare('SELECT typeof(c) FROM t').pluck().all()).toEqual([
      'text',
      'blob',
      'integer',
    ]);
  });

  it('never changes a REAL, or a text that is not valid UTF-8', async () => {
    const [path, db] = make(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT, r);
       INSERT INTO t VALUES (1, CAST(x'61ff' AS TEXT), 1.5), (2, 'a\u{fffd}', '1.5')`,
    );
    const table = await tableT(await openDatabase(sqliteDatabase, path), ['c', 'r']);
    const [damaged, valid] = await table.page(null, 10, ALL);
    expect(damaged?.cells).toEqual([Buffer.from('61ff', 'hex'), '1.5']);
    expect(valid?.cells).toEqual(['a\u{fffd}', '1.5']);
    for (const expected of ['a\u{fffd}', Buffer.from('61ff', 'hex')]) {
      expect(await table.swap(swapping(1n, expected, 'x'))).toEqual([false]);
    }
    const real = [{ key: [1n], expect: { r: '1.5' }, set: { r: 'x' } }];
    expect(await table.swap(real)).toEqual([false]);
    expect(db.prepare('SELECT hex(c) FROM t').pluck().get()).toBe('61FF');
    expect(await table.swap(swapping(2n, 'a\u{fffd}', 'x'))).toEqual([true]);
  });

  it('undoes a batch of which a trigger or an affinity stored something else', async () => {
    const [path, db] = make(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT, d STRING, e TEXT);
       INSERT INTO t VALUES (1, 'a', 'a', 'a'), (2, 'b', 'b', 'b');
       CREATE TRIGGER low AFTER UPDATE OF c ON t WHEN NEW.c = 'BAD'
         BEGIN UPDATE t SET c = lower(NEW.c) WHERE id = NEW.id; END;
       CREATE TRIGGER told AFTER UPDATE OF c ON t BEGIN UPDATE t SET e = 'seen' WHERE id = NEW.id; END`,
    );
    const table = await tableT(await openDatabase(sqliteDatabase, path), ['c', 'd']);
    const both = [...swapping(1n, 'a', 'good'), ...swapping(2n, 'b', 'BAD')];
    expect(await refusal(table.swap(both))).toMatch(/^TARGET a trigger .*row 2/);
    expect(db.prepare('SELECT c FROM t').pluck().all()).toEqual(['a', 'b']);
    const numeric = [{ key: [1n], expect: {}, set: { d: '1' } }];
    expect(await refusal(table.swap(numeric))).toContain('type STRING');
    expect(await table.swap(swapping(1n, 'a', 'good'))).toEqual([true]);
    expect(db.prepare('SELECT c, e FROM t').get()).toEqual({ c: 'good', e: 'seen' });
  });

  it('refuses what has no key of its own: a view, a virtual table, a key that is null', async () => {
    const [path] = make(
      `CREATE TABLE t (id TEXT PRIMARY KEY, c TEXT); INSERT INTO t VALUES (NULL, 'a');
       CREATE VIEW v AS SELECT * FROM t; CREATE VIRTUAL TABLE f USING fts5(id, c);
       CREATE TABLE p (id INTEGER, c TEXT); CREATE UNIQUE INDEX some ON p (id) WHERE c IS NULL;
       CREATE TABLE g (id INTEGER PRIMARY KEY, c TEXT, h TEXT AS (upper(c)))`,
    );
    const database = await openDatabase(sqliteDatabase, path);
    const open = (table: string, columns = ['c']): Promise<unknown> =>
      database.table({ table, key: ['id'], columns });
    expect(await refusal(open('t'))).toContain('is null');
    expect(await refusal(open('v'))).toContain('is a view');
    expect(await refusal(open('f'))).toContain('is a virtual table');
    expect(await refusal(open('p'))).toContain('more than one row');
    const generated = await database.table({ table: 'g', key: ['id'], columns: ['h'] });
    const change = [{ key: [1n], expect: {}, set: { h: 'x' } }];
    expect(await refusal(generated.swap(change))).toContain('computes');
  });

  it('waits for a lock, and then tells that it is held', async () => {
    const [path, db] = make(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT); INSERT INTO t VALUES (1, 'a')`,
    );
    const table = await tableT(await openDatabase(sqliteDatabase, path, { lockMs: 50 }));
    db.exec('BEGIN IMMEDIATE');
    expect(await refusal(table.swap(swapping(1n, 'a', 'b')))).toMatch(/^BUSY another process/);
    db.exec('ROLLBACK');
    expect(await table.swap(swapping(1n, 'a', 'b'))).toEqual([true]);
  });

  it('refuses a file that is no database, and makes none', async () => {
    const path = join(work, 'text.db');
    writeFileSync(
      path,
      'this is a text, and longer than the header of a database has to be'.repeat(20),
    );
    expect(await refusal(openDatabase(sqliteDatabase, path))).toContain('no SQLite database');
    const missing = join(work, 'missing.db');
    expect(await refusal(openDatabase(sqliteDatabase, missing))).toContain('no such file');
    expect(existsSync(missing)).toBe(false);
    expect(await refusal(openDatabase(sqliteDatabase, work))).toContain('no file');
  });

  it('names the process that holds the lock of a command', async () => {
    const [path] = make('CREATE TABLE t (id INTEGER PRIMARY KEY)');
    const one = await openDatabase(sqliteDatabase, path);
    const other = await openDatabase(sqliteDatabase, path);
    await one.lock('keys');
    expect(await refusal(other.lock('keys'))).toContain(`process ${process.pid}`);
    await one.close();
    await other.lock('keys');
    await other.close();
  });
});
