/** Queries and views of a mapping over SQLite: what is refused, what arrives, what belongs together. */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { array, assert as holds, asyncProperty, boolean, constantFrom, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { InvalidText, type SourceValue } from '../../src/record/value.ts';
import type {
  BaseCounts,
  PreparedSource,
  RelationRequest,
  SourceReader,
} from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { prepareAt, readerOf, waiting } from '../contract/opening.ts';

const folder = workFolder('relations');
mkdirSync(join(folder, 'scratch'));
let files = 0;

function database(sql: string, work: (db: Database.Database) => void = () => {}): string {
  files += 1;
  const file = join(folder, `${files}.db`);
  const db = new Database(file);
  db.exec(`PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; ${sql}`);
  work(db);
  db.close();
  return file;
}

const OPTIONS = { scratch: join(folder, 'scratch'), ...waiting(100) };

interface Opened {
  readonly source: PreparedSource;
  readonly reader: SourceReader;
  readonly close: () => Promise<void>;
}

async function open(file: string, relations: readonly RelationRequest[]): Promise<Opened> {
  const source = await prepareAt(sqliteAdapter, file, { ...OPTIONS, relations });
  const reader = await readerOf(sqliteAdapter, source);
  return {
    source,
    reader,
    async close() {
      await reader.close();
      await source.close();
    },
  };
}

async function rowsOf({ source, reader }: Opened, name: string): Promise<SourceValue[][]> {
  const columns = source.relations.get(name)?.schema.columns.map((column) => column.name) ?? [];
  const rows: SourceValue[][] = [];
  for (const range of await source.plan(name, 10)) {
    for await (const page of reader.read(name, columns, range)) rows.push(...page);
  }
  return rows;
}

async function lostOf({ reader }: Opened, name: string): Promise<(number | string)[]> {
  const lost: (number | string)[] = [];
  for await (const page of reader.relations?.lostRows(name) ?? []) lost.push(...page);
  return lost;
}

async function lineOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
  return 'no failure';
}

const request = (sql: string, base: RelationRequest['base'] = null): RelationRequest => {
  return { name: 'query m', sql, base };
};

const T = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b); ';

