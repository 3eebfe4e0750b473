/**
 * Views as the source of rows: what yields something else tomorrow, of the same rows, is refused, however
 * deep it is in the view. The server's own catalogue is the judge.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { postgresAdapter } from '../../src/source/postgres.ts';
import { waiting } from '../contract/opening.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, workFolder, writeMapping } from '../kit/project.ts';
import type { Ran } from '../kit/run.ts';
import { command, gateSql, lineOf, publishedRecords, sessionAt, until } from './trap.ts';

const OWN = `
  CREATE TABLE t (id int PRIMARY KEY, a text, at timestamptz, doc oid);
  INSERT INTO t VALUES (1, 'now', '2024-01-01', lo_from_bytea(0, 'x'));
  CREATE SEQUENCE s;
  CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION looks_up(int) RETURNS text STABLE LANGUAGE sql AS 'SELECT a FROM public.t WHERE id = $1';
  CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 * 2; END $$;
  CREATE FUNCTION since(timestamptz) RETURNS interval STABLE LANGUAGE sql AS 'SELECT now() - $1';
  CREATE FUNCTION aged(timestamptz) RETURNS interval STABLE LANGUAGE plpgsql
    AS 'BEGIN RETURN age($1); END';
  CREATE FUNCTION day_of() RETURNS date STABLE LANGUAGE sql AS 'SELECT CURRENT_DATE';
  CREATE FUNCTION atomic() RETURNS float8 STABLE LANGUAGE sql BEGIN ATOMIC SELECT random(); END;
  CREATE FUNCTION outer_one() RETURNS float8 STABLE LANGUAGE sql BEGIN ATOMIC SELECT public.atomic(); END;
  CREATE FUNCTION by_chance(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT random() < 0.5';
  CREATE OPERATOR <?> (LEFTARG = int, RIGHTARG = int, FUNCTION = by_chance);
  CREATE AGGREGATE any_of (text) (SFUNC = textcat, STYPE = text);
`;

/** Views by their query, and why they are refused. */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['SELECT id, now() AS v FROM t', /view "v\d+" reads the clock/],
  ['SELECT id, CURRENT_DATE AS v FROM t', /reads the clock/],
  ['SELECT id, LOCALTIMESTAMP(0) AS v FROM t', /reads the clock/],
  ['SELECT id FROM t WHERE at > statement_timestamp()', /reads the clock/],
  ['SELECT id FROM t WHERE at > clock_timestamp()', /reads the clock/],
  ['SELECT id, age(at) AS v FROM t', /reads the clock/],
  ["SELECT id FROM t WHERE at > 'now'::text::timestamptz", /reads the clock/],
  ["SELECT id, date('today'::text) AS v FROM t", /reads the clock/],
  ['SELECT id FROM t ORDER BY random()', /reads the clock, chance/],
  ['SELECT id, gen_random_uuid() AS v FROM t', /chance/],
  ["SELECT id, nextval('s') AS v FROM t", /chance/],
  ['SELECT id, CURRENT_USER AS v FROM t', /the session/],
  ["SELECT id, current_setting('TimeZone') AS v FROM t", /the session/],
  ['SELECT id, pg_backend_pid() AS v FROM t', /the session/],
  ['SELECT id, version() AS v FROM t', /the session/],
  ['SELECT id FROM t TABLESAMPLE system (50)', /reads rows by chance/],
  ['SELECT id FROM t WHERE EXISTS (SELECT FROM t u WHERE u.at < now())', /the clock/],
  ['WITH w AS (SELECT now() AS n) SELECT id FROM t, w WHERE at < n', /the clock/],
  ['SELECT id, sum(random()) OVER (ORDER BY id) AS v FROM t', /chance/],
  ['SELECT id FROM t, LATERAL (VALUES (now())) x (n) WHERE at < n', /the clock/],
  ['SELECT id FROM t JOIN generate_series(1, (random() * 9)::int) g ON g = id', /chance/],
  ['SELECT id, plain(a) AS v FROM t', /calls "plain", which is VOLATILE.*: declare the function/],
  ['SELECT id FROM t WHERE id <?> 1', /calls "by_chance", which is VOLATILE/],
  ['SELECT id, since(at) AS v FROM t', /calls "since", which reads the clock/],
  ['SELECT id, aged(at) AS v FROM t', /calls "aged", which reads the clock/],
  ['SELECT id, day_of() AS v FROM t', /calls "day_of", which reads the clock/],
  ['SELECT id, atomic() AS v FROM t', /the clock, chance/],
  ['SELECT id, outer_one() AS v FROM t', /the clock, chance/],
  ['SELECT 1 AS id FROM pg_class LIMIT 1', /reads "pg_catalog.pg_class", a table of the server/],
  ['SELECT 1 AS id FROM information_schema.tables LIMIT 1', /a table of the server itself/],
];

/** Views that yield the same of the same rows. */
const ACCEPTED: readonly string[] = [
  'SELECT id, a, at FROM t',
  "SELECT id, 'now()' AS v, 'random' AS w FROM t WHERE a = 'now'",
  'SELECT id, a AS " :funcid 1299 x", a AS "{SQLVALUEFUNCTION :op 0" FROM t',
  "SELECT id FROM t WHERE at > '2024-01-01'::timestamptz + interval '1 day' AND at > '2024-01-01'::date",
  "SELECT id, to_char(at, 'YYYY') AS v, date_trunc('day', at) AS w, at::date AS d FROM t",
  "SELECT id, age(at, '2020-01-01'::timestamptz) AS v, extract(year FROM at) AS y FROM t",
  'SELECT id, looks_up(id) AS v, twice(id) AS w FROM t',
  "SELECT 1 AS id, string_agg(a, ',' ORDER BY id) AS v, any_of(a ORDER BY id) AS w FROM t",
  'SELECT id, lo_get(doc) AS v FROM t',
  'SELECT id, row_number() OVER (ORDER BY id) AS v FROM t',
  "SELECT id, concat(a, at) AS v, format('%s', a) AS w, a || id AS x FROM t",
  'SELECT id, (a, at) > (a, at) AS v, NULLIF(a, a) AS w, id = ANY (ARRAY[1, 2]) AS x FROM t',
];

