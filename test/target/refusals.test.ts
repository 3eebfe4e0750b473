/** What stops a load: one clear line, and the target as it was, or as far as it was filled. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { setTimeout as wait } from 'node:timers/promises';

import Database from 'better-sqlite3';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, PASSWORD, startPostgres, type Postgres } from '../kit/postgres.ts';
import { migrate, succeed, workFolder } from '../kit/project.ts';
import { sealift, start, type Ran } from '../kit/run.ts';
import { candidateOf, contentOf, kennel, schemaIn } from './fixture.ts';
import { openGate } from './gate.ts';

const work = workFolder('refusals');
const SMALL = ['--batch-ms', '0', '--max-rows-per-second', '2000'];
let project: string;

beforeAll(async () => {
  project = await kennel(400);
});
afterAll(() => {
  rmSync(project, { recursive: true });
});

/** Modules with two equal values of a unique set, a reference to nothing, and a text with U+0000. */
const FAULTY = {
  parents: {
    key: [{ column: 'id', type: 'integer' }],
    id: { rule: 'keep' },
    fields: {
      id: { column: 'id', type: 'integer' },
      name: { column: 'name', type: 'string' },
      note: { column: 'note', type: 'json' },
    },
    unique: [['name']],
  },
  children: {
    key: [{ column: 'id', type: 'integer' }],
    id: { rule: 'keep' },
    fields: {
      id: { column: 'id', type: 'integer' },
      parent: { column: 'parent', type: 'integer' },
    },
    references: [{ fields: ['parent'], module: 'parents', to: ['id'] }],
  },
};
const LOWERED = ['unique', 'reference', 'text-nul', 'encoding'].map((rule) => {
  return { rule, severity: 'INFO' };
});

async function faulty(name: string, parents: object[], children: object[]): Promise<string> {
  const folder = join(work, name);
  const rows = {
    parents: parents.map((row) => ({ note: null, ...row })),
    children: children.map((row) => ({ parent: null, ...row })),
  };
  await candidateOf(folder, FAULTY, rows, LOWERED);
  return folder;
}