describe('SQL of a mapping that cannot be run', () => {
  const file = database(`${T} CREATE TABLE "query m" (x); INSERT INTO t VALUES (1, 'GEHEIM', 2);`);
  const other = database(`${T} CREATE VIEW bad AS SELECT random() AS x FROM t;`);

  it.each([
    ['DELETE FROM t', 'MAPPING', 'it does not begin with SELECT or WITH'],
    ['SELECT random() AS x', 'MAPPING', 'it calls a function that is not allowed'],
    ["SELECT load_extension('x') AS y", 'MAPPING', 'it calls a function that is not allowed'],
    ['SELECT 1 AS x; SELECT 2', 'MAPPING', 'it is more than one statement'],
    [
      'SELECT 1) UNION SELECT * FROM (SELECT 2',
      'SOURCE_SCHEMA',
      'SQLite says near ")" syntax error',
    ],
    ['WITH u AS (SELECT 1) DELETE FROM t', 'MAPPING', 'it is not a query'],
    ['WITH u AS (SELECT 1) DELETE FROM t RETURNING a', 'MAPPING', 'it is not a query'],
    ['SELECT x FROM t', 'SOURCE_SCHEMA', 'SQLite says no such column x'],
    [
      'SELECT "x" FROM t',
      'SOURCE_SCHEMA',
      'SQLite says no such column "x" - should this be a string literal',
    ],
    ['SELECT a FROM missing', 'SOURCE_SCHEMA', 'SQLite says no such table missing'],
    ['SELECT a, A FROM t', 'SOURCE_SCHEMA', 'two result columns are called "a"'],
    ['SELECT a AS "" FROM t', 'SOURCE_SCHEMA', 'result column 1 has no name'],
    ['SELECT x FROM bad', 'MAPPING', 'view "bad" calls a function that is not allowed'],
    ['SELECT a FROM temp.t', 'SOURCE_SCHEMA', 'SQLite says no such table temp.t'],
  ])('is refused before any of it runs: %s', async (sql, code, what) => {
    const line = await lineOf(() => open(other, [request(sql)]));
    expect(line).toContain(`${code} the mapping's SQL cannot be run, as ${what}`);
    expect(line).toContain('"query m"');
  });

  it('is refused where a table has its name', async () => {
    const line = await lineOf(() => open(file, [request('SELECT a FROM t')]));
    expect(line).toMatch(/^SOURCE_SCHEMA .*the database has a table of that name .*another name$/);
  });

  it('leaves no trace', async () => {
    const before = readdirSync(folder).filter((name) => name.startsWith(`${files}.`));
    const bytes = readFileSync(other);
    for (const sql of ['SELECT a FROM t', 'DELETE FROM t']) {
      await lineOf(async () => (await open(other, [request(sql)])).close());
    }
    expect(readFileSync(other).equals(bytes)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith(`${files}.`))).toEqual(before);
  });

  it('stops at a row with a message that holds nothing of it', async () => {
    const opened = await open(database(`${T} INSERT INTO t VALUES (1, 'GEHEIM', 1);`), [
      request('SELECT e.value AS v FROM t, json_each(t.a) e'),
    ]);
    const line = await lineOf(() => rowsOf(opened, 'query m'));
    expect(line).toMatch(/^SOURCE_FORMAT the query fails at a row, SQLite says malformed JSON /);
    expect(line).not.toContain('GEHEIM');
    await opened.close();
  });

  it('is at fault itself where it names a collation that is not there', async () => {
    const sql = 'SELECT id, a FROM t ORDER BY a COLLATE nosuch';
    const line = await lineOf(() => open(database(T), [request(sql)]));
    expect(line).toContain('SOURCE_SCHEMA the mapping');
    expect(line).toContain('no such collation sequence');
  });

  it('may not get the clock from the data', async () => {
    const file = database(`${T} INSERT INTO t VALUES (1, '2024-01-31', 1), (2, ' NOW', 2);`);
    const sql = "SELECT id, date(a, '+1 day') AS next FROM t WHERE id < ";
    const fine = await open(file, [request(`${sql} 2`)]);
    expect(await rowsOf(fine, 'query m')).toEqual([[1, '2024-02-01', 1]]);
    await fine.close();
    const clock = await open(file, [request(`${sql} 9`)]);
    expect(await lineOf(() => rowsOf(clock, 'query m'))).toMatch(/^SOURCE_SCHEMA .*the clock/);
    await clock.close();
  });

  it.each(["x'6e6f77'", "'now' || char(0) || 'x'", "x'6e6f7700'"])(
    'may not get the clock from %s either, which SQLite takes for the word',
    async (word) => {
      const file = database(`${T} INSERT INTO t VALUES (1, ${word}, 1);`);
      const clock = await open(file, [request('SELECT id, date(a) AS d FROM t')]);
      expect(await lineOf(() => rowsOf(clock, 'query m'))).toMatch(/^SOURCE_SCHEMA .*the clock/);
      await clock.close();
    },
  );

  it('gets integers from date functions, and hands integers to them, as SQLite does', async () => {
    const file = database(`${T} INSERT INTO t VALUES (1, '2024-01-01T00:01:30', 1);`);
    const opened = await open(file, [
      request(
        "SELECT unixepoch(a) / 86400 AS day, unixepoch(a) || '' AS text, " +
          "strftime('%s', 1704067290, 'unixepoch') AS back, date(2460311) AS d, " +
          'typeof(julianday(a)) AS real FROM t',
      ),
    ]);
    expect(await rowsOf(opened, 'query m')).toEqual([
      [19_723, '1704067290', '1704067290', '2024-01-01', 'real', 1],
    ]);
    await opened.close();
  });

  it('refuses a view that calls date functions: a cell may hold the word now', async () => {
    const file = database(`${T} INSERT INTO t VALUES (1, '2024-01-31', 1);
      CREATE VIEW v AS SELECT strftime('%f', a) AS d FROM t;
      CREATE INDEX i ON t (date(a));`);
    const line = await lineOf(() => open(file, [request('SELECT d FROM v')]));
    expect(line).toContain('view "v" calls a function that is not allowed');
    const opened = await open(file, [request("SELECT date(a, '+1 day') AS d FROM t")]);
    expect(await rowsOf(opened, 'query m')).toEqual([['2024-02-01', 1]]);
    await opened.close();
  });

  it('has one base for all that read it', async () => {
    const file = database(`${T} CREATE VIEW v AS SELECT id FROM t;`);
    const view = { name: 'v', sql: null, base: null };
    const line = await lineOf(() =>
      open(file, [view, { ...view, base: { table: 't', key: { id: 'id' } } }]),
    );
    expect(line).toContain('modules read it with different bases');
  });
});

