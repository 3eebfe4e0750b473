/** Each kind of object that the live schema has, and the new one lacks, is named; the file makes it. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { versionsHere } from '../../postgres/writes.ts';
import { FRESH, LIVE, linesOf, twoSchemas } from './fixture.ts';

interface Case {
  readonly name: string;
  /** Makes it in the live schema. */
  readonly live: string;
  /** What the new schema has instead. */
  readonly fresh?: string;
  /** All that is told. */
  readonly told: readonly string[];
  /** Oldest major version that has it. */
  readonly since?: number;
}

const NO_GRANT = 'REVOKE ALL ON FUNCTION';

const CASES: readonly Case[] = [
  {
    name: 'a table, with columns of its own types, and all that is on it',
    live: `CREATE TYPE mood AS ENUM ('glad', 'sad');
      CREATE FUNCTION one(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
      CREATE TABLE new (id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 2) PRIMARY KEY, mood mood NOT NULL DEFAULT 'sad',
        moods mood[], n integer DEFAULT one(3), g integer GENERATED ALWAYS AS (one(n)) STORED, s serial, t integer REFERENCES t CHECK (t > 1));
      CREATE INDEX ON new (one(n))`,
    told: [
      'type, missing: type mood',
      'sequence, missing: sequence new_s_seq',
      'function, missing: function one(integer)',
      'table, missing: table new',
      'default, missing: default of column mood of table new',
      'default, missing: default of column n of table new',
      'default, missing: default of column s of table new',
      'identity, missing: identity of column id of table new',
      'sequence value, missing: value of identity of new.id',
      'sequence value, missing: value of sequence new_s_seq',
      'constraint, missing: primary key new_pkey of table new',
      'constraint, missing: check new_t_check of table new',
      'constraint, missing: foreign key new_t_fkey of table new',
      'index, missing: index new_one_idx of new',
      'owner, missing: owner postgres of routine one(integer)',
      'owner, missing: owner postgres of table new',
      'owner, missing: owner postgres of type mood',
      'sequence of a column, missing: sequence new_s_seq, owned by new.s',
    ],
  },
  {
    name: 'a partitioned table with its partitions, and an heir',
    live: `CREATE TABLE parts (k integer NOT NULL, v text DEFAULT 'x', PRIMARY KEY (k)) PARTITION BY RANGE (k);
      CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
      CREATE TABLE part2 PARTITION OF parts DEFAULT; CREATE INDEX ON parts (v);
      CREATE TABLE heir (more text) INHERITS (t)`,
    told: [
      'table, missing: table parts',
      'table, missing: table part1',
      'table, missing: table part2',
      'table, missing: table heir',
      'default, missing: default of column v of table parts',
      'default, missing: default of column v of table part1',
      'default, missing: default of column v of table part2',
      'constraint, missing: primary key parts_pkey of table parts',
      'index, missing: index parts_v_idx of parts',
      ...['heir', 'part1', 'part2', 'parts'].map(
        (name) => `owner, missing: owner postgres of table ${name}`,
      ),
    ],
  },
  {
    name: 'a column, with its default and NOT NULL',
    live: `ALTER TABLE t ADD COLUMN more text COLLATE "C" NOT NULL DEFAULT 'x', ADD COLUMN d date;`,
    fresh: `INSERT INTO t VALUES (1, 'a', 1)`,
    told: [
      'column, missing: column d of table t',
      'column, missing: column more of table t',
      'not null, missing: NOT NULL of column more of table t',
    ],
  },
  {
    name: 'a generated column',
    live: `ALTER TABLE t ADD COLUMN g integer GENERATED ALWAYS AS (b * 2) STORED`,
    told: ['column, missing: column g of table t'],
  },
  {
    name: 'a virtual column, and constraints that the newest servers have',
    live: `ALTER TABLE t ADD COLUMN g integer GENERATED ALWAYS AS (b * 2) VIRTUAL, ADD CONSTRAINT n CHECK (b < 9) NOT ENFORCED; CREATE UNIQUE INDEX i ON t (b) NULLS NOT DISTINCT`,
    since: 18,
    told: [
      'column, missing: column g of table t',
      'constraint, missing: check n of table t',
      'index, missing: index i of t',
    ],
  },
  {
    name: 'the type, collation and nullability of a column',
    live: `ALTER TABLE t ALTER b TYPE numeric(9,2), ALTER a TYPE varchar(20) COLLATE "C"; ALTER TABLE u ALTER c SET NOT NULL`,
    fresh: `ALTER TABLE t ALTER a SET NOT NULL`,
    told: [
      'column, different: column a of table t',
      'column, different: column b of table t',
      'not null, different: NOT NULL of column c of table u',
      'not null, different: column a of table t, which may be null',
      'constraint, different: check t_b_check of table t',
    ],
  },
  {
    name: 'a default, and another one',
    live: `ALTER TABLE t ALTER a SET DEFAULT 'x''y', ALTER b SET DEFAULT 1`,
    fresh: `ALTER TABLE t ALTER b SET DEFAULT 2`,
    told: [
      'default, missing: default of column a of table t',
      'default, different: default of column b of table t',
    ],
  },
  {
    name: 'an identity, and another one',
    live: `ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS IDENTITY (START WITH 100 CYCLE); ALTER TABLE u ALTER id SET GENERATED ALWAYS SET INCREMENT BY 5 SET CYCLE`,
    told: [
      'identity, missing: identity of column id of table t',
      'identity, different: identity of column id of table u',
      'sequence value, missing: value of identity of t.id',
    ],
  },
  {
    name: 'a sequence that goes on where the old one is, and one of a column',
    live: `CREATE SEQUENCE s AS integer INCREMENT BY -3 MINVALUE -1000 MAXVALUE 5 START WITH 5 CYCLE; SELECT nextval('s');
      CREATE SEQUENCE o OWNED BY t.b; SELECT setval('o', 42, false)`,
    told: [
      'sequence, missing: sequence o',
      'sequence, missing: sequence s',
      'sequence value, missing: value of sequence o',
      'sequence value, missing: value of sequence s',
      'owner, missing: owner postgres of sequence s',
      'sequence of a column, missing: sequence o, owned by t.b',
    ],
  },
  {
    name: 'constraints of each kind',
    live: `ALTER TABLE t ADD CONSTRAINT c CHECK (a <> 'app.t') NOT VALID, ADD CONSTRAINT q UNIQUE (a) DEFERRABLE,
        ADD CONSTRAINT x EXCLUDE USING btree (b WITH =), ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES u ON DELETE CASCADE`,
    told: [
      'constraint, missing: check c of table t',
      'constraint, missing: unique constraint q of table t',
      'constraint, missing: exclusion constraint x of table t',
      'constraint, missing: foreign key f of table t',
    ],
  },
  {
    name: 'a primary key, and a constraint of the same name that says something else',
    live: `CREATE TABLE p (id integer PRIMARY KEY, n integer CONSTRAINT n CHECK (n > 1))`,
    fresh: `CREATE TABLE p (id integer NOT NULL, n integer CONSTRAINT n CHECK (n > 2))`,
    told: [
      'constraint, missing: primary key p_pkey of table p',
      'constraint, different: check n of table p',
    ],
  },
  {
    name: 'indexes, and one of the same name on something else',
    live: `CREATE INDEX i ON t (lower(a) DESC) INCLUDE (b) WITH (fillfactor = 70) WHERE b > 1; CREATE UNIQUE INDEX j ON t (b)`,
    fresh: `CREATE INDEX j ON t (b)`,
    told: ['index, missing: index i of t', 'index, different: index j of t'],
  },
  {
    name: 'views, one on another, with options',
    live: `CREATE VIEW v2 AS SELECT 1 AS x; CREATE VIEW v1 WITH (security_barrier = true) AS SELECT t.id, t.a FROM t WHERE t.b > 1 WITH LOCAL CHECK OPTION;
      CREATE OR REPLACE VIEW v2 AS SELECT v1.id AS x FROM v1; ALTER VIEW v1 ALTER a SET DEFAULT 'q'`,
    told: [
      'view, missing: view v1',
      'default, missing: default of column a of table v1',
      'view, missing: view v2',
      'owner, missing: owner postgres of view v1',
      'owner, missing: owner postgres of view v2',
    ],
  },
  {
    name: 'code and tables that depend on one another',
    live: `CREATE VIEW v AS SELECT id FROM t; CREATE FUNCTION z() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM v; END;
      CREATE VIEW a AS SELECT z() AS n; CREATE TABLE k (n bigint DEFAULT z() PRIMARY KEY, m text CHECK (z() > 0), g integer GENERATED ALWAYS AS (length(m)) STORED);
      ALTER TABLE u ADD COLUMN z bigint DEFAULT z(), ADD COLUMN k k; CREATE VIEW g AS SELECT n, m, count(*) AS c FROM k GROUP BY n;
      CREATE FUNCTION early(k, a) RETURNS g LANGUAGE sql AS 'SELECT 1, 2, 3'; CREATE VIEW early AS SELECT early(k, a) AS r FROM k, a`,
    told: [
      'column, missing: column k of table u',
      'column, missing: column z of table u',
      'constraint, missing: check k_check of table k',
      'constraint, missing: primary key k_pkey of table k',
      'default, missing: default of column n of table k',
      'function, missing: function early(k,a)',
      'function, missing: function z()',
      ...[
        'routine early(k,a)',
        'routine z()',
        'table k',
        'view a',
        'view early',
        'view g',
        'view v',
      ].map((what) => `owner, missing: owner postgres of ${what}`),
      'table, missing: table k',
      ...['a', 'early', 'g', 'v'].map((name) => `view, missing: view ${name}`),
    ],
  },
  {
    name: 'a view that says something else',
    live: `CREATE VIEW v AS SELECT t.id FROM t WHERE t.b > 1`,
    fresh: `CREATE VIEW v AS SELECT t.id FROM t WHERE t.b > 2`,
    told: ['view, different: view v'],
  },
  {
    name: 'a materialized view with its index',
    live: `CREATE MATERIALIZED VIEW m WITH (fillfactor = 80) AS SELECT t.id FROM t; CREATE UNIQUE INDEX ON m (id);
      CREATE MATERIALIZED VIEW n AS SELECT 1 AS x WITH NO DATA`,
    told: [
      'materialized view, missing: materialized view m',
      'materialized view, missing: materialized view n',
      'index, missing: index m_id_idx of m',
      'owner, missing: owner postgres of materialized view m',
      'owner, missing: owner postgres of materialized view n',
    ],
  },
  {
    name: 'functions, procedures and windows, whose bodies stay as they are',
    live: `CREATE FUNCTION f(x t, n integer DEFAULT 5) RETURNS SETOF u STABLE SECURITY DEFINER SET search_path = ${LIVE} LANGUAGE sql AS
        'SELECT * FROM ${LIVE}.u -- CREATE OR REPLACE FUNCTION ${LIVE}.f';
      CREATE PROCEDURE p(INOUT a integer) LANGUAGE plpgsql AS $$ BEGIN UPDATE ${LIVE}.t SET b = a; END $$;
      CREATE FUNCTION standard() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END`,
    told: [
      'function, missing: function f(t,integer)',
      'function, missing: procedure p(integer)',
      'function, missing: function standard()',
      'owner, missing: owner postgres of routine f(t,integer)',
      'owner, missing: owner postgres of routine p(integer)',
      'owner, missing: owner postgres of routine standard()',
    ],
  },
  {
    name: 'a function that says something else',
    live: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    fresh: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2'`,
    told: ['function, different: function f()'],
  },
  {
    name: 'types of each kind',
    live: `CREATE TYPE e AS ENUM ('a''b', 'c'); CREATE TYPE c AS (x e, y text COLLATE "C"); CREATE DOMAIN d AS integer DEFAULT 3 NOT NULL CONSTRAINT pos CHECK (VALUE > 0);
      CREATE TYPE r AS RANGE (SUBTYPE = d, SUBTYPE_OPCLASS = int4_ops, MULTIRANGE_TYPE_NAME = rs)`,
    told: [
      'type, missing: type e',
      'type, missing: type c',
      'type, missing: domain d',
      'type, missing: type r',
      ...['c', 'd', 'e', 'r'].map((name) => `owner, missing: owner postgres of type ${name}`),
    ],
  },
  {
    name: 'triggers, with the state that they are in',
    live: `CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER a BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION g('x', 'y');
      CREATE CONSTRAINT TRIGGER k AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION g(); ALTER TABLE t ENABLE ALWAYS TRIGGER k;
      CREATE TRIGGER off AFTER DELETE ON t EXECUTE FUNCTION g(); ALTER TABLE t DISABLE TRIGGER off`,
    fresh: `CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER off AFTER DELETE ON t EXECUTE FUNCTION g()`,
    told: [
      'trigger, missing: trigger a of t',
      'trigger, missing: trigger k of t',
      'trigger, different: trigger off of t',
    ],
  },
  {
    name: 'rules',
    live: `CREATE RULE r AS ON INSERT TO t WHERE new.b > 5 DO ALSO UPDATE u SET c = 'x;y'; CREATE RULE q AS ON DELETE TO u DO INSTEAD NOTHING; ALTER TABLE u DISABLE RULE q`,
    told: ['rule, missing: rule q of u', 'rule, missing: rule r of t'],
  },
  {
    name: 'policies and row level security',
    live: `CREATE POLICY p ON t AS RESTRICTIVE FOR UPDATE TO app, reader USING (a = CURRENT_USER) WITH CHECK (EXISTS (SELECT FROM u WHERE u.t = id));
      ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY q ON u USING (true)`,
    fresh: `CREATE POLICY q ON u USING (false)`,
    told: [
      'policy, missing: policy p of table t',
      'policy, different: policy q of table u',
      'row security, different: row level security of table t',
    ],
  },
  {
    name: 'extended statistics',
    live: `CREATE STATISTICS s (ndistinct, dependencies) ON a, b FROM t; CREATE STATISTICS e ON (b + 1) FROM t; ALTER STATISTICS s SET STATISTICS 50`,
    told: [
      'statistics, missing: statistics e of table t',
      'statistics, missing: statistics s of table t',
      'owner, missing: owner postgres of statistics e',
      'owner, missing: owner postgres of statistics s',
    ],
  },
  {
    name: 'replica identities',
    live: `ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey; ALTER TABLE u REPLICA IDENTITY FULL;
      CREATE TABLE n (a integer NOT NULL UNIQUE); ALTER TABLE n REPLICA IDENTITY USING INDEX n_a_key; ALTER TABLE n DROP CONSTRAINT n_a_key`,
    fresh: `CREATE TABLE n (a integer NOT NULL)`,
    told: [
      'replica identity, different: replica identity of table n',
      'replica identity, different: replica identity of table t',
      'replica identity, different: replica identity of table u',
    ],
  },
  {
    name: 'publications of tables, columns and rows',
    live: `CREATE PUBLICATION p FOR TABLE t (id, a) WHERE (id > 5), u`,
    since: 15,
    told: [
      'publication, missing: table t in publication p',
      'publication, missing: table u in publication p',
    ],
  },
  {
    name: 'a publication of the schema',
    live: `CREATE PUBLICATION p FOR TABLES IN SCHEMA ${LIVE}`,
    since: 15,
    told: ['publication, missing: the schema in publication p'],
  },
  {
    name: 'owners',
    live: `CREATE VIEW v AS SELECT 1; CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE s OWNED BY t.b; CREATE TYPE e AS ENUM ();
      ALTER TABLE t OWNER TO app; ALTER VIEW v OWNER TO app; ALTER FUNCTION f() OWNER TO app; ALTER TYPE e OWNER TO app; ALTER SCHEMA ${LIVE} OWNER TO app`,
    fresh: `CREATE VIEW v AS SELECT 1; CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE s OWNED BY t.b; CREATE TYPE e AS ENUM ()`,
    told: [
      'owner, different: owner app of the schema',
      'owner, different: owner app of routine f()',
      'owner, different: owner app of table t',
      'owner, different: owner app of type e',
      'owner, different: owner app of view v',
    ],
  },
  {
    name: 'grants on schema, tables, columns, sequences, functions and types, and what was revoked',
    live: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; ${NO_GRANT} f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION f() TO app; CREATE TYPE e AS ENUM ();
      GRANT USAGE ON SCHEMA ${LIVE} TO app; GRANT SELECT, INSERT ON t TO app; GRANT UPDATE ON t TO reader WITH GRANT OPTION; GRANT SELECT (id), UPDATE (c) ON u TO PUBLIC;
      GRANT USAGE ON SEQUENCE u_id_seq TO app; GRANT USAGE ON TYPE e TO app; REVOKE DELETE ON u FROM postgres`,
    fresh: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM (); GRANT UPDATE ON t TO reader`,
    told: [
      'grant, missing: grant of EXECUTE on routine f() to app',
      'grant, missing: grant of INSERT on table t to app',
      'grant, missing: grant of SELECT (id) on table u to PUBLIC',
      'grant, missing: grant of SELECT on table t to app',
      'grant, different: grant of UPDATE on table t to reader',
      'grant, missing: grant of UPDATE (c) on table u to PUBLIC',
      'grant, missing: grant of USAGE on sequence u_id_seq to app',
      'grant, missing: grant of USAGE on the schema to app',
      'grant, missing: grant of USAGE on type e to app',
      'grant, missing: revocation of DELETE on table u from postgres',
      'grant, missing: revocation of EXECUTE on routine f() from PUBLIC',
    ],
  },
  {
    name: 'rights on a function that is missing, of another owner',
    live: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() OWNER TO app; ${NO_GRANT} f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION f() TO reader`,
    told: [
      'function, missing: function f()',
      'owner, missing: owner app of routine f()',
      'grant, missing: grant of EXECUTE on routine f() to reader',
      'grant, missing: revocation of EXECUTE on routine f() from PUBLIC',
    ],
  },
  {
    name: 'default privileges',
    live: `ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA ${LIVE} GRANT SELECT ON TABLES TO reader WITH GRANT OPTION; ALTER DEFAULT PRIVILEGES IN SCHEMA ${LIVE} GRANT EXECUTE ON ROUTINES TO app`,
    told: [
      'default privileges, missing: default privilege EXECUTE on routines that postgres makes, for app',
      'default privileges, missing: default privilege SELECT on tables that app makes, for reader',
    ],
  },
  {
    name: 'comments on all that can have one',
    live: `COMMENT ON SCHEMA ${LIVE} IS 'it''s'; COMMENT ON TABLE t IS E'a\\nCOMMIT; -- b'; COMMENT ON COLUMN t.a IS 'c'; COMMENT ON CONSTRAINT t_b_check ON t IS 'd';
      COMMENT ON INDEX t_pkey IS 'e'; COMMENT ON SEQUENCE u_id_seq IS 'f'`,
    told: [
      'comment, missing: comment on column t.a',
      'comment, missing: comment on constraint t_b_check of t',
      'comment, missing: comment on index t_pkey',
      'comment, missing: comment on sequence u_id_seq',
      'comment, missing: comment on table t',
      'comment, missing: comment on the schema',
    ],
  },
  {
    name: 'comments on code and types',
    live: `CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE VIEW v AS SELECT 1; CREATE TYPE e AS ENUM (); CREATE TYPE c AS (x integer);
      CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION g(); CREATE POLICY p ON t; COMMENT ON FUNCTION g() IS 'a'; COMMENT ON VIEW v IS 'b'; COMMENT ON TYPE e IS 'c'; COMMENT ON COLUMN c.x IS 'g';
      COMMENT ON TRIGGER x ON t IS 'd'; COMMENT ON POLICY p ON t IS 'e'`,
    fresh: `CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE VIEW v AS SELECT 1; CREATE TYPE e AS ENUM (); CREATE TYPE c AS (x integer);
      CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION g(); CREATE POLICY p ON t; COMMENT ON VIEW v IS 'other'`,
    told: [
      'comment, different: comment on view v',
      'comment, missing: comment on column c.x',
      'comment, missing: comment on policy p of t',
      'comment, missing: comment on routine g()',
      'comment, missing: comment on trigger x of t',
      'comment, missing: comment on type e',
    ],
  },
  {
    name: 'how tables are stored',
    live: `ALTER TABLE t SET (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off); ALTER TABLE u SET UNLOGGED;
      ALTER TABLE t CLUSTER ON t_pkey; ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER a SET STATISTICS 500, ALTER b SET (n_distinct = 5)`,
    told: [
      "storage, missing: (n_distinct='5') of column b of table t",
      'storage, missing: CLUSTER ON t_pkey of table t',
      'storage, missing: STATISTICS 500 of column a of table t',
      'storage, missing: STORAGE EXTERNAL of column a of table t',
      'storage, different: UNLOGGED of table u',
      'storage, missing: autovacuum_enabled of table t',
      'storage, missing: fillfactor of table t',
      'storage, missing: toast.autovacuum_enabled of table t',
    ],
  },
];

describe.skipIf(!hasPostgres()).each(versionsHere('SEALIFT_PARITY_OLDER'))(
  'on PostgreSQL %i',
  (version) => {
    let server: Postgres;
    beforeAll(async () => {
      server = await startPostgres({ version, settings: { wal_level: 'logical' } });
      await server.run('postgres', 'CREATE ROLE app; CREATE ROLE reader');
    });
    afterAll(() => server.stop());

    it.each(CASES.filter(({ since = 0 }) => since <= version))(
      'parity names $name, and its file makes what is missing',
      async ({ live, fresh = '', told }) => {
        const schemas = await twoSchemas(server);
        await schemas.run(LIVE, live);
        await schemas.run(FRESH, fresh);
        const parity = await schemas.compare();
        expect(linesOf(parity).toSorted()).toEqual([...told].toSorted());
        expect(parity.missing.filter(({ byHand }) => byHand !== null)).toEqual([]);
        await schemas.apply(parity);
        expect(linesOf(await schemas.compare())).toEqual([]);
      },
    );
  },
);
