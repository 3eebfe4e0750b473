/**
 * SQL of a mapping, with the server itself as the judge: what is accepted it plans in a transaction that
 * cannot write, and calls no function that is not allowed, in whatever way it is spelt.
 */

import { asyncProperty, assert as holds, constantFrom } from 'fast-check';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { postgresAdapter } from '../../src/source/postgres.ts';
import { readPostgresSql } from '../../src/sql/postgresQuery.ts';
import { waiting } from '../contract/opening.ts';
import { times } from '../kit/long.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import { sessionAt } from './trap.ts';

const TABLES = `
  CREATE TABLE t (id int PRIMARY KEY, a text, "Age" int, age int, at timestamptz, tags text[]);
  CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t);
  CREATE FUNCTION own(text) RETURNS text LANGUAGE sql AS $$ SELECT 'own' $$;
  CREATE SEQUENCE s;
`;

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /does not begin/],
  ['DELETE FROM t', /does not begin/],
  ['EXPLAIN ANALYZE DELETE FROM t', /does not begin/],
  ['COPY t TO PROGRAM $$id$$', /does not begin/],
  ['SELECT 1 AS a; DELETE FROM t', /more than one/],
  ['SELECT $$a$$ AS a', /not allowed/],
  ['SELECT $x$a$x$ AS a', /not allowed/],
  [String.raw`SELECT E'\x41' AS a`, /not allowed/],
  [String.raw`SELECT U&'\0041' AS a`, /not allowed/],
  [String.raw`SELECT U&"\0072andom"() AS a`, /not allowed/],
  ['SELECT id FROM t WHERE a = $1', /parameter/],
  ['SELECT current_date AS a', /clock/],
  ['SELECT LocalTimestamp AS a', /clock/],
  ["SELECT 'now'::timestamptz AS a", /clock/],
  ["SELECT date 'today 10:00' AS a", /clock/],
  ["SELECT 'yesterday'::date AS a", /clock/],
  ["SELECT '10:00 Tomorrow Europe/Zurich'::timestamptz AS a", /clock/],
  ["SELECT '  now\t'::time AS a", /clock/],
  ["SELECT '[today,tomorrow)'::daterange AS a", /clock/],
  [`SELECT '{"2024-01-01","to\\day"}'::date[] AS a`, /clock/],
  ["SELECT '{[yesterday,2040-01-01)}'::tsmultirange AS a", /clock/],
  ["SELECT id FROM public.t WHERE a LIKE 'today'::date::text", /clock/],
  ["SELECT id FROM public.t WHERE a = 'now'", /a text that is no date may be 'to' \|\| 'day'/],
  ['SELECT now() AS a', /not allowed/],
  ['SELECT age(at) AS a FROM t', /not allowed/],
  ['SELECT current_user AS a', /who runs it/],
  ['SELECT id INTO x FROM t', /writes into a table/],
  ['SELECT id FROM t FOR UPDATE', /locks rows/],
  ['SELECT id FROM t FOR KEY SHARE', /locks rows/],
  ['SELECT id FROM t TABLESAMPLE system (10)', /by chance/],
  ['SELECT 1 OPERATOR(pg_catalog.+) 2 AS a', /operator by its schema/],
  ['SELECT pg_catalog.random() AS a', /by its schema|internal table/],
  ['SELECT public.own(a) AS a FROM public.t', /by its schema/],
  ['SELECT own(a) AS a FROM public.t', /not allowed/],
  ['SELECT id FROM t LIMIT 3', /LIMIT without ORDER BY/],
  ['SELECT id FROM t FETCH FIRST ROW ONLY', /LIMIT without ORDER BY/],
  ['SELECT DISTINCT ON (a) id FROM t', /DISTINCT ON without ORDER BY/],
  ["SELECT string_agg(a, ',') AS a FROM t", /string_agg without ORDER BY/],
  ['SELECT array_agg(a) AS a FROM t', /array_agg without ORDER BY/],
  ['SELECT random() AS a', /not allowed/],
  ['SELECT "random"() AS a', /not allowed/],
  ['SELECT RaNdOm/* */() AS a', /not allowed/],
  ["SELECT nextval('public.s') AS a", /not allowed/],
  ["SELECT pg_read_file('/etc/hostname') AS a", /not allowed/],
  ["SELECT query_to_xml('DELETE FROM t', true, true, '') AS a", /not allowed/],
  ["SELECT set_config('search_path', 'public', false) AS a", /not allowed/],
  ["SELECT current_setting('data_directory') AS a", /not allowed/],
  // A function after a dot is called without parentheses.
  ["SELECT v.pg_read_file FROM unnest(ARRAY['/etc/hostname']) v", /not allowed/],
  ["SELECT ('/etc/hostname'::text).pg_read_file", /not allowed/],
  ['SELECT (v)."pg_read_file" FROM (VALUES (\'/etc/hostname\'::text)) x (v)', /not allowed/],
  ["SELECT (('public.s'::text)::regclass).nextval", /not allowed/],
  ['SELECT * FROM pg_authid', /internal table/],
  ['SELECT * FROM pg_catalog.pg_settings', /internal table/],
  ['SELECT * FROM "pg_shadow"', /internal table/],
  ['SELECT * FROM information_schema.tables', /internal table/],
  ['TABLE pg_authid', /does not begin/],
  ['WITH x AS (DELETE FROM public.t RETURNING id) SELECT id FROM x', /rejected a statement|server/],
];