describe('rows of a query', () => {
  it.each(['UTF-8', 'UTF-16le', 'UTF-16be'])('arrive exactly, from %s', async (encoding) => {
    const file = database(`PRAGMA encoding = '${encoding}'; ${T}`, (db) => {
      const insert = db.prepare('INSERT INTO t VALUES (?, ?, ?)');
      insert.run(-3, 'é\u0000𝒳\uFFFD', 9007199254740993n);
      insert.run(9007199254740993n, null, Buffer.of(0, 255));
      insert.run(5, '', 0.1);
    });
    const base = { table: 't', key: { id: 'k' } };
    const sql = 'SELECT b, id AS k, a, NULL AS none FROM t';
    const opened = await open(file, [request(sql, base)]);
    expect(await rowsOf(opened, 'query m')).toEqual([
      [9007199254740993n, -3, 'é\u0000𝒳\uFFFD', null, -3],
      [0.1, 5, '', null, 5],
      [Buffer.of(0, 255), 9007199254740993n, null, null, '9007199254740993'],
    ]);
    expect(opened.source.relations.get('query m')?.locates).toBe('t');
    await opened.close();
  });

  it('keep text that is not Unicode', async () => {
    const file = database(`${T} INSERT INTO t VALUES (1, CAST(x'61C328' AS TEXT), 1);`);
    const opened = await open(file, [request('SELECT a FROM t')]);
    const [row] = await rowsOf(opened, 'query m');
    expect(row?.[0]).toBeInstanceOf(InvalidText);
    await opened.close();
  });

  it('are located by the rows of the base where its key is unique', async () => {
    const file = database(`
      CREATE TABLE one (rowid TEXT, _rowid_ TEXT, oid TEXT, k TEXT UNIQUE COLLATE NOCASE, x, UNIQUE (x, k));
      CREATE TABLE two (id INTEGER PRIMARY KEY, k TEXT UNIQUE COLLATE NOCASE, x);
      CREATE UNIQUE INDEX part ON two (x) WHERE x > 1;
      CREATE TABLE three (k TEXT PRIMARY KEY, x) WITHOUT ROWID;`);
    const located = async (table: string, key: Record<string, string>): Promise<boolean> => {
      const opened = await open(file, [request(`SELECT k, x FROM ${table}`, { table, key })]);
      await opened.close();
      return opened.source.relations.get('query m')?.locates === table;
    };
    expect(await located('two', { k: 'k' })).toBe(true);
    expect(await located('two', { k: 'k', x: 'x' })).toBe(true);
    expect(await located('two', { x: 'x' })).toBe(false);
    // No rowid can be named, or there is none.
    expect(await located('one', { k: 'k' })).toBe(false);
    expect(await located('three', { k: 'k' })).toBe(false);
  });
});

