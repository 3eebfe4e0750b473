/** What databases hold: large objects, nothing at all, cells at the edges. Exact, or told. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, findingsOf, workFolder } from '../kit/project.ts';
import { command, initAt, lineOf, publishedRecords, ROLE_ENV, roleSql, rootOf } from './trap.ts';

const LARGE_OBJECTS = `
  CREATE TABLE paper (id int PRIMARY KEY, scan oid);
  INSERT INTO paper SELECT n, lo_from_bytea(0, decode(repeat(lpad(to_hex(n), 2, '0'), n * 3000), 'hex'))
    FROM generate_series(1, 5) n;
`;

/** Values that have to arrive as they are: their text by the server is the judge. */
const EDGES: readonly (readonly [type: string, value: string, arrived: unknown])[] = [
  ['timestamptz', 'infinity', 'infinity'],
  ['timestamptz', '-infinity', '-infinity'],
  ['timestamptz', '0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00+00 BC'],
  ['timestamp', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999'],
  ['date', '4713-01-01 BC', '4713-01-01 BC'],
  ['time', '24:00:00', '24:00:00'],
  ['numeric', 'NaN', 'NaN'],
  ['numeric', 'Infinity', 'Infinity'],
  ['float8', 'NaN', { number: 'NaN' }],
  ['float8', '-0', { number: '-0' }],
  ['jsonb', 'null', null],
];

describe.skipIf(!hasPostgres())('a database', () => {
  const work = workFolder('content');
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', roleSql('content_reader'));
  });
  afterAll(() => server.stop());

  it('has its large objects read as blobs, byte by byte', async () => {
    await server.create('large', LARGE_OBJECTS);
    const project = join(work, 'large');
    await initAt(project, server.source('large'), server.env);
    await rootOf(project, server.env);
    const wanted = await server.run(
      'large',
      `SELECT encode(sha256(lo_get(scan)), 'hex') FROM paper ORDER BY id`,
    );
    const module = ['pg_catalog_pg_largeobject', 'pg_largeobject'].find((name) =>
      existsSync(join(candidateOf(project), name)),
    );
    const records = publishedRecords(project, module ?? '') as {
      content: { blob: string } | string;
    }[];
    const found = records.map(({ content }) => {
      if (typeof content === 'string') {
        return createHash('sha256').update(Buffer.from(content, 'base64')).digest('hex');
      }
      return Object.values(content).join();
    });
    expect(found.length).toBe(5);
    for (const [digest] of wanted) expect(found.join(' ')).toContain(digest);
  });

  it('stops the run where a large object may not be read', async () => {
    const project = join(work, 'large');
    await server.run('large', 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO content_reader');
    const source = server.source('large', 'content_reader');
    const ran = await command('migrate', project, ROLE_ENV, ['--source', source]);
    expect(ran.code).toBe(1);
    expect(lineOf(ran)).toMatch(
      /the user has no permission to read this \(\S+, pg_catalog\.pg_largeobject\): grant/,
    );
  });

  it('without a table, or without a row, proves nothing and fails', async () => {
    await server.create('nothing');
    const none = join(work, 'nothing');
    const init = await command('init', none, server.env, ['--source', server.source('nothing')]);
    expect(init.code).not.toBe(0);
    expect(lineOf(init)).toMatch(/^sealift init: /);
    await server.run('nothing', 'CREATE TABLE t (id int PRIMARY KEY)');
    const empty = join(work, 'empty');
    await initAt(empty, server.source('nothing'), server.env);
    const ran = await command('migrate', empty, server.env);
    expect(ran.code).not.toBe(0);
    expect(existsSync(candidateOf(empty))).toBe(false);
  });

  it.each(EDGES)(
    'holds a %s of %s, which arrives or is a finding',
    async (type, value, arrived) => {
      const name = `edge${EDGES.findIndex(([a, b]) => a === type && b === value)}`;
      await server.create(
        name,
        `CREATE TABLE t (id int PRIMARY KEY, v ${type}); INSERT INTO t VALUES (1, '${value}')`,
      );
      const project = join(work, name);
      await initAt(project, server.source(name), server.env);
      const ran = await command('migrate', project, server.env);
      if (ran.code === 0) {
        expect(publishedRecords(project, 't')).toEqual([{ id: 1, v: arrived }]);
      } else {
        expect(findingsOf(project).length).toBeGreaterThan(0);
        expect(findingsOf(project)[0]?.source?.row).toBe(1);
      }
    },
  );

  it.each(['json', 'jsonb'])(
    'holds a null of %s beside NULL: they are one value, and it says so',
    async (type) => {
      const name = `nulls_of_${type}`;
      await server.create(
        name,
        `CREATE TABLE t (id int PRIMARY KEY, v ${type}, w ${type} NOT NULL);
      INSERT INTO t VALUES (1, 'null', '1'), (2, NULL, 'null'), (3, '[null]', '"null"')`,
      );
      const project = join(work, name);
      await initAt(project, server.source(name), server.env);
      await rootOf(project, server.env);
      expect(publishedRecords(project, 't')).toEqual([
        { id: 1, v: null, w: 1 },
        { id: 2, v: null, w: null },
        { id: 3, v: [null], w: 'null' },
      ]);
      const found = findingsOf(project).map(({ rule, severity, field, source }) => {
        return [rule, severity, field, source?.row];
      });
      expect(found).toEqual([['json-null', 'WARNING', 'v', 1]]);
      // Sealed with the candidate: a scan tells it of the record.
      const scan = await command('scan-all', project, server.env);
      expect([scan.code, scan.stdout]).toEqual([1, expect.stringContaining('json-null')]);
    },
  );

  it('holds cells of more than 64 MiB, which arrive or are one finding each', async () => {
    await server.create(
      'big',
      `CREATE TABLE t (id int PRIMARY KEY, v text);
      ALTER TABLE t ALTER v SET STORAGE EXTERNAL;
      INSERT INTO t VALUES (1, repeat('x', 70000000)), (2, 'small')`,
    );
    const project = join(work, 'big');
    const init = await command('init', project, server.env, ['--source', server.source('big')]);
    expect(init.stderr).not.toMatch(/\n\s+at /);
    const ran = await command('migrate', project, server.env);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    if (ran.code === 0) {
      const file = join(candidateOf(project), 't/data.ndjson');
      expect(readFileSync(file).length).toBeGreaterThan(70_000_000);
    } else {
      expect(findingsOf(project).map(({ source }) => source?.row)).toEqual([1]);
    }
  });

  it.each([
    ['LATIN1', `convert_from('\\xe9', 'LATIN1')`, 'é'],
    ['SQL_ASCII', `'caf' || chr(201 - 201 + 101)`, 'cafe'],
  ])('is read in its encoding, %s', async (encoding, sql, arrived) => {
    const name = `in_${encoding.toLowerCase()}`;
    await server.run('postgres', `DROP DATABASE IF EXISTS ${name}`);
    await server.run(
      'postgres',
      `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0`,
    );
    await server.run(
      name,
      `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, ${sql})`,
    );
    const project = join(work, name);
    await initAt(project, server.source(name), server.env);
    await rootOf(project, server.env);
    expect(publishedRecords(project, 't')).toEqual([{ id: 1, v: arrived }]);
    await server.run('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
  });

  it('of no encoding may hold bytes that are no text, which end the run in one line', async () => {
    await server.run('postgres', `CREATE DATABASE no_text ENCODING 'SQL_ASCII' TEMPLATE template0`);
    await server.run(
      'no_text',
      `CREATE TABLE t (id int PRIMARY KEY, v text);
      INSERT INTO t VALUES (1, 'fine'), (2, convert_from('\\x636166e9', 'SQL_ASCII'))`,
    );
    const source = server.source('no_text');
    const ran = await command('init', join(work, 'no-text'), server.env, ['--source', source]);
    await server.run('postgres', 'DROP DATABASE no_text WITH (FORCE)');
    expect(ran.code).toBe(1);
    expect(lineOf(ran)).toMatch(/a text is not valid in the encoding of the database \(\S+, t\): /);
  });
});