/** The line of a load that fails with code 1; no password is in it. */
function lineOf({ code, stdout, stderr }: Ran): string {
  expect(code, stdout + stderr).toBe(1);
  expect(stdout + stderr).not.toContain(PASSWORD);
  expect(stdout + stderr).not.toContain('Geheimnis');
  const lines = stderr.split('\n').filter((line) => line.startsWith('sealift load: '));
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

describe.skipIf(!hasPostgres())('a load into PostgreSQL', () => {
  let server: Postgres;
  let databases = 0;

  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', `CREATE ROLE loader LOGIN PASSWORD '${PASSWORD}'`);
  });
  afterAll(() => server.stop());

  async function newDatabase(sql?: string): Promise<string> {
    databases += 1;
    const name = `refused${databases}`;
    await server.create(name, sql);
    return name;
  }

  function load(target: string, args: readonly string[] = [], env = server.env): Promise<Ran> {
    return sealift(['load', '--project', project, '--target', target, ...args], { env });
  }

  it('names a wrong password, and a missing one', async () => {
    const target = server.source(await newDatabase());
    expect(lineOf(await load(target, [], { PGPASSWORD: 'wrong' }))).toContain(
      'the server rejected the user or the password',
    );
    expect(lineOf(await load(target, [], {}))).toContain('the server asks for a password');
  });

  it('names a database that is not there, and a server that is not', async () => {
    expect(lineOf(await load(server.source('none')))).toContain('the server has no such database');
    const closed = server.source('postgres').replace(`:${server.port}/`, ':1/');
    expect(lineOf(await load(closed))).toContain('no server answers there');
  });

  it('names the permission that is missing', async () => {
    const database = await newDatabase();
    const target = server.source(database, 'loader');
    const env = { PGPASSWORD: PASSWORD };
    expect(lineOf(await load(target, [], env))).toContain(
      'the user may not make a schema in this database',
    );
    expect(await schemaIn(server, database)).toBeNull();
    expect(lineOf(await load(target, ['--max-lag', '5s'], env))).toContain('schema');
    await server.run('postgres', `GRANT CREATE ON DATABASE ${database} TO loader`);
    expect(lineOf(await load(target, ['--max-lag', '5s'], env))).toContain(
      'the user may not see the lag of standbys',
    );
    expect((await load(target, [], env)).code).toBe(0);
  });

  it('tells a second one who is at work', async () => {
    const database = await newDatabase();
    const gate = await openGate(server.port, { text: 'LOCK TABLE' });
    const through = server.source(database).replace(`:${server.port}/`, `:${gate.port}/`);
    const args = ['load', '--project', project, '--target', through];
    const first = start(args, { env: { ...server.env, PGAPPNAME: 'night shift' } });
    await Promise.race([gate.shut, first.ended]);
    const before = await contentOf(server, database);
    expect(lineOf(await load(server.source(database)))).toMatch(
      /night shift from 127\.0\.0\.1, since \S+ \S+ is at work in this schema/,
    );
    expect(await contentOf(server, database)).toEqual(before);
    first.child.kill('SIGKILL');
    await first.ended;
    await gate.close();
    expect((await load(server.source(database))).code).toBe(0);
  });

  it('goes on after the server has ended the connection inside a COPY', async () => {
    const database = await newDatabase();
    const gate = await openGate(server.port, { text: 'COPY ', nth: 2 });
    const through = server.source(database).replace(`:${server.port}/`, `:${gate.port}/`);
    const args = ['load', '--project', project, '--target', through, ...SMALL];
    const run = start(args, { env: server.env });
    await Promise.race([gate.shut, run.ended]);
    await gate.close();
    expect(lineOf(await run.ended)).toContain('the connection to the server was lost');
    expect((await load(server.source(database))).code).toBe(0);
  });

  it('names a full disk, and goes on when there is space', async () => {
    // What the server says when its disk is full, said by a trigger on the making of tables.
    const database = await newDatabase(`
      CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'no space: Geheimnis' USING ERRCODE = '53100'; END $$;
      CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
        EXECUTE FUNCTION full_disk()`);
    expect(lineOf(await load(server.source(database)))).toContain('the disk of the server is full');
    expect(await schemaIn(server, database)).toBeNull();
    await server.run(database, 'DROP EVENT TRIGGER full_disk');
    expect((await load(server.source(database))).code).toBe(0);
  });

  it('names a disk that is really full, and goes on when there is space', async () => {
    // Not in a private folder, which the user of the server cannot enter.
    const folder = mkdtempSync(join(tmpdir(), 'sealift-small-'));
    const mount = (options: string): boolean => {
      const args = ['-t', 'tmpfs', '-o', `${options},uid=65534,mode=0700`, 'sealift-test', folder];
      return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
    };
    if (server.postmaster === 0 || !mount('size=96k')) {
      process.stderr.write('notice: no small disk can be mounted; one is played instead\n');
      rmSync(folder, { recursive: true });
      return;
    }
    try {
      const database = await newDatabase();
      await server.run(database, `CREATE TABLESPACE small LOCATION '${folder}'`);
      await server.run(database, `ALTER DATABASE ${database} SET default_tablespace = small`);
      expect(lineOf(await load(server.source(database)))).toContain(
        'the disk of the server is full',
      );
      mount('remount,size=64m');
      expect((await load(server.source(database))).code).toBe(0);
      await server.run('postgres', `DROP DATABASE ${database}`);
      await server.run('postgres', 'DROP TABLESPACE small');
    } finally {
      spawnSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    }
  });

  it('waits for a lock on a table, and goes on', async () => {
    const tables = `CREATE SCHEMA app; CREATE TABLE app.parents (id bigint, name text, note jsonb);
      CREATE TABLE app.children (id bigint, parent bigint)`;
    const folder = await faulty('locked', [{ id: 1, name: 'a' }], [{ id: 1, parent: 1 }]);
    const database = await newDatabase(tables);
    const holder = new Client({ connectionString: server.url(database) });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE app.parents IN SHARE MODE');
    const target = server.source(database);
    const args = ['load', '--project', folder, '--target', target, '--into', 'app'];
    const { ended } = start(args, { env: server.env });
    const waits = `SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'`;
    for (;;) {
      const [[found]] = (await server.run(database, waits)) as [[string]];
      if (found !== '0') break;
      await wait(20);
    }
    await holder.query('COMMIT');
    await holder.end();
    const ran = await ended;
    expect(ran.code, ran.stderr).toBe(0);
  });

  it('says that nothing is lost when it is interrupted', async () => {
    const database = await newDatabase();
    const gate = await openGate(server.port, { text: 'COPY ', nth: 2 });
    const through = server.source(database).replace(`:${server.port}/`, `:${gate.port}/`);
    const run = start(['load', '--project', project, '--target', through], { env: server.env });
    await Promise.race([gate.shut, run.ended]);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    await gate.close();
    expect(code).toBe(130);
    expect(stderr).toContain('sealift load: interrupted, nothing is lost, run it again to go on');
    expect((await load(server.source(database))).code).toBe(0);
  });

  it('refuses a schema of others, and rows that it has not written', async () => {
    const database = await newDatabase();
    const target = server.source(database);
    expect((await load(target)).code).toBe(0);
    const schema = (await schemaIn(server, database)) ?? '';
    await server.run(database, `UPDATE "${schema}".sealift_ledger SET state = 'loading'`);
    const extra = `INSERT INTO "${schema}".visits (id) VALUES (gen_random_uuid())`;
    await server.run(database, extra);
    expect(lineOf(await load(target))).toContain(
      'the table has 401 rows of this load, and the seal 400',
    );
    await server.run(
      database,
      `UPDATE "${schema}".sealift_ledger SET progress = progress - 'visits'`,
    );
    expect(lineOf(await load(target))).toContain(
      'table "visits" has rows, and the load has not come to it',
    );
    await server.run(database, `UPDATE "${schema}".sealift_ledger SET seal_id = repeat('0', 64)`);
    expect(lineOf(await load(target))).toContain('the schema holds the load of another seal, 0000');
    await server.run(database, `DROP TABLE "${schema}".sealift_ledger`);
    expect(lineOf(await load(target))).toContain(
      'the schema is there already, and no load has made it',
    );
    expect((await load(target, ['--schema', 'other'])).code).toBe(0);
  });

  it('takes an empty schema that was made for it', async () => {
    const database = await newDatabase();
    await load(server.source(database));
    const schema = (await schemaIn(server, database)) ?? '';
    await server.run(database, `DROP SCHEMA "${schema}" CASCADE; CREATE SCHEMA "${schema}"`);
    expect((await load(server.source(database))).code).toBe(0);
  });

  it('names a constraint that does not hold, and leaves it out where it is told to', async () => {
    const folder = await faulty(
      'constraints',
      [
        { id: 1, name: 'Geheimnis' },
        { id: 2, name: 'Geheimnis' },
      ],
      [{ id: 1, parent: 7 }],
    );
    const database = await newDatabase();
    const run = (...args: string[]): Promise<Ran> => {
      const target = server.source(database);
      return sealift(['load', '--project', folder, '--target', target, ...args], {
        env: server.env,
      });
    };
    expect(lineOf(await run())).toContain('values that have to be unique occur twice (127.0.0.1:');
    expect(lineOf(await run('--without', 'parents_name_key'))).toContain(
      'a record refers to one that is not there',
    );
    expect((await run('--without', 'no_such_key')).code).toBe(64);
    const done = await run('--without', 'parents_name_key', 'children_parent_fkey');
    expect(done.code).toBe(0);
    expect(done.stdout).toContain('left out: constraint children_parent_fkey');
  });

  it('names field and record of a text that PostgreSQL cannot hold', async () => {
    const first = await faulty(
      'nul',
      [
        { id: 1, name: 'a' },
        { id: 2, name: 'x\0' },
      ],
      [{ id: 1 }],
    );
    const nested = await faulty(
      'nested',
      [{ id: 1, name: 'a', note: '{"a\\\\":"\\u0000"}' }],
      [{ id: 1 }],
    );
    const run = async (folder: string): Promise<[database: string, ran: Ran]> => {
      const database = await newDatabase();
      const args = ['load', '--project', folder, '--target', server.source(database)];
      return [database, await sealift(args, { env: server.env })];
    };
    // A finding of the seal has told, so that it is found before the first row.
    const [found, told] = await run(first);
    expect(lineOf(told)).toContain('1 thing in the target does not fit, nothing was written');
    expect(told.stdout).toContain(
      'parents · name: a text has U+0000, which PostgreSQL cannot hold (record 2)',
    );
    expect(await schemaIn(server, found)).toBeNull();
    // Inside of JSON it is escaped, so that no finding tells.
    const [database, ran] = await run(nested);
    const line = lineOf(ran);
    expect(line).toContain('a text has U+0000, which PostgreSQL cannot hold');
    expect(line).toContain('module parents, record 1, field "note"');
    const schema = (await schemaIn(server, database)) ?? '';
    expect(await server.run(database, `SELECT count(*) FROM "${schema}".parents`)).toEqual([['0']]);
    for (const folder of [first, nested]) {
      await succeed(['load', '--project', folder, '--target', `sqlite:${join(folder, 'new.db')}`]);
    }
    const allowed = await faulty(
      'allowed',
      [{ id: 1, name: '\\u0000', note: '"\\\\u0000"' }],
      [{ id: 1 }],
    );
    const args = ['load', '--project', allowed, '--target', server.source(await newDatabase())];
    expect((await sealift(args, { env: server.env })).code).toBe(0);
  });
});

