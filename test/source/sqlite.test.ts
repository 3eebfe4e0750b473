import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/outcome/failure.ts';
import { InvalidText } from '../../src/record/value.ts';
import type { PreparedSource, Row, SourceReader } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import type { Access } from '../../src/source/sqlite/connection.ts';
import { NEVER, handleOf, prepareAt, readerOf, waiting } from '../contract/opening.ts';

let root = '';
let folder = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sealift-sqlite-'));
  folder = join(root, 'data');
  mkdirSync(folder);
  mkdirSync(join(root, 'scratch'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

const options = () => ({ scratch: join(root, 'scratch'), ...waiting(150) });

/** A database made by statements; closed. */
function make(name: string, ...statements: string[]): string {
  const file = join(folder, name);
  const db = new Database(file);
  for (const sql of statements) db.exec(sql);
  db.close();
  return file;
}

/** Runs a script with an open connection `db` in another process, and leaves it open. */
async function elsewhere(file: string, script: string): Promise<ChildProcess> {
  const library = import.meta.resolve('better-sqlite3');
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import Database from ${JSON.stringify(library)};
       const db = new Database(${JSON.stringify(file)});
       ${script};
       process.stdout.write('ready');
       process.stdin.on('data', (sql) => { db.exec(String(sql)); process.stdout.write('done'); });`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  children.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

async function tell(child: ChildProcess, sql: string): Promise<void> {
  const answered = new Promise((resolve) => child.stdout?.once('data', resolve));
  child.stdin?.write(sql);
  await answered;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function readAll(
  source: PreparedSource,
  table: string,
  columns: readonly string[],
  rows = 1e9,
): Promise<Row[]> {
  let reader: SourceReader | null = null;
  await source.inOneSnapshot(async (handle) => {
    await reader?.close();
    reader = await sqliteAdapter.open(structuredClone(handle), NEVER);
  });
  const open = reader as unknown as SourceReader;
  const found: Row[] = [];
  for (const range of await source.plan(table, rows)) {
    for await (const page of open.read(table, columns, range)) found.push(...page);
  }
  await open.close();
  return found;
}

async function readOnce(file: string, table: string, columns: readonly string[]): Promise<Row[]> {
  const source = await prepareAt(sqliteAdapter, file, options());
  try {
    const rows = await readAll(source, table, columns);
    expect(rows).toHaveLength(await source.count(table));
    await source.assertUnchanged();
    return rows;
  } finally {
    await source.close();
  }
}

async function kindOf(file: string): Promise<Access['kind']> {
  const source = await prepareAt(sqliteAdapter, file, options());
  const { kind } = (await handleOf(source))['access'] as Access;
  await source.close();
  return kind;
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

/** Names and bytes of the folder; of shared memory the name alone, it is no content. */
function stateOf(path: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(path).map((name) => [
      name,
      name.endsWith('-shm') ? '' : readFileSync(join(path, name), 'base64'),
    ]),
  );
}

/** A bigint as a source yields it. */
function plain(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const TWO = 'CREATE TABLE t (v); INSERT INTO t VALUES (1)';
const LATER = 'INSERT INTO t VALUES (2)';

describe('values of a SQLite source', () => {
  it('arrive exactly, next to columns that a fast read would change', async () => {
    const file = make(
      'v.db',
      'CREATE TABLE t (v)',
      `INSERT INTO t VALUES (9007199254740991), (9007199254740992), (9007199254740993),
        (-9223372036854775808), (9223372036854775807), (1.5), (1e300), (9007199254740994.0),
        (-0.0), (9e999), (''), (NULL), (x''), (x'00ff'), ('a' || char(0) || 'b'),
        (char(0xFFFD)), (CAST(x'61ff62' AS TEXT)), (CAST(x'eda080' AS TEXT)),
        (char(0xFEFF) || 'x'), ('😀')`,
    );
    const cells = (await readOnce(file, 't', ['v'])).map((row) => row[0]);
    expect(cells).toEqual([
      9007199254740991,
      9007199254740992n,
      9007199254740993n,
      -9223372036854775808n,
      9223372036854775807n,
      1.5,
      1e300,
      9007199254740994,
      cells[8],
      Number.POSITIVE_INFINITY,
      '',
      null,
      Buffer.alloc(0),
      Buffer.from([0, 255]),
      'a\0b',
      '\uFFFD',
      new InvalidText(Buffer.from('61ff62', 'hex')),
      new InvalidText(Buffer.from('eda080', 'hex')),
      '\uFEFFx',
      '😀',
    ]);
    expect(cells[8]).toBeCloseTo(0);
  });

  it.each(['UTF-16le', 'UTF-16be'])('arrive exactly from %s', async (encoding) => {
    const unit = (hex: string): string =>
      encoding === 'UTF-16le' ? hex : (hex.match(/../g) ?? []).reverse().join('');
    const file = make(
      'u.db',
      `PRAGMA encoding = '${encoding}'`,
      'CREATE TABLE t (v)',
      `INSERT INTO t VALUES ('Größe 😀'), (''), (CAST(x'${unit('00d8')}${unit('4100')}' AS TEXT)), (char(0xFFFD)), (char(0xFEFF) || 'x'), (9007199254740993)`,
    );
    const cells = (await readOnce(file, 't', ['v'])).map((row) => row[0]);
    expect(cells).toEqual([
      'Größe 😀',
      '',
      new InvalidText(Buffer.from(`${unit('00d8')}${unit('4100')}`, 'hex')),
      '\uFFFD',
      '\uFEFFx',
      9007199254740993n,
    ]);
  });

  it('arrive as half a code unit where the file holds one', async () => {
    const file = make('half.db', "PRAGMA encoding = 'UTF-16le'", TWO, "UPDATE t SET v = 'ab'");
    const bytes = readFileSync(file);
    // Record: header of 2 bytes, text of 4 bytes (serial type 21); made into one of 3 bytes (19).
    const at = bytes.indexOf(Buffer.from([2, 21, 0x61, 0, 0x62, 0]));
    expect(at).toBeGreaterThan(0);
    bytes[at - 2] = 5;
    bytes[at + 1] = 19;
    writeFileSync(file, bytes);
    const half = new InvalidText(Buffer.from([0x61, 0, 0x62]));
    expect(await readOnce(file, 't', ['v'])).toEqual([[half, 1]]);
  });

  it('arrive exactly where rows have no rowid, in the middle of a large table', async () => {
    const file = make(
      'scan.db',
      'CREATE TABLE t (k INTEGER PRIMARY KEY, v) WITHOUT ROWID',
      `WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
       INSERT INTO t SELECT i, 'v' || i FROM n`,
      "UPDATE t SET v = CAST(x'61ff' AS TEXT) WHERE k IN (5000, 5001, 8999)",
      'CREATE VIEW w AS SELECT v FROM t ORDER BY k',
    );
    const invalid = new InvalidText(Buffer.from([0x61, 0xff]));
    for (const table of ['t', 'w']) {
      const rows = await readOnce(file, table, ['v']);
      const expected = rows.map((_, index) => {
        return [[5000, 5001, 8999].includes(index + 1) ? invalid : `v${index + 1}`, index + 1];
      });
      expect(rows).toHaveLength(9000);
      expect(rows).toEqual(expected);
    }
  });

  it('arrive as they were written, whatever they are', async () => {
    const cell = fc.oneof(
      fc.constant(null),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer().map(BigInt),
      fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)),
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('UTF-8', 'UTF-16le', 'UTF-16be'),
        fc.constantFrom('', ' WITHOUT ROWID'),
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 30 }),
        async (encoding, without, rows) => {
          const name = `p${run++}.db`;
          const db = new Database(join(folder, name));
          db.pragma(`encoding = '${encoding}'`);
          db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)${without}`);
          for (const [a, b] of rows)
            db.prepare('INSERT INTO t (id, a, b) VALUES ((SELECT count(*) FROM t), ?, ?)').run(
              a,
              b,
            );
          db.close();
          const found = await readOnce(join(folder, name), 't', ['a', 'b']);
          expect(found.map((row) => row.slice(0, 2))).toEqual(
            rows.map((row) => row.map((value) => plain(value))),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keep their rounding out when a whole table is beyond 2^53', async () => {
    const file = make(
      'big.db',
      'CREATE TABLE t (v)',
      `WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
       INSERT INTO t SELECT 9007199254740993 + i FROM n`,
    );
    const rows = await readOnce(file, 't', ['v']);
    const wrong = rows.findIndex((row, i) => row[0] !== 9007199254740993n + BigInt(i));
    expect(wrong).toBe(-1);
    expect(rows[9999]?.[1]).toBe(10_000);
  });

  it.each(['', ' WITHOUT ROWID'])(
    'arrive exactly in the widest table that SQLite has%s',
    async (ending) => {
      const columns = Array.from({ length: 2000 }, (_, index) => `c${index}`);
      const values = columns.map((_, index) => String(index));
      values[1] = "CAST(x'ff' AS TEXT)";
      values[1800] = '9007199254740993';
      const file = make(
        'wide.db',
        `CREATE TABLE t (${columns.join(', ')}, PRIMARY KEY (c0))${ending}`,
        ...[-1, -2].map((key) => `INSERT INTO t VALUES (${[key, ...values.slice(1)].join(', ')})`),
      );
      const rows = await readOnce(file, 't', columns);
      expect(rows.map((row) => row.length)).toEqual([2001, 2001]);
      expect(new Set(rows.map((row) => row[0]))).toEqual(new Set([-1, -2]));
      expect(rows[0]?.slice(2, 1800)).toEqual(columns.map((_, index) => index).slice(2, 1800));
      expect(rows[1]?.[1]).toEqual(new InvalidText(Buffer.of(0xff)));
      expect(rows[1]?.[1800]).toBe(9007199254740993n);
    },
  );

  it('do not fill the memory when they are large', async () => {
    const file = make(
      'blobs.db',
      'CREATE TABLE t (v)',
      `WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39)
       INSERT INTO t SELECT zeroblob(1048576) FROM n`,
    );
    const source = await prepareAt(sqliteAdapter, file, options());
    const reader = await readerOf(sqliteAdapter, source);
    const pages: number[] = [];
    for await (const page of reader.read('t', ['v'], { lo: null, hi: null }))
      pages.push(page.length);
    await reader.close();
    expect(pages.reduce((a, b) => a + b, 0)).toBe(40);
    expect(Math.max(...pages)).toBeLessThanOrEqual(9);
  });
});