/** Values that look alike: to some rule of SQL, though not by value and type. */
const VALUES = [
  'NULL',
  '1',
  '1.0',
  "'1'",
  "x'31'",
  "'a'",
  "'A'",
  "'a '",
  '9007199254740993',
  '-0.0',
];
const VALUE = constantFrom(...VALUES);
const DECLARED = constantFrom(
  '',
  'INTEGER',
  'TEXT',
  'REAL',
  'NUMERIC',
  'BLOB',
  'TEXT COLLATE NOCASE',
  'TEXT COLLATE RTRIM',
);
/** Counts that results may state; all but the first three are none. */
const COUNTS = ['1', '2', '3', '0', '-1', 'NULL', "'1'", '1.0'];
const CASE = record({
  declared: DECLARED,
  ofResult: DECLARED,
  counting: boolean(),
  unique: boolean(),
  wide: boolean(),
  withoutRowid: boolean(),
  base: array(record({ k: VALUE, l: VALUE }), { maxLength: 6 }),
  results: array(record({ k: VALUE, l: VALUE, n: constantFrom('1', '1', ...COUNTS) }), {
    maxLength: 6,
  }),
});

describe('a query and its base', () => {
  it('belong together as a comparison of each with each says', async () => {
    await holds(
      asyncProperty(CASE, async (given) => {
        const { declared, ofResult, counting, unique, wide, withoutRowid, base, results } = given;
        const file = database(`
          CREATE TABLE base (n ${withoutRowid ? 'TEXT' : 'INTEGER'} PRIMARY KEY,
            k ${declared}, l${unique ? `, UNIQUE (k${wide ? ', l' : ''})` : ''}) ${withoutRowid ? 'WITHOUT ROWID' : ''};
          CREATE TABLE result (k ${ofResult}, l, n);
          ${base.map(({ k, l }, n) => `INSERT OR IGNORE INTO base VALUES (${n + 1}, ${k}, ${l});`).join('')}
          ${results.map(({ k, l, n }) => `INSERT INTO result VALUES (${k}, ${l}, ${n});`).join('')}`);
        const key: Record<string, string> = wide ? { k: 'r', l: 's' } : { k: 'r' };
        const opened = await open(file, [
          request('SELECT k AS r, l AS s, n FROM result', {
            table: 'base',
            key,
            ...(counting ? { count: 'n' } : {}),
          }),
        ]);
        const wanted = oracle(file, { wide, ordinals: withoutRowid, counting });
        expect(await opened.reader.relations?.baseCounts('query m')).toEqual(wanted.counts);
        expect(await lostOf(opened, 'query m')).toEqual(wanted.lost);
        const rows = await rowsOf(opened, 'query m');
        expect(rows).toHaveLength(wanted.counts.results - wanted.counts.strays);
        expect(await opened.reader.relations?.count('query m')).toBe(rows.length);
        if (opened.source.relations.get('query m')?.locates === 'base') {
          expect(rows.map((row) => row.at(-1))).toEqual(wanted.located);
        }
        await opened.close();
      }),
      { numRuns: times('SEALIFT_RELATIONS', 60, 200) },
    );
  });
});

const MANY = 60_000;

describe('many rows', () => {
  it('are joined by an index, not each with each', { timeout: 30_000 }, async () => {
    const file = database(`
      CREATE TABLE base (id INTEGER PRIMARY KEY, k TEXT UNIQUE, l TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
        INSERT INTO base SELECT i, 'k' || i, 'l' || (i / 2) FROM n;`);
    const sql = 'SELECT k AS a, l AS b, id AS c FROM base WHERE id % 3 > 0';
    const keys: readonly Record<string, string>[] = [{ k: 'a' }, { l: 'b' }, { l: 'b', id: 'c' }];
    for (const key of keys) {
      const opened = await open(file, [request(sql, { table: 'base', key })]);
      const counts = await opened.reader.relations?.baseCounts('query m');
      expect(counts).toMatchObject({ rows: MANY, results: (MANY * 2) / 3 });
      expect(await lostOf(opened, 'query m')).toHaveLength(counts?.lost ?? 0);
      const rows = await rowsOf(opened, 'query m');
      expect(rows).toHaveLength((counts?.results ?? 0) - (counts?.strays ?? 0));
      await opened.close();
    }
  });
});

