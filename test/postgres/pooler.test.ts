/** A pooler of transactions: refused in one line, whichever process id it tells. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, workFolder } from '../kit/project.ts';
import { startPooler, type Pooler, type PoolerOptions } from './pooler.ts';
import { command, initAt, lineOf, rootOf } from './trap.ts';

const LINE =
  /^sealift \S+: a connection pooler stands between Sealift and the server, .*: connect to the server itself/;

describe.skipIf(!hasPostgres())('a pooler', () => {
  const work = workFolder('pooler');
  const project = join(work, 'project');
  let server: Postgres;
  let root = '';

  beforeAll(async () => {
    server = await startPostgres();
    await server.create(
      'pooled',
      `CREATE TABLE t (id int PRIMARY KEY, at timestamptz, part interval);
      INSERT INTO t VALUES (1, '2024-02-28', '1 day')`,
    );
    await initAt(project, server.source('pooled'), server.env);
    root = await rootOf(project, server.env);
  });
  afterAll(() => server.stop());

  /** Runs a command through a pooler. */
  async function through<T>(
    options: PoolerOptions,
    use: (source: string) => Promise<T>,
  ): Promise<T> {
    const pooler: Pooler = await startPooler(server.url('pooled'), options);
    try {
      return await use(`postgres://postgres@127.0.0.1:${pooler.port}/pooled`);
    } finally {
      await pooler.close();
    }
  }

  it('that tells a process id of its own is refused', async () => {
    for (const name of ['init', 'migrate']) {
      const at = name === 'init' ? join(work, 'none') : project;
      const ran = await through(
        { processId: 4711, swapAfter: Number.POSITIVE_INFINITY },
        (source) => command(name, at, server.env, ['--source', source]),
      );
      expect(ran.code).toBe(1);
      expect(lineOf(ran)).toMatch(LINE);
    }
    expect(existsSync(candidateOf(join(work, 'none')))).toBe(false);
  });

  it('that tells the true one and swaps with each transaction is refused', async () => {
    const ran = await through({ processId: null, swapAfter: 1 }, (source) =>
      command('migrate', project, server.env, ['--source', source]),
    );
    expect(lineOf(ran)).toMatch(LINE);
  });

  // One transaction each: version, settings, read back, facts, then a long one, for the exporter and readers.
  it.each([2, 4, 6, 8])(
    'that swaps once, at transaction %i, is refused or harmless',
    async (swapAfter) => {
      const ran = await through({ processId: null, swapAfter }, (source) =>
        command('migrate', project, server.env, ['--json', '--source', source]),
      );
      if (ran.code === 0) expect(ran.stdout).toContain(root);
      else expect(lineOf(ran)).toMatch(LINE);
    },
  );

  it('that never swaps reads as the server does (negative control)', async () => {
    const ran = await through({ processId: null, swapAfter: Number.POSITIVE_INFINITY }, (source) =>
      command('migrate', project, server.env, ['--json', '--source', source]),
    );
    expect(ran.stdout).toContain(root);
  });
});
