/**
 * Names that would break a statement or a comment, schemas that a load has made, a swap after the file
 * was applied, and what parity refuses.
 */

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Failure } from '../../../src/outcome/failure.ts';
import type { FieldType } from '../../../src/record/type.ts';
import { quote, quoteText } from '../../../src/sql/quote.ts';
import { constraintsOf, createLedger, createTable } from '../../../src/target/postgres/ddl.ts';
import type { ColumnForm, TableForm } from '../../../src/target/tableForm.ts';
import {
  hasPostgres,
  PASSWORD,
  postgresHome,
  startPostgres,
  type Postgres,
} from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { versionsHere } from '../../postgres/writes.ts';
import { FRESH, LIVE, linesOf, twoSchemas } from './fixture.ts';

const EVIL = 'We"ird.na\'me --\n; COMMIT; /* $1 %I :x \\! \r\n-- ';
const evil = (end: string): string => quote(`${end}${EVIL}`);

/** Everything with a name, each of them hostile. */
const HOSTILE = `
  CREATE TYPE ${evil('e')} AS ENUM ('it''s; --', E'new\\nline');
  CREATE DOMAIN ${evil('d')} AS text CONSTRAINT ${evil('dc')} CHECK (VALUE <> E'\\\\ ''');
  CREATE SEQUENCE ${evil('s')}; SELECT nextval(${quoteText(evil('s'))});
  CREATE TABLE ${evil('t')} (${evil('a')} integer CONSTRAINT ${evil('pk')} PRIMARY KEY, ${evil('b')} ${evil('e')} DEFAULT 'it''s; --', ${evil('c')} ${evil('d')}[],
    ${evil('i')} bigint GENERATED ALWAYS AS IDENTITY, ${evil('f')} integer CONSTRAINT ${evil('fk')} REFERENCES ${evil('t')}, ${evil('w')} serial);
  CREATE INDEX ${evil('x')} ON ${evil('t')} ((${evil('a')} + 1)) WHERE ${evil('a')} > 0;
  CREATE FUNCTION ${evil('f')}(${evil('arg')} ${evil('t')}) RETURNS void LANGUAGE plpgsql AS $$ BEGIN -- ' "
    END $$ SET search_path = ${evil('any')};
  CREATE FUNCTION ${evil('g')}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
  CREATE VIEW ${evil('v')} AS SELECT ${evil('a')} AS ${evil('col')} FROM ${evil('t')} AS ${evil('alias')};
  CREATE TRIGGER ${evil('tr')} AFTER INSERT ON ${evil('t')} FOR EACH ROW EXECUTE FUNCTION ${evil('g')}('x'';');
  ALTER TABLE ${evil('t')} DISABLE TRIGGER ${evil('tr')};
  CREATE RULE ${evil('r')} AS ON DELETE TO ${evil('t')} DO ALSO NOTHING;
  CREATE POLICY ${evil('p')} ON ${evil('t')} TO ${evil('role')} USING (${evil('a')} > 1);
  CREATE STATISTICS ${evil('st')} ON ${evil('a')}, ${evil('f')} FROM ${evil('t')};
  CREATE PUBLICATION ${evil('pub')} FOR TABLE ${evil('t')};
  ALTER TABLE ${evil('t')} OWNER TO ${evil('role')}; ALTER TABLE ${evil('t')} SET (fillfactor = 50);
  GRANT SELECT (${evil('a')}) ON ${evil('t')} TO ${evil('role')}; GRANT SELECT ON ${evil('v')} TO ${evil('role')};
  ALTER DEFAULT PRIVILEGES FOR ROLE ${evil('role')} GRANT SELECT ON TABLES TO PUBLIC;
  ALTER DEFAULT PRIVILEGES FOR ROLE ${evil('role')} IN SCHEMA ${evil('live')} GRANT SELECT ON TABLES TO PUBLIC;
  ALTER SCHEMA ${evil('live')} OWNER TO ${evil('role')}; COMMENT ON TABLE ${evil('t')} IS E'\\\\ ; -- '' \\n COMMIT;';
  COMMENT ON CONSTRAINT ${evil('dc')} ON DOMAIN ${evil('d')} IS 'x'; COMMENT ON TRIGGER ${evil('tr')} ON ${evil('t')} IS 'x'; COMMENT ON SCHEMA ${evil('live')} IS 'x';
  CREATE COLLATION ${evil('co')} FROM "C";
  CREATE SCHEMA ${evil('other')}; CREATE TABLE ${evil('other')}.${evil('c')} (n integer CONSTRAINT ${evil('c')} REFERENCES ${evil('t')});
  CREATE VIEW ${evil('other')}.${evil('v')} AS SELECT ${evil('col')} FROM ${evil('v')}`;