interface Cell {
  readonly kind: string;
  readonly text: string;
  readonly number: number | bigint | null;
}

/** Every row with every row, compared here. */
function oracle(
  file: string,
  { wide, ordinals, counting }: { wide: boolean; ordinals: boolean; counting: boolean },
): { counts: BaseCounts; lost: number[]; located: number[] } {
  const db = new Database(file, { readonly: true });
  const read = (table: string): Cell[][] => {
    const order = table === 'base' ? 'ORDER BY n' : '';
    const sql = `SELECT typeof(k), hex(k), typeof(l), hex(l) FROM ${table} ${order}`;
    const rows = db.prepare<[], string[]>(sql).raw().all();
    const numbers = db
      .prepare<[], unknown[]>(`SELECT k, l FROM ${table} ${order}`)
      .raw()
      .safeIntegers()
      .all();
    return rows.map((cells, at) =>
      (wide ? [0, 1] : [0]).map((column) => {
        const value = numbers[at]?.[column];
        const number = typeof value === 'number' || typeof value === 'bigint' ? value : null;
        return { kind: cells[2 * column] ?? '', text: cells[2 * column + 1] ?? '', number };
      }),
    );
  };
  const [base, results] = [read('base'), read('result')];
  const rowids = db.prepare<[], number>('SELECT n FROM base ORDER BY n').pluck().all();
  const places = ordinals ? rowids.map((_, at) => at + 1) : rowids;
  const stated = db.prepare('SELECT n FROM result').safeIntegers().pluck().all();
  db.close();
  const matches = results.map((row) =>
    base.flatMap((other, at) => (row.every((c, i) => same(c, other[i])) ? [places[at] ?? 0] : [])),
  );
  const pairs = matches.flat();
  const numbers = base.map((row) => base.filter((other) => row.every((c, i) => same(c, other[i]))));
  /** Of each base row that a result belongs to, as a share of its key: what the results count. */
  const by = { uncounted: 0, miscounted: 0 };
  const sound = (at: number): number => {
    const count = stated[at];
    return typeof count === 'bigint' && count > 0n ? Number(count) : 0;
  };
  for (const [first, row] of base.entries()) {
    const alike = base.flatMap((other, at) => (row.every((c, i) => same(c, other[i])) ? [at] : []));
    if (alike[0] !== first) continue;
    const own = results.flatMap((other, at) =>
      row.every((c, i) => same(c, other[i])) ? [at] : [],
    );
    if (own.length === 0) continue;
    const total = own.reduce((sum, at) => sum + sound(at), 0);
    by.uncounted += Math.max(0, alike.length - total);
    by.miscounted += Math.max(0, total - alike.length) + own.filter((at) => sound(at) === 0).length;
  }
  return {
    counts: {
      rows: base.length,
      results: results.length,
      pairs: pairs.length,
      strays: matches.filter((found) => found.length === 0).length,
      lost: base.length - new Set(pairs).size,
      shared: numbers.filter((alike) => alike.length > 1).length,
      multiplied: places.filter((at) => pairs.filter((other) => other === at).length > 1).length,
      counted: counting ? by : null,
    },
    lost: places.filter((at) => !pairs.includes(at)),
    located: pairs.sort((a, b) => a - b),
  };
}

function same(a: Cell, b: Cell | undefined): boolean {
  if (b === undefined || a.kind === 'null' || b.kind === 'null') return false;
  // Numbers compare by value: == of a bigint and a number is exact.
  if (a.number !== null && b.number !== null) return a.number == b.number;
  return a.kind === b.kind && a.text === b.text;
}
