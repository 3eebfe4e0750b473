/** A load that an operator holds back: no more rows per second, and not ahead of a standby. */

import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { succeed } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { kennel } from './fixture.ts';

const ROWS = 100;
let project: string;

beforeAll(async () => {
  project = await kennel(ROWS);
});
afterAll(() => {
  rmSync(project, { recursive: true });
});

describe('--max-rows-per-second', () => {
  it('takes at least as long as the rows need', async () => {
    const target = `sqlite:${join(project, 'slow.db')}`;
    const begun = performance.now();
    await succeed([
      'load',
      '--project',
      project,
      '--target',
      target,
      '--max-rows-per-second',
      '100',
    ]);
    // Three modules of 100 rows, each limited from its beginning on.
    expect(performance.now() - begun).toBeGreaterThan(2900);
  });
});

/** A standby that says how far it has come, and does nothing else. */
interface Standby {
  say(lsn: bigint): void;
  end(): void;
}

async function standbyOf(server: Postgres): Promise<Standby> {
  const config = { connectionString: server.url(), replication: 'true' };
  const client = new Client(config);
  client.on('error', () => {});
  await client.connect();
  const [[lsn]] = (await server.run('postgres', 'SELECT pg_current_wal_lsn()')) as [[string]];
  const { connection } = client as unknown as {
    connection: NodeJS.EventEmitter & {
      query(sql: string): void;
      sendCopyFromChunk(chunk: Buffer): void;
      stream: { destroy(): void };
    };
  };
  connection.query(`START_REPLICATION PHYSICAL ${lsn}`);
  await once(connection, 'replicationStart');
  return {
    say(at) {
      // Standby status update: written, flushed, applied; time; no answer is asked for.
      const message = Buffer.alloc(34);
      message.write('r');
      for (const place of [1, 9, 17]) message.writeBigUInt64BE(at, place);
      connection.sendCopyFromChunk(message);
    },
    end() {
      connection.stream.destroy();
    },
  };
}

async function lsnOf(server: Postgres): Promise<bigint> {
  const [[bytes]] = (await server.run(
    'postgres',
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')`,
  )) as [[string]];
  return BigInt(bytes);
}

describe.skipIf(postgresHome() === null)('--max-lag', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres({ settings: { wal_sender_timeout: '0' } });
    await server.create('app');
    await server.create('free');
  });
  afterAll(() => server.stop());

  it('waits while a standby lags more, and goes on when it has caught up', async () => {
    const standby = await standbyOf(server);
    standby.say(1n);
    const args = [
      'load',
      '--project',
      project,
      '--target',
      server.source('app'),
      '--max-lag',
      '1K',
    ];
    const { child, ended } = start(args, { env: server.env });
    const isDone = (): boolean => child.exitCode !== null;
    const asks = `SELECT count(*) FROM pg_stat_activity
      WHERE application_name = 'sealift' AND query LIKE '%pg_stat_replication%'`;
    let asked = 0;
    while (asked < 3 && !isDone()) {
      const [[found]] = (await server.run('postgres', asks)) as [[string]];
      if (found !== '0') asked += 1;
      await wait(100);
    }
    expect(isDone()).toBe(false);
    const [[rows]] = (await server.run(
      'app',
      `SELECT sum((progress #>> '{dogs,records}')::int) FROM ${await ledgerOf(server)}`,
    )) as [[string | null]];
    expect(rows).toBeNull();
    while (!isDone()) {
      standby.say(await lsnOf(server));
      await wait(20);
    }
    expect((await ended).code).toBe(0);
    standby.end();
  });

  it('does not wait where there is no standby', async () => {
    const args = [
      'load',
      '--project',
      project,
      '--target',
      server.source('free'),
      '--max-lag',
      '1s',
    ];
    await succeed(args, { env: server.env });
  });
});

async function ledgerOf(server: Postgres): Promise<string> {
  const [[schema]] = (await server.run(
    'app',
    `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift%'`,
  )) as [[string]];
  return `"${schema}".sealift_ledger`;
}
