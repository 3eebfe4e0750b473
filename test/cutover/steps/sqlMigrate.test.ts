/** `sql.migrate`: each file as a whole and once, in both dialects, whenever it is killed. */

import Database from 'better-sqlite3';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { sqlMigrate } from '../../../src/cutover/steps/sqlMigrate.ts';
import type { Members, Presence, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { databaseWorld, seen, workOf, type WorldParts } from './databaseWorld.ts';
import { killedWhen, PATIENT } from './killed.ts';

const work = workFolder('sqlMigrate');
const here = hasPostgres();
const DIALECTS = here ? (['postgresql', 'sqlite'] as const) : (['sqlite'] as const);
let server: Postgres;
let databases = 0;

beforeAll(async () => {
  if (here) server = await startPostgres();
});
afterAll(async () => {
  if (here) await server.stop();
});

const members = (more: Members = {}): Members => ({ files: '025*.sql', ...more });

describe.each(DIALECTS)('migrations of %s', (dialect) => {
  let folder: string;
  let database: string;
  let parts: WorldParts;

  beforeEach(async () => {
    databases += 1;
    database = `migrate${databases}`;
    folder = join(work, database);
    mkdirSync(folder);
    if (dialect === 'postgresql') {
      parts = {
        folder,
        inputs: { db: await server.create(database, 'CREATE TABLE log (v text)') },
      };
      return;
    }
    const db = new Database(join(folder, 'a.db'));
    db.exec('CREATE TABLE log (v text)');
    db.close();
    parts = { folder, inputs: { db: 'sqlite:a.db' } };
  });

  const file = (name: string, sql: string): void => {
    writeFileSync(join(folder, name), sql);
  };
  const apply = (more?: Members): Promise<StepResult> =>
    sqlMigrate.apply(workOf(databaseWorld(parts), members(more)));
  const dryRun = async (more?: Members): Promise<StepResult> =>
    (await sqlMigrate.dryRun?.(workOf(databaseWorld(parts), members(more)))) as StepResult;
  const probe = async (more?: Members): Promise<Presence> =>
    (await sqlMigrate.probe?.(workOf(databaseWorld(parts), members(more)))) as Presence;
  const rows = async (sql: string): Promise<unknown[][]> => {
    if (dialect === 'postgresql') return server.run(database, sql);
    const db = new Database(join(folder, 'a.db'));
    try {
      return db.prepare(sql).raw().all() as unknown[][];
    } finally {
      db.close();
    }
  };
  const logged = async (): Promise<string> =>
    (await rows('SELECT v FROM log ORDER BY v')).map(([v]) => String(v)).join(' ');

  it('are applied in order of the bytes of their names, and once', async () => {
    file('025b.sql', `INSERT INTO log SELECT 'b' || count(*) FROM log;`);
    file('025.sql', `INSERT INTO log VALUES ('a0');`);
    file('024.sql', 'not for this step');
    expect(await probe()).toBe('absent');
    expect(seen(await dryRun())).toBe('PASS 2 of 2 files would be applied: "025.sql", "025b.sql"');
    expect(await logged()).toBe('');
    expect(await probe()).toBe('absent');
    expect(await apply()).toEqual({
      verdict: 'PASS',
      says: '2 of 2 files applied, 0 were before',
      results: { applied: 2, failed: 0, count: 2 },
      kept: { migration: '025b.sql' },
    });
    expect(await logged()).toBe('a0 b1');
    expect(await probe()).toBe('there');
    expect(await apply()).toMatchObject({ verdict: 'PASS', results: { applied: 0 } });
    expect(seen(await dryRun())).toBe('PASS 0 of 2 files would be applied');
    file('025c.sql', `INSERT INTO log VALUES ('c2');`);
    expect(await probe()).toBe('begun');
    expect(await apply()).toMatchObject({ verdict: 'PASS', results: { applied: 1 } });
    expect(await logged()).toBe('a0 b1 c2');
  });

  it('stop at the first error, with its line, and without a half of a file or a value', async () => {
    file('025a.sql', `INSERT INTO log VALUES ('a');`);
    file(
      '025b.sql',
      `INSERT INTO log VALUES ('canary-77');\n\nINSERT INTO\n nowhere VALUES ('canary-78');`,
    );
    file('025c.sql', `INSERT INTO log VALUES ('c');`);
    const result = await apply();
    expect(result).toMatchObject({ verdict: 'FAIL', results: { failed: 1, applied: 1 } });
    const line = dialect === 'postgresql' ? 4 : 3;
    expect(result.says).toMatch(
      new RegExp(`\\("025b\\.sql".*, line ${line}\\); 1 file before it applied$`),
    );
    expect(result.says).not.toContain('canary');
    expect(await logged()).toBe('a');
    expect(await probe()).toBe('begun');
    file('025b.sql', `INSERT INTO log VALUES ('b');`);
    expect(await apply()).toMatchObject({ verdict: 'PASS', results: { applied: 2 } });
    expect(await logged()).toBe('a b c');
  });

  it.each([
    ['BEGIN; INSERT INTO log VALUES (1); COMMIT;', 1],
    [`INSERT INTO log VALUES ('x');\n-- then\ncommit;`, 3],
    ['', 0],
  ])(
    'that control transactions or are empty are refused before any runs: %s',
    async (sql, line) => {
      file('025a.sql', `INSERT INTO log VALUES ('a');`);
      file('025b.sql', sql);
      for (const result of [await dryRun(), await apply()]) {
        expect(result.verdict).toBe('FAIL');
        expect(result.says).toContain(
          line === 0 ? 'has no statement' : `"025b.sql", line ${line}: it begins or ends`,
        );
      }
      expect(await logged()).toBe('');
    },
  );

  it('that were edited, or come too late, fail, and those that are missing are told', async () => {
    file('025a.sql', `INSERT INTO log VALUES ('a');`);
    file('025c.sql', `INSERT INTO log VALUES ('c');`);
    await apply();
    file('025c.sql', `INSERT INTO log VALUES ('changed');`);
    for (const result of [await dryRun(), await apply()]) {
      expect(seen(result)).toBe('FAIL "025c.sql" was edited after it was applied');
    }
    expect(await probe()).toBe('unclear');
    file('025c.sql', `INSERT INTO log VALUES ('c');`);
    file('025b.sql', `INSERT INTO log VALUES ('b');`);
    expect(seen(await apply())).toBe(
      'FAIL "025b.sql" comes before "025c.sql", which is applied already',
    );
    rmSync(join(folder, '025a.sql'));
    rmSync(join(folder, '025b.sql'));
    file('025d.sql', `INSERT INTO log VALUES ('d');`);
    expect(seen(await apply())).toBe(
      'WARN 1 of 2 files applied, 1 were before; 1 applied file is missing: "025a.sql"',
    );
    expect(await logged()).toBe('a c d');
  });

  it('need files, and names of files', async () => {
    await expect(apply()).rejects.toThrow('no file matches');
    file('025a.sql', 'SELECT 1');
    await expect(apply({ outside: ['other.sql'] })).rejects.toThrow('none of the migration');
    writeFileSync(join(folder, '025a.sql'), Buffer.from([0xff]));
    await expect(apply()).rejects.toThrow('UTF-8');
  });

  it('outside of a transaction go by their query, also after a crash', async () => {
    file(
      '025a.sql',
      dialect === 'postgresql'
        ? 'CREATE INDEX CONCURRENTLY i ON log (v)'
        : 'VACUUM; CREATE INDEX i ON log (v)',
    );
    const whole =
      dialect === 'postgresql'
        ? `SELECT count(*) = 1 FROM pg_index WHERE indexrelid = to_regclass('i') AND indisvalid`
        : `SELECT count(*) = 1 FROM sqlite_schema WHERE name = 'i'`;
    const outside = { '025a.sql': whole };
    expect(await apply({ outside })).toMatchObject({ verdict: 'PASS', results: { applied: 1 } });
    expect(await probe({ outside })).toBe('there');
    // As if it was killed before it noted the end: it is not run again, which would fail.
    const ledger =
      dialect === 'postgresql' ? 'sealift_ledger.sealift_migrations' : 'sealift_migrations';
    const unfinished = `UPDATE ${ledger} SET finished_at = NULL`;
    await change(unfinished);
    expect(await probe({ outside })).toBe('begun');
    expect(await probe({ outside: ['025a.sql'] })).toBe('unclear');
    await expect(apply({ outside: ['025a.sql'] })).rejects.toThrow('nothing tells');
    expect(await apply({ outside })).toMatchObject({ verdict: 'PASS' });
    expect(await probe({ outside })).toBe('there');
    // As if it was killed before it ran.
    await change(unfinished);
    await change('DROP INDEX i');
    expect(await apply({ outside })).toMatchObject({ verdict: 'PASS' });
    expect(await rows(whole)).not.toEqual([]);
    await change(unfinished);
    const never = { '025a.sql': 'SELECT 1 = 2' };
    file(
      '025a.sql',
      `${dialect === 'postgresql' ? 'CREATE INDEX CONCURRENTLY' : 'CREATE INDEX'} IF NOT EXISTS i ON log (v)`,
    );
    expect((await apply({ outside: never })).says).toContain('edited');
  });

  const change = async (sql: string): Promise<void> => {
    if (dialect === 'postgresql') await server.run(database, sql);
    else {
      const db = new Database(join(folder, 'a.db'));
      db.exec(sql);
      db.close();
    }
  };

  it('have no effect twice, killed at any moment', { retry: 0 }, async () => {
    for (let at = 0; at < 6; at += 1) {
      file(`025${at}.sql`, `INSERT INTO log VALUES ('${at}');\nINSERT INTO log VALUES ('${at}x');`);
    }
    for (const after of [0, 60, 120, 180, 240]) {
      await killedWhen('sql.migrate', { parts, members: members(), call: {} }, () => {
        return new Promise((resolve) => {
          setTimeout(resolve, after);
        });
      });
      const whole = (await logged()).split(' ').filter((v) => v !== '');
      const applied = new Set(whole.map((v) => v[0]));
      expect(whole).toHaveLength(applied.size * 2);
      const expected = applied.size === 6 ? ['there'] : applied.size === 0 ? ['absent'] : ['begun'];
      expect(expected).toContain(await probe());
    }
    expect((await apply()).verdict).toBe('PASS');
    expect(await logged()).toBe('0 0x 1 1x 2 2x 3 3x 4 4x 5 5x');
    expect(await probe()).toBe('there');
  });
});

describe('migrations of SQLite', () => {
  it('cannot break references, though a table is built anew', async () => {
    const folder = join(work, 'references');
    mkdirSync(folder);
    const db = new Database(join(folder, 'a.db'));
    db.exec(`CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1);
      CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES (1);`);
    const world = databaseWorld({ folder, inputs: { db: 'sqlite:a.db' } });
    writeFileSync(
      join(folder, '1.sql'),
      `CREATE TABLE n (id int PRIMARY KEY, v int); INSERT INTO n (id) SELECT id FROM p; DROP TABLE p;
       ALTER TABLE n RENAME TO p;`,
    );
    expect((await sqlMigrate.apply(workOf(world, { files: '*.sql' }))).verdict).toBe('PASS');
    expect(db.prepare('SELECT count(*) FROM c').pluck().get()).toBe(1);
    writeFileSync(join(folder, '2.sql'), 'DELETE FROM p;');
    expect(seen(await sqlMigrate.apply(workOf(world, { files: '*.sql' })))).toBe(
      'FAIL a constraint of a table refuses it ("2.sql")',
    );
    expect(db.prepare('SELECT count(*) FROM p').pluck().get()).toBe(1);
    db.close();
  });
});

const begin = async (name: string, sql: string): Promise<WorldParts> => {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, '1.sql'), sql);
  return { folder, inputs: { db: await server.create(name) } };
};
const apply = (parts: WorldParts, call = {}): Promise<StepResult> =>
  sqlMigrate.apply(workOf(databaseWorld(parts), { files: '*.sql' }, call));

