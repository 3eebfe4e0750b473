/** Every object of a database: read, or left out by the mapping, or a BLOCKER; and each row once. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { runFileOf, workFolder } from '../kit/project.ts';
import { command, initAt, lineOf, rootOf, sessionAt } from './trap.ts';

const LONG = 'x'.repeat(63);

const OBJECTS = `
  CREATE TABLE by_range (id int, region text, n int) PARTITION BY RANGE (id);
  CREATE TABLE range_low PARTITION OF by_range FOR VALUES FROM (0) TO (10);
  CREATE TABLE range_high PARTITION OF by_range FOR VALUES FROM (10) TO (20) PARTITION BY LIST (region);
  CREATE TABLE range_high_eu PARTITION OF range_high FOR VALUES IN ('eu') PARTITION BY HASH (n);
  CREATE TABLE range_high_eu_0 PARTITION OF range_high_eu FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE range_high_eu_1 PARTITION OF range_high_eu FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE range_high_rest PARTITION OF range_high DEFAULT;
  CREATE TABLE range_rest PARTITION OF by_range DEFAULT;
  INSERT INTO by_range SELECT i, CASE WHEN i % 2 = 0 THEN 'eu' ELSE 'us' END, i FROM generate_series(0, 29) i;
  CREATE TABLE without_parts (id int) PARTITION BY LIST (id);
  CREATE TABLE parent (id int PRIMARY KEY, a text);
  CREATE TABLE child (b text) INHERITS (parent);
  CREATE TABLE grandchild (c text) INHERITS (child);
  INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (1, 'p', 'c'), (2, 'p', 'c');
  INSERT INTO grandchild VALUES (3, 'p', 'c', 'g');
  CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY); INSERT INTO sales.orders VALUES (1);
  CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1), (2);
  CREATE SCHEMA "dot.ted"; CREATE TABLE "dot.ted"."a.b" (id int); INSERT INTO "dot.ted"."a.b" VALUES (1);
  CREATE TABLE "quo""ted" (id int); INSERT INTO "quo""ted" VALUES (1);
  CREATE TABLE "Capital" ("Id" int, id int); INSERT INTO "Capital" VALUES (1, 2);
  CREATE TABLE "größe 😀" ("größe" int); INSERT INTO "größe 😀" VALUES (1);
  CREATE TABLE ${LONG} (${LONG.replaceAll('x', 'y')} int); INSERT INTO ${LONG} VALUES (1);
  CREATE TABLE pgclass (id int); INSERT INTO pgclass VALUES (1);
  CREATE TABLE "pg_catalog.pg_class" (id int); INSERT INTO "pg_catalog.pg_class" VALUES (1);
  CREATE TABLE "select" ("from" int, "ctid " int); INSERT INTO "select" VALUES (1, 2);
  CREATE UNLOGGED TABLE unlogged (id int); INSERT INTO unlogged VALUES (1);
  CREATE TABLE no_key (a int); INSERT INTO no_key VALUES (1), (1), (NULL);
  CREATE TABLE dropping (a int, gone text, b int); INSERT INTO dropping VALUES (1, 'x', 2);
  ALTER TABLE dropping DROP gone; INSERT INTO dropping VALUES (3, 4);
  CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int,
    twice int GENERATED ALWAYS AS (a * 2) STORED);
  INSERT INTO made (a) VALUES (4);
  CREATE TABLE refers (id int PRIMARY KEY, o int); INSERT INTO refers VALUES (1, 99);
  ALTER TABLE refers ADD FOREIGN KEY (o) REFERENCES orders NOT VALID;
  CREATE TABLE excluded (span int4range, EXCLUDE USING gist (span WITH &&)); INSERT INTO excluded VALUES ('[1,3)');
  CREATE TABLE partial (a int, b text); INSERT INTO partial VALUES (1, 'x'), (1, 'y'), (2, 'X');
  CREATE UNIQUE INDEX ON partial (a) WHERE b = 'x'; CREATE UNIQUE INDEX ON partial (lower(b), a);
  CREATE VIEW seen AS SELECT * FROM orders;
  CREATE MATERIALIZED VIEW summed AS SELECT count(*) AS n FROM orders;
  CREATE MATERIALIZED VIEW empty_yet AS SELECT 1 AS a WITH NO DATA;
`;

/** What newer servers have besides. */
const NEWER: readonly (readonly [number, string])[] = [
  [
    15,
    'CREATE TABLE nulls (a int UNIQUE NULLS NOT DISTINCT); INSERT INTO nulls VALUES (NULL), (1);',
  ],
  [
    18,
    `CREATE TABLE virtual (a int, twice int GENERATED ALWAYS AS (a * 2) VIRTUAL);
    INSERT INTO virtual VALUES (4);`,
  ],
];

