/**
 * What is far larger than usual, in one place: a cell, the columns of a table, the tables of a database.
 * It works, or is refused in one line. `SEALIFT_EXTREMES=1` tests the sizes of docs/limits.md.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { measure } from '../../bench/measure.ts';
import { asFailure } from '../../src/source/sqlite/connection.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { succeed } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { temporaryFolder } from '../fault/fixture.ts';
import { isLong } from '../kit/long.ts';

const FULL = process.env['SEALIFT_EXTREMES'] === '1' || isLong('SEALIFT_EXTREMES');
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

/** Bytes of one cell. */
const CELL = FULL ? 100_000_000 : 2_000_000;
/** The most that SQLite allows by default. */
const COLUMNS = 2000;
const TABLES = FULL ? 5000 : 20;
/** Seconds that one command over all tables may take, however busy the machine is: no more than against what is quadratic. */
const PATIENCE = 900;

vi.setConfig({ testTimeout: FULL ? 20 * 60_000 : 60_000 });

const root = temporaryFolder();
afterAll(() => {
  rmSync(root, { recursive: true });
});

function database(name: string, fill: (db: Database.Database) => void): string {
  const project = join(root, name);
  mkdirSync(project);
  const db = new Database(join(project, 'legacy.db'));
  db.exec('BEGIN');
  fill(db);
  db.exec('COMMIT');
  db.close();
  return project;
}

/** Runs a command in the project: as a process that is measured where much is asked of it. */
async function run(project: string, ...args: readonly string[]): Promise<void> {
  if (FULL) await peakOf(project, ...args);
  else await succeed(args, { cwd: project });
}

/** Runs a command as a process in the project; its time and memory are told. Returns its peak in MiB. */
async function peakOf(project: string, ...args: readonly string[]): Promise<number> {
  const { seconds, peak } = await measure(process.execPath, [MAIN, ...args], project);
  if (FULL) {
    const what = `${project.slice(root.length + 1)}: ${args[0]}`;
    process.stderr.write(`notice: ${what}: ${seconds.toFixed(1)} s, ${Math.round(peak)} MiB\n`);
  }
  expect(seconds).toBeLessThan(PATIENCE);
  return peak;
}

const INIT = ['init', '--source', 'sqlite:legacy.db', '--ids', 'keep'];

/** The records of a module, by their key. */
function recordsOf(project: string, module: string): Map<unknown, Record<string, unknown>> {
  const file = join(project, 'storage_candidate/v1', module, 'data.ndjson');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return new Map(records.map((record) => [record['number'], record]));
}

describe('one cell', () => {
  const sentence = 'Grüße, "hier" ist viel Text.\n';
  const text = sentence.repeat(Math.floor(CELL / Buffer.byteLength(sentence)));
  const blob = Buffer.alloc(CELL, 'some bytes');

  it(`of ${CELL} bytes arrives exactly, as text and as bytes, in memory of a dozen such cells`, async () => {
    const project = database('cell', (db) => {
      db.exec('CREATE TABLE notes (number INTEGER PRIMARY KEY, body TEXT)');
      db.exec('CREATE TABLE files (number INTEGER PRIMARY KEY, body BLOB)');
      db.prepare('INSERT INTO notes VALUES (1, ?), (2, ?)').run(text, 'short');
      db.prepare('INSERT INTO files VALUES (1, ?), (2, ?)').run(blob, Buffer.from('short'));
    });
    await run(project, ...INIT);
    if (FULL) await run(project, 'dry-run', '--workers', '1', '--memory', '64M');
    const peak = await peakOf(project, 'migrate', '--workers', '1', '--memory', '64M');
    expect(peak).toBeLessThan(300 + (12 * CELL) / 2 ** 20);
    await run(project, 'scan-all');
    expect(recordsOf(project, 'notes').get(1)?.['body'] === text).toBe(true);
    const digest = createHash('sha256').update(blob).digest('hex');
    expect(readdirSync(join(project, 'storage_candidate/v1/files/blobs'))).toContain(digest);
    expect(JSON.stringify(recordsOf(project, 'files').get(1))).toContain(digest);
    // The control: one byte of it that is another one is found.
    const data = join(project, 'storage_candidate/v1/notes/data.ndjson');
    const bytes = readFileSync(data);
    bytes[bytes.indexOf('viel')] = 'V'.charCodeAt(0);
    writeFileSync(data, bytes);
    expect((await sealift(['verify-checksums', '--project', project])).code).toBe(2);
  });

  if (FULL) {
    it('that no text can hold as JSON is refused in one line', async () => {
      const project = database('quotes', (db) => {
        db.exec('CREATE TABLE notes (number INTEGER PRIMARY KEY, body TEXT)');
        db.exec(`INSERT INTO notes VALUES (1, replace(hex(zeroblob(150000000)), '0', '"'))`);
      });
      await run(project, ...INIT);
      const { code, stderr } = await sealift(['migrate', '--project', project]);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^sealift migrate: a row makes a record of more than 512 MiB, .+ \(table "notes"\): make its cells smaller, .+$/m,
      );
    });
  }

  it('that SQLite does not hand over is refused in one line', () => {
    const failure = asFailure(new Database.SqliteError('said', 'SQLITE_TOOBIG'), 'a.db', 'notes');
    expect(failure instanceof Failure && failure.line()).toBe(
      'a cell is larger than 512 MiB, more than can be read (a.db, table "notes"): make it smaller, or move it out of the table',
    );
  });
});