describe('rows of a SQLite source', () => {
  it('are found by rowids at both ends of 64 bits and in between', async () => {
    const ids = [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 1n, 5n, 2n ** 53n, 2n ** 63n - 1n];
    const file = make(
      'wide.db',
      'CREATE TABLE t (v)',
      ...ids.map((id) => `INSERT INTO t (rowid, v) VALUES (${id}, 'r${id}')`),
    );
    const source = await prepareAt(sqliteAdapter, file, options());
    for (const size of [1, 2, 3, 100]) {
      const rows = await readAll(source, 't', ['v'], size);
      expect(rows.map((row) => row[0])).toEqual(ids.map((id) => `r${id}`));
      expect(rows.map((row) => String(row[1] as number | string))).toEqual(ids.map(String));
    }
    await source.close();
  });

  it('are split evenly where rowids have huge holes', async () => {
    const file = make(
      'holes.db',
      'CREATE TABLE t (v)',
      `WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
       INSERT INTO t (rowid, v) SELECT i * i * i * 1000003, i FROM n`,
    );
    const source = await prepareAt(sqliteAdapter, file, options());
    expect(await source.plan('t', 100)).toHaveLength(11);
    expect(await readAll(source, 't', ['v'], 100)).toHaveLength(1000);
    await source.close();
  });

  it('are found where columns take the names of the rowid', async () => {
    const file = make(
      'names.db',
      'CREATE TABLE one (rowid TEXT, v)',
      "INSERT INTO one VALUES ('x', 1), ('x', 2)",
      'CREATE TABLE all3 (rowid TEXT, _ROWID_ TEXT, oid TEXT)',
      "INSERT INTO all3 VALUES ('x', 'x', 'x'), ('x', 'x', 'y')",
      'CREATE INDEX all3_oid ON all3 (oid DESC)',
      'CREATE TABLE key3 (rowid TEXT, _rowid_ TEXT, oid INTEGER PRIMARY KEY)',
      "INSERT INTO key3 VALUES ('x', 'y', 7)",
    );
    expect(await readOnce(file, 'one', ['rowid', 'v'])).toEqual([
      ['x', 1, 1],
      ['x', 2, 2],
    ]);
    expect(await readOnce(file, 'all3', ['oid'])).toEqual([
      ['x', 1],
      ['y', 2],
    ]);
    expect(await readOnce(file, 'key3', ['rowid'])).toEqual([['x', 7]]);
  });

  it('without rowid come in the order of their key, whatever columns are read', async () => {
    const file = make(
      'wr.db',
      'CREATE TABLE t (a TEXT COLLATE NOCASE, b, v, PRIMARY KEY (b DESC, a COLLATE BINARY)) WITHOUT ROWID',
      'CREATE INDEX t_v ON t (v)',
      "INSERT INTO t VALUES ('a', 1, 9), ('B', 1, 8), ('b', 2, 7), ('A', 2, 6)",
    );
    expect(await readOnce(file, 't', ['v'])).toEqual([
      [6, 1],
      [7, 2],
      [8, 3],
      [9, 4],
    ]);
    const all = await readOnce(file, 't', ['a', 'b', 'v']);
    expect(all.map((row) => row[2])).toEqual([6, 7, 8, 9]);
  });
});

