/** promote and rollback in a database, through the command line: what is moved, what is refused, and why. */

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventOf } from '../../src/journal/readEvent.ts';
import { readJournal } from '../../src/journal/journal.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { succeed, workFolder, writeMapping } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { roleSql, sessionAt } from '../postgres/trap.ts';

const MODULES = {
  owners: {
    source: { name: 'owners', table: 'owners' },
    key: [{ column: 'id', type: 'integer' }],
    id: { rule: 'keep' },
    fields: {
      id: { column: 'id', type: 'integer' },
      name: { column: 'name', type: 'string' },
    },
  },
} as const;

/** The line of a command that fails with code 1. */
function lineOf({ code, stdout, stderr }: Ran): string {
  expect(code, stdout + stderr).toBe(1);
  return stderr.split('\n').findLast((line) => line.startsWith('sealift ')) ?? '';
}

function movesIn(project: string): unknown[] {
  const { entries } = readJournal(join(project, 'storage_journal'));
  return entries.map(eventOf).filter(({ event }) => event === 'target-move');
}

describe.skipIf(!hasPostgres())('going live in a database', () => {
  const work = workFolder('go-live');
  let server: Postgres;
  let count = 0;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  interface Place {
    readonly project: string;
    readonly database: string;
    readonly run: (name: string, ...more: readonly string[]) => Promise<Ran>;
    readonly done: (name: string, ...more: readonly string[]) => Promise<Ran>;
    /** Builds, scans and loads what the source holds after one more row; the first 8 digits of its seal id. */
    readonly loaded: () => Promise<string>;
    readonly owners: (schema?: string) => Promise<string[]>;
    readonly schemas: () => Promise<string[]>;
  }

  async function place(): Promise<Place> {
    count += 1;
    const project = join(work, `p${count}`);
    const database = `live${count}`;
    mkdirSync(project);
    await server.create(database);
    const source = join(project, 'owners.ndjson');
    appendFileSync(source, '{"id":1,"name":"Ada"}\n');
    const sources = { owners: 'ndjson:owners.ndjson' };
    writeMapping(project, { sources, severities: [], modules: MODULES });
    const at = (name: string): string[] => {
      const inTarget = /^(load|reconcile|promote|rollback)$/.test(name);
      return inTarget ? ['--target', server.source(database)] : [];
    };
    const args = (name: string, more: readonly string[]): string[] => {
      return [name, '--project', project, ...at(name), ...more];
    };
    const { env } = server;
    let rows = 1;
    return {
      project,
      database,
      run: (name, ...more) => sealift(args(name, more), { env }),
      done: (name, ...more) => succeed(args(name, more), { env }),
      async loaded() {
        rows += 1;
        appendFileSync(source, `{"id":${rows},"name":"Berta"}\n`);
        const built = await succeed(args('migrate', ['--json']), { env });
        await succeed(args('scan-all', []), { env });
        await succeed(args('load', []), { env });
        return (JSON.parse(built.stdout) as { readonly sealId: string }).sealId.slice(0, 8);
      },
      async owners(schema = 'sealift') {
        const found = await server.run(database, `SELECT id FROM "${schema}".owners ORDER BY id`);
        return found.map(([id]) => String(id));
      },
      async schemas() {
        const sql = `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift%' ORDER BY 1`;
        return (await server.run(database, sql)).map(([name]) => String(name));
      },
    };
  }

  it('gives the name that applications read to what was loaded, and back, by a line of its ledger', async () => {
    const { loaded, done, run, owners, schemas, project, database } = await place();
    const first = await loaded();
    await done('reconcile');
    const dry = await done('promote', '--dry-run', '--who', 'ada');
    expect(dry.stdout).toContain(`ALTER SCHEMA "sealift__${first}" RENAME TO "sealift"`);
    expect(await schemas()).toEqual([`sealift__${first}`]);
    await done('promote', '--who', 'ada');
    expect(await owners()).toEqual(['1', '2']);
    const second = await loaded();
    await done('reconcile');
    const ran = await done('promote');
    expect(ran.stdout).toContain(`which is "sealift__${first}" now`);
    expect(await owners()).toEqual(['1', '2', '3']);
    expect(await owners(`sealift__${first}`)).toEqual(['1', '2']);
    expect((await done('promote')).stdout).toContain('it was already live there');
    await done('rollback', '--dry-run');
    expect(await owners()).toEqual(['1', '2', '3']);
    await done('rollback', '--who', 'berta');
    expect(await owners()).toEqual(['1', '2']);
    expect(await schemas()).toEqual(['sealift', `sealift__${second}`, 'sealift_ledger']);
    const ledger = await server.run(
      database,
      `SELECT move, left(seal_id, 8), replaced_as, operator FROM sealift_ledger.moves ORDER BY seq`,
    );
    expect(ledger).toEqual([
      ['promote', first, null, 'ada'],
      ['promote', second, `sealift__${first}`, null],
      ['rollback', first, `sealift__${second}`, 'berta'],
    ]);
    expect(movesIn(project)).toMatchObject([
      { move: 'promote', step: 'intended' },
      { move: 'promote', step: 'done' },
      { move: 'promote', step: 'intended' },
      { move: 'promote', step: 'done' },
      { move: 'rollback', step: 'intended' },
      { move: 'rollback', step: 'done' },
    ]);
    // Nothing was live before the first one.
    expect(lineOf(await run('rollback'))).toMatch(/nothing was live there before/);
  });

  it('finds what is live by its ledger, whatever its name is', async () => {
    const { loaded, done, schemas } = await place();
    const seal = await loaded();
    await done('reconcile');
    await done('promote', '--live', 'shop');
    expect(await schemas()).toEqual(['sealift_ledger']);
    const ran = await done('reconcile', '--candidate', seal);
    expect(ran.stdout).toContain('schema shop');
    expect((await done('promote')).stdout).toContain('already live there');
  });

  it('is refused without a reconcile, after one that is old, and after one that found a difference', async () => {
    const { loaded, done, run, database } = await place();
    const seal = await loaded();
    expect(lineOf(await run('promote'))).toMatch(
      /has no reconcile of what is to go live .*: run sealift reconcile --target URL --schema sealift__/,
    );
    await done('reconcile');
    await new Promise((resolve) => {
      setTimeout(resolve, 1100);
    });
    expect(lineOf(await run('promote', '--max-age', '1s'))).toMatch(
      /is \d seconds? old, and may be 1 second old .*--max-age/,
    );
    await server.run(database, `INSERT INTO "sealift__${seal}".owners VALUES (9, 'late')`);
    expect(lineOf(await run('promote'))).toMatch(
      /what is to go live was written to since it was reconciled, or live: owners has 1 row that was written/,
    );
    expect((await run('reconcile')).code).toBe(2);
    expect(lineOf(await run('promote', '--dry-run'))).toMatch(
      /is not what was sealed, as its last reconcile found: 1 more, 0 changed, 0 missing/,
    );
    await server.run(database, `DELETE FROM "sealift__${seal}".owners WHERE id = 9`);
    await done('reconcile');
    await done('promote');
  });

  it('is refused while what is live holds later writes, which are named, unless they are given up by name', async () => {
    const { loaded, done, run, database, owners, project } = await place();
    const first = await loaded();
    await done('reconcile');
    await done('promote');
    await server.run(database, `INSERT INTO sealift.owners VALUES (50, 'late')`);
    await loaded();
    await done('reconcile');
    for (const more of [[], ['--dry-run']]) {
      expect(lineOf(await run('promote', ...more))).toMatch(
        /what is live holds later writes, which would be lost: owners has 1 row that was written since/,
      );
    }
    expect((await run('reconcile', '--candidate', first)).code).toBe(2);
    expect(lineOf(await run('promote'))).toMatch(
      /as its last reconcile found: 1 record other than sealed \(1 more, 0 changed, 0 missing\)/,
    );
    expect((await run('promote', '--accept-data-loss', 'sealift')).stderr).toContain(
      `its name has to be given: "${database}/sealift"`,
    );
    await done('promote', '--accept-data-loss', `${database}/sealift`);
    expect(await owners()).toEqual(['1', '2', '3']);
    expect(movesIn(project).at(-2)).toMatchObject({ lossAccepted: true });
    // A rollback goes to what was live, with what was written to it; not to what was written since.
    await server.run(database, `INSERT INTO sealift.owners VALUES (60, 'later')`);
    expect(lineOf(await run('rollback'))).toMatch(
      /holds later writes, which would be lost: owners/,
    );
    await done('rollback', '--accept-data-loss', `${database}/sealift`);
    expect(await owners()).toEqual(['1', '2', '50']);
  });

  it('keeps the candidates of what is live there, and was before, from being pruned', async () => {
    const { loaded, done } = await place();
    const seals: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      seals.push(await loaded());
      await done('reconcile');
      await done('promote');
    }
    await loaded();
    const { stdout } = await done('prune', '--dry-run');
    const [first = '', second = '', third = ''] = seals;
    expect(stdout).toMatch(new RegExp(`would be removed: \\S*${first}`));
    expect(stdout).not.toMatch(new RegExp(`would be removed: \\S*(${second}|${third})`));
  });

  it('gives out no number twice: sequences go on after those of what was live', async () => {
    const { loaded, done, database } = await place();
    const next = async (schema = 'sealift'): Promise<string[]> => {
      const values = `nextval(pg_get_serial_sequence('"${schema}".owners', 'id')), nextval('"${schema}".apart')`;
      const [row = []] = await server.run(database, `SELECT ${values}`);
      return row.map(String);
    };
    await loaded();
    await done('reconcile');
    await done('promote');
    await server.run(database, 'CREATE SEQUENCE sealift.apart');
    for (let at = 0; at < 7; at += 1) await next();
    const second = await loaded();
    await server.run(database, `CREATE SEQUENCE "sealift__${second}".apart`);
    await done('reconcile');
    await done('promote');
    expect(await next()).toEqual(['10', '8']);
    await done('rollback');
    expect(await next()).toEqual(['11', '9']);
    // What was left is where it was (negative control).
    expect(await next(`sealift__${second}`)).toEqual(['11', '9']);
  });

  it('does not go back to what was written to since it was live', async () => {
    const { loaded, done, run, database } = await place();
    const first = await loaded();
    await done('reconcile');
    await done('promote');
    await loaded();
    await done('reconcile');
    await done('promote');
    const table = `"sealift__${first}".owners`;
    const update = `UPDATE ${table} SET name = 'x' WHERE id = 1`;
    await expect(server.run(database, update)).rejects.toThrow(/owners is not live any more/);
    await server.run(database, `ALTER TABLE ${table} DISABLE TRIGGER ALL; ${update}`);
    expect(lineOf(await run('rollback'))).toMatch(
      /what is to go live was written to since .*: owners has 1 row that was written since, and lacks 1 row as it was/,
    );
  });

  it('takes the place of a schema of no seal only if none of its tables has a row', async () => {
    const { loaded, done, run, database, owners, schemas } = await place();
    await server.run(database, 'CREATE SCHEMA sealift; CREATE TABLE sealift.notes (n int)');
    await server.run(database, 'INSERT INTO sealift.notes VALUES (1)');
    const seal = await loaded();
    await done('reconcile');
    await server.run(database, `CREATE TABLE "sealift__${seal}".notes (n int)`);
    expect(lineOf(await run('promote'))).toMatch(/notes has rows and is not of the seal/);
    await server.run(database, 'DELETE FROM sealift.notes');
    await done('promote');
    expect(await owners()).toEqual(['1', '2']);
    expect(await schemas()).toEqual(['sealift', `sealift__before_${seal}`, 'sealift_ledger']);
    // What is live is not taken away under another name.
    for (const more of [[], ['--schema', 'sealift']]) {
      const { stderr } = await run('promote', '--live', 'other', ...more);
      expect(stderr).toMatch(/applications read the schema "sealift" already|no load of the seal/);
    }
    await done('rollback');
    expect(await schemas()).toEqual(['sealift', `sealift__${seal}`, 'sealift_ledger']);
  });

  it('is refused while something that is bound to what is live would be missing; the file makes it', async () => {
    const { loaded, done, run, database, project } = await place();
    await loaded();
    await done('reconcile');
    await done('promote');
    await server.run(
      database,
      `${roleSql('parity_app')}; CREATE SCHEMA reports;
      CREATE VIEW sealift.names AS SELECT name FROM sealift.owners;
      GRANT SELECT ON sealift.owners TO parity_app;
      CREATE VIEW reports.all_names AS SELECT name FROM sealift.owners`,
    );
    await loaded();
    await done('reconcile');
    const parity = join(project, 'parity.sql');
    for (const more of [[], ['--dry-run', '--parity', parity]]) {
      const ran = await run('promote', ...more);
      expect(lineOf(ran)).toMatch(/\d things that are bound to what is live would be missing/);
      expect(ran.stdout).toMatch(/BLOCKER parity: view names is missing in what is to go live/);
      expect(ran.stdout).toMatch(/BLOCKER parity: grant of SELECT on table owners to parity_app/);
      expect(ran.stdout).toMatch(
        /BLOCKER parity: view reports.all_names stays bound to what is live/,
      );
    }
    expect((await run('promote', '--dry-run', '--parity', parity)).stderr).toMatch(
      /exists already, and nothing is overwritten/,
    );
    await server.run(database, readFileSync(parity, 'utf8'));
    await done('promote');
    for (const view of ['sealift.names', 'reports.all_names']) {
      expect(await server.run(database, `SELECT count(*) FROM ${view}`)).toEqual([['3']]);
    }
    // A view of another schema would stay bound on the way back, too; what is missing there only warns.
    await server.run(database, `GRANT INSERT ON sealift.owners TO parity_app`);
    const back = await run('rollback');
    expect(lineOf(back)).toMatch(/1 thing that is bound to what is live would be missing/);
    expect(back.stdout).toMatch(/WARNING parity: grant of INSERT on table owners to parity_app/);
    await server.run(database, 'DROP VIEW reports.all_names');
    await done('rollback');
  });

  it('waits no longer than it says for a lock, and names who holds it', async () => {
    const { loaded, done, run, database } = await place();
    const seal = await loaded();
    await done('reconcile');
    const holder = await sessionAt(server.url(database));
    await holder.query(`BEGIN; SELECT * FROM "sealift__${seal}".owners`);
    const begun = performance.now();
    const line = lineOf(await run('promote', '--max-wait', '3s'));
    const took = performance.now() - begun;
    expect(line).toMatch(
      /could not be locked in time: session \d+ of role "postgres", begun at \d{4}-/,
    );
    expect(line).toContain('--max-wait');
    expect(took).toBeLessThan(9000);
    expect(movesIn(join(work, `p${count}`)).at(-1)).toMatchObject({ step: 'not-done' });
    // Others go on in between: they wait for an attempt, not for all of them.
    const running = run('promote', '--max-wait', '20s');
    await new Promise((resolve) => {
      setTimeout(resolve, 1500);
    });
    const asked = performance.now();
    await server.run(database, `SELECT count(*) FROM "sealift__${seal}".owners`);
    expect(performance.now() - asked).toBeLessThan(3000);
    await holder.query('COMMIT');
    await holder.end();
    expect((await running).code).toBe(0);
  });

  it.each([
    ['a name', { operator: 'required' }, /requires the name of the operator/, ['--who', 'ada']],
    ['an agreed time', { window: '2020-01-01 02:00-03:00 UTC' }, /window/, null],
    ['a frozen mapping', { frozen: 'required' }, /frozen/, null],
    ['an approval', { approvals: { required: 1 } }, /requires approvals|requires 1 approval/, null],
  ])('asks for %s, as promote does', async (_, setting, refused, enough) => {
    const { loaded, done, run, project } = await place();
    await loaded();
    await done('reconcile');
    const file = join(project, 'mapping/project.json');
    const about = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...about, ...setting }));
    const ran = await run('promote');
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(refused);
    if (enough !== null) await done('promote', ...enough);
  });

  it('needs a role that may rename the schemas and lock their tables', async () => {
    const { loaded, done, project, database } = await place();
    const seal = await loaded();
    await done('reconcile');
    await server.run(database, roleSql('poor'));
    await server.run(database, `GRANT USAGE ON SCHEMA "sealift__${seal}" TO poor`);
    const as = async (): Promise<string> => {
      const target = server.source(database, 'poor');
      const args = ['promote', '--project', project, '--target', target, '--dry-run'];
      return lineOf(await sealift(args, { env: { PGPASSWORD: 'r0le S3cret' } }));
    };
    expect(await as()).toMatch(
      /no load of the seal \S+ is complete there, as far as this role may read/,
    );
    await server.run(database, `GRANT CREATE ON DATABASE ${database} TO poor`);
    await server.run(database, `GRANT SELECT ON ALL TABLES IN SCHEMA "sealift__${seal}" TO poor`);
    expect(await as()).toMatch(/does not own the schema/);
    await server.run(database, `ALTER SCHEMA "sealift__${seal}" OWNER TO poor`);
    expect(await as()).toMatch(/may not lock "owners"/);
  });

  it('says what is wrong with its options', async () => {
    const { run, project } = await place();
    const wrong = async (args: readonly string[]): Promise<string> => {
      const ran = await sealift([...args, '--project', project]);
      expect(ran.code).toBe(64);
      return ran.stderr;
    };
    expect(await wrong(['promote', '--live', 'x'])).toContain(`'--live' needs '--target'`);
    expect(await wrong(['promote', '--schema', 'x'])).toContain(`'--schema' needs '--target'`);
    expect(await wrong(['rollback', '--parity', 'x'])).toContain(`'--parity' needs '--target'`);
    expect(await wrong(['promote', '--max-age', '5'])).toContain('90s, 30m or 1h');
    expect((await run('rollback', '--to', 'aaaaaaaa')).stderr).toContain('cannot be used with');
    expect(readFileSync(join(project, 'owners.ndjson'), 'utf8')).toContain('Ada');
  });
});
