/**
 * load killed anywhere: nothing is lost and nothing is there twice, a target that is not complete does
 * not say that it is, and the next load goes on. At places that a gate before the server holds, every
 * second one of a day in the short form, and at random ones: 2, or as many as SEALIFT_KILLS_LOAD says.
 */

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomOf } from '../dogschool/random.ts';
import { isLong, seedOf, times } from '../kit/long.ts';
import { hasPostgres, postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { succeed } from '../kit/project.ts';
import { start, type Ran } from '../kit/run.ts';
import { contentOf, contentOfFile, kennel, schemaIn } from '../target/fixture.ts';
import { openGate, type GatePlace } from '../target/gate.ts';
import { startHalting } from './barrier.ts';

const KILLS = times('SEALIFT_KILLS_LOAD', 2, 100, 10);
const CRASHES = times('SEALIFT_CRASHES_LOAD', 2, 20, 8);
const ROWS = 400;
/** Many small batches. */
const SMALL = ['--batch-ms', '0', '--max-rows-per-second', '2000'];

const seed = seedOf(process.env, Date.now());
const random = randomOf(seed, 'load-kill');

let project: string;

beforeAll(async () => {
  project = await kennel(ROWS);
});
afterAll(() => {
  rmSync(project, { recursive: true });
});

const PLACES: readonly (readonly [string, GatePlace])[] = [
  ['before anything is made', { text: 'CREATE SCHEMA' }],
  ['when the tables are made, and it does not know', { text: 'CREATE SCHEMA', passes: 'all' }],
  ['before the first batch', { text: 'LOCK TABLE' }],
  ['between batches', { text: 'LOCK TABLE', nth: 3 }],
  ['before a COPY', { text: 'COPY ', nth: 2 }],
  ['inside a COPY', { text: 'Geheimnis', nth: 150, passes: 'half' }],
  ['before a batch is committed', { text: 'COMMIT', nth: 4 }],
  ['when a batch is committed, and it does not know', { text: 'COMMIT', nth: 4, passes: 'all' }],
  ['before the constraints', { text: 'PRIMARY KEY (' }],
  ['between the constraints', { text: 'UNIQUE (' }],
  ['when a constraint is made, and it does not know', { text: 'UNIQUE (', passes: 'all' }],
  ['before a foreign key', { text: 'FOREIGN KEY (' }],
  ['before the statistics', { text: 'ANALYZE ' }],
  ['before the last line of the ledger', { text: `SET state = 'complete'` }],
  ['after the last line of the ledger', { text: `SET state = 'complete'`, passes: 'all' }],
];
const PLACES_OF_DAY = isLong('every place of a load')
  ? PLACES
  : PLACES.filter((_, at) => at % 2 === seed % 2);

describe.skipIf(!hasPostgres())('a load into PostgreSQL that is killed', () => {
  let server: Postgres;
  let whole: unknown;
  let databases = 0;

  beforeAll(async () => {
    server = await startPostgres();
    await server.create('whole');
    await load('whole');
    whole = await contentOf(server, 'whole');
  });
  afterAll(() => server.stop());

  async function load(database: string): Promise<string> {
    const args = ['load', '--project', project, '--target', server.source(database)];
    return (await succeed(args, { env: server.env })).stdout;
  }

  async function newDatabase(): Promise<string> {
    databases += 1;
    const name = `killed${databases}`;
    await server.create(name);
    return name;
  }

  /** Fails if a target that is not whole says that it is. */
  async function assertHonest(database: string): Promise<void> {
    const schema = await schemaIn(server, database);
    if (schema === null) return;
    const [[state] = []] = await server.run(
      database,
      `SELECT state FROM "${schema}".sealift_ledger`,
    );
    if (state === 'complete') expect(await contentOf(server, database)).toEqual(whole);
  }

  it('loads what the kills are compared with', () => {
    expect(JSON.stringify(whole)).toContain('"complete"');
    expect(JSON.stringify(whole)).toContain(String(ROWS));
  });

  it('is compared by every row, constraint and line of the ledger (negative control)', async () => {
    const [[schema] = []] = await server.run(
      'whole',
      `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift\\_\\_%'`,
    );
    const undo = async (change: string, back: string): Promise<void> => {
      await server.run('whole', change);
      expect(await contentOf(server, 'whole')).not.toEqual(whole);
      await server.run('whole', back);
      expect(await contentOf(server, 'whole')).toEqual(whole);
    };
    const visits = `"${schema}".visits`;
    await undo(
      `CREATE TABLE kept AS SELECT * FROM ${visits} LIMIT 1;
        DELETE FROM ${visits} v USING kept k WHERE v.id = k.id`,
      `INSERT INTO ${visits} SELECT * FROM kept; DROP TABLE kept`,
    );
    await undo(
      `UPDATE "${schema}".sealift_ledger SET state = 'loading'`,
      `UPDATE "${schema}".sealift_ledger SET state = 'complete'`,
    );
    await undo(
      `ALTER TABLE "${schema}".dogs ALTER CONSTRAINT dogs_owner_fkey NOT DEFERRABLE`,
      `ALTER TABLE "${schema}".dogs ALTER CONSTRAINT dogs_owner_fkey DEFERRABLE`,
    );
  });

  it.each(PLACES_OF_DAY)('%s goes on', async (_, place) => {
    const database = await newDatabase();
    const gate = await openGate(server.port, place);
    const through = server.source(database).replace(`:${server.port}/`, `:${gate.port}/`);
    const args = ['load', '--project', project, '--target', through, ...SMALL];
    const { child, ended } = start(args, { env: server.env });
    await Promise.race([gate.shut, ended]);
    expect(gate.isShut(), 'the place was reached').toBe(true);
    // What was passed on is done, or not: both have to be right.
    if (place.passes === 'all') await wait(50);
    child.kill('SIGKILL');
    await ended;
    await gate.close();
    await assertHonest(database);
    await load(database);
    expect(await contentOf(server, database)).toEqual(whole);
    expect(await load(database)).toContain('nothing was changed');
  });

  it(`at ${KILLS} random moments goes on`, async () => {
    const args = (database: string): string[] => {
      return ['load', '--project', project, '--target', server.source(database), ...SMALL];
    };
    const database = await newDatabase();
    const begun = performance.now();
    await start(args(database), { env: server.env }).ended;
    const most = Math.ceil(performance.now() - begun);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const killed = await newDatabase();
      const { child, ended } = start(args(killed), { env: server.env });
      await Promise.race([wait(random.integer(0, most)), ended]);
      child.kill('SIGKILL');
      await ended;
      await assertHonest(killed);
      await load(killed);
      expect(await contentOf(server, killed)).toEqual(whole);
    }
  }, 3_600_000);
});