describe('the schema of a SQLite source', () => {
  it('tells keys, unique sets, references and generated columns', async () => {
    const file = make(
      's.db',
      'CREATE TABLE "we""ird ""t" ("select" INTEGER PRIMARY KEY, "Größe" VARCHAR(10) NOT NULL UNIQUE, g AS ("select" + 1))',
      `CREATE TABLE Child (b INT, a INT, parent REFERENCES "WE""ird ""T", x REFERENCES nowhere(y),
        PRIMARY KEY (a, b), UNIQUE (b, parent), FOREIGN KEY (a, b) REFERENCES child (A, b))`,
      'CREATE UNIQUE INDEX part ON Child (x) WHERE x > 0',
      'CREATE UNIQUE INDEX expr ON Child (x + 1)',
      'CREATE UNIQUE INDEX more ON Child (x, a)',
      'CREATE VIEW good AS SELECT a FROM Child',
      'CREATE VIEW bad AS SELECT * FROM missing',
      'CREATE VIEW bad2 AS SELECT nofunction(1) AS x',
      'CREATE VIRTUAL TABLE words USING fts5(text)',
      'CREATE TABLE seq (id INTEGER PRIMARY KEY AUTOINCREMENT)',
    );
    const source = await prepareAt(sqliteAdapter, file, options());
    await source.close();
    const { tables } = source.schema;
    expect(tables.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'table Child',
      'view good',
      'table seq',
      'table we"ird "t',
      'table words',
    ]);
    expect(tables[0]).toMatchObject({
      primaryKey: ['a', 'b'],
      unique: [
        ['b', 'parent'],
        ['x', 'a'],
      ],
      foreignKeys: [
        { columns: ['a', 'b'], table: 'Child', to: ['a', 'b'] },
        { columns: ['parent'], table: 'we"ird "t', to: ['select'] },
        { columns: ['x'], table: 'nowhere', to: ['y'] },
      ],
    });
    expect(tables[3]).toMatchObject({
      primaryKey: ['select'],
      unique: [['Größe']],
      columns: [
        { name: 'select', declaredType: 'INTEGER', notNull: true, generated: false },
        { name: 'Größe', declaredType: 'VARCHAR(10)', notNull: true, generated: false },
        { name: 'g', generated: true },
      ],
    });
    expect(tables[4]?.columns.map((column) => column.name)).toEqual(['rowid', 'text']);
  });

  it('reads names that need quoting, views and virtual tables', async () => {
    const file = make(
      'q.db',
      'CREATE TABLE "we""ird ""t" ("se""lect", "Größe")',
      `INSERT INTO "we""ird ""t" VALUES (1, 'x')`,
      'CREATE VIEW "a view" AS SELECT "Größe" AS "g g" FROM "we""ird ""t"',
      'CREATE VIRTUAL TABLE words USING fts5(text)',
      "INSERT INTO words VALUES ('hallo')",
    );
    expect(await readOnce(file, 'we"ird "t', ['se"lect', 'Größe'])).toEqual([[1, 'x', 1]]);
    expect(await readOnce(file, 'a view', ['g g'])).toEqual([['x', 1]]);
    expect(await readOnce(file, 'words', ['text'])).toEqual([['hallo', 1]]);
  });
});

