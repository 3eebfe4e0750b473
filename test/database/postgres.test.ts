/** What PostgreSQL has and the contract does not know: types, rights, policies, triggers, locks, servers that end. */

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cell, Change, Database } from '../../src/database/database.ts';
import { postgresDatabase } from '../../src/database/postgres.ts';
import { hasPostgres, PASSWORD, startPostgres, type Postgres } from '../kit/postgres.ts';
import { openDatabase, refusal, tableT } from './opened.ts';

const ALL = { isNull: [], notNull: [] };
let made = 0;

function swapping(id: Cell, expected: Cell, wanted: Cell): Change[] {
  return [{ key: [id], expect: { c: expected }, set: { c: wanted } }];
}

function filled(expected: string, wanted: string): Change[] {
  return [{ key: [1n], expect: { d: expected }, set: { d: wanted } }];
}

describe.runIf(hasPostgres())('PostgreSQL', () => {
  let server: Postgres;
  const opened: Database[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    for (const database of opened) await database.close();
    await server.stop();
  });

  async function make(sql: string): Promise<string> {
    made += 1;
    await server.create(`p${made}`, sql);
    return `p${made}`;
  }

  async function open(name: string, user?: string): Promise<Database> {
    const rest = server.source(name, user).slice('postgres:'.length);
    const database = await openDatabase(postgresDatabase, rest);
    opened.push(database);
    return database;
  }

  it('refuses a text that its column would cut or fill, before anything is changed', async () => {
    const name = await make(
      `CREATE TABLE t (id int PRIMARY KEY, c varchar(5), d char(5));
       INSERT INTO t VALUES (1, 'abc', 'abc'), (2, 'x', 'x')`,
    );
    const table = await tableT(await open(name), ['c', 'd']);
    expect(table.columns.map(({ maxLength }) => maxLength)).toEqual([null, 5, 5]);
    const long = [...swapping(1n, 'abc', 'ok'), ...swapping(2n, 'x', '12345 ')];
    expect(await refusal(table.swap(long))).toMatch(/row 2.*"c"/);
    const [row] = await table.page(null, 1, ALL);
    expect(row?.cells).toEqual(['abc', 'abc  ']);
    expect(await refusal(table.swap(filled('abc  ', 'xy')))).toContain('spaces');
    expect(await table.swap(filled('abc', 'xy   '))).toEqual([false]);
    expect(await table.swap(filled('abc  ', 'xy   '))).toEqual([true]);
    expect(await refusal(table.swap(swapping(1n, 'abc', 'a\0')))).toContain('NUL');
  });

  it('reads any unique key by its index, of whatever type', async () => {
    const name = await make(
      `CREATE TABLE a (id uuid PRIMARY KEY, c text);
       INSERT INTO a SELECT gen_random_uuid(), 'x' FROM generate_series(1, 300);
       CREATE TABLE b (id bytea, z timestamptz, c text, PRIMARY KEY (z, id));
       INSERT INTO b SELECT decode(lpad(to_hex(n), 8, '0'), 'hex'), now() - n * interval '1.000001s', 'x'
         FROM generate_series(1, 300) n;
       CREATE TABLE e (id char(6), c text); INSERT INTO e SELECT n::text, 'x' FROM generate_series(1, 300) n;
       ALTER TABLE e ADD PRIMARY KEY (id)`,
    );
    const database = await open(name);
    for (const [table, key] of [
      ['a', ['id']],
      ['b', ['id', 'z']],
      ['e', ['id']],
    ] as const) {
      const opened_ = await database.table({ table, key, columns: ['c'] });
      let done = 0;
      for (let after: readonly Cell[] | null = null; ;) {
        const rows = await opened_.page(after, 70, ALL);
        after = rows.at(-1)?.key ?? null;
        if (after === null) break;
        expect((await opened_.read(rows.map((row) => row.key))).every((row) => row !== null)).toBe(
          true,
        );
        const changes = rows.map((row) => ({ key: row.key, expect: { c: 'x' }, set: { c: 'y' } }));
        done += (await opened_.swap(changes)).filter(Boolean).length;
      }
      expect(done).toBe(300);
    }
  });

  it('changes rows of partitions, and lists each row once', async () => {
    const name = await make(
      `CREATE TABLE t (id int PRIMARY KEY, c text) PARTITION BY RANGE (id);
       CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);
       CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20);
       INSERT INTO t SELECT n, 'x' FROM generate_series(5, 14) n`,
    );
    const database = await open(name);
    const [listed, ...others] = await database.tables();
    expect(others).toEqual([]);
    if (listed === undefined) throw new Error('no table');
    const rows: unknown[] = [];
    for await (const batch of database.scan(listed, ['c'])) rows.push(...batch);
    expect(rows).toHaveLength(10);
    const table = await tableT(database);
    expect(await table.swap([...swapping(5n, 'x', 'y'), ...swapping(14n, 'x', 'y')])).toEqual([
      true,
      true,
    ]);
  });

  it('undoes a batch of which a trigger stored something else, and does not count a row that it kept', async () => {
    const name = await make(
      `CREATE TABLE t (id int PRIMARY KEY, c text); INSERT INTO t VALUES (1, 'a'), (2, 'b');
       CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.c = 'kept' THEN RETURN NULL; END IF;
         IF NEW.c = 'BAD' THEN NEW.c = 'bad'; END IF; RETURN NEW; END $$;
       CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()`,
    );
    const table = await tableT(await open(name));
    const both = [...swapping(1n, 'a', 'good'), ...swapping(2n, 'b', 'BAD')];
    expect(await refusal(table.swap(both))).toContain('a trigger changed');
    const kept = [...swapping(1n, 'a', 'good'), ...swapping(2n, 'b', 'kept')];
    expect(await table.swap(kept)).toEqual([true, false]);
    expect(await server.run(name, 'SELECT c FROM t ORDER BY id')).toEqual([['good'], ['b']]);
  });

  it('names the right that is missing, before the first change', async () => {
    const name = await make(
      `CREATE ROLE clerk LOGIN PASSWORD '${PASSWORD}'; CREATE SCHEMA app;
       CREATE TABLE app.t (id int PRIMARY KEY, c text, d text); INSERT INTO app.t VALUES (1, 'a', 'b')`,
    );
    const database = await open(name, 'clerk');
    const request = { table: 'app.t', key: ['id'], columns: ['c', 'd'] };
    const log = { name: 'l', columns: [{ name: 'x', kind: 'text' as const }] };
    const grant = (sql: string): Promise<unknown> => server.run(name, `GRANT ${sql} TO clerk`);
    expect(await refusal(database.table(request))).toContain('GRANT USAGE ON SCHEMA "app"');
    await grant('USAGE ON SCHEMA app');
    expect(await refusal(database.table(request))).toContain('GRANT SELECT ("id") ON "app"."t"');
    await grant('SELECT ON app.t');
    const table = await database.table(request);
    expect(table.label).toBe('app.t');
    expect(await refusal(database.createLog(log))).toContain('GRANT CREATE ON SCHEMA "app"');
    const change = swapping(1n, 'a', 'z');
    expect(await refusal(table.swap(change))).toContain('GRANT UPDATE ("c")');
    await grant('UPDATE (c), SELECT ON app.t');
    const again = await database.table(request);
    expect(await again.swap(change)).toEqual([true]);
    await server.run(name, 'ALTER TABLE app.t ENABLE ROW LEVEL SECURITY');
    expect(await refusal(database.table(request))).toContain('row security policy');
  });

  it('refuses views, rules, keys that are no key, and generated columns', async () => {
    const name = await make(
      `CREATE TABLE t (id int PRIMARY KEY, c text, g text GENERATED ALWAYS AS (upper(c)) STORED, u text UNIQUE);
       CREATE VIEW v AS SELECT * FROM t; CREATE TABLE r (id int PRIMARY KEY, c text);
       CREATE RULE quiet AS ON UPDATE TO r DO INSTEAD NOTHING;
       CREATE TABLE p (id int NOT NULL, c text); CREATE UNIQUE INDEX ON p (id) WHERE c IS NULL`,
    );
    const database = await open(name);
    const table = (called: string, key = 'id'): Promise<unknown> =>
      database.table({ table: called, key: [key], columns: ['c'] });
    expect(await refusal(table('v'))).toContain('is a view');
    expect(await refusal(table('r'))).toContain('has rules');
    expect(await refusal(table('p'))).toContain('more than one row');
    expect(await refusal(table('t', 'u'))).toContain('is null, or may be');
    const change = [{ key: [1n], expect: {}, set: { g: 'x' } }];
    expect(await refusal((await tableT(database, ['g'])).swap(change))).toContain('computes');
  });

  it('sees what another transaction commits while it waits, and tells of a lock that stays', async () => {
    const name = await make(
      `CREATE TABLE t (id int PRIMARY KEY, c text); INSERT INTO t VALUES (1, 'a'), (2, 'b')`,
    );
    const table = await tableT(await open(name));
    const client = new Client({ connectionString: server.url(name) });
    await client.connect();
    await client.query(`BEGIN; UPDATE t SET c = 'app' WHERE id = 1`);
    const both = [...swapping(1n, 'a', 'ours'), ...swapping(2n, 'b', 'ours')];
    expect(await refusal(table.swap(both))).toMatch(/^BUSY another session/);
    const waiting = table.swap(both);
    await client.query('COMMIT');
    expect(await waiting).toEqual([false, true]);
    expect(await server.run(name, 'SELECT c FROM t ORDER BY id')).toEqual([['app'], ['ours']]);
    await client.end();
  });

  it('stops with one line when the server ends it, and leaves no half of a batch', async () => {
    const name = await make(
      `CREATE TABLE t (id int PRIMARY KEY, c text); INSERT INTO t SELECT n, 'a' FROM generate_series(1, 2000) n`,
    );
    const database = await open(name);
    const table = await tableT(database);
    const log = { name: 'l', columns: [{ name: 'id', kind: 'integer' as const }] };
    await database.createLog(log);
    const rows = await table.page(null, 2000, ALL);
    const changes = rows.map(({ key }): Change => {
      return { key, expect: { c: 'a' }, set: { c: 'b' }, log: [key[0] ?? null] };
    });
    // It may be done before the server ends it.
    const swapped = refusal(table.swap(changes, log)).catch(
      () => 'TARGET it was done before: the connection',
    );
    await server.run(
      'postgres',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
    expect(await swapped).toMatch(/^TARGET .*(connection|server)/);
    const [[changed] = []] = await server.run(name, `SELECT count(*) FROM t WHERE c = 'b'`);
    const [[logged] = []] = await server.run(name, 'SELECT count(*) FROM l');
    expect(['0', '2000']).toContain(changed);
    expect(logged).toBe(changed);
    expect(await refusal(table.count(ALL))).toMatch(/^TARGET /);
  });
});
