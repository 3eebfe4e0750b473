/** A freeze stops neither owners nor superusers: what they write during a build is found, and named. */

import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import { command, initAt, lineOf, roleSql, rootOf, sessionAt } from './trap.ts';

const TABLES = `
  CREATE TABLE dog (id int PRIMARY KEY, name text);
  INSERT INTO dog SELECT n, 'x' FROM generate_series(1, 3000) n;
  CREATE TABLE cat (id int PRIMARY KEY, name text);
  INSERT INTO cat SELECT n, 'x' FROM generate_series(1, 3000) n;
  GRANT INSERT, UPDATE, DELETE ON dog, cat TO app;
  CREATE PROCEDURE write(statement text) LANGUAGE plpgsql AS $$
    BEGIN
      LOOP
        EXECUTE statement;
        COMMIT;
        EXIT WHEN pg_try_advisory_lock_shared(80);
        PERFORM pg_sleep(0.002);
      END LOOP;
    END $$;
`;

describe.skipIf(!hasPostgres())('a build from a source whose writes are frozen', () => {
  const work = workFolder('later-writes');
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', roleSql('app'));
  });
  afterAll(() => server.stop());

  async function frozen(database: string): Promise<string> {
    await server.create(database, TABLES);
    const project = join(work, database);
    await initAt(project, server.source(database), server.env);
    const freeze = await command('freeze-writes', project, server.env, ['--who', 'ada']);
    expect(freeze.code).toBe(0);
    return project;
  }

  /** Has the superuser repeat a statement while `work` runs. */
  async function whileWriting<T>(
    database: string,
    statement: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const holder = await sessionAt(server.url(database));
    await holder.query('SELECT pg_advisory_lock(80)');
    const writer = await sessionAt(server.url(database));
    const writing = writer.query(`CALL write($s$${statement}$s$)`);
    try {
      return await work();
    } finally {
      await holder.end();
      await writing;
      await writer.end();
    }
  }

  it.each([
    ['inserts', 'INSERT INTO cat SELECT max(id) + 1 FROM cat', /cat", \d+ rows? written, 0 rows/],
    ['updates', 'UPDATE cat SET name = name WHERE id = 7', /cat", 1 row written, 1 row changed/],
    [
      'deletes',
      'DELETE FROM cat WHERE id = (SELECT max(id) FROM cat)',
      /cat", 0 rows written, \d+ rows? changed/,
    ],
  ])('fails and names the table while a superuser %s', async (name, statement, expected) => {
    const project = await frozen(`while_${name}`);
    for (const build of ['migrate', 'dry-run']) {
      const ran = await whileWriting(`while_${name}`, statement, () =>
        command(build, project, server.env),
      );
      expect(ran.code).not.toBe(0);
      expect(lineOf(ran)).toMatch(/source "main" was written to while it was read, although/);
      expect(lineOf(ran)).toMatch(expected);
    }
  });

  it('is whole where nobody writes, or writes to what the mapping does not read', async () => {
    const project = await frozen('still');
    expect(await rootOf(project, server.env)).toMatch(/^[0-9a-f]{64}$/);
    await server.run('still', 'CREATE TABLE apart (id int)');
    const other = 'INSERT INTO apart VALUES (1)';
    const ran = await whileWriting('still', other, () => command('migrate', project, server.env));
    // A table that nobody has declared ends the build for its own reason.
    expect(ran.stderr).not.toMatch(/although its writes are frozen/);
  });

  it('is as before where they are not frozen: a snapshot is whole, whatever is written', async () => {
    await server.create('free', TABLES);
    const project = join(work, 'free');
    await initAt(project, server.source('free'), server.env);
    const statement = 'UPDATE cat SET name = name WHERE id = 7';
    const root = await whileWriting('free', statement, () => rootOf(project, server.env));
    expect(root).toMatch(/^[0-9a-f]{64}$/);
  });
});