async function check(file: string, kind: Access['kind'], values: number[]): Promise<void> {
  const before = stateOf(folder);
  expect(await kindOf(file)).toBe(kind);
  const rows = await readOnce(file, 't', ['v']);
  expect(rows.map((row) => row[0])).toEqual(values);
  expect(stateOf(folder)).toEqual(before);
}

describe('a SQLite source is left as it was', () => {
  it('with a rollback journal', async () => {
    await check(make('d.db', TWO), 'shared', [1]);
  });

  it('with a clean write-ahead log, also under an awkward name', async () => {
    const file = make('a b%20?x=#ü.db', 'PRAGMA journal_mode = WAL', TWO);
    expect(readdirSync(folder)).toHaveLength(1);
    await check(file, 'immutable', [1]);
  });

  it('with pending frames and no shared memory, as a copied database has them', async () => {
    const live = make('live.db', 'PRAGMA journal_mode = WAL', TWO);
    const db = new Database(live);
    db.exec(LATER);
    const file = join(folder, 'copy.db');
    copyFileSync(live, file);
    copyFileSync(`${live}-wal`, `${file}-wal`);
    db.close();
    await check(file, 'copy', [1, 2]);
  });

  it('with pending frames beside a process that has it open', async () => {
    const file = make('live.db', 'PRAGMA journal_mode = WAL', TWO);
    await elsewhere(file, `db.exec(${JSON.stringify(LATER)})`);
    await check(file, 'live', [1, 2]);
  });

  it('after its writer was killed', async () => {
    const file = make('killed.db', 'PRAGMA journal_mode = WAL', TWO);
    await kill(await elsewhere(file, `db.exec(${JSON.stringify(LATER)})`));
    expect(readdirSync(folder)).toContain('killed.db-shm');
    await check(file, 'copy', [1, 2]);
  });

  it('with a hot journal, whose changes are taken back in a copy', async () => {
    const file = make('hot.db', TWO);
    const child = await elsewhere(
      file,
      `db.pragma('cache_size = 2'); db.pragma('cache_spill = 1'); db.exec('BEGIN');
       const insert = db.prepare('INSERT INTO t VALUES (zeroblob(900))');
       for (let i = 0; i < 2000; i++) insert.run()`,
    );
    await kill(child);
    expect(statSync(`${file}-journal`).size).toBeGreaterThan(0);
    await check(file, 'copy', [1]);
  });

  it('with an empty file, and with a stray log beside a rollback database', async () => {
    const empty = join(folder, 'empty.db');
    writeFileSync(empty, '');
    writeFileSync(`${empty}-journal`, 'x');
    const file = make('stray.db', TWO);
    writeFileSync(`${file}-wal`, '');
    await check(file, 'copy', [1]);
    const source = await prepareAt(sqliteAdapter, empty, options());
    expect(source.schema.tables).toEqual([]);
    await source.close();
    expect(readdirSync(folder).sort()).toEqual([
      'empty.db',
      'empty.db-journal',
      'stray.db',
      'stray.db-wal',
    ]);
  });

  it('in a folder that cannot be written', async ({ skip }) => {
    const live = make('live.db', 'PRAGMA journal_mode = WAL', TWO);
    const db = new Database(live);
    db.exec(LATER);
    for (const suffix of ['', '-wal', '-shm']) {
      copyFileSync(live + suffix, join(folder, `ro.db${suffix}`));
    }
    db.close();
    make('clean.db', 'PRAGMA journal_mode = WAL', TWO);
    make('plain.db', TWO);
    const readOnly = makeReadOnly(folder);
    if (readOnly === null) skip('notice: no read-only folder can be made here');
    try {
      await check(join(folder, 'ro.db'), 'copy', [1, 2]);
      await check(join(folder, 'clean.db'), 'immutable', [1]);
      await check(join(folder, 'plain.db'), 'shared', [1]);
    } finally {
      readOnly?.();
    }
  });
});

