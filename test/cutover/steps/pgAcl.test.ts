/** `pg.acl`: every grant is found, by a superuser and by a role without rights. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pgAcl } from '../../../src/cutover/steps/pgAcl.ts';
import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { databaseWorld, seen, workOf } from './databaseWorld.ts';

const folder = workFolder('pgAcl');

/** Each statement grants something to PUBLIC that the query of the catalogue has to find. */
const GRANTS: readonly (readonly [sql: string, found: string])[] = [
  ['CREATE TABLE app.t (a int); GRANT SELECT ON app.t TO PUBLIC', 'SELECT on table "app.t"'],
  ['CREATE TABLE app.t (a int); GRANT UPDATE (a) ON app.t TO PUBLIC', 'UPDATE on column "app.t.a"'],
  ['CREATE VIEW app.v AS SELECT 1; GRANT SELECT ON app.v TO PUBLIC', 'SELECT on view "app.v"'],
  [
    'CREATE MATERIALIZED VIEW app.m AS SELECT 1 AS a; GRANT SELECT ON app.m TO PUBLIC',
    'SELECT on materialized view "app.m"',
  ],
  [
    'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE app.f (a int) SERVER s; GRANT SELECT ON app.f TO PUBLIC',
    'SELECT on foreign table "app.f"',
  ],
  ['CREATE SEQUENCE app.s; GRANT USAGE ON SEQUENCE app.s TO PUBLIC', 'USAGE on sequence "app.s"'],
  [
    `CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    'EXECUTE on function "app.f(integer)"',
  ],
  [`CREATE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 1'`, 'EXECUTE on procedure "app.p()"'],
  ['GRANT USAGE ON SCHEMA app TO PUBLIC', 'USAGE on schema "app"'],
  [
    'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC',
    'SELECT on default privileges "of postgres for tables in app"',
  ],
];

describe.skipIf(!hasPostgres())('grants', () => {
  let server: Postgres;
  let databases = 0;

  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', `CREATE ROLE low LOGIN PASSWORD 'pw123456'; CREATE ROLE app`);
  });
  afterAll(() => server.stop());

  /** Judges a new database, as superuser and as the role without rights: both have to say the same. */
  async function judge(sql: string, members: Members = {}): Promise<StepResult> {
    databases += 1;
    const url = await server.create(`acl${databases}`, `CREATE SCHEMA app; ${sql}`);
    const results: StepResult[] = [];
    for (const db of [url, url.replace(/\/\/[^@]*@/, '//low:pw123456@')]) {
      const world = databaseWorld({ folder, inputs: { db } });
      const all = { grantee: 'PUBLIC', expect: 'empty', schemas: ['app'], ...members };
      results.push(await pgAcl.apply(workOf(world, all, { id: 'acl' })));
      const kept = JSON.parse(world.outputs.get('acl-grants.json') ?? '[]') as unknown[];
      expect(kept).toHaveLength(results.at(-1)?.results?.failed ?? 0);
    }
    expect(results[1]).toEqual(results[0]);
    return results[0] as StepResult;
  }

  it.each(GRANTS)('are found: %s', async (sql, found) => {
    const result = await judge(sql);
    expect(result).toMatchObject({ verdict: 'FAIL', results: { failed: 1 } });
    expect(result.says).toMatch(/^1 grant to PUBLIC on \d+ objects?: /);
    expect(result.says).toContain(found);
  });

  it('are none where they were revoked (negative control)', async () => {
    const result = await judge(
      `CREATE TABLE app.t (a int); CREATE SEQUENCE app.s; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
       REVOKE ALL ON FUNCTION app.f() FROM PUBLIC`,
    );
    expect(seen(result)).toBe('PASS no grant to PUBLIC on 4 objects');
  });

  it('of a role are its own', async () => {
    const sql =
      'CREATE TABLE app.t (a int); GRANT SELECT ON app.t TO PUBLIC; GRANT DELETE ON app.t TO app WITH GRANT OPTION';
    expect(seen(await judge(sql, { grantee: 'app' }))).toBe(
      'FAIL 1 grant to app on 2 objects: DELETE WITH GRANT OPTION on table "app.t"',
    );
  });

  it('in other schemas and of extensions do not count', async () => {
    const result = await judge(
      'CREATE TABLE public.t (a int); GRANT SELECT ON public.t TO PUBLIC; CREATE EXTENSION pg_trgm SCHEMA app',
    );
    expect(seen(result)).toBe('PASS no grant to PUBLIC on 1 object');
  });

  it('of all schemas have those of public and of large objects among them', async () => {
    const result = await judge('SELECT lo_create(77); GRANT SELECT ON LARGE OBJECT 77 TO PUBLIC', {
      schemas: undefined,
    });
    expect(seen(result)).toBe(
      'FAIL 2 grants to PUBLIC on 3 objects: SELECT on large object "77", USAGE on schema "public"',
    );
  });

  it.each([
    [{ grantee: 'nowhere' }, 'there is no role "nowhere"'],
    [{ schemas: ['app', `no"where\\`] }, 'a schema that is named is not there'],
  ])('cannot be told where there is nothing to judge: %j', async (members, says) => {
    expect(seen(await judge('', members))).toBe(`INCONCLUSIVE ${says}`);
  });

  it('cannot be told by a role that may not read the catalogue', async () => {
    const url = await server.create('shut', 'REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC');
    const db = url.replace(/\/\/[^@]*@/, '//low:pw123456@');
    const world = databaseWorld({ folder, inputs: { db } });
    const result = await pgAcl.apply(workOf(world, { grantee: 'PUBLIC', expect: 'empty' }));
    expect(seen(result)).toBe('INCONCLUSIVE this role may not read the catalogue');
  });

  it('are no matter of SQLite', async () => {
    const { default: Database } = await import('better-sqlite3');
    new Database(`${folder}/a.db`).exec('CREATE TABLE t (a)').close();
    const world = databaseWorld({ folder, inputs: { db: 'sqlite:a.db' } });
    const work = workOf(world, { grantee: 'PUBLIC', expect: 'empty' });
    await expect(pgAcl.apply(work)).rejects.toThrow('the step is for PostgreSQL');
  });
});
