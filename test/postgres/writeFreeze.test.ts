/**
 * Freezing the writes of a PostgreSQL database: who is refused, who is waited for, who is told, and that
 * all rights come back as they were. 6 sets of grants, or as many as SEALIFT_GRANT_SETS says.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomOf, type Random } from '../dogschool/random.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { times } from '../kit/long.ts';
import { roleSql, sessionAt } from './trap.ts';
import { clientAs, failureOf, freezerOf, rightsIn, tryAs, versionsHere } from './writes.ts';

const SETS = times('SEALIFT_GRANT_SETS', 6, 100, 20);
const DENIED = '42501';

const ROLES = ['own', 'app', 'other', 'all_data', 'poor', 'r0', 'r1', 'r2', 'r3'];

const TABLES = `
  CREATE TABLE owner_of (id serial PRIMARY KEY, name text);
  CREATE TABLE dog (id int PRIMARY KEY, name text, owner int REFERENCES owner_of ON DELETE CASCADE);
  CREATE TABLE parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
  CREATE TABLE part_low PARTITION OF parted FOR VALUES FROM (0) TO (50);
  CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, v text);
  CREATE TABLE apart (id int PRIMARY KEY, v text);
  CREATE TABLE inbox (id int, name text);
  CREATE RULE fan AS ON INSERT TO inbox DO ALSO INSERT INTO dog VALUES (NEW.id, NEW.name, NULL);
  CREATE VIEW short AS SELECT id, name FROM dog;
  CREATE VIEW shorter AS SELECT id, name FROM short;
  INSERT INTO owner_of (name) VALUES ('a'), ('b');
  INSERT INTO dog VALUES (1, 'x', 1), (2, 'y', 2);
  INSERT INTO parted VALUES (1, 'v');
`;

const OWNED = [
  'owner_of',
  'dog',
  'parted',
  'part_low',
  'numbered',
  'apart',
  'inbox',
  'short',
  'shorter',
];
const MAPPED = ['dog', 'parted', 'numbered'];

const GRANTS = `
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app;
  GRANT TRUNCATE ON dog TO app WITH GRANT OPTION;
  GRANT UPDATE (name) ON dog TO other;
  GRANT INSERT ON part_low TO PUBLIC;
`;

const owned = OWNED.map((name) => `ALTER TABLE ${name} OWNER TO own;`).join(' ');

describe.skipIf(!hasPostgres()).each(versionsHere())('PostgreSQL %i', (version) => {
  let server: Postgres;
  let databases = 0;

  beforeAll(async () => {
    const settings = { max_prepared_transactions: '5', max_logical_replication_workers: '0' };
    server = await startPostgres({ version, settings });
    for (const role of ROLES) await server.run('postgres', roleSql(role));
    await server.run('postgres', 'GRANT pg_write_all_data TO all_data; GRANT r2 TO r3');
  });
  afterAll(() => server.stop());

  /** A new database with tables and grants. */
  async function begin(more: string = ''): Promise<string> {
    databases += 1;
    const database = `writes${databases}`;
    await server.create(database, `${TABLES} ${owned} ${GRANTS} ${more}`);
    return database;
  }

  describe('freeze-writes', () => {
    it('refuses everybody who was granted a right, and gives all rights back', async () => {
      const database = await begin();
      const all = await rightsIn(server, database, 'all');
      const rest = await rightsIn(server, database, 'others');
      const freezer = freezerOf(server, database, MAPPED);
      const ways: readonly (readonly [role: string, sql: string])[] = [
        ['app', 'INSERT INTO dog VALUES (9)'],
        ['app', "UPDATE dog SET name = 'z'"],
        ['app', 'DELETE FROM dog'],
        ['app', 'BEGIN; TRUNCATE dog; ROLLBACK'],
        ['app', "COPY dog FROM PROGRAM 'true'"],
        ['app', "UPDATE short SET name = 'z'"],
        ['app', "UPDATE shorter SET name = 'z'"],
        ['app', 'INSERT INTO inbox VALUES (10)'],
        ['app', 'DELETE FROM owner_of WHERE id = 1'],
        ['app', "UPDATE parted SET v = 'z'"],
        ['app', "INSERT INTO numbered (v) VALUES ('z')"],
        ['app', "SELECT nextval('numbered_id_seq')"],
        ['other', "UPDATE dog SET name = 'z'"],
        ['poor', 'INSERT INTO part_low VALUES (3)'],
      ];
      for (const [role, sql] of ways.filter(([, text]) => !text.startsWith('COPY'))) {
        expect(await tryAs(server, database, role, `BEGIN; ${sql}; ROLLBACK`), sql).toBe('ok');
      }
      const before = await clientAs(server, database, 'app');
      await before.query('BEGIN; SELECT * FROM dog');
      const { before: noted, barrier } = await freezer.freeze();
      expect(barrier).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
      expect(await rightsIn(server, database, 'others')).toEqual(rest);
      // What the mapping does not concern can still be written.
      expect(await rightsIn(server, database, 'writes')).toHaveLength(3);
      expect(await tryAs(server, database, 'app', 'INSERT INTO apart VALUES (1)')).toBe('ok');
      for (const [role, sql] of ways) {
        expect(await tryAs(server, database, role, sql), `${role}: ${sql}`).toBe(DENIED);
      }
      await expect(before.query('INSERT INTO dog VALUES (11)')).rejects.toThrow('denied');
      await before.end();
      expect(await freezer.state(noted)).toEqual({ kind: 'frozen' });
      expect(await freezer.tried(noted)).toBe('refused');
      await freezer.unfreeze(noted);
      expect(await rightsIn(server, database, 'all')).toEqual(all);
      expect(await freezer.tried(noted)).toBe('accepted');
      expect(await freezer.state(noted)).toEqual({ kind: 'writable' });
    });

    it.each([
      ['a view', { name: 'shorter', sql: null }],
      ['a query', { name: 'query q', sql: 'SELECT d.id, d.name FROM public.dog AS d' }],
      ['a query of a view', { name: 'query q', sql: 'SELECT s.id FROM public.short s' }],
    ] as const)('finds the tables that are read by %s', async (_, relation) => {
      const database = await begin();
      const freezer = freezerOf(server, database, [], { relations: [{ ...relation, base: null }] });
      const { before } = await freezer.freeze();
      expect(await tryAs(server, database, 'app', 'INSERT INTO dog VALUES (9)')).toBe(DENIED);
      expect(await tryAs(server, database, 'app', 'DELETE FROM owner_of')).toBe(DENIED);
      expect(await tryAs(server, database, 'app', 'INSERT INTO parted VALUES (9)')).toBe('ok');
      expect(before).not.toContain('parted');
    });

    it('waits for a transaction that had written before', async () => {
      const database = await begin();
      const writer = await clientAs(server, database, 'app');
      await writer.query("BEGIN; INSERT INTO dog VALUES (7, 'in flight')");
      let ended = false;
      const freezing = freezerOf(server, database, MAPPED).freeze();
      const done = freezing.finally(() => (ended = true));
      await waiting(database);
      expect(ended).toBe(false);
      // It was refused by then.
      await expect(writer.query('INSERT INTO parted VALUES (8)')).rejects.toThrow('denied');
      await writer.query('ROLLBACK');
      await done;
      await writer.end();
    });

    it('names the session or prepared transaction that it has waited for in vain, and goes on', async () => {
      const database = await begin();
      const writer = await clientAs(server, database, 'app');
      await writer.query("BEGIN; INSERT INTO dog VALUES (7, 'in flight')");
      const [found] = (await writer.query<{ pid: number }>('SELECT pg_backend_pid() pid')).rows;
      const freezer = freezerOf(server, database, MAPPED, { lockMs: 100 });
      let noted = '';
      const line = await failureOf(freezer.freeze());
      expect(line).toContain('SOURCE_LOCKED: no new transaction may write to table "dog"');
      expect(line).toContain(`session ${found?.pid} of role "app", begun at 2`);
      expect(await rightsIn(server, database, 'writes')).toHaveLength(3);
      await writer.query("PREPARE TRANSACTION 'later'");
      await writer.end();
      noted = '[["TABLE","public","dog",null,"own","app","awd"]]';
      expect(await freezer.state(noted, 'unsettled')).toEqual({ kind: 'frozen' });
      expect(await failureOf(freezer.freeze(noted))).toContain(
        'prepared transaction "later" of role',
      );
      await server.run(database, "COMMIT PREPARED 'later'");
      expect((await freezer.freeze(noted)).barrier).toMatch(/\//);
      expect(await server.run(database, 'SELECT name FROM dog WHERE id = 7')).toEqual([
        ['in flight'],
      ]);
    });

    it('tells by name who could still write, and what would write for others', async () => {
      const database = await begin(`
        CREATE FUNCTION bark(int) RETURNS void SECURITY DEFINER LANGUAGE sql
          AS 'INSERT INTO public.dog VALUES ($1)';
        CREATE FUNCTION mine(int) RETURNS void SECURITY DEFINER LANGUAGE sql
          AS 'INSERT INTO public.dog VALUES ($1)';
        REVOKE EXECUTE ON FUNCTION mine FROM PUBLIC;
        CREATE FUNCTION poor(int) RETURNS void SECURITY DEFINER LANGUAGE sql AS 'SELECT';
        ALTER FUNCTION poor OWNER TO poor;
        CREATE FUNCTION fired() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
          AS 'BEGIN INSERT INTO public.dog VALUES (NEW.id); RETURN NEW; END';
        REVOKE EXECUTE ON FUNCTION fired FROM PUBLIC;
        CREATE TRIGGER fires BEFORE INSERT ON apart FOR EACH ROW EXECUTE FUNCTION fired();
        CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p
          WITH (connect = false, slot_name = NONE);
        CREATE SCHEMA cron;
        CREATE TABLE cron.job (jobid int, username text, database text, active boolean);
        INSERT INTO cron.job VALUES (4, 'app', current_database(), true);`);
      const freezer = freezerOf(server, database, MAPPED);
      await freezer.freeze();
      const told = await freezer.others();
      expect(told).toEqual([
        'superusers: "postgres"',
        'owners of the tables: "own"',
        'members of pg_write_all_data: "all_data"',
        'functions that run as who may write (SECURITY DEFINER): "public.bark(integer)", "public.fired()"',
        'subscriptions, which write what a publisher sends: "feed"',
        'jobs of pg_cron: "4 of app"',
      ]);
      // Each of them does write: who is told is not stopped.
      expect(await tryAs(server, database, 'own', 'INSERT INTO dog VALUES (20)')).toBe('ok');
      expect(await tryAs(server, database, 'all_data', 'INSERT INTO dog VALUES (21)')).toBe('ok');
      expect(await tryAs(server, database, 'app', 'SELECT bark(22)')).toBe('ok');
      expect(await tryAs(server, database, 'app', 'INSERT INTO apart VALUES (23)')).toBe('ok');
      expect(await tryAs(server, database, 'app', 'SELECT mine(24)')).toBe(DENIED);
      await server.run(database, 'ALTER SUBSCRIPTION feed DISABLE; DROP SUBSCRIPTION feed');
    });

    it('finds a grant that was made while it was frozen, and unfreezes all the same', async () => {
      const database = await begin();
      const all = await rightsIn(server, database, 'all');
      const freezer = freezerOf(server, database, MAPPED);
      const { before } = await freezer.freeze();
      await server.run(database, 'SET ROLE own; GRANT INSERT ON dog TO poor');
      expect(await freezer.state(before)).toMatchObject({
        kind: 'reopened',
        why: expect.stringContaining('INSERT on "dog" to "poor" by "own"') as string,
      });
      expect(await freezer.tried(before)).toBe('accepted');
      await freezer.unfreeze(before);
      await server.run(database, 'SET ROLE own; REVOKE INSERT ON dog FROM poor');
      expect(await rightsIn(server, database, 'all')).toEqual(all);
      // A freeze that was killed before it revoked anything had not begun.
      expect(await freezer.state(before, 'unsettled')).toEqual({ kind: 'writable' });
    });

    it('refuses a role without the right to revoke, before anything is changed, by one line', async () => {
      const database = await begin();
      const all = await rightsIn(server, database, 'all');
      const poor = freezerOf(server, database, MAPPED, { user: 'poor' });
      expect(await failureOf(poor.freeze())).toContain(
        'SOURCE_WRITES: this role may not revoke rights on "dog", which is owned by "own"',
      );
      await server.run(database, 'SET ROLE app; GRANT TRUNCATE ON dog TO other');
      const own = freezerOf(server, database, MAPPED, { user: 'own' });
      expect(await failureOf(own.freeze())).toContain(
        'this role may not act as its grantor: TRUNCATE on "dog" to "other" by "app"',
      );
      await server.run(database, 'SET ROLE app; REVOKE TRUNCATE ON dog FROM other');
      expect(await rightsIn(server, database, 'all')).toEqual(all);
      const { before } = await own.freeze();
      // Who may only read can tell that it is frozen.
      expect(await poor.state(before)).toEqual({ kind: 'frozen' });
      await own.unfreeze(before);
      expect(await rightsIn(server, database, 'all')).toEqual(all);
    });

    it('refuses what it cannot freeze: no grant at all, a table that is not there, too many grants', async () => {
      const database = await begin();
      await server.run(database, 'CREATE TABLE lonely (id int)');
      expect(await failureOf(freezerOf(server, database, ['lonely']).freeze())).toContain(
        'no right to write is granted on its tables, so there is nothing to revoke',
      );
      expect(await failureOf(freezerOf(server, database, ['gone']).freeze())).toContain(
        'SOURCE_SCHEMA: the mapping reads "gone", which is not there',
      );
      const columns = Array.from({ length: 1500 }, (_, at) => `${'long_name_'.repeat(5)}${at}`);
      await server.run(
        database,
        `CREATE TABLE wide (${columns.map((name) => `${name} int`).join(', ')});
        GRANT UPDATE (${columns.join(', ')}) ON wide TO app, other, poor`,
      );
      const wide = freezerOf(server, database, ['wide']);
      expect(await failureOf(wide.freeze())).toContain('4500 grants are more than a line');
      expect(await rightsIn(server, database, 'writes')).not.toHaveLength(0);
    });

    it('does not restore what names a role or a table that is gone, and says which', async () => {
      const database = await begin('CREATE ROLE leaver; GRANT INSERT ON dog TO leaver');
      const freezer = freezerOf(server, database, MAPPED);
      const { before } = await freezer.freeze();
      await server.run(database, 'DROP ROLE leaver');
      expect(await failureOf(freezer.unfreeze(before))).toContain(
        'a role of that name is not there: INSERT on "dog" to "leaver"',
      );
      await server.run(database, 'CREATE ROLE leaver; ALTER TABLE numbered RENAME TO renamed');
      expect(await failureOf(freezer.unfreeze(before))).toContain('its table is not there');
      expect(await rightsIn(server, database, 'writes')).toHaveLength(3);
      await server.run(database, 'ALTER TABLE renamed RENAME TO numbered');
      await freezer.unfreeze(before);
      await server.run(database, 'DROP OWNED BY leaver; DROP ROLE leaver');
    });

    it('refuses a grant whose grantor has lost the option, and freezes once it has it again', async () => {
      const database = await begin();
      await server.run(
        database,
        `SET ROLE own; GRANT UPDATE ON dog TO r0 WITH GRANT OPTION;
        SET ROLE r0; GRANT UPDATE (id) ON dog TO r1; SET ROLE own; REVOKE UPDATE ON dog FROM r0 CASCADE`,
      );
      const all = await rightsIn(server, database, 'all');
      const freezer = freezerOf(server, database, MAPPED);
      expect(await failureOf(freezer.freeze())).toContain(
        'its grantor has no grant option now: UPDATE of column "id" on "dog" to "r1" by "r0"',
      );
      expect(await rightsIn(server, database, 'all')).toEqual(all);
      await server.run(database, 'SET ROLE own; GRANT UPDATE ON dog TO r0 WITH GRANT OPTION');
      await freezer.freeze();
      expect(await tryAs(server, database, 'r1', 'UPDATE dog SET id = 3')).toBe(DENIED);
    });

    it(`restores ${SETS} sets of grants exactly`, async () => {
      const database = await begin();
      const freezer = freezerOf(server, database, [...MAPPED, 'owner_of']);
      const random = randomOf(version, 'grants');
      let chained = 0;
      for (let set = 0; set < SETS; set += 1) {
        await tablesAnew(database);
        await grantSome(database, random);
        const all = await rightsIn(server, database, 'all');
        const rest = await rightsIn(server, database, 'others');
        const { before } = await freezer.freeze();
        expect(await rightsIn(server, database, 'writes'), before).toEqual([]);
        expect(await rightsIn(server, database, 'others'), before).toEqual(rest);
        expect(await freezer.tried(before)).toBe('refused');
        await freezer.unfreeze(before);
        expect(await rightsIn(server, database, 'all'), before).toEqual(all);
        if (/,"r\d","[^"]+","[^"]+"\]/.test(before)) chained += 1;
      }
      expect(chained).toBeGreaterThan(SETS / 2);
    }, 600_000);
  });

  async function waiting(database: string): Promise<void> {
    const watcher = await sessionAt(server.url(database));
    const sql =
      "SELECT FROM pg_locks WHERE NOT granted AND mode = 'ShareLock' AND locktype = 'relation'";
    while ((await watcher.query(sql)).rowCount === 0)
      await new Promise((next) => setTimeout(next, 5));
    await watcher.end();
  }

  /** DROP OWNED leaves rights on columns whose grantors are dropped, too. */
  async function tablesAnew(database: string): Promise<void> {
    await server.run(
      database,
      `DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;
      ${TABLES} ${owned}`,
    );
  }

  /** Grants by owners and by those who may grant on: on tables, columns, sequences, to roles and PUBLIC. */
  async function grantSome(database: string, random: Random): Promise<void> {
    const client = await sessionAt(server.url(database));
    await client.query('SET ROLE own; GRANT INSERT, SELECT ON dog TO r0 WITH GRANT OPTION');
    for (let step = 0; step < 40; step += 1) {
      const sql = grantOf(random);
      await client.query('BEGIN');
      await client.query(sql).catch(() => {});
      // A role that may not grant this is refused; the others go on.
      await client.query('COMMIT; RESET ROLE');
    }
    await client.end();
  }
});

function grantOf(random: Random): string {
  const by = random.chance(0.4) ? 'own' : random.pick(['r0', 'r1', 'r2', 'r3']);
  const isPublic = random.chance(0.1);
  const to = isPublic ? 'PUBLIC' : random.pick(['r0', 'r1', 'r2', 'r3', 'app']);
  const option = !isPublic && random.chance(0.6) ? ' WITH GRANT OPTION' : '';
  const table = random.pick(['dog', 'parted', 'part_low', 'owner_of', 'short']);
  const privilege = random.pick(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'SELECT', 'ALL']);
  const column = random.pick(['INSERT (id)', 'UPDATE (id)', 'SELECT (id)']);
  const onTable = `${random.chance(0.3) ? column : privilege} ON ${table}`;
  const onSequence = `${random.pick(['USAGE', 'UPDATE', 'SELECT'])} ON SEQUENCE owner_of_id_seq`;
  const what = random.chance(0.15) ? onSequence : onTable;
  return `SET LOCAL ROLE ${by}; GRANT ${what} TO ${to}${option}`;
}
