/** One snapshot for all readers: amounts that move between rows are in it once. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from 'pg';

import { times } from '../kit/long.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import { initAt, publishedRecords, rootOf, sessionAt } from './trap.ts';

const ACCOUNTS = 3000;
const RUNS = times('SEALIFT_PG_SNAPSHOTS', 4, 50);

/** The two tables of accounts are read one after the other, and each in many ranges. */
const TABLES = `
  CREATE TABLE first (id int PRIMARY KEY, amount bigint, pad text);
  CREATE TABLE second (id int PRIMARY KEY, amount bigint, pad text);
  INSERT INTO first SELECT n, 1000, repeat('x', 100) FROM generate_series(1, ${ACCOUNTS}) n;
  INSERT INTO second SELECT n, 1000, repeat('x', 100) FROM generate_series(1, ${ACCOUNTS}) n;
  ANALYZE;
`;

/** Moves amounts until it is stopped; each transaction takes from one row and gives to another. */
async function writeUntil(client: Client, stopped: () => boolean, seed: number): Promise<number> {
  let count = 0;
  while (!stopped()) {
    const [from, to] = [(count * 7 + seed) % ACCOUNTS, (count * 13 + seed * 5) % ACCOUNTS];
    await client.query(
      `BEGIN; UPDATE first SET amount = amount - 7 WHERE id = ${from + 1};
      UPDATE second SET amount = amount + 7 WHERE id = ${to + 1}; COMMIT`,
    );
    count += 1;
  }
  return count;
}

describe.skipIf(!hasPostgres())('a snapshot of a database', () => {
  const project = join(workFolder('snapshot'), 'project');
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
    const writer = await sessionAt(server.url('bank'));
    const stop = { now: false };
    const writing = writeUntil(writer, () => stop.now, 1);
    const roots = new Set<string>();
    for (let run = 0; run < RUNS; run += 1) {
      const more = run % 2 === 0 ? [] : ['--workers', '2'];
      roots.add(await rootOf(project, server.env, more));
      expect(sum()).toBe(2n * BigInt(ACCOUNTS) * 1000n);
    }
    stop.now = true;
    // It did write: no two runs saw the same (negative control).
    expect(await writing).toBeGreaterThan(RUNS);
    expect(roots.size).toBe(RUNS);
    await writer.end();
  });

  it('has the same root with 1, 2 and 4 workers, once it stands still', async () => {
    const roots: string[] = [];
    for (const workers of ['1', '2', '4']) {
      roots.push(await rootOf(project, server.env, ['--workers', workers]));
    }
    expect(new Set(roots).size).toBe(1);
  });
});