const ACCEPTED: readonly string[] = [
  'SELECT id FROM public.t',
  'SELECT x.age, x."Age" FROM public.t x',
  'SELECT x.id, upper(x.a) AS a FROM public.t x LEFT JOIN public.u ON u.t = x.id',
  "SELECT id, string_agg(a, ',' ORDER BY id) AS a FROM public.t GROUP BY id",
  'SELECT x.id, e.tag FROM public.t x, unnest(x.tags) AS e(tag)',
  'SELECT DISTINCT ON (a) a, id FROM public.t ORDER BY a, id',
  'SELECT id FROM public.t ORDER BY id LIMIT 3',
  "SELECT id, coalesce(a, '') AS a, extract(year FROM at) AS y FROM public.t",
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n',
  "SELECT s.count FROM (SELECT count(*) FROM public.t) s WHERE 'known' <> ''",
  "SELECT id FROM public.t WHERE a = 'see you tomorrow'",
  "SELECT id FROM public.t WHERE a IN ('todays', 'I know', 'Yesterday, all my troubles')",
  "SELECT id FROM public.t WHERE a = 'to' || 'day' OR a LIKE '%today%' OR a NOT ILIKE 'now'",
  "SELECT '{see you today,then}'::text[] AS a, 'ready now, [not] later' AS b",
  "SELECT id, at::date AS day, date_trunc('day', at) AS d FROM public.t",
];

/** Functions that must never run. */
const DANGEROUS = ['pg_read_file', 'random', 'nextval', 'pg_sleep', 'lo_import', 'clock_timestamp'];