describe.skipIf(!here)('migrations of PostgreSQL', () => {
  it.each([
    [String.raw`\i other.sql`, 'a command of psql'],
    ['COPY t FROM STDIN;\n1\n\\.\n', 'a COPY from or to the client'],
  ])('refuse what only psql knows: %s', async (sql, says) => {
    const parts = await begin(`psql${says.length}`, sql);
    expect((await apply(parts)).says).toContain(says);
  });

  it('refuse a body that ends the transaction, and say so', async () => {
    const parts = await begin('bodies', 'CREATE TABLE a (i int);\nDO $$ BEGIN COMMIT; END $$;');
    expect(seen(await apply(parts))).toBe(
      'FAIL the statement would end the transaction that it runs in ("1.sql", line 2)',
    );
    expect(await server.run('bodies', `SELECT to_regclass('a')`)).toEqual([[null]]);
  });

  it('have the settings of the role, as another client of it would', async () => {
    const parts = await begin(
      'settings',
      `CREATE TABLE seen AS SELECT current_setting('search_path') AS path, '02/01/2024'::date AS day`,
    );
    await server.run('postgres', `ALTER DATABASE settings SET DateStyle = 'SQL, DMY'`);
    expect((await apply(parts)).verdict).toBe('PASS');
    expect(await server.run('settings', 'SELECT path, day::text FROM seen')).toEqual([
      ['"$user", public', '02/01/2024'],
    ]);
    const check = `SELECT to_char(day, 'YYYY-MM-DD') FROM seen`;
    expect(await server.run('settings', check)).toEqual([['2024-01-02']]);
  });

  it('leave nothing that they set to the next', async () => {
    const parts = await begin(
      'sets',
      `CREATE ROLE other; SET search_path = ''; SET SESSION AUTHORIZATION other; CREATE TEMP TABLE b (a int)`,
    );
    writeFileSync(join(parts.folder, '2.sql'), 'CREATE TABLE b (a int); INSERT INTO b VALUES (1)');
    expect(seen(await apply(parts))).toBe('PASS 2 of 2 files applied, 0 were before');
    expect(await server.run('sets', 'SELECT a FROM public.b')).toEqual([['1']]);
  });

  it('wait for another run, which ends on the server with its signal', async () => {
    const parts = await begin('locked', 'SELECT pg_sleep(600)');
    const [ending, waiting] = [new AbortController(), new AbortController()];
    const sleeping = `SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'`;
    const first = apply(parts, { signal: ending.signal });
    await expect.poll(() => server.run('locked', sleeping), PATIENT).toHaveLength(1);
    const second = apply(parts, { signal: waiting.signal });
    const tried = `SELECT FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND state = 'idle'
      AND pid <> pg_backend_pid()`;
    await expect.poll(() => server.run('locked', tried), PATIENT).toHaveLength(1);
    waiting.abort(new Failure('WAITING', { what: 'the second gives up' }));
    await expect(second).rejects.toThrow('the second gives up');
    expect(await server.run('locked', sleeping)).toHaveLength(1);
    ending.abort(new Failure('WAITING', { what: 'time is over' }));
    await expect(first).rejects.toThrow('time is over');
    const holders = `SELECT FROM pg_locks WHERE locktype = 'advisory'`;
    await expect.poll(() => server.run('locked', holders), PATIENT).toEqual([]);
  });

  it('need no ledger of another role', async () => {
    const parts = await begin('stranger', 'SELECT 1');
    await server.run(
      'stranger',
      `CREATE ROLE stranger; CREATE SCHEMA sealift_ledger AUTHORIZATION stranger;
       CREATE TABLE sealift_ledger.sealift_migrations (name text PRIMARY KEY, sha256 text, started_at timestamptz, finished_at timestamptz, run text)`,
    );
    await expect(apply(parts)).rejects.toThrow('belongs to role "stranger"');
  });
});
