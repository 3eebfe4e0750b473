/** The client of a database that steps have: one contract, PostgreSQL and SQLite. */

import Database from 'better-sqlite3';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { codeOf, isRefused } from '../../../src/cutover/world/sqlErrors.ts';
import { databasePlace, sqlOpener } from '../../../src/cutover/world/sqlClient.ts';
import type { SqlClient, SqlDialect, SqlPage } from '../../../src/cutover/world/world.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { PATIENT } from '../steps/killed.ts';

const work = workFolder('sqlClient');
const here = hasPostgres();
const DIALECTS: readonly SqlDialect[] = here ? ['postgresql', 'sqlite'] : ['sqlite'];
const SCHEMA = `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, NULL);`;

let server: Postgres;
const inputs: Record<string, string> = {};
const openSql = sqlOpener({
  folder: work,
  variables: {},
  input: (name) => inputs[name] ?? '',
});

beforeAll(async () => {
  if (here) {
    server = await startPostgres();
    inputs['postgresql'] = await server.create('client', SCHEMA);
  }
  const db = new Database(join(work, 'client.db'));
  db.exec(SCHEMA);
  db.close();
  inputs['sqlite'] = 'sqlite:client.db';
});
afterAll(async () => {
  if (here) await server.stop();
});

async function using<T>(
  input: string,
  readOnly: boolean,
  what: (client: SqlClient) => Promise<T>,
): Promise<T> {
  const client = await openSql(input, { readOnly, signal: new AbortController().signal });
  try {
    return await what(client);
  } finally {
    await client.close();
  }
}

const failureOf = (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      return error;
    },
  );

describe.each(DIALECTS)('a client of %s', (dialect) => {
  it('gives whole numbers as bigint, bytes as bytes, and all else as the database writes it', async () => {
    const bytes = dialect === 'sqlite' ? `x'00ff'` : String.raw`'\x00ff'::bytea`;
    const found = await using(dialect, true, (client) =>
      client.query(`SELECT 9007199254740993, 0.5, 'x', NULL, ${bytes} AS b`),
    );
    expect(found.rows).toEqual([[9007199254740993n, '0.5', 'x', null, Buffer.from([0, 255])]]);
    expect(found.columns.at(-1)).toBe('b');
  });

  it('takes parameters', async () => {
    const sql = `SELECT id FROM t WHERE v = ${dialect === 'sqlite' ? '?' : '$1'}`;
    const found = await using(dialect, true, (client) => client.query(sql, ['a']));
    expect(found.rows).toEqual([[1n]]);
  });

  it('refuses more rows than wanted, and goes on', async () => {
    await using(dialect, true, async (client) => {
      const failure = await failureOf(client.query('SELECT id FROM t', [], 1));
      expect(failure.message).toBe('the statement returns more than 1 rows');
      expect((await client.query('SELECT id FROM t', [], 2)).rows).toHaveLength(2);
    });
  });

  it.each([
    ['INSERT INTO t VALUES (3)'],
    ['CREATE TABLE u (a int)'],
    ['SELECT 1; INSERT INTO t VALUES (4)'],
    [`WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x`],
  ])('that only reads refuses %s', async (sql) => {
    await using(dialect, true, async (client) => {
      await failureOf(client.query(sql));
      await failureOf(all(client, sql));
      expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([[2n]]);
    });
  });

  it('reads more than a page of rows, all of one snapshot', async () => {
    const series =
      dialect === 'sqlite'
        ? 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1201) SELECT i FROM n'
        : 'SELECT generate_series(1, 1201)';
    const pages = await using(dialect, true, (client) => all(client, series));
    expect(pages.map(({ rows }) => rows.length)).toEqual([500, 500, 201]);
    const none = await using(dialect, true, (client) =>
      all(client, 'SELECT id FROM t WHERE id < 0'),
    );
    expect(none).toEqual([{ columns: ['id'], rows: [] }]);
  });

  it('runs a script, and names the line of what fails', async () => {
    await using(dialect, false, async (client) => {
      const failure = await failureOf(
        client.script(
          'CREATE TABLE s (a int NOT NULL);\n\nINSERT INTO s VALUES\n (NULL);',
          'a.sql',
        ),
      );
      expect(isRefused(failure)).toBe(true);
      expect(failure.where).toMatch(/^a\.sql(?:, .*)?, line 3$/);
      await client.script('DROP TABLE s; SELECT 1');
    });
  });

  it('undoes a transaction whose work rejects, and keeps one whose work resolves', async () => {
    await using(dialect, false, async (client) => {
      await client.script('CREATE TABLE k (a int)');
      const fails = client.transaction(async () => {
        await client.script('INSERT INTO k VALUES (1)');
        throw new Failure('USAGE', { what: 'no' });
      });
      await failureOf(fails);
      await client.transaction(() => client.script('INSERT INTO k VALUES (2)'));
      expect((await client.query('SELECT a FROM k')).rows).toEqual([[2n]]);
      await client.script('DROP TABLE k');
    });
  });

  it('ends what runs when the signal aborts', async () => {
    const ending = new AbortController();
    const client = await openSql(dialect, { readOnly: true, signal: ending.signal });
    const slow =
      dialect === 'sqlite'
        ? 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'
        : `SELECT pg_sleep(600)`;
    const running = client.query(slow);
    setTimeout(() => {
      ending.abort(new Error('time is over'));
    }, 300);
    await expect(running).rejects.toThrow('time is over');
    await client.close();
    if (dialect === 'sqlite') return;
    const left = `SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`;
    await expect.poll(() => server.run('postgres', left), PATIENT).toEqual([]);
  });

  it('has no value in its failures', async () => {
    const sql = dialect === 'sqlite' ? `SELECT json('s3cret')` : `SELECT 's3cret'::int`;
    const failure = await using(dialect, true, (client) => failureOf(client.query(sql)));
    expect(failure.line()).not.toContain('s3cret');
    expect(codeOf(failure)).toMatch(/^(?:22P02|SQLITE_ERROR)$/);
  });
});