describe.skipIf(!hasPostgres())('SQL of a mapping over PostgreSQL', () => {
  const scratch = workFolder('sql-rules');
  let server: Postgres;
  let session: Client;

  beforeAll(async () => {
    server = await startPostgres();
    await server.create('rules', TABLES);
    session = await sessionAt(server.url('rules'));
    await session.query(`SET search_path TO ''`);
  });
  afterAll(async () => {
    await session.end();
    await server.stop();
  });

  /** The reason why a query is refused; null if a run would read it. */
  async function refusalOf(sql: string): Promise<string | null> {
    const location = postgresAdapter.parse(server.url('rules').slice('postgres:'.length), '/');
    const relations = [{ name: 'm', sql, base: null }];
    try {
      const options = { ...waiting(0), scratch, relations };
      await (await postgresAdapter.prepare(location, options)).close();
      return null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error.line();
    }
  }

  it.each(REFUSED)('is refused: %s', async (sql, reason) => {
    const line = await refusalOf(sql);
    expect(line).toMatch(reason);
    expect(line).not.toContain('\n');
  });

  it.each(ACCEPTED)('may be: %s', async (sql) => {
    expect(await refusalOf(sql)).toBeNull();
  });

  it('has been run by no refusal', async () => {
    expect(await server.run('rules', 'SELECT is_called FROM s')).toEqual([['f']]);
  });

  it('reads no text as the clock, whatever stands beside the word', async () => {
    const word = constantFrom('now', 'Today', 'TOMORROW', 'yesterday', 'nov', 'sunday');
    const other = constantFrom(
      '',
      '10:00',
      '10:00:01.5',
      '+02',
      'UTC',
      'Europe/Zurich',
      'PM',
      'at',
      'T',
      '2024-01-01',
      'allballs',
      'see',
      'x',
      '-',
      ',',
      '1',
      'FOO+3',
      'monday',
      '  ',
    );
    const form = constantFrom<(text: string) => string>(
      (text) => `'${text}'::timestamptz`,
      (text) => `timestamp '${text}'`,
      (text) => `CAST('${text}' AS date)`,
      (text) => `timetz '${text}'`,
      (text) => `'[${text},)'::tstzrange`,
      (text) => `'{${text}}'::timestamp[]`,
      (text) => `'{{"${text}"}}'::date[]`,
      (text) => `'{[,"${text}"]}'::tsmultirange`,
    );
    let [taken, read] = [0, 0];
    const blank = constantFrom('', ' ', '  ');
    await holds(
      asyncProperty(other, word, other, blank, form, async (before, at, after, space, spell) => {
        const sql = `SELECT ${spell([before, at, after].join(space))} AS a`;
        const result = await session.query(sql).then(
          () => true,
          () => false,
        );
        const hasWord = /now|today|tomorrow|yesterday/i.test(sql);
        if (result) taken += 1;
        // What the server takes as a date is refused where the clock is in it, and only there.
        if (result && hasWord) read += 1;
        if (result) expect([sql, (await refusalOf(sql)) !== null]).toEqual([sql, hasWord]);
      }),
      { numRuns: times('SEALIFT_PG_CLOCKS', 150, 3000, 900) },
    );
    expect(read).toBeGreaterThan(3);
    expect(taken).toBeGreaterThan(read);
  });

  it('calls nothing that is not allowed, however it is spelt', async () => {
    const name = constantFrom('upper', 'upper', 'upper', 'length', 'abs', 'own', ...DANGEROUS);
    const spelt = constantFrom<(f: string) => string>(
      (f) => `${f}(x.v)`,
      (f) => `"${f}" (x.v)`,
      (f) => `${f.toUpperCase()}/*(*/(x.v)`,
      (f) => `x.${f}`,
      (f) => `(x).${f}`,
      (f) => `(x.v)."${f}"`,
      (f) => `(x.v) . ${f}`,
      (f) => `((x.v)::text).${f}`,
      (f) => `(SELECT (x.v)).${f}`,
      (f) => `(ARRAY[x.v])[1].${f}`,
      (f) => `((ARRAY[x.v])[1]).${f}`,
      (f) => `pg_catalog.${f}(x.v)`,
      (f) => `coalesce((x.v).${f})`,
      (f) => `CASE WHEN true THEN ${f}(x.v) END`,
      (f) => `x.v AS ${f}`,
      (f) => `'${f}(' || x.v`,
      (f) => `${f}()`,
      (f) => `x.v::${f}`,
      (f) => `(x.v COLLATE "C").${f}`,
    );
    const from = constantFrom(
      "(VALUES ('/etc/hostname'::text)) x (v)",
      '(VALUES (1.5::float8)) x (v)',
      "(SELECT 'public.s'::regclass AS v) x",
      "unnest(ARRAY['/etc/hostname']) x (v)",
      "LATERAL unnest(ARRAY['/etc/hostname']) AS x(v)",
    );
    let [accepted, planned] = [0, 0];
    await holds(
      asyncProperty(name, spelt, from, async (f, spell, rows) => {
        const sql = `SELECT ${spell(f)} FROM ${rows}`;
        if ('refused' in readPostgresSql(sql)) return;
        const refused = await refusalOf(sql);
        if (refused !== null) return;
        accepted += 1;
        await session.query('BEGIN READ ONLY');
        const plan = await session.query(`EXPLAIN (VERBOSE, COSTS OFF) ${sql}`);
        await session.query('ROLLBACK');
        planned += 1;
        const text = JSON.stringify(plan.rows);
        for (const called of DANGEROUS) expect(text).not.toMatch(new RegExp(`\\b${called}"?\\(`));
      }),
      { numRuns: times('SEALIFT_PG_SPELLINGS', 60, 600, 180) },
    );
    expect(accepted).toBe(planned);
    expect(accepted).toBeGreaterThan(0);
  });
});