function target(name: string): string {
  return join(project, `${name}.db`);
}

function whole(): string {
  return target('whole');
}

function argsOf(name: string): string[] {
  return ['load', '--project', project, '--target', `sqlite:${target(name)}`, ...SMALL];
}

async function loadFile(name: string): Promise<string> {
  const args = ['load', '--project', project, '--target', `sqlite:${target(name)}`];
  return (await succeed(args)).stdout;
}

describe.skipIf(postgresHome() === null)('a load into PostgreSQL whose server crashes', () => {
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres({ durable: true });
  });
  afterAll(() => server.stop());

  it(`at ${CRASHES} random moments goes on`, async () => {
    const load = (database: string, more: readonly string[]): Promise<Ran> => {
      const args = ['load', '--project', project, '--target', server.source(database), ...more];
      return start(args, { env: server.env }).ended;
    };
    await server.create('unharmed');
    const begun = performance.now();
    expect((await load('unharmed', SMALL)).code).toBe(0);
    const most = Math.ceil(performance.now() - begun);
    const unharmed = await contentOf(server, 'unharmed');
    for (let crash = 0; crash < CRASHES; crash += 1) {
      const database = `crashed${crash}`;
      await server.create(database);
      const loading = load(database, SMALL);
      await wait(random.integer(0, most));
      await server.crash();
      const { code, stderr } = await loading;
      expect([0, 1], stderr).toContain(code);
      // What the load has called done has survived.
      if (code === 0) expect(await contentOf(server, database)).toEqual(unharmed);
      expect((await load(database, [])).code).toBe(0);
      expect(await contentOf(server, database)).toEqual(unharmed);
    }
  }, 3_600_000);
});

describe('a load into SQLite that is killed', () => {
  beforeAll(() => loadFile('whole'));

  it('before the file gets its name goes on', async () => {
    const args = ['load', '--project', project, '--target', `sqlite:${target('named')}`];
    const halted = startHalting(args, /named\.db$/);
    expect(await halted.reached).toBe(true);
    halted.child.kill('SIGKILL');
    await halted.ended;
    expect(existsSync(target('named'))).toBe(false);
    await loadFile('named');
    const left = readdirSync(project).filter((name) => name.startsWith('named.db'));
    expect(left).toEqual(['named.db']);
    expect(contentOfFile(target('named'))).toEqual(contentOfFile(whole()));
  });

  it(`at ${KILLS} random moments goes on`, async () => {
    const begun = performance.now();
    await start(argsOf('timed')).ended;
    const most = Math.ceil(performance.now() - begun);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const name = `killed${kill}`;
      const { child, ended } = start(argsOf(name));
      await Promise.race([wait(random.integer(0, most)), ended]);
      child.kill('SIGKILL');
      await ended;
      if (existsSync(target(name)))
        expect(contentOfFile(target(name))).toEqual(contentOfFile(whole()));
      await loadFile(name);
      expect(contentOfFile(target(name))).toEqual(contentOfFile(whole()));
      expect(await loadFile(name)).toContain('nothing was changed');
    }
  }, 3_600_000);
});
