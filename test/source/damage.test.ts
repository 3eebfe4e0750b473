/** Damaged SQLite databases: what the check says of them, and what the reading notices without it. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import type { Row, SourceAdapter } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import type { Access } from '../../src/source/sqlite/connection.ts';
import { damageIn } from '../../src/source/sqlite/integrityMessages.ts';
import { integrityCheck } from '../../src/source/sqlite/integrityRunner.ts';
import { inThread } from '../../src/source/sqlite/walk.ts';
import { INLINE_SQLITE } from '../kit/inlineSqlite.ts';
import { writeEndless } from './endless.ts';
import { handleOf, prepareAt, readerOf, waiting } from '../contract/opening.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealift-damaged-'));
  mkdirSync(join(folder, 'scratch'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const PAGE = 1024;
let made = 0;

/** A database of pages of 1 KiB, its bytes changed by `patch`. */
function make(sql: string, patch: (bytes: Buffer) => void = () => {}): string {
  made += 1;
  const file = join(folder, `${made}.db`);
  const db = new Database(file);
  db.pragma(`page_size = ${PAGE}`);
  db.exec(sql);
  db.close();
  const bytes = readFileSync(file);
  patch(bytes);
  writeFileSync(file, bytes);
  return file;
}

const N = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)';
const LEDGER = `CREATE TABLE ledger (id INTEGER PRIMARY KEY, who TEXT NOT NULL, cents INTEGER);
  ${N} INSERT INTO ledger SELECT i, 'customer ' || i || ' at the lake', i * 100 FROM n;`;
const INDEXED = `${LEDGER} CREATE INDEX ledger_cents ON ledger (cents);`;

/** Half of the children of the ledger's root are cut off: what changes is one byte. */
const halve = (bytes: Buffer): void => {
  bytes[PAGE + 4] = (bytes[PAGE + 4] ?? 0) >> 1;
};

/** Makes it another collation's, one that nothing here has. */
const rename = (bytes: Buffer): void => {
  for (let at = bytes.indexOf('NOCASE'); at >= 0; at = bytes.indexOf('NOCASE', at)) {
    bytes.write('LOCALE', at);
  }
};

/** Where the first page of a type begins that is not among the first ones. */
function pageOf(bytes: Buffer, type: number, after: number = 1): number {
  for (let at = after * PAGE; at < bytes.length; at += PAGE) if (bytes[at] === type) return at;
  throw new Error('there is no such page');
}

/**
 * What the check says: `passed`, the tables that were not checked, or a line. In this process, or in one
 * of its own with the adapter itself.
 */
async function checked(
  file: string,
  adapter: SourceAdapter = INLINE_SQLITE,
): Promise<string | readonly string[]> {
  const source = await prepareAt(adapter, file, {
    scratch: join(folder, 'scratch'),
    ...waiting(100),
  });
  const check = source.checkForDamage?.();
  try {
    await source.inOneSnapshot(async () => check?.begin());
    const { unchecked } = (await check?.run()) ?? { unchecked: ['no check'] };
    return unchecked.length === 0 ? 'passed' : unchecked;
  } catch (error) {
    return lineOf(error);
  } finally {
    check?.close();
    await source.close();
  }
}

function lineOf(error: unknown): string {
  if (error instanceof Failure) return `${error.code} ${error.line()}`;
  throw error;
}

/** All rows of a table, in ranges of few, or the line that ends the reading. */
async function read(file: string, table: string): Promise<Row[] | string> {
  const options = { scratch: join(folder, 'scratch'), ...waiting(100) };
  try {
    const source = await prepareAt(sqliteAdapter, file, options);
    const reader = await readerOf(sqliteAdapter, source);
    try {
      const columns = source.schema.tables.find(({ name }) => name === table)?.columns ?? [];
      const names = columns.map(({ name }) => name);
      const rows: Row[] = [];
      for (const range of await source.plan(table, 50)) {
        for await (const page of reader.read(table, names, range)) rows.push(...page);
      }
      expect(await source.count(table)).toBe(rows.length);
      return rows;
    } finally {
      await reader.close();
      await source.close();
    }
  } catch (error) {
    return lineOf(error);
  }
}

