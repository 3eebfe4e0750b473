/** `pg.restore_swap`: a proven copy in the place of the database, whole at every moment, whenever it is killed. */

import { cpSync, truncateSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pgBackup } from '../../../src/cutover/steps/pgBackup.ts';
import { pgRestoreSwap } from '../../../src/cutover/steps/pgRestoreSwap.ts';
import type { Kept, Members, Presence, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import {
  databaseWorld,
  seen,
  workOf,
  type Call,
  type TestWorld,
  type WorldParts,
} from './databaseWorld.ts';
import { killedWhen } from './killed.ts';
import { POSTGRES_TOOLS, toolsVersion } from './postgresTools.ts';

const SCHEMA = `CREATE TABLE t (v text); INSERT INTO t VALUES ('before'); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`;

interface Shop {
  readonly name: string;
  readonly parts: WorldParts;
  readonly kept: Readonly<Record<string, Kept>>;
  work(members?: Members, call?: Call, more?: Partial<WorldParts>): ReturnType<typeof workOf>;
}

const probe = (one: Shop, members: Members = {}): Promise<Presence> =>
  pgRestoreSwap.probe?.(one.work(members)) as Promise<Presence>;
const verify = async (one: Shop, members: Members = {}): Promise<string> =>
  seen((await pgRestoreSwap.verify?.(one.work(members))) as StepResult);

describe.skipIf(POSTGRES_TOOLS === null)('a restore in the place of a database', () => {
  const folder = workFolder('pgRestoreSwap');
  let server: Postgres;
  let shops = 0;

  beforeAll(async () => {
    server = await startPostgres({
      version: toolsVersion(),
      settings: { max_prepared_transactions: '2' },
    });
    await server.run(
      'postgres',
      `CREATE ROLE owner LOGIN CREATEDB PASSWORD 'pw123456'; CREATE ROLE app`,
    );
  });
  afterAll(() => server.stop());

  /** A database with a backup, and with a row and a table since then. */
  async function shop(): Promise<Shop> {
    shops += 1;
    const name = `shop ${shops}`;
    const db = await server.create(name, SCHEMA);
    const parts = { folder: join(folder, String(shops)), inputs: { db }, runId: `R${shops}` };
    const programs = { programs: POSTGRES_TOOLS };
    const world: TestWorld = databaseWorld(parts);
    const result = await pgBackup.apply(workOf(world, programs, { id: 'backup' }));
    const kept = { backup: result.kept ?? {} };
    await server.run(name, `INSERT INTO t VALUES ('after'); CREATE TABLE late (a int)`);
    return {
      name,
      parts,
      kept,
      work: (members = {}, call = {}, more = {}) =>
        workOf(
          databaseWorld({ ...parts, ...more }),
          { ...programs, ...members },
          { kept, id: 'migrate', ...call },
        ),
    };
  }

  const values = async (database: string): Promise<string> =>
    (await server.run(database, 'SELECT v FROM t ORDER BY v')).map(([v]) => v).join(' ');
  const names = async ({ name }: Shop): Promise<string[]> =>
    (
      await server.run(
        'postgres',
        `SELECT datname || CASE WHEN datallowconn THEN '' ELSE ' closed' END FROM pg_database
          WHERE datname LIKE '${name}%' AND datname !~ '^${name}[0-9]' ORDER BY 1`,
      )
    ).map(([one]) => String(one).replace(/_r\d+_[0-9a-f]{8}/, ''));
  it('is equal to the backup; the old database is kept, and takes no connections', async () => {
    const one = await shop();
    const { name } = one;
    expect(await probe(one)).toBe('absent');
    expect((await pgRestoreSwap.dryRun?.(one.work()))?.verdict).toBe('PASS');
    expect(await names(one)).toEqual([name]);
    const result = await pgRestoreSwap.apply(one.work());
    expect(result.verdict).toBe('PASS');
    expect(result.says).toMatch(
      /^restored and equal to the backup; the old database is "shop \d+_before_r\d+_[0-9a-f]{8}"$/,
    );
    expect(result.kept).toEqual({ database: name, old: expect.any(String) as string });
    expect(await values(name)).toBe('before');
    expect(await server.run(name, `SELECT to_regclass('late')`)).toEqual([[null]]);
    expect(await names(one)).toEqual([name, `${name}_before closed`]);
    expect(await probe(one)).toBe('there');
    expect(await verify(one)).toBe(
      `PASS "${name}" takes connections, and has all tables of the backup`,
    );
    expect(await pgRestoreSwap.apply(one.work())).toMatchObject({
      verdict: 'PASS',
      results: { applied: 0 },
    });
    const old = String(result.kept?.['old']);
    await server.run('postgres', `ALTER DATABASE "${old}" ALLOW_CONNECTIONS true`);
    expect(await values(old)).toBe('after before');
    await server.run(name, 'DROP TABLE t');
    expect(await verify(one)).toBe('FAIL public.t is missing');
  });

  it('has owner, grants, settings, limit and comment of the old one', async () => {
    const one = await shop();
    const { name } = one;
    await server.run(
      'postgres',
      `ALTER DATABASE "${name}" OWNER TO owner; ALTER DATABASE "${name}" CONNECTION LIMIT 42;
       REVOKE ALL ON DATABASE "${name}" FROM PUBLIC; GRANT CONNECT ON DATABASE "${name}" TO app WITH GRANT OPTION;
       ALTER DATABASE "${name}" SET search_path = "a b", public; ALTER DATABASE "${name}" SET DateStyle = 'ISO, DMY';
       ALTER ROLE app IN DATABASE "${name}" SET "my.x" = 'it''s'; COMMENT ON DATABASE "${name}" IS 'the shop'`,
    );
    const seenOf = `SELECT datdba::regrole, datconnlimit, datacl::text, shobj_description(d.oid, 'pg_database'), encoding, datcollate,
      (SELECT array_agg((setrole, setconfig)::text ORDER BY setrole)::text FROM pg_db_role_setting WHERE setdatabase = d.oid)
      FROM pg_database d WHERE datname = '${name}'`;
    const before = await server.run('postgres', seenOf);
    expect((await pgRestoreSwap.apply(one.work())).verdict).toBe('PASS');
    expect(await server.run('postgres', seenOf)).toEqual(before);
    expect(before[0]?.[6]).toContain('my.x');
  });

  it('ends the sessions of the old one: no client writes on to it', async () => {
    const one = await shop();
    const clients = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const client = new Client({ connectionString: server.url(encodeURIComponent(one.name)) });
        client.on('error', () => {});
        await client.connect();
        return client;
      }),
    );
    expect((await pgRestoreSwap.apply(one.work())).verdict).toBe('PASS');
    for (const client of clients) {
      await expect(client.query(`INSERT INTO t VALUES ('lost')`)).rejects.toThrow();
      await client.end().catch(() => {});
    }
    expect(await values(one.name)).toBe('before');
  });

  it('that differs from the backup fails, and the database is as it was', async () => {
    const one = await shop();
    const afterProgram = async ([program]: readonly string[]): Promise<void> => {
      if (program?.endsWith('pg_restore') !== true) return;
      const [[fresh] = []] = await server.run(
        'postgres',
        `SELECT datname FROM pg_database WHERE datname LIKE '${one.name}\\_restore%'`,
      );
      if (fresh !== undefined) await server.run(String(fresh), 'DELETE FROM t');
    };
    expect(seen(await pgRestoreSwap.apply(one.work({}, {}, { afterProgram })))).toBe(
      'FAIL the restored database differs: public.t has 0 rows instead of 1',
    );
    expect(await names(one)).toEqual([one.name]);
    expect(await probe(one)).toBe('absent');
    expect(await values(one.name)).toBe('after before');
  });

  it('needs the dump that was made, as a whole', async () => {
    const one = await shop();
    const run = join(one.parts.folder, 'run');
    await expect(pgRestoreSwap.apply(one.work({ from: 'other' }))).rejects.toThrow(
      'made no backup',
    );
    cpSync(join(run, 'backup.dump'), join(run, 'copy'));
    truncateSync(join(run, 'backup.dump'), Math.floor(statSync(join(run, 'copy')).size / 2));
    await expect(pgRestoreSwap.apply(one.work())).rejects.toThrow('not the one that was made');
    cpSync(join(run, 'copy'), join(run, 'backup.dump'));
    writeFileSync(join(run, 'backup.tables.json'), '[]\n');
    await expect(pgRestoreSwap.apply(one.work())).rejects.toThrow('the list of tables was changed');
    expect(await names(one)).toEqual([one.name]);
  });

  it('without a swap has a name of its own, and nothing live is touched', async () => {
    const one = await shop();
    const members = { swap: 'none', database: `${one.name}_v1` };
    expect(await probe(one, members)).toBe('absent');
    const result = await pgRestoreSwap.apply(one.work(members));
    expect(seen(result)).toBe(
      `PASS restored and equal to the backup; the new database is "${one.name}_v1"`,
    );
    expect(result.kept).toEqual({ database: `${one.name}_v1` });
    expect(await values(`${one.name}_v1`)).toBe('before');
    expect(await values(one.name)).toBe('after before');
    expect(await probe(one, members)).toBe('there');
    expect(await verify(one, members)).toMatch(/^PASS/);
    // One of that name that is not of this run is never taken for it.
    await server.run('postgres', `COMMENT ON DATABASE "${one.name}_v1" IS NULL`);
    expect(await probe(one, members)).toBe('unclear');
    await expect(pgRestoreSwap.apply(one.work(members))).rejects.toThrow('fit no stage');
    expect(await verify(one, members)).toMatch(/^FAIL/);
  });

  it.each([
    ['the new database is there', `SELECT FROM pg_database WHERE datname LIKE $$NAME\\_restore%$$`],
    [
      'the old one takes no connections',
      `SELECT FROM pg_database WHERE datname = 'NAME' AND NOT datallowconn`,
    ],
  ])('goes on where it was killed, when %s', async (_, when) => {
    const one = await shop();
    const applied = {
      parts: one.parts,
      members: { programs: POSTGRES_TOOLS },
      call: { kept: one.kept, id: 'migrate' },
    };
    await killedWhen('pg.restore_swap', applied, async (over) => {
      while (
        !over.aborted &&
        (await server.run('postgres', when.replace('NAME', one.name))).length === 0
      );
    });
    const after = await probe(one);
    expect(['begun', 'there']).toContain(after);
    expect((await pgRestoreSwap.apply(one.work())).verdict).toBe('PASS');
    expect(await names(one)).toEqual([one.name, `${one.name}_before closed`]);
    expect(await values(one.name)).toBe('before');
  });

  it('goes on from each stage that a kill can leave, and from no other', async () => {
    const one = await shop();
    const { name } = one;
    const result = await pgRestoreSwap.apply(one.work());
    const old = String(result.kept?.['old']);
    const fresh = old.replace('_before_', '_restore_');
    await server.run('postgres', `ALTER DATABASE "${old}" ALLOW_CONNECTIONS true`);
    // As before the exchange, proven, and closed.
    await server.run('postgres', `ALTER DATABASE "${name}" RENAME TO "${fresh}"`);
    expect(await probe(one)).toBe('unclear');
    await expect(pgRestoreSwap.apply(one.work())).rejects.toThrow('fit no stage');
    await server.run('postgres', `ALTER DATABASE "${old}" RENAME TO "${name}"`);
    await server.run('postgres', `ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    expect(await probe(one)).toBe('begun');
    const again = one.work();
    expect((await pgRestoreSwap.apply(again)).verdict).toBe('PASS');
    expect((again.world as TestWorld).ran.flat().join(' ')).not.toContain('--exit-on-error');
    expect(await values(name)).toBe('before');
    await server.run('postgres', `CREATE DATABASE "${fresh}"`);
    expect(await probe(one)).toBe('unclear');
  });

  it('gives the database back when its time is over', async () => {
    const one = await shop();
    const ending = new AbortController();
    const pause = (): Promise<void> => {
      ending.abort(new Failure('WAITING', { what: 'time is over' }));
      return Promise.reject(ending.signal.reason as Failure);
    };
    const client = new Client({ connectionString: server.url(encodeURIComponent(one.name)) });
    client.on('error', () => {});
    await client.connect();
    const work = one.work({}, { signal: ending.signal });
    await expect(pgRestoreSwap.apply({ ...work, world: { ...work.world, pause } })).rejects.toThrow(
      'time is over',
    );
    expect(await names(one)).toEqual([one.name, `${one.name}_restore`]);
    expect(await values(one.name)).toBe('after before');
    await client.end().catch(() => {});
    expect(await probe(one)).toBe('begun');
  });

  it('is refused where it cannot be, before anything is made', async () => {
    const one = await shop();
    const low = one.parts.inputs['db']?.replace(/\/\/[^@]*@/, '//owner:pw123456@') ?? '';
    const work = (): ReturnType<typeof workOf> => one.work({}, {}, { inputs: { db: low } });
    for (const result of [
      await pgRestoreSwap.dryRun?.(work()),
      await pgRestoreSwap.apply(work()),
    ]) {
      expect(result?.says).toBe(
        'the role may not rename the database: it has to own it and have CREATEDB',
      );
    }
    await server.run(one.name, `BEGIN; INSERT INTO t VALUES ('p'); PREPARE TRANSACTION 'p'`);
    expect(seen(await pgRestoreSwap.apply(one.work()))).toBe(
      'FAIL 1 prepared transactions are open in the database',
    );
    await server.run(one.name, `ROLLBACK PREPARED 'p'`);
    expect(await names(one)).toEqual([one.name]);
  });
});
