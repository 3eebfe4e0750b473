/**
 * freeze-writes and unfreeze-writes of a PostgreSQL source, as an operator runs them, also killed: what
 * they print and journal, and what migrate and promote make of it. 3 kills, or as many as
 * SEALIFT_KILLS_PG_WRITES says.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { writesState } from '../../src/journal/frozenWrites.ts';
import { countChanges, startHalting } from '../fault/barrier.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { journal } from '../promote/fixture.ts';
import { command, initAt, lineOf, roleSql, rootOf, sessionAt, until } from './trap.ts';
import { clientAs, rightsIn, tryAs } from './writes.ts';

const KILLS = times('SEALIFT_KILLS_PG_WRITES', 3, 60, 8);

const TABLES = `
  CREATE TABLE dog (id int PRIMARY KEY, name text);
  INSERT INTO dog VALUES (1, 'a'), (2, 'b');
  GRANT INSERT, UPDATE ON dog TO writer WITH GRANT OPTION;
  CREATE TABLE grown (id int PRIMARY KEY);
`;

const WAITING = "SELECT FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'";

const stateOf = (project: string): string => writesState(journal(project), 'main', 'journal').state;

describe.skipIf(!hasPostgres())('a PostgreSQL source', () => {
  const work = workFolder('writes');
  let server: Postgres;
  let databases = 0;

  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', `${roleSql('writer')}; ${roleSql('late')}`);
  });
  afterAll(() => server.stop());

  interface Subject {
    readonly database: string;
    readonly project: string;
    readonly rights: readonly string[];
  }

  async function begin(): Promise<Subject> {
    databases += 1;
    const database = `frozen${databases}`;
    await server.create(database, TABLES);
    const project = join(work, database);
    await initAt(project, server.source(database), server.env);
    return { database, project, rights: await rightsIn(server, database, 'all') };
  }

  /** A command that has to succeed; what it printed. */
  async function done(project: string, name: string, ...more: string[]): Promise<string> {
    const { code, stdout, stderr } = await command(name, project, server.env, more);
    expect(code, stderr).toBe(0);
    return stdout;
  }

  async function failing(project: string, name: string, ...more: string[]): Promise<string> {
    const ran = await command(name, project, server.env, more);
    expect(ran.code, ran.stdout).toBe(1);
    return lineOf(ran);
  }

  const insert = (database: string): Promise<string> =>
    tryAs(server, database, 'writer', 'BEGIN; INSERT INTO dog VALUES (9); ROLLBACK');

  it('is frozen, read, and allowed again, and both commands say so when there is nothing to do', async () => {
    const { database, project, rights } = await begin();
    const said = await done(project, 'freeze-writes', '--who', 'ada');
    expect(said).toContain('are frozen; no role that had been granted a right to write has one');
    expect(said).toMatch(/main: could still write: superusers: .*"postgres"/);
    expect(await insert(database)).toBe('42501');
    const [intended, ended] = journal(project).entries.filter(({ event }) => event !== 'begin');
    expect(intended).toMatchObject({
      before: '[["TABLE","public","dog",null,"postgres","writer","a*w*"]]',
    });
    expect(ended?.['barrier']).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(await done(project, 'freeze-writes')).toContain('were frozen already, by line 3');
    await rootOf(project, server.env, ['--require-frozen']);
    expect(await done(project, 'unfreeze-writes')).toContain(
      'allowed again; each role has the rights that it had',
    );
    expect(await rightsIn(server, database, 'all')).toEqual(rights);
    expect(await done(project, 'unfreeze-writes')).toContain('are not frozen, nothing was changed');
    expect(await failing(project, 'migrate', '--require-frozen')).toContain('are not frozen');
    // Rights that change in between are no concern of the next freeze.
    await server.run(database, 'GRANT DELETE ON dog TO late; REVOKE UPDATE ON dog FROM writer');
    await done(project, 'freeze-writes');
    expect(await rightsIn(server, database, 'writes')).toEqual([]);
  }, 60_000);

  it('is compared before a candidate goes live, as its owner writes on', async () => {
    const { database, project } = await begin();
    await done(project, 'freeze-writes');
    await rootOf(project, server.env, ['--require-frozen']);
    await done(project, 'scan-all');
    await server.run(database, "INSERT INTO dog VALUES (3, 'by its owner')");
    const stale = await command('promote', project, server.env);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toContain('1 record differs');
    await server.run(database, 'DELETE FROM dog WHERE id = 3');
    expect(await done(project, 'promote')).toContain('every record was compared');
  }, 60_000);

  it('is not frozen where a right was granted since, or where its mapping has a table more', async () => {
    const { database, project, rights } = await begin();
    await done(project, 'freeze-writes');
    await server.run(database, 'GRANT INSERT ON grown TO late');
    const told = 'rights to write were granted since, or are on tables that the mapping has since';
    for (const [name, ...more] of [['freeze-writes'], ['migrate', '--require-frozen']] as const) {
      const line = await failing(project, name, ...more);
      expect(line).toContain(`${told}: INSERT on "grown" to "late" by "postgres"`);
      expect(line).toContain('revoke them; or run sealift unfreeze-writes');
    }
    expect(await done(project, 'unfreeze-writes')).toContain(`before that, ${told}`);
    await server.run(database, 'REVOKE INSERT ON grown FROM late');
    expect(await rightsIn(server, database, 'all')).toEqual(rights);
  }, 60_000);

  it('is told where a person granted its rights again by hand', async () => {
    const { database, project, rights } = await begin();
    await done(project, 'freeze-writes');
    await server.run(database, 'GRANT INSERT, UPDATE ON dog TO writer WITH GRANT OPTION');
    expect(await failing(project, 'freeze-writes')).toContain('frozen, but it can be written');
    expect(await done(project, 'unfreeze-writes')).toContain('only the journal was changed');
    expect(await rightsIn(server, database, 'all')).toEqual(rights);
  }, 60_000);

  it('is recovered by either command when killed while it waits for a writer', async () => {
    for (const next of ['freeze-writes', 'unfreeze-writes']) {
      const { database, project, rights } = await begin();
      const writer = await clientAs(server, database, 'writer');
      await writer.query("BEGIN; INSERT INTO dog VALUES (7, 'in flight')");
      const running = start(['freeze-writes', '--project', project], { env: server.env });
      await until(server, database, WAITING, running.ended);
      running.child.kill('SIGKILL');
      await running.ended;
      expect(stateOf(project)).toBe('unsettled');
      expect(await insert(database)).toBe('42501');
      expect(await failing(project, 'migrate', '--require-frozen')).toContain('was not finished');
      // To go back, nobody need be waited for.
      if (next === 'freeze-writes') await writer.query('COMMIT');
      await done(project, next);
      expect(await insert(database)).toBe(next === 'freeze-writes' ? '42501' : 'ok');
      if (next === 'freeze-writes') {
        expect(writesState(journal(project), 'main', 'journal').barrier).toMatch(/\//);
        await done(project, 'unfreeze-writes');
      }
      await writer.end();
      expect(await rightsIn(server, database, 'all')).toEqual(rights);
    }
  }, 60_000);

  it(`is frozen or not, and the next command works, after ${KILLS} kills`, async () => {
    const { database, project, rights } = await begin();
    const kinds = ['freeze-writes', 'unfreeze-writes'] as const;
    const changes: number[] = [];
    for (const kind of kinds) {
      const counted = await countChanges([kind, '--project', project], { env: server.env });
      expect(counted.code, counted.stderr).toBe(0);
      changes.push(counted.changes);
    }
    const states = new Set<string>();
    for (let round = 0; round < KILLS; round += 1) {
      const kind = kinds[round % 2] ?? 'freeze-writes';
      const other = kinds[(round + 1) % 2] ?? 'freeze-writes';
      await done(project, other);
      const place = 1 + ((round * 7) % (changes[round % 2] ?? 1));
      const halted = startHalting([kind, '--project', project], place, { env: server.env });
      expect(await halted.reached, `change ${place} of ${kind}`).toBe(true);
      halted.child.kill('SIGKILL');
      await halted.ended;
      const granted = await rightsIn(server, database, 'writes');
      const state = stateOf(project);
      states.add(`${kind} ${state} ${granted.length}`);
      // All or nothing is granted, and the journal never says frozen of what can be written.
      expect([0, 2]).toContain(granted.length);
      if (state === 'frozen') expect(granted).toEqual([]);
      await done(project, round % 3 === 0 ? kind : other);
      await done(project, 'unfreeze-writes');
      expect(await rightsIn(server, database, 'all')).toEqual(rights);
    }
    if (KILLS >= 60) expect(states.size).toBeGreaterThan(3);
  }, 3_600_000);

  it('gives up in its time, names who holds a table, and goes on when called again', async () => {
    const { database, project } = await begin();
    const holder = await sessionAt(server.url(database));
    await holder.query('BEGIN; LOCK TABLE dog IN ROW EXCLUSIVE MODE');
    const began = Date.now();
    const line = await failing(project, 'freeze-writes');
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(line).toMatch(
      /one that began before still may: session \d+ of role "postgres", begun at 2/,
    );
    await holder.query('ROLLBACK');
    await holder.end();
    expect(await done(project, 'freeze-writes')).toContain(
      'which its command did not end, was finished',
    );
  }, 60_000);
});