async function all(client: SqlClient, sql: string): Promise<SqlPage[]> {
  const pages: SqlPage[] = [];
  for await (const page of client.pages(sql)) pages.push(page);
  return pages;
}

describe.skipIf(!here)('a client of PostgreSQL that only reads', () => {
  it.each([
    [`DO $$ BEGIN COMMIT; SET TRANSACTION READ WRITE; DELETE FROM t; END $$`],
    [`DO $$ BEGIN ROLLBACK; PERFORM set_config('transaction_read_only', 'off', false); END $$`],
    ['SET default_transaction_read_only = off'],
    ['COMMIT'],
    [`SELECT set_config('transaction_read_only', 'off', false)`],
  ])('cannot be made to write by %s', async (sql) => {
    await using('postgresql', true, async (client) => {
      await client.query(sql).catch(() => {});
      const failure = await failureOf(client.query('INSERT INTO t VALUES (9)'));
      expect(failure.message).toBe('the statement would write, and only reading is allowed');
      expect((await client.query('SELECT count(*) FROM t')).rows).toEqual([[2n]]);
    });
  });

  it('sees hidden rows as an error, and finds tables by the search path', async () => {
    await server.run(
      'client',
      `CREATE ROLE low LOGIN PASSWORD 'pw123456'; CREATE TABLE hidden (a int); GRANT SELECT ON hidden TO low;
       ALTER TABLE hidden ENABLE ROW LEVEL SECURITY`,
    );
    inputs['low'] = server.url('client').replace(/\/\/[^@]*@/, '//low:pw123456@');
    const failure = await using('low', true, (client) =>
      failureOf(client.query('SELECT count(*) FROM hidden')),
    );
    expect(failure.message).toBe('a row security policy would hide rows from this role');
  });
});

const place = (url: string): unknown => databasePlace('db', { folder: '/f', input: () => url });

describe('the URL of an input', () => {
  it('is of PostgreSQL or SQLite, and is never in a failure', () => {
    expect(place('sqlite:a.db')).toEqual({ dialect: 'sqlite', file: '/f/a.db' });
    expect(place('postgresql://u@h/d')).toMatchObject({ dialect: 'postgresql' });
    for (const url of ['mysql://u:s3cret@h/d', 's3cret', 'postgres://u:s3cret@h:x/d', '']) {
      expect(() => place(url)).toThrow(Failure);
      try {
        place(url);
      } catch (error) {
        expect((error as Failure).line()).toContain('input db');
        expect((error as Failure).line()).not.toContain('s3cret');
      }
    }
  });

  it('names what can be opened, in one line if it cannot', async () => {
    inputs['none'] = 'sqlite:none.db';
    inputs['text'] = 'sqlite:text.db';
    inputs['away'] = 'postgres://u@127.0.0.1:1/d';
    writeFileSync(join(work, 'text.db'), 'no database at all, but a text'.repeat(50));
    const lines = [];
    for (const input of ['none', 'text', 'away']) {
      lines.push((await failureOf(using(input, true, async () => {}))).line());
    }
    expect(lines).toEqual([
      `there is no such file (${work}/none.db): correct it in the runbook`,
      `the file is no SQLite database, or is encrypted (${work}/text.db): correct it, then run again`,
      'no server answers there (127.0.0.1:1/d): check that it runs, and the host and port',
    ]);
    expect(existsSync(join(work, 'none.db'))).toBe(false);
  });
});
