/**
 * What no snapshot holds: TRUNCATE, an ALTER TABLE that rewrites, a REFRESH. They wait until the run has
 * read, or the run waits for them, and gives up in one line.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, workFolder } from '../kit/project.ts';
import {
  command,
  gateSql,
  initAt,
  lineOf,
  publishedRecords,
  readAlso,
  sessionAt,
  until,
} from './trap.ts';

/** Number of an advisory lock; a run that reads the view stands still while a test holds it. */
const GATE = 77;

const TABLES = `
  ${gateSql('a_gate', GATE)}
  CREATE TABLE plain (id int PRIMARY KEY, v text);
  CREATE TABLE rewritten (id int PRIMARY KEY, v int);
  CREATE TABLE parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
  CREATE TABLE part_low PARTITION OF parted FOR VALUES FROM (0) TO (50);
  CREATE TABLE part_high PARTITION OF parted FOR VALUES FROM (50) TO (1000);
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE child (extra text) INHERITS (parent);
  INSERT INTO plain SELECT n, 'v' FROM generate_series(1, 99) n;
  INSERT INTO rewritten SELECT n, n FROM generate_series(1, 99) n;
  INSERT INTO parted SELECT n, 'v' FROM generate_series(1, 99) n;
  INSERT INTO parent VALUES (1), (2);
  INSERT INTO child VALUES (3, 'x');
  CREATE MATERIALIZED VIEW summed AS SELECT id, v FROM rewritten;
`;

/** Changes that need a lock, and the table that they wait for. */
const CHANGES: readonly (readonly [string, string])[] = [
  ['plain', 'TRUNCATE plain'],
  ['rewritten', 'CLUSTER rewritten USING rewritten_pkey'],
  ['part_low', 'TRUNCATE part_low'],
  ['part_high', 'ALTER TABLE part_high SET UNLOGGED'],
  ['child', 'DROP TABLE child'],
  ['parent', 'TRUNCATE ONLY parent'],
  ['summed', 'REFRESH MATERIALIZED VIEW summed'],
];

/** SQL that yields a row once a change waits for a table. */
function waiting(table: string): string {
  return `SELECT FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`;
}

describe.skipIf(!hasPostgres())('a table that others change while it is read', () => {
  const work = workFolder('locks');
  let server: Postgres;
  let databases = 0;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** A new database with its project, made by init. */
  async function begin(): Promise<{ database: string; project: string }> {
    databases += 1;
    const database = `locks${databases}`;
    await server.create(database, TABLES);
    const project = join(work, database);
    await initAt(project, server.source(database), server.env);
    return { database, project };
  }

  it('keeps its rows until the run has ended', async () => {
    const { database, project } = await begin();
    readAlso(project, 'a_gate', ['id']);
    readAlso(project, 'summed', ['id', 'v']);
    const holder = await sessionAt(server.url(database));
    await holder.query(`SELECT pg_advisory_lock(${GATE})`);
    const run = command('migrate', project, server.env);
    // The snapshot stands, and a reader is at the gate.
    await until(
      server,
      database,
      "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'",
      run,
    );
    const changing = CHANGES.map(([, sql]) => server.run(database, sql));
    for (const [table] of CHANGES) await until(server, database, waiting(table), run);
    await holder.end();
    expect((await run).code).toBe(0);
    await Promise.all(changing);
    expect(publishedRecords(project, 'plain')).toHaveLength(99);
    expect(publishedRecords(project, 'parted')).toHaveLength(99);
    expect(publishedRecords(project, 'parent')).toHaveLength(2);
    expect(publishedRecords(project, 'child')).toHaveLength(1);
    expect(publishedRecords(project, 'rewritten')).toHaveLength(99);
    expect(publishedRecords(project, 'summed')).toHaveLength(99);
    // They were more than words (negative control).
    expect(await server.run(database, 'SELECT count(*) FROM plain')).toEqual([['0']]);
  });

  it('that is locked by another session ends the run in one line that names it', async () => {
    const { database, project } = await begin();
    const holder = await sessionAt(server.url(database));
    await holder.query('BEGIN; LOCK TABLE part_low IN ACCESS EXCLUSIVE MODE');
    const ran = await command('migrate', project, server.env);
    await holder.end();
    expect(ran.code).not.toBe(0);
    expect(lineOf(ran)).toMatch(
      /another session holds a lock on a table \(\S+, parted\): wait until/,
    );
    expect(existsSync(candidateOf(project))).toBe(false);
  });

  it('that is a materialised view, refreshed between snapshot and lock, is noticed', async () => {
    const { database, project } = await begin();
    const holder = await sessionAt(server.url(database));
    await holder.query('BEGIN; REFRESH MATERIALIZED VIEW summed');
    const run = command('migrate', project, server.env);
    await until(server, database, waiting('summed'), run);
    await holder.query('COMMIT');
    await holder.end();
    expect(lineOf(await run)).toMatch(/the tables of the database were changed/);
    expect(existsSync(candidateOf(project))).toBe(false);
  });
});
