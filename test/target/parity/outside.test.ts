/** Objects of other schemas that are bound to the live one are named; the file binds them to the new one. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { versionsHere } from '../../postgres/writes.ts';
import { FRESH, LIVE, linesOf, twoSchemas } from './fixture.ts';

/** What both schemas have beside their tables. */
const CODE = `CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
  CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN pos AS integer; CREATE SEQUENCE s`;

interface Case {
  readonly name: string;
  readonly sql: string;
  readonly told: readonly string[];
  /** Those of them that are by hand. */
  readonly byHand?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'foreign keys',
    sql: `CREATE TABLE other.c (t integer CONSTRAINT to_t REFERENCES t ON DELETE CASCADE DEFERRABLE);
      CREATE TABLE other.p (t integer CONSTRAINT p_t REFERENCES t) PARTITION BY LIST (t); CREATE TABLE other.p1 PARTITION OF other.p DEFAULT`,
    told: [
      'constraint of another schema, bound: constraint p_t on table other.p',
      'constraint of another schema, bound: constraint to_t on table other.c',
    ],
  },
  {
    name: 'checks of tables and domains',
    sql: `CREATE TABLE other.c (n integer CONSTRAINT c CHECK (f(n) > 0)); CREATE DOMAIN other.d AS integer CONSTRAINT d CHECK (f(VALUE) > 0)`,
    told: [
      'constraint of another schema, bound: constraint c on table other.c',
      'constraint of another schema, bound: constraint d of domain other.d',
    ],
  },
  {
    name: 'views',
    sql: `CREATE VIEW other.v WITH (security_barrier = true) AS SELECT t.id FROM t; CREATE VIEW other.w AS SELECT v.id FROM other.v`,
    told: ['view of another schema, bound: view other.v'],
  },
  {
    name: 'views with a type of the schema, and materialized views',
    sql: `CREATE VIEW other.v AS SELECT 'glad'::mood AS m; CREATE MATERIALIZED VIEW other.m AS SELECT t.id FROM t`,
    told: [
      'view of another schema, bound: materialized view other.m',
      'view of another schema, bound: view other.v',
    ],
    byHand: ['materialized view other.m', 'view other.v'],
  },
  {
    name: 'rules',
    sql: `CREATE TABLE other.c (n integer); CREATE RULE r AS ON INSERT TO other.c DO ALSO INSERT INTO t (id) VALUES (new.n)`,
    told: ['rule of another schema, bound: rule r on table other.c'],
  },
  {
    name: 'functions, by their body or their defaults, and by their types',
    sql: `CREATE FUNCTION other.body() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END;
      CREATE FUNCTION other.preset(n integer DEFAULT f(1)) RETURNS integer LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION other.typed(t) RETURNS integer LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION other.listed(mood[]) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    told: [
      'function of another schema, bound: function other.body()',
      `function of another schema, bound: function other.listed(mood[])`,
      'function of another schema, bound: function other.preset(integer)',
      `function of another schema, bound: function other.typed(t)`,
    ],
    byHand: [`function other.listed(mood[])`, `function other.typed(t)`],
  },
  {
    name: 'triggers',
    sql: `CREATE TABLE other.c (n integer); CREATE TRIGGER x BEFORE INSERT ON other.c FOR EACH ROW EXECUTE FUNCTION g('a');
      CREATE TRIGGER y AFTER INSERT ON other.c EXECUTE FUNCTION g(); ALTER TABLE other.c DISABLE TRIGGER y`,
    told: [
      'trigger of another schema, bound: trigger x on table other.c',
      'trigger of another schema, bound: trigger y on table other.c',
    ],
  },
  {
    name: 'policies',
    sql: `CREATE TABLE other.c (n integer); CREATE POLICY p ON other.c FOR SELECT TO app USING (EXISTS (SELECT FROM t WHERE t.id = n))`,
    told: ['policy of another schema, bound: policy p on table other.c'],
  },
  {
    name: 'defaults and generated columns',
    sql: `CREATE TABLE other.c (n integer DEFAULT nextval('s'), g integer GENERATED ALWAYS AS (f(1)) STORED)`,
    told: [
      'default of another schema, bound: default value for column g of table other.c',
      'default of another schema, bound: default value for column n of table other.c',
    ],
    byHand: ['default value for column g of table other.c'],
  },
  {
    name: 'types of columns',
    sql: `CREATE TABLE other.c (m mood NOT NULL DEFAULT 'sad', p pos, list mood[], r t); INSERT INTO other.c VALUES ('glad', 3)`,
    told: [
      'column of another schema, bound: column list of table other.c',
      'column of another schema, bound: column m of table other.c',
      'column of another schema, bound: column p of table other.c',
      'column of another schema, bound: column r of table other.c',
      'default of another schema, bound: default value for column m of table other.c',
    ],
    byHand: ['column list of table other.c', 'column r of table other.c'],
  },
  {
    name: 'indexes',
    sql: `CREATE TABLE other.c (n integer, EXCLUDE USING btree (f(n) WITH =)); CREATE UNIQUE INDEX i ON other.c (f(n)) WHERE n > 5`,
    told: [
      'index of another schema, bound: index other.c_f_excl',
      'index of another schema, bound: index other.i',
    ],
    byHand: ['index other.c_f_excl'],
  },
  {
    name: 'event triggers',
    sql: `CREATE EVENT TRIGGER ev ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION e(); ALTER EVENT TRIGGER ev DISABLE`,
    told: ['event trigger, bound: event trigger ev'],
  },
  {
    name: 'all else, by the words of the server',
    sql: `CREATE CAST (mood AS integer) WITH FUNCTION cast_mood(mood); CREATE DOMAIN other.d AS mood; CREATE TABLE other.heir () INHERITS (t); CREATE TYPE other.c AS (m mood)`,
    told: [
      `other of another schema, bound: cast from mood to integer`,
      'other of another schema, bound: column m of composite type other.c',
      'other of another schema, bound: table other.heir',
      'other of another schema, bound: type other.d',
    ],
    byHand: [
      `cast from mood to integer`,
      'column m of composite type other.c',
      'table other.heir',
      'type other.d',
    ],
  },
  {
    name: 'an extension whose schema it is, but not its members',
    sql: `CREATE EXTENSION citext SCHEMA ${LIVE}; CREATE TABLE other.c (c citext)`,
    told: ['extension, bound: extension citext'],
    byHand: ['extension citext'],
  },
];

describe.skipIf(!hasPostgres()).each(versionsHere('SEALIFT_PARITY_OLDER'))(
  'on PostgreSQL %i',
  (version) => {
    let server: Postgres;
    beforeAll(async () => {
      server = await startPostgres({ version });
      await server.run('postgres', 'CREATE ROLE app');
    });
    afterAll(() => server.stop());

    it.each(CASES)('parity names $name of another schema', async ({ sql, told, byHand = [] }) => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        LIVE,
        `${CODE}; CREATE FUNCTION cast_mood(mood) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
      );
      await schemas.run(
        FRESH,
        `${CODE}; CREATE FUNCTION cast_mood(mood) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA other; CREATE VIEW other.alone AS SELECT 1`,
      );
      await schemas.run(LIVE, sql);
      const parity = await schemas.compare();
      expect(linesOf(parity).toSorted()).toEqual(told);
      await schemas.apply(parity);
      const left = (await schemas.compare()).missing;
      expect(left.map(({ what }) => what).toSorted()).toEqual(byHand);
      expect(left.filter((one) => one.sql !== null)).toEqual([]);
      expect(left.filter((one) => one.byHand === null)).toEqual([]);
    });

    it('what is made again keeps its comment, its state and its owner', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(FRESH, CODE);
      await schemas.run(
        LIVE,
        `${CODE}; CREATE SCHEMA other; CREATE TABLE other.c (n integer, t integer CONSTRAINT k REFERENCES t);
      CREATE DOMAIN other.d AS integer CONSTRAINT k CHECK (f(VALUE) > 0); CREATE INDEX i ON other.c (f(n));
      CREATE TRIGGER g BEFORE INSERT ON other.c FOR EACH ROW EXECUTE FUNCTION g(); ALTER TABLE other.c ENABLE ALWAYS TRIGGER g;
      CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION e(); ALTER EVENT TRIGGER e ENABLE REPLICA;
      COMMENT ON CONSTRAINT k ON other.c IS 'it''s 1'; COMMENT ON CONSTRAINT k ON DOMAIN other.d IS '2'; COMMENT ON INDEX other.i IS '3';
      COMMENT ON TRIGGER g ON other.c IS '4'; COMMENT ON EVENT TRIGGER e IS '5'`,
      );
      const state = `SELECT description, classoid::regclass::text FROM pg_description WHERE description ~ '[1-5]$' AND objoid > 16000
      UNION ALL SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT evtname, concat(evtenabled, evtowner::regrole) FROM pg_event_trigger ORDER BY 1, 2`;
      const before = await schemas.run('', state);
      expect(before).toHaveLength(7);
      await schemas.apply(await schemas.compare());
      expect(linesOf(await schemas.compare())).toEqual([]);
      expect(await schemas.run('', state)).toEqual(before);
    });

    it('parity names what of the new schema is bound to the live one', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(FRESH, `CREATE TABLE x (n integer REFERENCES ${LIVE}.t)`);
      const parity = await schemas.compare();
      expect(linesOf(parity)).toEqual([
        `constraint of another schema, bound: constraint x_n_fkey on table ${FRESH}.x`,
      ]);
      await schemas.apply(parity);
      expect(linesOf(await schemas.compare())).toEqual([]);
    });

    it('parity names an operator and a collation, and whatever else it has no list for', async () => {
      const schemas = await twoSchemas(server);
      await schemas.run(
        LIVE,
        `CREATE COLLATION c FROM "C"; CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
      CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple); CREATE OPERATOR CLASS oc FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
      CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer)`,
      );
      const parity = await schemas.compare();
      expect(linesOf(parity).toSorted()).toEqual([
        'aggregate, missing: aggregate total(integer)',
        'other, missing: collation c',
        'other, missing: operator ===(integer,integer)',
        'other, missing: operator class oc for access method hash',
        'other, missing: operator family oc for access method hash',
        'other, missing: text search configuration words',
        'owner, missing: owner postgres of routine total(integer)',
      ]);
      const other = parity.kinds.find(({ kind }) => kind === 'other');
      expect(other).toEqual({ kind: 'other', live: 5, fresh: 0, missing: 5 });
      expect(parity.missing.flatMap(({ byHand }) => byHand ?? [])).toHaveLength(6);
      expect(schemas.file(parity)).toContain(
        '-- collation c: create it as it is in the live schema',
      );
    });
  },
);
