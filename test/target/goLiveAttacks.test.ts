/**
 * Attacks on promote and rollback in a database: what was swapped, hidden or added between a reconcile and
 * the move, and objects of other roles that would run as the one who moves.
 */

import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { succeed, workFolder, writeMapping } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { sessionAt } from '../postgres/trap.ts';
import { execIn, liveProject, move, reconcile } from './liveFixture.ts';

/** A module of ids and names. */
function people(name: string): object {
  return {
    source: { name, table: name },
    key: [{ column: 'id', type: 'integer' }],
    id: { rule: 'keep' },
    fields: {
      id: { column: 'id', type: 'integer' },
      name: { column: 'name', type: 'string' },
    },
  };
}

/** The line of a command that fails with code 1. */
function lineOf({ code, stdout, stderr }: Ran): string {
  expect(code, stdout + stderr).toBe(1);
  return stderr.split('\n').findLast((line) => line.startsWith('sealift ')) ?? '';
}

describe.skipIf(!hasPostgres())('a move in a database under attack', () => {
  const work = workFolder('go-live-attacks');
  let server: Postgres;
  let count = 0;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  interface Place {
    readonly run: (name: string, ...more: readonly string[]) => Promise<Ran>;
    readonly done: (name: string, ...more: readonly string[]) => Promise<Ran>;
    /** Builds, scans, loads and reconciles one more owner; the schema of the load. */
    readonly loaded: (...more: readonly string[]) => Promise<string>;
    readonly sql: (text: string) => Promise<string[]>;
  }

  /** A project of owners and guests, whose tables have one form, over a database of its own. */
  async function place(): Promise<Place> {
    count += 1;
    const project = join(work, `p${count}`);
    const database = `attacked${count}`;
    mkdirSync(project);
    await server.create(database);
    const source = join(project, 'owners.ndjson');
    appendFileSync(source, '{"id":1,"name":"Ada"}\n');
    appendFileSync(join(project, 'guests.ndjson'), '{"id":7,"name":"Gast"}\n');
    writeMapping(project, {
      sources: { owners: 'ndjson:owners.ndjson', guests: 'ndjson:guests.ndjson' },
      severities: [],
      modules: { owners: people('owners'), guests: people('guests') },
    });
    const args = (name: string, more: readonly string[]): string[] => {
      const inTarget = /^(load|reconcile|promote|rollback)$/.test(name);
      const target = inTarget ? ['--target', server.source(database)] : [];
      return [name, '--project', project, ...target, ...more];
    };
    const { env } = server;
    const sql = async (text: string): Promise<string[]> => {
      return (await server.run(database, text)).map(([cell]) => String(cell));
    };
    let rows = 1;
    const done = (name: string, ...more: readonly string[]): Promise<Ran> =>
      succeed(args(name, more), { env });
    return {
      run: (name, ...more) => sealift(args(name, more), { env }),
      done,
      sql,
      async loaded(...more) {
        rows += 1;
        appendFileSync(source, `{"id":${rows},"name":"Berta"}\n`);
        const built = await done('migrate', '--json');
        await done('scan-all');
        await done('load', ...more);
        const { sealId } = JSON.parse(built.stdout) as { readonly sealId: string };
        const name = more[0] === '--schema' ? more[1] : 'sealift';
        const schema = `${name}__${sealId.slice(0, 8)}`;
        await done('reconcile', '--schema', schema);
        return schema;
      },
    };
  }

  it('does not go back to a schema that took the name of what was live', async () => {
    const { loaded, done, run, sql } = await place();
    const first = await loaded();
    await done('promote');
    await loaded();
    await done('promote');
    await sql(`ALTER SCHEMA "${first}" RENAME TO saved; CREATE SCHEMA "${first}";
      CREATE TABLE "${first}".sealift_ledger AS TABLE saved.sealift_ledger;
      CREATE TABLE "${first}".owners (id bigint, name text);
      CREATE TABLE "${first}".guests (id bigint, name text)`);
    expect(lineOf(await run('rollback'))).toMatch(
      /is another table, or has other columns or partitions/,
    );
  });

  it('does not make tables live that have changed their names', async () => {
    const { loaded, done, run, sql } = await place();
    const schema = await loaded();
    const renamed = `ALTER TABLE "${schema}".owners RENAME TO x; ALTER TABLE "${schema}".guests RENAME TO owners;
      ALTER TABLE "${schema}".x RENAME TO guests`;
    await sql(renamed);
    expect(lineOf(await run('promote'))).toMatch(
      /is another table, or has other columns or partitions/,
    );
    await sql(renamed);
    await done('promote');
  });

  it('notices partitions that were exchanged in what is live', async () => {
    const { loaded, done, run, sql } = await place();
    const schema = await loaded();
    // Rows that are older than the reconcile.
    await sql(`CREATE TABLE "${schema}".other (id bigint NOT NULL, name text);
      INSERT INTO "${schema}".other VALUES (1, 'x'), (2, 'y');
      ALTER TABLE "${schema}".owners RENAME TO part; ALTER TABLE "${schema}".part ALTER id DROP IDENTITY;
      CREATE TABLE "${schema}".owners (id bigint NOT NULL, name text) PARTITION BY RANGE (id);
      ALTER TABLE "${schema}".owners ATTACH PARTITION "${schema}".part FOR VALUES FROM (0) TO (100)`);
    await done('reconcile');
    await sql(`ALTER TABLE "${schema}".owners DETACH PARTITION "${schema}".part;
      ALTER TABLE "${schema}".owners ATTACH PARTITION "${schema}".other FOR VALUES FROM (0) TO (100)`);
    expect(lineOf(await run('promote'))).toMatch(
      /is another table, or has other columns or partitions/,
    );
  });

  it('names schemas as the server keeps them', async () => {
    const { loaded, done, run, sql } = await place();
    const live = 'n'.repeat(60);
    const first = await loaded();
    await done('promote', '--live', live);
    const second = await loaded();
    expect((await run('promote', '--live', `${live}nnnnn`)).stderr).toMatch(/63 bytes/);
    const ran = await done('promote', '--live', live);
    await done('rollback');
    expect(ran.stdout).toContain(first);
    expect(await sql(`SELECT count(*) FROM "${second}".owners`)).toEqual(['3']);
  });

  it('gives what was live of no seal a name that the server keeps', async () => {
    const { loaded, done, sql } = await place();
    const live = 'ñ'.repeat(30);
    await sql(`CREATE SCHEMA "${live}"`);
    await loaded();
    await done('promote', '--live', live);
    await done('rollback');
  });

  it('runs nothing of another role that has made the ledger before', async () => {
    const { loaded, run, sql } = await place();
    await loaded();
    await sql(`CREATE ROLE mallory${count}; CREATE SCHEMA sealift_ledger AUTHORIZATION mallory${count};
      CREATE TABLE public.caught (who text); GRANT INSERT ON public.caught TO PUBLIC; SET ROLE mallory${count};
      CREATE FUNCTION sealift_ledger.evil() RETURNS bigint LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.caught VALUES (current_user); RETURN 1; END';
      CREATE VIEW sealift_ledger.moves AS SELECT sealift_ledger.evil() AS seq, ''::text AS intent, ''::text AS move,
        ''::text AS live, ''::text AS moved_from, ''::text AS seal_id, ''::text AS replaced_as, ''::text AS replaced_seal_id`);
    for (const more of [[], ['--dry-run']]) {
      expect(lineOf(await run('promote', ...more))).toMatch(/ledger .*mallory/);
    }
    expect(await sql('SELECT who FROM public.caught')).toEqual([]);
  });

  it.each([
    ['without its columns', 'id int', 'SELECT'],
    [
      'whose columns call functions',
      'seal_id text, state mallory.word, completed_at timestamptz',
      `INSERT INTO mallory.sealift_ledger VALUES ('x', ROW('complete'), now()); SELECT`,
    ],
  ])(
    'is not stopped or misused by a table of another role named as the ledger of loads, %s',
    async (_, columns, more) => {
      const { loaded, done, sql } = await place();
      await loaded();
      await sql(`CREATE ROLE mallory${count}; CREATE SCHEMA mallory AUTHORIZATION mallory${count};
      CREATE TABLE public.caught (who text); GRANT INSERT ON public.caught TO PUBLIC; SET ROLE mallory${count};
      CREATE TYPE mallory.word AS (letters text);
      CREATE FUNCTION mallory.spell(mallory.word) RETURNS text LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.caught VALUES (current_user); RETURN $1.letters; END';
      CREATE CAST (mallory.word AS text) WITH FUNCTION mallory.spell AS IMPLICIT;
      CREATE TABLE mallory.sealift_ledger (${columns}); ${more}`);
      await done('promote');
      expect(await sql('SELECT who FROM public.caught')).toEqual([]);
    },
  );

  it('does not lose what was written to a column that is not of the seal', async () => {
    const { loaded, done, run, sql } = await place();
    const first = await loaded();
    await done('promote');
    await sql(`ALTER TABLE sealift.owners ADD COLUMN note text, ADD COLUMN points int DEFAULT 0;
      UPDATE sealift.owners SET note = 'kept' WHERE id = 1`);
    const next = await loaded();
    await sql(`ALTER TABLE "${next}".owners ADD COLUMN note text, ADD COLUMN points int DEFAULT 0`);
    await done('reconcile', '--schema', next);
    await done('reconcile', '--schema', 'sealift', '--candidate', first.slice(-8));
    expect(lineOf(await run('promote'))).toMatch(
      /values in columns that are not of the seal, which would be lost: "\S*owners.note" /,
    );
    // What rows got with the column itself is no write of a client (negative control).
    await sql(`UPDATE sealift.owners SET note = NULL`);
    await done('reconcile', '--schema', 'sealift', '--candidate', first.slice(-8));
    await done('promote');
  });

  it('notices what was bound to what is live while it waited for the locks', async () => {
    const { loaded, done, run, sql } = await place();
    await loaded();
    await done('promote');
    const next = await loaded();
    const holder = await sessionAt(server.url(`attacked${count}`));
    await holder.query(`BEGIN; SELECT FROM "${next}".owners`);
    const moving = run('promote', '--max-wait', '30s');
    await until(() => sql(`SELECT FROM pg_locks WHERE NOT granted`));
    await sql(`GRANT SELECT ON sealift.owners TO pg_monitor; CREATE SCHEMA reports;
      CREATE VIEW reports.names AS SELECT name FROM sealift.guests`);
    await holder.query('COMMIT');
    await holder.end();
    expect(lineOf(await moving)).toMatch(
      /would be missing, as it was made or changed meanwhile: .*, and 1 thing more/,
    );
    await sql(`REVOKE SELECT ON sealift.owners FROM pg_monitor; DROP SCHEMA reports CASCADE`);
    await done('promote');
  });

  it.each(['', 'pg_x', 'information_schema', 'sealift_ledger'])(
    'is refused for a name that is none of an application: %j',
    async (live) => {
      const { loaded, run } = await place();
      await loaded();
      expect((await run('promote', '--dry-run', '--live', live)).code).toBe(64);
    },
  );

  it.each(['a"b\n.c', "a'; DROP TABLE x; --", ' ', '\u{9b}31m'])(
    'takes any other name as it is, and prints it in one line: %j',
    async (live) => {
      const { loaded, done, sql } = await place();
      await loaded();
      await done('promote', '--live', live);
      await loaded();
      const { stdout } = await done('promote', '--live', live);
      expect(stdout).not.toMatch(/^\.c|\u{9b}/mu);
      await done('rollback');
      const names = await sql(
        `SELECT nspname FROM pg_namespace ORDER BY nspname = 'sealift_ledger'`,
      );
      expect(names).toContain(live);
    },
  );
});

