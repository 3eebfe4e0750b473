/** `pg.backup`: a dump of one snapshot, proven by a restore; damaged ones fail. With a server of the tools' age. */

import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pgBackup } from '../../../src/cutover/steps/pgBackup.ts';
import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { databaseWorld, seen, workOf, type TestWorld, type WorldParts } from './databaseWorld.ts';
import { killedWhen } from './killed.ts';
import { POSTGRES_TOOLS, toolsVersion } from './postgresTools.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const SCHEMA = `
  CREATE SCHEMA "o'd d";
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE "o'd d"."t ""x" (id serial PRIMARY KEY, b bytea, f float8, m mood, at timestamptz, j jsonb, d date);
  INSERT INTO "o'd d"."t ""x" (b, f, m, at, j, d)
    SELECT decode(md5(n::text), 'hex'), n / 3.0, 'good', now(), '{"a": 1}', 'infinity' FROM generate_series(1, 500) n;
  CREATE TABLE twice (v text); INSERT INTO twice VALUES ('canary-4711'), ('canary-4711'), (NULL), ('');
  CREATE TABLE parted (id int, v text) PARTITION BY RANGE (id);
  CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
  INSERT INTO parted VALUES (1, 'a');
  CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
  ALTER TABLE parent ADD COLUMN c int; INSERT INTO child VALUES (1, 2, 3);
  CREATE TABLE empty (); CREATE SEQUENCE used; SELECT nextval('used');
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM twice;
  SELECT lo_from_bytea(77, 'large');
