/** What SQL of a mapping may be: what is refused from its text alone, and what is not. */

import { array, assert as holds, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readInvariantSql, readSourceSql, readSourceView } from '../../src/sql/allowed.ts';

function refusalOf(sql: string): string | null {
  const read = readSourceSql(sql);
  return 'refused' in read ? read.refused : null;
}

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /does not begin/],
  ['PRAGMA writable_schema = ON', /does not begin/],
  ["ATTACH '/etc/passwd' AS x", /does not begin/],
  ['DELETE FROM t', /does not begin/],
  ['EXPLAIN SELECT 1', /does not begin/],
  ['SELECT 1; DELETE FROM t', /more than one/],
  ['SELECT 1;;', /more than one/],
  ['SELECT random()', /not allowed/],
  ['SELECT RaNdOm ()', /not allowed/],
  ['SELECT "random"()', /not allowed/],
  ['SELECT [random]/* */()', /not allowed/],
  ['SELECT abs(random())', /not allowed/],
  ['SELECT randomblob(9)', /not allowed/],
  ["SELECT load_extension('x')", /not allowed/],
  ["SELECT readfile('/etc/passwd')", /not allowed/],
  ["SELECT writefile('x', 'y')", /not allowed/],
  ["SELECT fts3_tokenizer('simple')", /not allowed|of SQLite/],
  ['SELECT changes()', /not allowed/],
  ['SELECT last_insert_rowid()', /not allowed/],
  ['SELECT sqlite_version()', /of SQLite/],
  ["SELECT printf('%1000000000d', 1)", /not allowed/],
  ['SELECT zeroblob(1000000000)', /not allowed/],
  ['SELECT * FROM sqlite_schema', /of SQLite/],
  ["SELECT * FROM 'sqlite_master'", /of SQLite/],
  ['SELECT * FROM pragma_table_list', /of SQLite/],
  ["SELECT * FROM pragma_table_info('t')", /of SQLite/],
  ['SELECT * FROM dbstat', /of SQLite/],
  ['SELECT "sealift~date"(x) FROM t', /of SQLite/],
  ['SELECT current_timestamp', /clock/],
  ["SELECT date('now')", /clock/],
  ['SELECT datetime()', /clock/],
  ["SELECT strftime('%s')", /clock/],
  ["SELECT date(x, ' LocalTime ') FROM t", /clock/],
  ['SELECT * FROM t WHERE a = ?', /parameter/],
  ['SELECT * FROM t WHERE a = :as_of', /parameter/],
  ['SELECT a FROM t LIMIT 3', /LIMIT without ORDER BY/],
  ['SELECT (SELECT a FROM u LIMIT 1) FROM t ORDER BY a', /LIMIT without ORDER BY/],
  ['SELECT group_concat(a) FROM t', /group_concat without ORDER BY/],
  ['SELECT json_group_array(a) FROM t ORDER BY a', /json_group_array without ORDER BY/],
  ["SELECT x'00'", /not allowed/],
  ['SELECT 1 \u0000', /not allowed/],
  [`SELECT ${'1,'.repeat(20_000)}1`, /more than 20000 characters/],
];

const ACCEPTED: readonly string[] = [
  'SELECT * FROM t',
  'SELECT a FROM t;',
  'VALUES (1, 2)',
  'WITH u(a) AS (SELECT b FROM t) SELECT a FROM u',
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n',
  'SELECT a FROM t WHERE a IN (1, 2) AND EXISTS (SELECT 1 FROM u WHERE u.a = t.a)',
  "SELECT a, group_concat(b, ',' ORDER BY b) FROM t GROUP BY a",
  'SELECT b, e.value FROM t, json_each(t.tags) e',
  'SELECT a FROM t ORDER BY a LIMIT 3',
  'SELECT (SELECT a FROM u ORDER BY a LIMIT 1) FROM t',
  "SELECT date(a, '+1 day'), strftime('%Y', a) FROM t",
  'SELECT \'random()\' AS "random", random FROM t',
  'SELECT sum(a) FILTER (WHERE a > 0) OVER (PARTITION BY b ORDER BY c) FROM t',
];

describe('SQL over a source', () => {
  it.each(REFUSED)('is refused: %s', (sql, reason) => {
    expect(refusalOf(sql)).toMatch(reason);
  });

  it.each(ACCEPTED)('may be: %s', (sql) => {
    expect(refusalOf(sql)).toBeNull();
  });

  it('is told without a word of it, whatever it is', () => {
    const word = constantFrom('SELECT', 'random', '(', ')', ';', "'GEHEIM'", '*', 'now', ',', 'x');
    holds(
      property(array(word), (words) => {
        expect(refusalOf(words.join(' ')) ?? '').not.toContain('GEHEIM');
      }),
    );
  });

  it('takes no time to be refused, however it is nested', () => {
    const deep = `SELECT ${'abs('.repeat(4900)}`;
    const started = performance.now();
    refusalOf(deep);
    refusalOf(`SELECT ${'limit '.repeat(3300)}`);
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it('names what it reads, and says where it reads all', () => {
    const some = readSourceSql('SELECT a."B" AS c FROM t a WHERE "d e" = \'f\'');
    expect(some).toMatchObject({ readsAll: false });
    expect('names' in some && [...some.names].sort()).toEqual(
      ['a', 'as', 'b', 'c', 'd e', 'from', 'select', 't', 'where'].sort(),
    );
    for (const sql of ['SELECT * FROM t', 'SELECT t.* FROM t', 'SELECT a FROM t NATURAL JOIN u']) {
      expect(readSourceSql(sql)).toMatchObject({ readsAll: true });
    }
    expect(readSourceSql('SELECT count(*), a * b FROM t')).toMatchObject({ readsAll: false });
  });

  it('calls date functions of ours, by their place and not by their name', () => {
    const read = readSourceSql("SELECT date(time, '+1 day') AS date FROM datetime");
    expect(read).toMatchObject({
      query: `SELECT "sealift~date"(time, '+1 day') AS date FROM datetime`,
    });
  });
});

describe('SQL of an invariant', () => {
  it('has the date as its parameter, and may do what a query over a source may not', () => {
    const read = readInvariantSql('SELECT id FROM t WHERE d > :as_of LIMIT 5');
    expect(read).toMatchObject({ hasParameter: true });
    expect(readInvariantSql('SELECT group_concat(a ORDER BY a) FROM t')).toHaveProperty('refused');
  });
});

function view(sql: string): object {
  return readSourceView(`CREATE VIEW "v as" (a) AS ${sql}`);
}

describe('a view that is read', () => {
  it('may do anything but what leaves its rows to chance', () => {
    expect(view("SELECT printf('%d', a) FROM t LIMIT 3")).toMatchObject({ readsAll: false });
    expect(view('SELECT group_concat(a) FROM t')).not.toHaveProperty('refused');
    const dates = ["date('now')", "strftime('%f', a)", 'unixepoch(a)', 'timediff(a, b)'];
    for (const bad of ['random()', 'randomblob(1)', ...dates, 'changes()', 'CURRENT_DATE']) {
      expect(view(`SELECT ${bad} FROM t`)).toHaveProperty('refused');
    }
    expect(readSourceView('CREATE TABLE t (a)')).toHaveProperty('refused');
  });
});
