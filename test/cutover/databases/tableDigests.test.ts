/** Digests of tables and new databases, on the newest PostgreSQL: what the digests depend on, and what not. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createDatabase, databaseName } from '../../../src/cutover/databases/newDatabase.ts';
import {
  differences,
  inSnapshot,
  sequenceDifferences,
  type SequenceState,
  type TableDigest,
} from '../../../src/cutover/databases/tableDigests.ts';
import { sqlOpener } from '../../../src/cutover/world/sqlClient.ts';
import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { databaseWorld, workOf } from '../steps/databaseWorld.ts';

const folder = workFolder('tableDigests');

describe.skipIf(!hasPostgres())('digests of tables', () => {
  let server: Postgres;
  let databases = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  async function digests(sql: string): Promise<readonly TableDigest[]> {
    databases += 1;
    const url = await server.create(`digests${databases}`, sql);
    const open = sqlOpener({ folder, variables: {}, input: () => url });
    const client = await open('db', { readOnly: true, signal: new AbortController().signal });
    try {
      return await inSnapshot(client, (digestAll) => digestAll());
    } finally {
      await client.close();
    }
  }

  const TABLE = 'CREATE TABLE t (a int, b text, c float8)';

  it('depend on the rows, and not on their order, their places or that of the columns', async () => {
    const one = await digests(
      `${TABLE}; INSERT INTO t VALUES (1, 'x', 0.1), (2, NULL, 'NaN'), (2, NULL, 'NaN')`,
    );
    const same = await digests(
      `CREATE TABLE t (c float8, gone int, a int, b text); ALTER TABLE t DROP COLUMN gone;
       INSERT INTO t SELECT 0, n FROM generate_series(1, 99) n; DELETE FROM t;
       INSERT INTO t (a, b, c) VALUES (2, NULL, 'NaN'), (1, 'x', 0.1), (2, NULL, 'NaN');
       ALTER DATABASE digests${databases + 1} SET extra_float_digits = -15`,
    );
    expect(same).toEqual(one);
    expect(one).toEqual([
      { name: 'public.t', rows: 3, digest: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    ]);
  });

  it.each([
    [`(1, 'x', 0.1), (2, NULL, 'NaN')`, 'a row that is there once less'],
    [`(1, 'x', 0.1), (1, 'x', 0.1), (2, NULL, 'NaN')`, 'another row twice'],
    [`(1, 'x', 0.10000000000000002), (2, NULL, 'NaN'), (2, NULL, 'NaN')`, 'the last digit'],
    [`(1, 'x ', 0.1), (2, NULL, 'NaN'), (2, NULL, 'NaN')`, 'a space'],
    [`(1, 'x', 0.1), (2, '', 'NaN'), (2, NULL, 'NaN')`, 'an empty text for NULL'],
  ])('tell %s: %s', async (rows) => {
    const wanted = await digests(
      `${TABLE}; INSERT INTO t VALUES (1, 'x', 0.1), (2, NULL, 'NaN'), (2, NULL, 'NaN')`,
    );
    expect(
      differences(wanted, await digests(`${TABLE}; INSERT INTO t VALUES ${rows}`)),
    ).toHaveLength(1);
  });

  it('of rows that a policy hides are a failure', async () => {
    const url = await server.create(
      'policy',
      `${TABLE}; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      CREATE ROLE low LOGIN PASSWORD 'pw123456'; GRANT SELECT ON t TO low`,
    );
    const input = (): string => url.replace(/\/\/[^@]*@/, '//low:pw123456@');
    const client = await sqlOpener({ folder, variables: {}, input })('db', {
      readOnly: true,
      signal: new AbortController().signal,
    });
    await expect(inSnapshot(client, (digestAll) => digestAll())).rejects.toThrow('would hide rows');
    await client.close();
  });

  it.each([
    [`LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'`],
    [`LOCALE 'C' ENCODING 'LATIN1'`],
  ])('are compared in a database of the same form: %s', async (form) => {
    databases += 1;
    const name = `form's "${databases}`;
    const quoted = name.replaceAll('"', '""');
    await server.run('postgres', `CREATE DATABASE "${quoted}" TEMPLATE template0 ${form}`);
    const client = await sqlOpener({ folder, variables: {}, input: () => server.url() })('db', {
      readOnly: false,
      signal: new AbortController().signal,
    });
    await createDatabase(client, `copy of ${name}`, name);
    await client.close();
    const seen = await server.run(
      'postgres',
      `SELECT encoding, datlocprovider, datcollate, datctype, datlocale FROM pg_database WHERE datname LIKE '%form''s%${databases}'`,
    );
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);
  });
});

const name = (base: string, runId: string, id = 'migrate'): string =>
  databaseName(base, 'before', workOf(databaseWorld({ folder, inputs: {}, runId }), {}, { id }));

describe('names of databases', () => {
  it('have the run and the step in them, and at most 63 bytes', () => {
    expect(name('shop', 'wien-2026')).toMatch(/^shop_before_wien_2026_[0-9a-f]{8}$/);
    expect(new Set([name('a', 'r'), name('a', 'R'), name('a', 'r', 'x')]).size).toBe(3);
    for (const base of ['x'.repeat(63), '😀'.repeat(15)]) {
      const long = name(base, 'run '.repeat(40));
      expect(Buffer.byteLength(long)).toBeLessThanOrEqual(63);
      expect(long.isWellFormed()).toBe(true);
    }
  });
});

const at = ([last, isCalled = true]: readonly [number, boolean?]): SequenceState[] => [
  { name: 's', last: BigInt(last), isCalled },
];

describe('sequences', () => {
  const elsewhere = 'sequence s stands elsewhere';

  it.each([
    ['as it was', [5], [5], [5], []],
    ['between what was before and after', [5], [9], [7], []],
    ['between, going down', [-5], [-9], [-7], []],
    ['beyond', [5], [5], [6], [elsewhere]],
    ['beyond what was after', [5], [9], [10], [elsewhere]],
    ['called, where it was not', [1, false], [1, false], [1, true], [elsewhere]],
    ['called meanwhile', [1, false], [1, true], [1, true], []],
  ] as const)('that stand %s', (_, before, after, restored, found) => {
    expect(sequenceDifferences(at(before), at(after), at(restored))).toEqual(found);
  });

  it('that are missing are told', () => {
    expect(sequenceDifferences(at([1]), at([1]), [])).toEqual(['sequence s is missing']);
  });
});