describe.skipIf(!hasPostgres())('a view', () => {
  const scratch = workFolder('steady-views');
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres();
    const views = [...REFUSED.map(([sql]) => sql), ...ACCEPTED].map((sql, at) => {
      return `CREATE VIEW v${at} AS ${sql};
        CREATE VIEW "over {it} v${at}" AS SELECT x.id FROM v${at} x LEFT JOIN t ON t.id = x.id;`;
    });
    await server.create(
      'steady',
      `${OWN}${views.join('\n')} ${gateSql('gate', 79)}
      CREATE MATERIALIZED VIEW stored AS SELECT id, now() AS v FROM t`,
    );
  });
  afterAll(() => server.stop());

  /** Why a run that reads a view, or a query of it, is refused; null where it is not. */
  async function refusalOf(name: string, sql: string | null): Promise<string | null> {
    const location = postgresAdapter.parse(server.url('steady').slice('postgres:'.length), '/');
    const options = { ...waiting(0), scratch, relations: [{ name, sql, base: null }] };
    try {
      await (await postgresAdapter.prepare(location, options)).close();
      return null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expect(error.code).toBe('MAPPING');
      return error.line();
    }
  }

  it.each(REFUSED)('is refused: %s', async (sql, reason) => {
    const name = `v${REFUSED.findIndex(([one]) => one === sql)}`;
    const lines = [
      await refusalOf(name, null),
      await refusalOf(`over {it} ${name}`, null),
      await refusalOf('m', `SELECT x.id FROM public.${name} x`),
      await refusalOf('m', `SELECT id FROM public . "over {it} ${name}" UNION SELECT 1`),
    ];
    for (const line of lines) expect(line).toMatch(reason);
    expect(lines.join('')).not.toContain('\n');
  });

  it.each(ACCEPTED)('may be: %s', async (sql) => {
    const name = `v${REFUSED.length + ACCEPTED.indexOf(sql)}`;
    expect(await refusalOf(name, null)).toBeNull();
    expect(await refusalOf(`over {it} ${name}`, null)).toBeNull();
    expect(await refusalOf('m', `SELECT x.id FROM public.${name} x`)).toBeNull();
  });

  it('that is stored is a table with rows of its own', async () => {
    expect(await refusalOf('stored', null)).toBeNull();
  });

  it('that nothing reads may be anything', async () => {
    expect(await refusalOf('m', 'SELECT t.id FROM public.t')).toBeNull();
  });

  it('has called nothing on the way', async () => {
    expect(await server.run('steady', 'SELECT is_called FROM s')).toEqual([['f']]);
  });

  /** A project that reads the view `seen` of a database; all tables are dropped. */
  function reading(database: string, ...tables: string[]): string {
    const project = join(scratch, database);
    writeMapping(project, {
      sources: { main: server.source(database) },
      modules: {
        m: {
          source: { table: 'seen' },
          key: [{ column: 'id', type: 'integer' }],
          id: { rule: 'keep' },
          fields: { id: { column: 'id', type: 'integer' } },
        },
      },
      dropped: tables.map((table) => ({ table, reason: 'not in this test' })),
    });
    return project;
  }

  const STEADY = 'SELECT id FROM t';
  const OF_CLOCK = "SELECT id FROM t WHERE now() > '2020-01-01'";

  it('stops a run in one line, which says what to do', async () => {
    await server.create('clock', 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);');
    const project = reading('clock', 't');
    await server.run('clock', `CREATE VIEW seen AS ${OF_CLOCK}`);
    for (const name of ['dry-run', 'migrate']) {
      const ran = await command(name, project, server.env);
      expect([ran.code, lineOf(ran)]).toEqual([
        64,
        `sealift ${name}: the mapping's SQL cannot be run, as view "seen" reads the clock, chance or ` +
          `the session (127.0.0.1:${server.port}/clock, "seen"): map the tables that it reads, or ` +
          'write its query into the mapping without that',
      ]);
    }
    // Without it, its rows are sealed (negative control).
    await server.run('clock', `CREATE OR REPLACE VIEW seen AS ${STEADY}`);
    expect((await command('migrate', project, server.env)).code).toBe(0);
    expect(publishedRecords(project, 'm')).toEqual([{ id: 1 }]);
  });

  it('that is replaced after it was checked, and before it is locked, stops the run', async () => {
    await server.create(
      'replaced',
      `CREATE TABLE gate (id int); CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
      CREATE VIEW seen AS ${STEADY}`,
    );
    const project = reading('replaced', 'gate', 't');
    const holder = await sessionAt(server.url('replaced'));
    const halted = async (view: string): Promise<Ran> => {
      await holder.query('BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE');
      const run = command('migrate', project, server.env);
      const waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'gate'::regclass";
      await until(server, 'replaced', waits, run);
      await server.run('replaced', `CREATE OR REPLACE VIEW seen AS ${view}`);
      await holder.query('COMMIT');
      return run;
    };
    expect(lineOf(await halted(OF_CLOCK))).toMatch(/the tables of the database were changed while/);
    expect(existsSync(candidateOf(project))).toBe(false);
    await server.run('replaced', `CREATE OR REPLACE VIEW seen AS ${STEADY}`);
    expect((await halted(`${STEADY} WHERE id > 0`)).code).toBe(0);
    await holder.end();
  });
});