describe('the check for damage', () => {
  it('passes a sound database', async () => {
    expect(await checked(make(INDEXED), sqliteAdapter)).toBe('passed');
  });

  it('finds that half of the rows were cut off, which reading does not notice', async () => {
    const file = make(LEDGER, halve);
    const rows = await read(file, 'ledger');
    expect(rows.length).toBeLessThan(200);
    expect(await checked(file, sqliteAdapter)).toMatch(
      /^SOURCE_FORMAT the database is damaged, SQLite's integrity check says "Page \d+: never used" .*--skip-integrity-check/,
    );
  });

  it('finds an index that disagrees with its table, which quick_check does not', async () => {
    const file = make(INDEXED, (bytes) => {
      // The number of one row becomes another one, wherever a copy of it was left.
      const who = 'customer 7 at the lake';
      for (let at = bytes.indexOf(who); at >= 0; at = bytes.indexOf(who, at + 1)) {
        const cents = at + who.length;
        bytes.writeUInt16BE(bytes.readUInt16BE(cents) + 1, cents);
      }
    });
    const db = new Database(file, { readonly: true });
    expect(db.pragma('quick_check', { simple: true })).toBe('ok');
    db.close();
    expect(await checked(file)).toContain('row 7 missing from index ledger_cents');
  });

  it('lets content pass that breaks the rules of its schema', async () => {
    const file = make(`${LEDGER} CREATE TABLE r (v CHECK (v < 10)); INSERT INTO r VALUES (1);`);
    const db = new Database(file);
    db.unsafeMode();
    db.exec(`PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, 'v < 10', 'v > 10') WHERE name = 'r';
      UPDATE sqlite_schema SET sql = replace(sql, 'cents INTEGER', 'cents INTEGER NOT NULL');`);
    db.close();
    const again = new Database(file);
    again.exec('PRAGMA ignore_check_constraints = ON');
    expect(JSON.stringify(again.pragma('integrity_check'))).toContain('ok');
    again.close();
    expect(await checked(file)).toBe('passed');
  });

  it('lets a search index pass that disagrees with its texts', async () => {
    const file = make(
      `CREATE VIRTUAL TABLE ft USING fts5 (t);
      INSERT INTO ft VALUES ('Rex barks'), ('Bella sleeps');
      INSERT INTO ft (rowid, t) VALUES (5, 'Bella eats');`,
      (bytes) => {
        for (let at = bytes.indexOf('barks'); at >= 0; at = bytes.indexOf('barks', at + 1)) {
          if (bytes.toString('latin1', at - 4, at) === 'Rex ') bytes.write('plays', at);
        }
      },
    );
    const db = new Database(file, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toMatch(/^fts5: /);
    db.close();
    expect(await checked(file)).toBe('passed');
  });

  /** A collation of the application, which nobody here has. */
  const LOCAL = `CREATE TABLE tag (name TEXT COLLATE NOCASE PRIMARY KEY);
    INSERT INTO tag VALUES ('a'), ('b');`;
  it('names the tables that SQLite cannot check for want of a collation, and passes the others', async () => {
    expect(await checked(make(`${LEDGER} ${LOCAL}`, rename))).toEqual(['tag']);
  });

  it('finds that pages were cut off where it cannot check the database as a whole', async () => {
    const file = make(`${LEDGER} ${LOCAL}`, (bytes) => {
      rename(bytes);
      halve(bytes);
    });
    expect(await checked(file)).toMatch(/pages belong to no table or index|Fragmentation/);
  });

  it('says what it is that a line of it says', () => {
    expect(damageIn('ok')).toEqual([]);
    expect(damageIn('NULL value in ledger.who')).toEqual([]);
    expect(damageIn('CHECK constraint failed in r')).toEqual([]);
    expect(damageIn('fts5: checksum mismatch for table "ft"')).toEqual([]);
    expect(damageIn('malformed inverted index for FTS5 table main.ft')).toEqual([]);
    expect(damageIn('TEXT value in ledger.cents')).toHaveLength(1);
    expect(damageIn('non-unique entry in index u')).toHaveLength(1);
    expect(damageIn('something that a later version says')).toHaveLength(1);
    const lines = '*** in database main ***\nFragmentation of 4 bytes\nPage 3: never used';
    expect(damageIn(lines)).toEqual(['Page 3: never used', 'Fragmentation of 4 bytes']);
  });

  it('is ended where it takes too long, and says when its process died', async () => {
    const file = make(LEDGER);
    const scratch = join(folder, 'scratch');
    const source = await prepareAt(sqliteAdapter, file, { scratch, ...waiting(100) });
    const access = (await handleOf(source))['access'] as Access;
    await source.close();
    const late = integrityCheck(access, 0, scratch, 0.001);
    await expect(late.begin()).rejects.toThrow(/took longer than/);
    const dead = integrityCheck(access, 0, scratch);
    dead.close();
    await expect(dead.begin()).rejects.toThrow(/its process ended/);
  });
});

/** Rows of the ledger, counted in a thread; its ranges are those of this one. */
async function walked(file: string): Promise<unknown> {
  const options = { scratch: join(folder, 'scratch'), ...waiting(100) };
  const source = await prepareAt(sqliteAdapter, file, options);
  const access = (await handleOf(source))['access'] as Access;
  const walk = { kind: 'plan', table: 'ledger', all: 300, rows: 100 } as const;
  try {
    const [{ rows }, { ranges }] = await Promise.all([
      inThread({ access, walk: { kind: 'count', table: 'ledger' } }),
      inThread({ access, walk }),
    ]);
    expect(ranges).toEqual(await source.plan('ledger', 100));
    return rows;
  } catch (error) {
    return lineOf(error);
  } finally {
    await source.close();
  }
}

describe('a walk over a table in a thread', () => {
  it('says the same as in this one', async () => {
    expect(await walked(make(LEDGER))).toBe(300);
  });

  it('says the same of damage', async () => {
    const file = make(INDEXED, (bytes) => {
      const leaf = pageOf(bytes, 10);
      bytes.writeUInt16BE(bytes.readUInt16BE(leaf + 3) - 1, leaf + 3);
    });
    expect(await walked(file)).toMatch(/it has 300 rows, but one of its indexes has 299/);
  });
});

describe('reading a damaged database', () => {
  it('ends where rowids do not ascend', async () => {
    const file = make(LEDGER, (bytes) => {
      const leaf = pageOf(bytes, 13);
      const pointers = leaf + 8;
      const [one, two] = [bytes.readUInt16BE(pointers), bytes.readUInt16BE(pointers + 2)];
      bytes.writeUInt16BE(two, pointers);
      bytes.writeUInt16BE(one, pointers + 2);
    });
    expect(await read(file, 'ledger')).toMatch(/^SOURCE_FORMAT .*its rowids do not ascend/);
  });

  it('ends where a row comes twice', async () => {
    const file = make(LEDGER, (bytes) => {
      const pointers = pageOf(bytes, 13) + 8;
      bytes.copyWithin(pointers + 2, pointers, pointers + 2);
    });
    expect(await read(file, 'ledger')).toMatch(/^SOURCE_FORMAT .*its rowids do not ascend/);
  });

  it('ends where an index does not have the rows of its table', async () => {
    const file = make(INDEXED, (bytes) => {
      const leaf = pageOf(bytes, 10);
      bytes.writeUInt16BE(bytes.readUInt16BE(leaf + 3) - 1, leaf + 3);
    });
    expect(await read(file, 'ledger')).toMatch(
      /^SOURCE_FORMAT the database is damaged, it has 300 rows, but one of its indexes has 299/,
    );
  });

  it.each([
    ['with a rowid', 'CREATE TABLE t (v INTEGER PRIMARY KEY)', 5, 13],
    ['without a rowid', 'CREATE TABLE t (v INTEGER PRIMARY KEY) WITHOUT ROWID', 2, 10],
  ])('ends where pages lead to each other without an end, %s', async (_, sql, inner, leaf) => {
    const file = make('');
    writeEndless(file, sql, inner, leaf);
    expect(await read(file, 't')).toMatch(
      /^SOURCE_FORMAT the database is damaged, its pages form a cycle/,
    );
    expect(await checked(file)).toMatch(/^SOURCE_FORMAT .*SQLite's integrity check says/);
  });

  it('lets others have a turn between pages', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    const rows = `${N} INSERT INTO big SELECT a.i, b.i FROM n AS a, n AS b;`;
    expect(await read(make(`CREATE TABLE big (a, b); ${rows}`), 'big')).toHaveLength(90_000);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});