const work = workFolder('parity');

const column = (name: string, kind: FieldType['kind'], nullable = false): ColumnForm => {
  return { name, type: { kind } as FieldType, nullable, values: null, maxLength: null };
};

const PLAIN = {
  count: 1,
  external: false,
  unwritten: [],
  key: ['id'],
  references: [],
  unenforced: [],
};

/** Tables as two seals have them, which differ in their records. */
const TABLES: readonly TableForm[] = [
  {
    ...PLAIN,
    module: 'owners',
    columns: [column('id', 'integer'), column('name', 'string'), column('note', 'json', true)],
    unique: [['name']],
  },
  {
    ...PLAIN,
    module: 'a name that is longer than the sixty-three bytes that a server keeps of it',
    columns: [
      column('id', 'integer'),
      {
        ...column('kind', 'enum'),
        type: { kind: 'enum', values: ['a', 'b'] } as never,
        values: ['a', 'b'],
      },
      column('owner', 'integer', true),
    ],
    unique: [['kind', 'owner']],
    references: [{ fields: ['owner'], module: 'owners', to: ['id'], full: false }],
  },
];

describe.skipIf(!hasPostgres()).each(versionsHere('SEALIFT_PARITY_OLDER'))(
  'on PostgreSQL %i',
  (version) => {
    let server: Postgres;
    beforeAll(async () => {
      server = await startPostgres({ version, settings: { wal_level: 'logical' } });
      await server.run(
        'postgres',
        `CREATE ROLE app; CREATE ROLE ${evil('role')}; CREATE ROLE plain LOGIN PASSWORD '${PASSWORD}'`,
      );
    });
    afterAll(() => server.stop());

    it('names with quotes, dots, line breaks and dashes break neither a statement nor a comment', async () => {
      const schemas = await twoSchemas(server, {
        live: `live${EVIL}`,
        fresh: `fresh${EVIL}`,
        base: '',
      });
      await schemas.run(schemas.live, HOSTILE);
      const parity = await schemas.compare();
      expect(parity.missing.length).toBeGreaterThan(40);
      const file = schemas.file(parity);
      expect(file.match(/^COMMIT;$/gm)).toHaveLength(1);
      await schemas.apply(parity);
      const left = await schemas.compare();
      expect(left.missing.map(({ kind, state }) => `${kind}, ${state}`)).toEqual([
        'other, missing',
      ]);
    });

    it.skipIf(postgresHome(15) === null)('psql applies the file as its header says', async () => {
      const schemas = await twoSchemas(server, {
        live: `live${EVIL}`,
        fresh: `fresh${EVIL}`,
        base: '',
      });
      await schemas.run(schemas.live, HOSTILE);
      const path = join(work, `parity${version}.sql`);
      writeFileSync(path, schemas.file(await schemas.compare()));
      const args = ['--no-psqlrc', '--set', 'ON_ERROR_STOP=1', '--file', path, schemas.url];
      await promisify(execFile)(join(postgresHome(15) ?? '', 'bin/psql'), args);
      expect((await schemas.compare()).missing).toHaveLength(1);
    });

    it('two loads of different seals are equal', async () => {
      const schemas = await twoSchemas(server, { base: '' });
      for (const [index, schema] of [LIVE, FRESH].entries()) {
        const ddl = [
          createLedger(schema),
          ...TABLES.map((table) => createTable(schema, table)),
          `INSERT INTO ${schema}.owners (id, name) VALUES (5, 'a')`,
          ...constraintsOf(schema, TABLES).map(({ sql }) => sql),
          `INSERT INTO ${schema}.sealift_ledger VALUES ('${index}', '', 'complete', '', NULL, now(), NULL, '{}', '{}')`,
        ];
        await schemas.run(schema, ddl.join(';\n'));
      }
      const { kinds, missing } = await schemas.compare();
      expect(missing).toEqual([]);
      const count = (name: string): unknown => kinds.find(({ kind }) => kind === name);
      expect(count('table')).toEqual({ kind: 'table', live: 2, fresh: 2, missing: 0 });
      expect(count('constraint')).toEqual({ kind: 'constraint', live: 6, fresh: 6, missing: 0 });
      expect(count('identity')).toEqual({ kind: 'identity', live: 2, fresh: 2, missing: 0 });
    });

    it('after the file and the swap, all that was bound to the old schema works with the new one', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        LIVE,
        `CREATE VIEW v AS SELECT id, a FROM t; GRANT USAGE ON SCHEMA ${LIVE} TO app; GRANT SELECT ON v TO app;
      CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.b = 2 * NEW.b; RETURN NEW; END';
      CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION twice();
      CREATE FUNCTION number() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM ${LIVE}.t';
      CREATE SCHEMA other; CREATE TABLE other.c (t integer REFERENCES t); CREATE VIEW other.v AS SELECT a FROM t; GRANT USAGE ON SCHEMA other TO app; GRANT SELECT ON other.v TO app;
      INSERT INTO t VALUES (1, 'old', 1)`,
      );
      await schemas.run(FRESH, `INSERT INTO t VALUES (1, 'new', 1), (2, 'new', 1)`);
      await schemas.apply(await schemas.compare());
      await schemas.run(
        '',
        `ALTER SCHEMA ${LIVE} RENAME TO old; ALTER SCHEMA ${FRESH} RENAME TO ${LIVE}; DROP SCHEMA old CASCADE`,
      );
      const found = await schemas.run(
        LIVE,
        `INSERT INTO t VALUES (3, 'newer', 5); INSERT INTO other.c VALUES (3); SET ROLE app;
      SELECT (SELECT string_agg(a, ' ' ORDER BY id) FROM v), (SELECT count(*) FROM other.v)`,
      );
      expect(found).toEqual([['new new newer', '3']]);
      expect(await schemas.run(LIVE, 'SELECT b, number() FROM t WHERE id = 3')).toEqual([
        ['10', '3'],
      ]);
      await expect(schemas.run(LIVE, 'INSERT INTO other.c VALUES (9)')).rejects.toThrow(/c_t_fkey/);
    });

    it('what only a person can make is told, and is not in the statements', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        LIVE,
        `CREATE EXTENSION postgres_fdw SCHEMA public; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE ft (a integer) SERVER s;
      CREATE TYPE e AS ENUM ('a', 'b'); CREATE MATERIALIZED VIEW m AS SELECT 1 AS x; CREATE TABLE k (a integer)`,
      );
      await schemas.run(
        FRESH,
        `CREATE TYPE e AS ENUM ('a'); CREATE MATERIALIZED VIEW m AS SELECT 2 AS x; CREATE TABLE k (a integer) PARTITION BY LIST (a)`,
      );
      const parity = await schemas.compare();
      const byHand = parity.missing.filter(({ sql }) => sql === null);
      expect(linesOf({ ...parity, missing: byHand })).toEqual([
        'type, different: type e',
        'table, missing: foreign table ft',
        'table, different: table k',
        'materialized view, different: materialized view m',
      ]);
      const file = schemas.file(parity);
      for (const { what, byHand: hand } of byHand) expect(file).toContain(`-- ${what}: ${hand}`);
      expect(file).toContain("-- type e: change the type to one AS ENUM ('a', 'b')");
    });

    it('an object whose name another kind of object has there is told, and made by hand', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(LIVE, 'CREATE VIEW x AS SELECT 1 AS a; CREATE TABLE y (a integer)');
      await schemas.run(FRESH, 'CREATE TABLE x (a integer); CREATE INDEX y ON x (a)');
      const { missing } = await schemas.compare();
      expect(
        missing.flatMap(({ what, byHand }) => (byHand === null ? [] : [`${what}: ${byHand}`])),
      ).toEqual([
        'table y: rename what has this name in the new schema',
        'view x: rename what has this name in the new schema',
      ]);
    });

    it('a user who may read the sequences is enough, and one who may not is told so', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        LIVE,
        `CREATE VIEW v AS SELECT 1; GRANT USAGE ON SCHEMA ${LIVE}, ${FRESH} TO plain`,
      );
      const refused = await schemas.compare('plain').catch((error: unknown) => error);
      expect(refused instanceof Failure && refused.line()).toMatch(
        /no permission to read this \(.*, schema "sealift"\)/,
      );
      await schemas.run(LIVE, `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${LIVE}, ${FRESH} TO plain`);
      expect(linesOf(await schemas.compare('plain'))).toEqual([
        'view, missing: view v',
        'owner, missing: owner postgres of view v',
      ]);
    });

    it('nothing is missing where no schema is live', async () => {
      const schemas = await twoSchemas(server, { live: 'soon' });
      await schemas.run('', 'DROP SCHEMA soon CASCADE');
      const { kinds, missing } = await schemas.compare();
      expect(missing).toEqual([]);
      expect(kinds.filter(({ live }) => live > 0)).toEqual([]);
      expect(kinds.find(({ kind }) => kind === 'table')?.fresh).toBe(2);
    });

    it('objects that only the new schema has are no difference', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        FRESH,
        `CREATE TABLE more (a serial); ALTER TABLE t ADD COLUMN more integer DEFAULT 3; CREATE INDEX ON t (b); CREATE VIEW v AS SELECT 1; GRANT SELECT ON t TO app; COMMENT ON TABLE t IS 'x'`,
      );
      expect(linesOf(await schemas.compare())).toEqual([]);
    });

    it('equal indexes and constraints under other names are no difference', async () => {
      const schemas = await twoSchemas(server);
      for (const [name, schema] of Object.entries({ one: LIVE, two: FRESH })) {
        await schemas.run(
          schema,
          `CREATE INDEX "${name} i" ON t (lower(a)); ALTER TABLE t ADD CONSTRAINT "${name} c" UNIQUE (a, b)`,
        );
      }
      expect(linesOf(await schemas.compare())).toEqual([]);
    });

    it('a table of a subscription is told', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        LIVE,
        `CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
      );
      await schemas.run(
        LIVE,
        `SET allow_system_table_mods = on; INSERT INTO pg_subscription_rel SELECT oid, 't'::regclass, 'r', NULL FROM pg_subscription`,
      );
      expect(linesOf(await schemas.compare())).toEqual([
        'subscription, bound: table t of subscription sub',
      ]);
      await schemas.run(LIVE, 'DROP SUBSCRIPTION sub');
    });

    it('an operator that stands in for one of the server is refused, and is not called', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        FRESH,
        `CREATE FUNCTION trap(oid, oid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END';
      CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = oid, FUNCTION = trap)`,
      );
      await expect(schemas.compare()).rejects.toThrow(
        `the schema has an operator that stands in for one of the server: ${FRESH}.=(oid,oid)`,
      );
    });

    it('functions and types named as those of the server are taken for what they are', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        LIVE,
        `CREATE TYPE ${LIVE}.text AS ENUM ('x'); CREATE FUNCTION ${LIVE}.lower(${LIVE}.text) RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE AS 'SELECT ''y''';
      CREATE TABLE n (a ${LIVE}.text, b pg_catalog.text, CHECK (lower(a) <> 'a'), CHECK (pg_catalog.lower(b) <> 'b'));
      CREATE FUNCTION ${LIVE}.format(pg_catalog.text, VARIADIC "any") RETURNS pg_catalog.text LANGUAGE internal AS 'text_format'`,
      );
      await schemas.apply(await schemas.compare());
      expect(linesOf(await schemas.compare())).toEqual([]);
      const types = await schemas.run(
        '',
        `SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = '${FRESH}.n'::regclass AND attnum > 0 ORDER BY 1`,
      );
      expect(types).toEqual([
        ['a', `${FRESH}.text`],
        ['b', 'text'],
      ]);
    });
  },
);