/** Makes a folder unwritable even for root; gives what undoes it, or null where that is impossible. */
function makeReadOnly(path: string): (() => void) | null {
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0o500);
    return () => chmodSync(path, 0o700);
  }
  try {
    execFileSync('mount', ['--bind', path, path], { stdio: 'ignore' });
  } catch {
    return null;
  }
  try {
    execFileSync('mount', ['-o', 'remount,bind,ro', path], { stdio: 'ignore' });
    return () => execFileSync('umount', [path]);
  } catch {
    execFileSync('umount', [path]);
    return null;
  }
}

describe('a SQLite source is one snapshot', () => {
  it('begins again when somebody commits between two readers', async () => {
    const file = make('live.db', 'PRAGMA journal_mode = WAL', TWO);
    const child = await elsewhere(file, `db.exec(${JSON.stringify(LATER)})`);
    const source = await prepareAt(sqliteAdapter, file, options());
    let readers: SourceReader[] = [];
    let begun = 0;
    await source.inOneSnapshot(async (handle) => {
      for (const reader of readers) await reader.close();
      readers = [await sqliteAdapter.open(handle, NEVER)];
      if (begun++ === 0) await tell(child, 'INSERT INTO t VALUES (3)');
      readers.push(await sqliteAdapter.open(handle, NEVER));
    });
    expect(begun).toBe(2);
    await tell(child, 'INSERT INTO t VALUES (4)');
    for (const reader of readers) {
      for await (const page of reader.read('t', ['v'], { lo: null, hi: null })) {
        expect(page.map((row) => row[0])).toEqual([1, 2, 3]);
      }
      await reader.close();
    }
    expect(await source.count('t')).toBe(3);
    await source.assertUnchanged();
    await source.close();
  });

  it('gives up when it never holds still', async () => {
    const file = make('live.db', 'PRAGMA journal_mode = WAL', TWO);
    const child = await elsewhere(file, `db.exec(${JSON.stringify(LATER)})`);
    const source = await prepareAt(sqliteAdapter, file, options());
    const busy = source.inOneSnapshot(() => tell(child, 'INSERT INTO t VALUES (3)'));
    expect((await failure(busy)).code).toBe('SOURCE_CHANGED');
    await source.close();
  });

  it('keeps writers of a rollback database out until it is closed', async () => {
    const file = make('d.db', TWO);
    const source = await prepareAt(sqliteAdapter, file, options());
    const child = await elsewhere(file, `db.pragma('busy_timeout = 50')`);
    await source.inOneSnapshot(async () => {});
    await tell(child, 'BEGIN; INSERT INTO t VALUES (2)');
    expect((await readAll(source, 't', ['v'])).map((row) => row[0])).toEqual([1]);
    await source.assertUnchanged();
    await source.close();
  });

  it('notices a changed schema', async () => {
    const file = make('live.db', 'PRAGMA journal_mode = WAL', TWO);
    const child = await elsewhere(file, `db.exec(${JSON.stringify(LATER)})`);
    const source = await prepareAt(sqliteAdapter, file, options());
    await tell(child, 'ALTER TABLE t ADD COLUMN w');
    expect((await failure(source.inOneSnapshot(async () => {}))).code).toBe('SOURCE_CHANGED');
    await source.close();
  });

  it('notices that a clean write-ahead database was written', async () => {
    const file = make('w.db', 'PRAGMA journal_mode = WAL', TWO);
    const source = await prepareAt(sqliteAdapter, file, options());
    await source.inOneSnapshot(async () => {});
    make('w.db', LATER);
    expect((await failure(source.assertUnchanged())).code).toBe('SOURCE_CHANGED');
    await source.close();
  });
});