/** Waits until a query has a row. */
async function until(query: () => Promise<readonly unknown[]>): Promise<void> {
  for (const end = Date.now() + 20_000; (await query()).length === 0;) {
    if (Date.now() > end) throw new Error('it did not come to that');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

describe('a move of a file under attack', () => {
  it('does not lose what was written to a column that is not of the seal', async () => {
    const project = await liveProject(['a.db', 'b.db']);
    await move(project, 'promote', 'a.db');
    execIn(
      project,
      'a.db',
      `ALTER TABLE visits ADD COLUMN more text; ALTER TABLE visits ADD COLUMN points int DEFAULT 0`,
    );
    execIn(
      project,
      'b.db',
      `ALTER TABLE visits ADD COLUMN more text; ALTER TABLE visits ADD COLUMN points int DEFAULT 0`,
    );
    execIn(project, 'a.db', `UPDATE visits SET more = 'kept' WHERE rowid = 1`);
    for (const file of ['a.db', 'b.db']) expect((await reconcile(project, file)).code).toBe(0);
    expect(lineOf(await move(project, 'promote', 'b.db'))).toMatch(
      /which would be lost: "visits.more" /,
    );
    execIn(project, 'a.db', `UPDATE visits SET more = NULL`);
    expect((await reconcile(project, 'a.db')).code).toBe(0);
    expect((await move(project, 'promote', 'b.db')).code).toBe(0);
    rmSync(project, { recursive: true });
  });
});
