/** One snapshot for all readers: amounts that move between rows are in it once. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { timeoutsOf } from '../../src/project/timeouts.ts';
import { postgresAdapter } from '../../src/source/postgres.ts';
import { isLong, times } from '../kit/long.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import { initAt, publishedRecords, rootOf, sessionAt } from './trap.ts';

const ACCOUNTS = 3000;
const RUNS = times('SEALIFT_PG_SNAPSHOTS', 3, 50, 10);

/** Transactions a second that the writer has to reach; only the long form demands it of a machine. */
const RATE = 200;
/** Number of an advisory lock: as long as a session holds it, the writer goes on. */
const GOES_ON = 80;

/**
 * The two tables of accounts are read one after the other, and each in many ranges. The writer runs at the server,
 * where nothing that the test does slows it down; each of its transactions takes from one row and gives to
 * another.
 */
const TABLES = `
  CREATE TABLE first (id int PRIMARY KEY, amount bigint, pad text);
  CREATE TABLE second (id int PRIMARY KEY, amount bigint, pad text);
  INSERT INTO first SELECT n, 1000, repeat('x', 100) FROM generate_series(1, ${ACCOUNTS}) n;
  INSERT INTO second SELECT n, 1000, repeat('x', 100) FROM generate_series(1, ${ACCOUNTS}) n;
  ANALYZE;
  CREATE SEQUENCE moved;
  CREATE PROCEDURE move() LANGUAGE plpgsql AS $$
    DECLARE n bigint;
    BEGIN
      LOOP
        n := nextval('moved');
        UPDATE first SET amount = amount - 7 WHERE id = n * 7 % ${ACCOUNTS} + 1;
        UPDATE second SET amount = amount + 7 WHERE id = n * 13 % ${ACCOUNTS} + 1;
        COMMIT;
        EXIT WHEN pg_try_advisory_lock_shared(${GOES_ON});
        IF n % 4 = 0 THEN PERFORM pg_sleep(0.001); END IF;
      END LOOP;
    END $$;
`;

describe.skipIf(!hasPostgres())('a snapshot of a database', () => {
  const work = workFolder('snapshot');
  const project = join(work, 'project');
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres();
    await server.create('bank', TABLES);
    await initAt(project, server.source('bank'), server.env);
  });
  afterAll(() => server.stop());

  const sum = (): bigint => {
    const amounts = [...publishedRecords(project, 'first'), ...publishedRecords(project, 'second')];
    const all = amounts as { amount: number | string }[];
    return all.reduce((total, { amount }) => total + BigInt(amount), 0n);
  };

  it(`has each amount once in ${RUNS} runs, whatever is moved meanwhile`, async () => {
    const holder = await sessionAt(server.url('bank'));
    await holder.query(`SELECT pg_advisory_lock(${GOES_ON})`);
    const writer = await sessionAt(server.url('bank'));
    const begun = performance.now();
    const writing = writer.query('CALL move()');
    const roots = new Set<string>();
    for (let run = 0; run < RUNS; run += 1) {
      const more = run % 2 === 0 ? [] : ['--workers', '2'];
      roots.add(await rootOf(project, server.env, more));
      expect(sum()).toBe(2n * BigInt(ACCOUNTS) * 1000n);
    }
    await holder.end();
    await writing;
    const [[count] = []] = await server.run('bank', 'SELECT last_value FROM moved');
    const rate = Math.round((1000 * Number(count)) / (performance.now() - begun));
    process.stdout.write(`the writer committed ${count} transactions, ${rate} a second\n`);
    if (isLong('SEALIFT_PG_SNAPSHOTS')) expect(rate).toBeGreaterThanOrEqual(RATE);
    // It did write: no two runs saw the same (negative control).
    expect(Number(count)).toBeGreaterThan(RUNS);
    expect(roots.size).toBe(RUNS);
    await writer.end();
  });

  it('holds for its counts and for readers that come later, whatever is written meanwhile', async () => {
    await server.run('bank', 'CREATE TABLE still (id int); INSERT INTO still VALUES (1), (2), (3)');
    const { signal } = new AbortController();
    const url = server.source('bank').slice('postgres:'.length);
    const options = { scratch: work, variables: server.env, timeouts: timeoutsOf({}), signal };
    const source = await postgresAdapter.prepare(postgresAdapter.parse(url, '/'), options);
    const rows: unknown[] = [];
    expect(await source.count('still')).toBe(3);
    await server.run('bank', 'DELETE FROM still WHERE id = 1');
    await source.inOneSnapshot(async (handle) => {
      await server.run('bank', 'DELETE FROM still WHERE id = 2');
      expect(await source.count('still')).toBe(2);
      const reader = await postgresAdapter.open(handle, signal);
      const [range = {}] = await source.plan('still', ACCOUNTS);
      for await (const page of reader.read('still', ['id'], range)) rows.push(...page);
      await reader.close();
    });
    expect(rows.map((row) => (row as unknown[])[0])).toEqual([2, 3]);
    await source.close();
    // They are gone now (negative control).
    expect(await server.run('bank', 'SELECT id FROM still')).toEqual([['3']]);
    await server.run('bank', 'DROP TABLE still');
  });

  it('has the same root with 1, 2 and 4 workers, once it stands still', async () => {
    const roots: string[] = [];
    for (const workers of ['1', '2', '4']) {
      roots.push(await rootOf(project, server.env, ['--workers', workers]));
    }
    expect(new Set(roots).size).toBe(1);
  });
});