async function lineOf(file: string): Promise<string> {
  const found = await failure(prepareAt(sqliteAdapter, file, options()));
  expect(found.line()).toContain(file);
  expect(readdirSync(folder).filter((name) => /-(wal|shm|journal)$/.test(name))).toEqual([]);
  return `${found.code} ${found.message}`;
}

describe('a SQLite source gives one clear line', () => {
  it('for a folder and for a file that is no database', async () => {
    expect(await lineOf(folder)).toMatch(/^SOURCE_FORMAT .*must be a file/);
    const file = join(folder, 'noise.db');
    writeFileSync(file, Buffer.alloc(8192, 0xa7));
    expect(await lineOf(file)).toMatch(
      /^SOURCE_FORMAT .*not a SQLite database, or it is encrypted/,
    );
  });

  it('for truncated databases, however little is missing', async () => {
    const whole = make(
      'whole.db',
      'CREATE TABLE t (v)',
      `WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
       INSERT INTO t SELECT 'row ' || i FROM n`,
    );
    const { size } = statSync(whole);
    for (const bytes of [50, 100, 4096, size - 4096, size - 1]) {
      const file = join(folder, `cut${bytes}.db`);
      copyFileSync(whole, file);
      truncateSync(file, bytes);
      expect(await lineOf(file)).toMatch(/^SOURCE_FORMAT .*truncated/);
    }
    expect(await kindOf(whole)).toBe('shared');
  });

  it('for a database that somebody holds exclusively', async () => {
    const file = make('locked.db', TWO);
    await elsewhere(file, `db.exec('BEGIN EXCLUSIVE')`);
    const found = await failure(prepareAt(sqliteAdapter, file, options()));
    expect(found.code).toBe('SOURCE_LOCKED');
  });

  it('for pages that are damaged', async () => {
    const file = make('damaged.db', 'CREATE TABLE t (v)', LATER);
    const bytes = readFileSync(file);
    bytes.fill(0x7f, 4096, 8192);
    writeFileSync(file, bytes);
    const found = await failure(readOnce(file, 't', ['v']));
    expect(found.code).toBe('SOURCE_FORMAT');
  });
});
