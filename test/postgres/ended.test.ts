/** Sessions and servers that end in the middle: one line, and nothing is published. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, workFolder } from '../kit/project.ts';
import { command, gateSql, initAt, lineOf, readAlso, rootOf, sessionAt, until } from './trap.ts';

/** Number of an advisory lock; a run that reads the view stands still while a test holds it. */
const GATE = 78;

const TABLES = `
  ${gateSql('gate', GATE)}
  CREATE TABLE t (id int PRIMARY KEY);
  INSERT INTO t SELECT generate_series(1, 1000);
`;

/** Sessions of the run: the one that waits at the gate, and the one that has exported the snapshot. */
const OURS = `application_name = 'sealift' AND datname = current_database()`;
const AT_GATE = `pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)`;

describe.skipIf(postgresHome() === null)('a run whose server', () => {
  const work = workFolder('ended');
  let server: Postgres;
  const project = join(work, 'project');

  beforeAll(async () => {
    server = await startPostgres({ durable: true });
    await server.create('ended', TABLES);
    await initAt(project, server.source('ended'), server.env);
    readAlso(project, 'gate', ['id']);
  });
  afterAll(() => server.stop());

  /** Has a run stand at the gate, does something to it, and opens the gate again. */
  async function during(act: () => Promise<unknown>): Promise<string> {
    const holder = await sessionAt(server.url('ended'));
    await holder.query(`SELECT pg_advisory_lock(${GATE})`);
    const run = command('migrate', project, server.env);
    const waits = "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'";
    await until(server, 'ended', waits, run);
    await act();
    await holder.end().catch(() => {});
    const ran = await run;
    expect(ran.code).toBe(1);
    expect(existsSync(candidateOf(project))).toBe(false);
    return lineOf(ran);
  }

  const kill = (which: string) => (): Promise<unknown> =>
    server.run(
      'ended',
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE ${OURS} AND ${which}`,
    );

  it('ends the session of a reader', async () => {
    expect(await during(kill(AT_GATE))).toMatch(
      /the server ended the connection \(\S+.*\): see its log, then run again/,
    );
  });

  it('ends the session that has exported the snapshot', async () => {
    expect(await during(kill(`NOT ${AT_GATE}`))).toMatch(
      /(?:the server ended the connection|the connection to the server was lost) \(/,
    );
  });

  it('cancels a statement', async () => {
    const cancel = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${OURS} AND ${AT_GATE}`;
    expect(await during(() => server.run('ended', cancel))).toMatch(
      /the server cancelled a statement \(/,
    );
  });

  it('goes on is sealed (negative control)', async () => {
    expect(await rootOf(project, server.env)).toMatch(/^[0-9a-f]{64}$/);
  });

  /** How a server stops while sessions are open; immediately, it says nothing to them. */
  const STOPS: readonly (readonly [string, NodeJS.Signals, RegExp])[] = [
    ['is shut down', 'SIGINT', /the server ended the connection \(\S+.*\): see its log, then run/],
    [
      'is killed',
      'SIGQUIT',
      /the (?:server ended the connection|connection to the server was lost) \(/,
    ],
  ];

  it.each(STOPS)('%s (%s)', async (how, signal, line) => {
    const stopping = await startPostgres({ durable: true });
    await stopping.create('ended', TABLES);
    const other = join(work, how);
    await initAt(other, stopping.source('ended'), stopping.env);
    readAlso(other, 'gate', ['id']);
    const holder = await sessionAt(stopping.url('ended'));
    await holder.query(`SELECT pg_advisory_lock(${GATE})`);
    const run = command('migrate', other, stopping.env);
    const waits = "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'";
    await until(stopping, 'ended', waits, run);
    process.kill(stopping.postmaster, signal);
    const ran = await run;
    expect(ran.code).toBe(1);
    expect(lineOf(ran)).toMatch(line);
    expect(existsSync(candidateOf(other))).toBe(false);
    await stopping.stop();
  });
});