function target(name: string): string {
  return join(work, name);
}

function loadFile(name: string, ...args: string[]): Promise<Ran> {
  return sealift(['load', '--project', project, '--target', `sqlite:${target(name)}`, ...args]);
}

async function usageOf(place: string): Promise<Ran> {
  const ran = await sealift(['load', '--project', project, '--target', place]);
  expect(ran.code, ran.stderr).toBe(64);
  expect(ran.stdout + ran.stderr).not.toContain('hunter2');
  return ran;
}

describe('a load into SQLite', () => {
  it('leaves a file that is there as it is', async () => {
    writeFileSync(target('text.db'), 'not a database');
    expect((await loadFile('text.db')).stderr).toContain('the file is no database, or is damaged');
    const db = new Database(target('other.db'));
    db.exec('CREATE TABLE t (a)');
    db.close();
    expect((await loadFile('other.db')).stderr).toContain(
      'the file is there already, with another database',
    );
    const small = await kennel(5);
    await succeed(['load', '--project', small, '--target', `sqlite:${target('seal.db')}`]);
    rmSync(small, { recursive: true });
    expect((await loadFile('seal.db')).stderr).toContain('with the load of another seal');
    expect((await loadFile('no/folder.db')).stderr).toContain(
      'the folder for the database does not exist',
    );
  });

  it('lets one at a time write', async () => {
    const gate = new Database(target('busy.db.sealift-loading'));
    gate.exec('BEGIN EXCLUSIVE');
    const ran = await loadFile('busy.db');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('another load is at work on this file');
    gate.close();
    rmSync(target('busy.db.sealift-loading'));
    expect((await loadFile('busy.db')).code).toBe(0);
  });

  it('names a constraint that does not hold, and leaves it out where it is told to', async () => {
    const folder = await faulty(
      'sqlite-constraints',
      [{ id: 1, name: 'a' }],
      [{ id: 1, parent: 7 }],
    );
    const place = join(folder, 'new.db');
    const args = ['load', '--project', folder, '--target', `sqlite:${place}`];
    const ran = await sealift(args);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('a record refers to one that is not there');
    expect(existsSync(place)).toBe(false);
    rmSync(`${place}.sealift-loading`);
    expect((await sealift([...args, '--without', 'children_parent_fkey'])).code).toBe(0);
  });

  it('names a full disk, and goes on when there is space', async () => {
    const script = `mount -t tmpfs -o size=256k tmpfs "$1" || exit 99; shift
      "$@"; echo "first $?"; mount -o remount,size=64m tmpfs "$OLDPWD/small" || exit 99
      "$@"; echo "second $?"`;
    const folder = join(work, 'small-sqlite');
    mkdirSync(folder);
    const args = ['-m', 'sh', '-c', script.replace('$OLDPWD/small', folder), 'sh', folder];
    const ran = await sealift(
      ['load', '--project', project, '--target', `sqlite:${join(folder, 'new.db')}`],
      { process: true, wrap: ['unshare', ...args] },
    );
    if (ran.code !== 0 || !ran.stdout.includes('first')) {
      process.stderr.write('notice: no small disk can be mounted; its test is left out\n');
      return;
    }
    expect(ran.stdout).toContain('first 1');
    expect(ran.stderr).toContain('the disk is full');
    expect(ran.stderr).not.toContain('Geheimnis');
    expect(ran.stdout).toContain('second 0');
  });

  it('has no use for schemas', async () => {
    for (const option of [
      ['--into', 'x'],
      ['--schema', 'x'],
      ['--max-lag', '1s'],
      ['--allow-rows'],
    ]) {
      expect((await loadFile('unused.db', ...option)).code, option[0]).toBe(64);
    }
    expect(existsSync(target('unused.db'))).toBe(false);
  });

  it('makes nothing on a dry run', async () => {
    expect((await loadFile('dry.db', '--dry-run')).stdout).toContain('CREATE TABLE "dogs"');
    expect(existsSync(target('dry.db'))).toBe(false);
    expect(existsSync(target('dry.db.sealift-loading'))).toBe(false);
  });
});

describe('a candidate that may not leave the project', () => {
  it('is not loaded: without a scan, after a failed one, or as a sample', async () => {
    const folder = await kennel(6);
    const load = (): Promise<Ran> => {
      return sealift(['load', '--project', folder, '--target', `sqlite:${join(folder, 'new.db')}`]);
    };
    await migrate(folder, ['--sample', '3']);
    expect((await load()).stderr).toContain('this candidate was never scanned');
    await sealift(['scan-all', '--project', folder]);
    expect((await load()).stderr).toContain('holds a sample of the rows');
    expect(existsSync(join(folder, 'new.db'))).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('is not named by a target of no kind, and no URL is shown', async () => {
    expect((await usageOf('mysql://u:hunter2@host/db')).stderr).toContain(
      'there is no target of kind "mysql"',
    );
    expect((await usageOf('hunter2')).stderr).toContain('a target must have the form SCHEME:PLACE');
    expect((await usageOf('postgres://u:hunter2@h:99999/d')).stderr).toContain('--target');
    expect((await usageOf('env:NO_SUCH')).stderr).toContain('environment variable NO_SUCH');
  });
});