/** Rows of each table that is read, by the name of the table in the mapping. */
const ROWS: Readonly<Record<string, number>> = {
  by_range: 30,
  without_parts: 0,
  parent: 1,
  child: 2,
  grandchild: 1,
  'sales.orders': 1,
  orders: 2,
  '"dot.ted"."a.b"': 1,
  '"quo""ted"': 1,
  Capital: 1,
  'größe 😀': 1,
  [LONG]: 1,
  pgclass: 1,
  '"pg_catalog.pg_class"': 1,
  select: 1,
  unlogged: 1,
  no_key: 3,
  dropping: 2,
  made: 1,
  refers: 1,
  excluded: 1,
  partial: 3,
};

/** Objects that are planted after init, and how they are removed. */
const PLANTED: readonly (readonly [name: string, sql: string, undo: string])[] = [
  ['later', 'CREATE TABLE later (id int); INSERT INTO later VALUES (1)', 'DROP TABLE later'],
  ['later.t', 'CREATE SCHEMA later; CREATE TABLE later.t (id int)', 'DROP SCHEMA later CASCADE'],
  ['later', 'CREATE VIEW later AS SELECT 1 AS a', 'DROP VIEW later'],
  ['later', 'CREATE MATERIALIZED VIEW later AS SELECT 1 AS a', 'DROP MATERIALIZED VIEW later'],
  ['later', 'CREATE UNLOGGED TABLE later (id int)', 'DROP TABLE later'],
  ['later', 'CREATE TABLE later (id int) PARTITION BY LIST (id)', 'DROP TABLE later'],
  ['later', 'CREATE TABLE later () INHERITS (parent)', 'DROP TABLE later'],
  [
    'pg_catalog.pg_largeobject',
    "SELECT lo_from_bytea(0, 'x')",
    'SELECT lo_unlink(oid) FROM pg_largeobject_metadata',
  ],
];

const FOREIGN = `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;`;

describe.skipIf(!hasPostgres())('the objects of a database', () => {
  const project = join(workFolder('objects'), 'project');
  let server: Postgres;
  let hasForeign = false;

  beforeAll(async () => {
    server = await startPostgres();
    const newer = NEWER.filter(([since]) => server.version >= since).map(([, sql]) => sql);
    await server.create('objects', `${OBJECTS}${newer.join('\n')}`);
    hasForeign = await server.run('objects', FOREIGN).then(
      () => true,
      () => false,
    );
    await initAt(project, server.source('objects'), server.env);
    await rootOf(project, server.env);
  });
  afterAll(() => server.stop());

  it('are read with the rows of their own, each once', () => {
    const counted = runFileOf(project).accounting.map(({ table, rows }) => [table, rows]);
    const newer = server.version >= 18 ? { nulls: 2, virtual: 1 } : { nulls: 2 };
    const wanted = server.version >= 15 ? { ...ROWS, ...newer } : ROWS;
    expect(Object.fromEntries(counted)).toEqual(wanted);
    expect(readdirSync(join(project, 'mapping/modules'))).toHaveLength(Object.keys(wanted).length);
  });

  /** The line of a dry-run and of migrate, which have to stop. */
  async function stopped(): Promise<string> {
    const lines: string[] = [];
    for (const name of ['dry-run', 'migrate']) {
      const ran = await command(name, project, server.env);
      expect(ran.code).toBe(64);
      lines.push(lineOf(ran).slice(`sealift ${name}: `.length));
    }
    expect(lines[0]).toBe(lines[1]);
    return lines[0] ?? '';
  }

  it.each(PLANTED)('that came after init stop a run: %s', async (name, sql, undo) => {
    await server.run('objects', sql);
    const line = await stopped();
    await server.run('objects', undo);
    expect(line).toContain(` ${JSON.stringify(name)} of source "main" is not mapped `);
  });

  it('that are on another server stop a run, also as a partition', async () => {
    if (!hasForeign) return;
    const options = `SERVER files OPTIONS (filename '/dev/null')`;
    await server.run('objects', `CREATE FOREIGN TABLE far (id int) ${options}`);
    const whole = await stopped();
    await server.run(
      'objects',
      `DROP FOREIGN TABLE far;
      CREATE FOREIGN TABLE far_part PARTITION OF without_parts FOR VALUES IN (1) ${options}`,
    );
    const part = await stopped();
    await server.run('objects', 'DROP FOREIGN TABLE far_part');
    expect(whole).toContain('"far"');
    expect(part).toContain('"without_parts"');
  });

  it('of other sessions only are not seen: temporary tables', async () => {
    const other = await sessionAt(server.url('objects'));
    await other.query('CREATE TEMPORARY TABLE passing (id int)');
    await rootOf(project, server.env);
    await other.end();
  });
});