`;

describe.skipIf(POSTGRES_TOOLS === null)('a backup', () => {
  const folder = workFolder('pgBackup');
  let server: Postgres;
  let databases = 0;
  let db = '';

  beforeAll(async () => {
    server = await startPostgres({ version: toolsVersion() });
    db = await server.create('shop', SCHEMA);
  });
  afterAll(() => server.stop());

  const parts = (more: Partial<WorldParts> = {}): WorldParts => {
    databases += 1;
    return {
      folder: join(folder, String(databases)),
      inputs: { db },
      runId: `run ${databases}`,
      ...more,
    };
  };
  const members: Members = { rehearse: true, programs: POSTGRES_TOOLS };
  const apply = (world: TestWorld, more: Members = {}): Promise<StepResult> =>
    pgBackup.apply(workOf(world, { ...members, ...more }, { id: 'backup' }));
  const scratches = (): Promise<(string | null)[][]> =>
    server.run('postgres', `SELECT datname FROM pg_database WHERE datname LIKE 'sealift%'`);

  it('is restored, equal, and durable; the password is no argument, and no value is told', async () => {
    const world = databaseWorld(parts());
    const result = await apply(world);
    expect(result.says).toMatch(
      /^6 tables with 507 rows dumped as \d+\.\d kB, restored and equal$/,
    );
    expect(result.verdict).toBe('PASS');
    const dump = readFileSync(join(world.artifacts.folder, 'backup.dump'));
    const tables = readFileSync(join(world.artifacts.folder, 'backup.tables.json'));
    expect(result.kept).toEqual({
      file: 'backup.dump',
      tables: 'backup.tables.json',
      sha256: sha256(dump),
      root: sha256(tables),
      count: 6,
      rows: 507,
    });
    expect(statSync(join(world.artifacts.folder, 'backup.dump')).mode & 0o777).toBe(0o600);
    expect(JSON.stringify([world.ran, result, tables.toString()])).not.toMatch(/Pa55|canary/);
    expect(await scratches()).toEqual([]);
  });

  it('has the rows of its snapshot, though others write meanwhile', async () => {
    const world = databaseWorld(
      parts({
        afterProgram: async ([program]) => {
          if (program?.endsWith('pg_dump') === true) {
            await server.run('shop', `INSERT INTO twice VALUES ('late'); SELECT nextval('used')`);
          }
        },
      }),
    );
    expect((await apply(world)).verdict).toBe('PASS');
    await server.run('shop', `DELETE FROM twice WHERE v = 'late'`);
  });

  const afterDump = (change: (path: string) => void): WorldParts =>
    parts({
      afterProgram: (argv) => {
        const file = argv.find((one) => one.startsWith('--file='))?.slice('--file='.length);
        if (file !== undefined) change(file);
      },
    });

  it.each([
    ['half', 0.5],
    ['nearly all', 0.99],
    ['nothing', 0],
  ])('that is cut to %s fails, and gets no name', async (_, share) => {
    const world = databaseWorld(
      afterDump((path) => {
        truncateSync(path, Math.floor(statSync(path).size * share));
      }),
    );
    const result = await apply(world);
    expect(result.verdict).toBe('FAIL');
    expect(result.says).toMatch(share === 0 ? /^the dump is empty$/ : /cut off or damaged$/);
    expect(existsSync(join(world.artifacts.folder, 'backup.dump'))).toBe(false);
    expect(await scratches()).toEqual([]);
  });

  it.each([
    [`DELETE FROM twice WHERE v = ''`, 'public.twice has 3 rows instead of 4'],
    [`UPDATE twice SET v = 'x' WHERE v = ''`, 'public.twice has other values in its 4 rows'],
    [
      `DELETE FROM twice WHERE v = 'canary-4711'; INSERT INTO twice VALUES ('x'), ('x')`,
      'public.twice has other values in its 4 rows',
    ],
    ['DROP TABLE child', 'public.child is missing'],
    ['CREATE TABLE more (a int)', 'public.more is new'],
    [`SELECT setval('used', 900)`, 'sequence public.used stands elsewhere'],
    ['DROP SEQUENCE used', 'sequence public.used is missing'],
    [`SELECT lo_put(77, 0, 'L')`, 'large objects has other values in its 1 rows'],
  ])('whose restore differs fails: %s', async (sql, says) => {
    const world = databaseWorld(
      parts({
        afterProgram: async ([program]) => {
          if (program?.endsWith('pg_restore') !== true) return;
          const [[name] = []] = await scratches();
          if (typeof name === 'string') await server.run(name, sql);
        },
      }),
    );
    expect(seen(await apply(world))).toBe(`FAIL the restored database differs: ${says}`);
    expect(await scratches()).toEqual([]);
  });

  it('is made without a rehearsal where none is wanted', async () => {
    const result = await apply(databaseWorld(parts()), { rehearse: false });
    expect(result.says).toMatch(/not restored$/);
  });

  it('says whether it can be made, without an effect', async () => {
    const world = databaseWorld(parts());
    const result = await pgBackup.dryRun?.(workOf(world, members));
    expect(result?.says).toMatch(/^\d+\.\d MB of database can be dumped$/);
    expect(existsSync(join(world.artifacts.folder, 'step.dump.new'))).toBe(false);
  });

  it('by a role without a right says what to grant', async () => {
    await server.run(
      'shop',
      `CREATE ROLE reader LOGIN PASSWORD 'pw123456'; GRANT pg_read_all_data TO reader`,
    );
    const low = db.replace(/\/\/[^@]*@/, '//reader:pw123456@');
    await expect(apply(databaseWorld(parts({ inputs: { db: low } })))).rejects.toThrow(
      'the role may not create a database',
    );
    // What it may not read or restore is told.
    const unread = await apply(databaseWorld(parts({ inputs: { db: low } })), { rehearse: false });
    expect(seen(unread)).toBe('FAIL pg_dump ended with 1, as the role lacks a right for it');
    await server.run('shop', 'GRANT SELECT ON LARGE OBJECT 77 TO reader');
    const plain = await apply(databaseWorld(parts({ inputs: { db: low } })), { rehearse: false });
    expect(plain.verdict).toBe('PASS');
    await server.run('shop', 'ALTER ROLE reader CREATEDB');
    const result = await apply(databaseWorld(parts({ inputs: { db: low } })));
    expect(result.says).toMatch(
      /^pg_restore ended with 1, at "ALTER .+", as the role lacks a right for it$/,
    );
    expect(await scratches()).toEqual([]);
  });

  it('by programs that are too old or missing says so', async () => {
    const old = join(folder, 'pg_dump');
    writeFileSync(old, '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.1"\n', { mode: 0o755 });
    await expect(apply(databaseWorld(parts()), { programs: folder })).rejects.toThrow(
      `pg_dump is of PostgreSQL 9, and the server is PostgreSQL ${toolsVersion()}`,
    );
    await expect(apply(databaseWorld(parts()), { programs: '/nowhere' })).rejects.toThrow(Failure);
    await expect(apply(databaseWorld(parts()), { programs: 'bin' })).rejects.toThrow(
      'absolute path',
    );
  });

  it('ends with its signal, and leaves no scratch database', async () => {
    const ending = new AbortController();
    const world = databaseWorld(
      parts({
        afterProgram: async (argv) => {
          if (!argv.includes('--exit-on-error')) return;
          expect(await scratches()).toHaveLength(1);
          ending.abort(new Failure('WAITING', { what: 'time is over' }));
        },
      }),
    );
    const applied = pgBackup.apply(workOf(world, members, { signal: ending.signal }));
    await expect(applied).rejects.toThrow('time is over');
    expect(await scratches()).toEqual([]);
  });

  it('that was killed is made anew, and what it left is dropped', async () => {
    const mine = parts();
    const killed = { parts: mine, members, call: { id: 'backup' } };
    // It may have ended before it was seen.
    for (let tries = 0; tries < 20 && (await scratches()).length === 0; tries += 1) {
      await killedWhen('pg.backup', killed, async (over) => {
        while (!over.aborted && (await scratches()).length === 0);
      });
    }
    expect(await scratches()).toHaveLength(1);
    const work = workOf(databaseWorld(mine), members, { id: 'backup' });
    expect(await pgBackup.probe?.(work)).toBe('absent');
    expect((await pgBackup.apply(work)).verdict).toBe('PASS');
    expect(await scratches()).toEqual([]);
  });
});