const kinds = ['TEXT', 'INTEGER', 'REAL', 'DATE'] as const;
const valueOf = (row: number, column: number): number | string =>
  [`${row} in ${column}`, row * column, row + column / 8, '2024-02-29'][column % 4] ?? '';

describe('a table', () => {
  it(`of ${COLUMNS} columns arrives with all of them; SQLite allows no more`, async () => {
    const project = database('columns', (db) => {
      const columns = Array.from({ length: COLUMNS - 1 }, (_, at) => `c${at} ${kinds[at % 4]}`);
      db.exec(`CREATE TABLE wide (number INTEGER PRIMARY KEY, ${columns.join(', ')})`);
      expect(() => db.exec('ALTER TABLE wide ADD COLUMN more TEXT')).toThrow(/too many columns/);
      const marks = columns.map(() => ', ?').join('');
      const insert = db.prepare(`INSERT INTO wide VALUES (?${marks})`);
      for (let row = 1; row <= (FULL ? 1000 : 5); row += 1) {
        insert.run(row, ...columns.map((_, at) => valueOf(row, at)));
      }
    });
    await run(project, ...INIT);
    const peak = await peakOf(project, 'migrate', '--workers', '1', '--memory', '64M');
    expect(peak).toBeLessThan(400);
    if (FULL) await run(project, 'scan-all');
    const record = recordsOf(project, 'wide').get(3);
    expect(Object.keys(record ?? {})).toHaveLength(COLUMNS);
    expect(record?.['c1996']).toBe('3 in 1996');
    expect(record?.['c1997']).toBe(3 * 1997);
    // The control: a column that is not there is missed.
    expect(Object.keys(record ?? {})).not.toContain(`c${COLUMNS}`);
  });
});

describe('a database', () => {
  it(`of ${TABLES} tables that refer to each other is built, verified and scanned`, async () => {
    const project = database('tables', (db) => {
      for (let table = 0; table < TABLES; table += 1) {
        const parent = `t${Math.floor(table / 2)}`;
        db.exec(`CREATE TABLE t${table} (number INTEGER PRIMARY KEY, name TEXT,
          parent INTEGER REFERENCES ${parent}(number), made DATE)`);
        const first = table === 0 ? 'NULL' : '1';
        db.exec(
          `INSERT INTO t${table} VALUES (1, 'one', ${first}, '2024-02-29'), (2, 'two', 1, NULL)`,
        );
      }
    });
    await run(project, ...INIT);
    await run(project, 'migrate');
    await run(project, 'verify-checksums');
    await run(project, 'scan-all');
    const folders = readdirSync(join(project, 'storage_candidate/v1'));
    expect(folders.filter((name) => /^t\d+$/.test(name))).toHaveLength(TABLES);
    // The control: a record that nobody refers to is no fault, one that is not there is.
    const last = join(project, 'storage_candidate/v1', `t${TABLES - 1}`, 'data.ndjson');
    writeFileSync(last, '');
    expect((await sealift(['scan-all', '--project', project])).code).toBe(2);
  });
});
