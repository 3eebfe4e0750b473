/**
 * load --into: tables that are there are filled, and all that does not fit is found before the first row
 * is written, at once, each with what to do.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, PASSWORD, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { candidateOf } from './fixture.ts';

const KEY = { key: [{ column: 'id', type: 'integer' }], id: { rule: 'keep' } };
const MODULES = {
  people: {
    ...KEY,
    fields: {
      id: { column: 'id', type: 'integer' },
      name: { column: 'name', type: 'string' },
      boss: { column: 'boss', type: 'integer' },
      colour: { column: 'colour', type: 'enum', values: ['red', 'blue'] },
      money: { column: 'money', type: 'decimal(2)' },
      day: { column: 'day', type: 'date' },
      tags: { column: 'tags', type: 'array(string)' },
    },
  },
  pets: {
    ...KEY,
    fields: {
      id: { column: 'id', type: 'integer' },
      owner: { column: 'owner', type: 'integer' },
      number: { column: 'number', type: 'bigint' },
    },
    references: [{ fields: ['owner'], module: 'people', to: ['id'] }],
  },
};
const BASE = {
  boss: null,
  colour: 'red',
  money: '12.30',
  day: '2024-02-29',
  tags: ['a', null, '"'],
};
const ROWS = {
  people: [
    { id: 1, name: 'Zoë', ...BASE, boss: 3 },
    { id: 2, name: 'a\tb\\', ...BASE, colour: 'blue' },
    { id: 3, name: '', ...BASE, money: '-12345.67', tags: [] },
    { id: 70_000, name: '😀'.repeat(20), ...BASE, day: null },
  ],
  pets: [
    { id: 1, owner: 70_000, number: '12345678901234567890' },
    { id: 2, owner: null, number: null },
  ],
};

const GOOD = `
  CREATE TYPE hue AS ENUM ('green', 'blue', 'red');
  CREATE DOMAIN amount AS numeric(12,2) CHECK (value < 1000000);
  CREATE TABLE pets (
    id serial PRIMARY KEY, owner int, number numeric(30), born timestamptz DEFAULT now() NOT NULL);
  CREATE TABLE people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(20), boss bigint REFERENCES people,
    colour hue, money amount, day date, tags text[], note text);
  ALTER TABLE pets ADD FOREIGN KEY (owner) REFERENCES people;
`.replace('owner int', 'owner bigint');

describe.skipIf(!hasPostgres())('load --into', () => {
  const project = join(workFolder('into'), 'project');
  let server: Postgres;
  let databases = 0;

  beforeAll(async () => {
    server = await startPostgres();
    await candidateOf(project, MODULES, ROWS);
  });
  afterAll(() => server.stop());

  async function made(sql: string): Promise<string> {
    databases += 1;
    const name = `into${databases}`;
    await server.create(name, `CREATE SCHEMA app; SET search_path TO app; ${sql}`);
    return name;
  }

  function load(database: string, args: readonly string[] = [], user?: string): Promise<Ran> {
    const target = server.source(database, user);
    const all = ['load', '--project', project, '--target', target, '--into', 'app', ...args];
    return sealift(all, { env: user === undefined ? server.env : { PGPASSWORD: PASSWORD } });
  }

  /** What the load says of tables that do not fit; none of them has got a row. */
  async function refused(
    sql: string,
    args: readonly string[] = [],
    user?: string,
  ): Promise<string> {
    const database = await made(sql);
    const rows = async (): Promise<unknown> => {
      const tables = await server.run(
        database,
        `SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`,
      );
      const found: unknown[] = [];
      for (const [table] of tables) {
        found.push([table, await server.run(database, `SELECT count(*) FROM app."${table}"`)]);
      }
      return found;
    };
    const before = await rows();
    const { code, stdout, stderr } = await load(database, args, user);
    expect(code, stdout + stderr).toBe(1);
    expect(await rows()).toEqual(before);
    expect(stdout + stderr).not.toContain('Zoë');
    return stdout + stderr;
  }

  it('fills tables that fit, in the order of their foreign keys, and sets their sequences', async () => {
    const database = await made(GOOD);
    const { code, stdout, stderr } = await load(database);
    expect(code, stdout + stderr).toBe(0);
    const names = await server.run(
      database,
      'SELECT id, name, colour, money, tags FROM app.people ORDER BY id',
    );
    expect(names).toEqual([
      ['1', 'Zoë', 'red', '12.30', '{a,NULL,"\\""}'],
      ['2', 'a\tb\\', 'blue', '12.30', '{a,NULL,"\\""}'],
      ['3', '', 'red', '-12345.67', '{}'],
      ['70000', '😀'.repeat(20), 'red', '12.30', '{a,NULL,"\\""}'],
    ]);
    const [[next]] = (await server.run(
      database,
      `INSERT INTO app.people (name) VALUES ('x') RETURNING id`,
    )) as [[string]];
    expect(next).toBe('70001');
    const [[pet]] = (await server.run(
      database,
      `INSERT INTO app.pets (owner) VALUES (1) RETURNING id`,
    )) as [[string]];
    expect(pet).toBe('3');
    const again = await load(database);
    expect(again.stdout).toContain('nothing was changed');
  });

  it('fills tables and columns of other names, as a file declares them', async () => {
    const renamed = `${GOOD}; ALTER TABLE people RENAME TO "Persons";
      ALTER TABLE "Persons" RENAME name TO "full name"`;
    const file = join(project, 'names.json');
    const declare = (names: object): string[] => {
      writeFileSync(file, JSON.stringify(names));
      return ['--names', file];
    };
    const people = { table: 'Persons', columns: { name: 'full name' } };
    const database = await made(renamed);
    const { code, stdout, stderr } = await load(database, declare({ people }));
    expect(code, stdout + stderr).toBe(0);
    const found = await server.run(database, 'SELECT "full name" FROM app."Persons" ORDER BY id');
    expect(found.map(([name]) => name)).toEqual(ROWS.people.map(({ name }) => name));
    const target = server.source(database);
    const compare = (): Promise<Ran> => {
      const about = ['--project', project, '--target', target, '--schema', 'app'];
      return sealift(['reconcile', ...about, ...declare({ people })], { env: server.env });
    };
    const equal = await compare();
    expect(equal.code, equal.stdout + equal.stderr).toBe(0);
    await server.run(database, `UPDATE app."Persons" SET "full name" = 'x' WHERE id = 1`);
    const changed = await compare();
    expect([changed.code, changed.stdout]).toEqual([2, expect.stringContaining('people · name')]);
    for (const [names, expected] of [
      [{ peopel: {} }, 'did you mean "people"'],
      [{ people: { columns: { nmae: 'x' } } }, 'did you mean "name"'],
      [{ people: { columns: { name: 'boss' } } }, 'two columns of people have one name'],
      [{ people: { table: 'pets' } }, 'two tables have one name'],
      [{ people: { tabel: 'x' } }, 'a member that is not known'],
      [[], 'must be an object'],
    ] as const) {
      const wrong = await load(database, declare(names));
      expect([wrong.code, wrong.stderr]).toEqual([64, expect.stringContaining(expected)]);
    }
  });

  it('leaves rows that are there, where it is told so, and counts its own', async () => {
    const row = `INSERT INTO people OVERRIDING SYSTEM VALUE VALUES (500, 'there')`;
    expect(await refused(`${GOOD}; ${row}`)).toContain('the table has rows already: empty it');
    const database = await made(`${GOOD}; ${row}`);
    const { code, stdout, stderr } = await load(database, ['--allow-rows']);
    expect(code, stdout + stderr).toBe(0);
    expect(await server.run(database, 'SELECT count(*) FROM app.people')).toEqual([['5']]);
  });

  it('says all at once what does not fit', async () => {
    const said = await refused(
      `CREATE TABLE people (id bigint, name int, money numeric(12,3), extra int NOT NULL)`,
    );
    expect(said).toContain('people · name');
    expect(said).toContain('a column of type integer does not return every value of string');
    expect(said).toContain('people · boss');
    expect(said).toContain('the table has no such column: add it');
    expect(said).toContain(
      'a column of type numeric(12,3) does not return every value of decimal(2)',
    );
    expect(said).toContain('column "extra" may not be null, and no field fills it');
    expect(said).toContain('the schema has no such table: make it');
    expect(said).toMatch(/things in the target do not fit, nothing was written/);
  });

  const CASES: readonly (readonly [string, string, string])[] = [
    [
      'a view',
      `${GOOD}; ALTER TABLE people RENAME TO persons; CREATE VIEW people AS SELECT * FROM persons`,
      'a view stands in place of the table',
    ],
    [
      'a materialised view',
      `${GOOD}; ALTER TABLE people RENAME TO persons; CREATE MATERIALIZED VIEW people AS SELECT * FROM persons`,
      'a materialised view stands',
    ],
    [
      'a partition',
      `${GOOD}; ALTER TABLE pets RENAME TO old; CREATE TABLE every (LIKE old) PARTITION BY RANGE (id); CREATE TABLE pets PARTITION OF every DEFAULT`,
      'the table is a partition of another',
    ],
    [
      'a trigger',
      `${GOOD}; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER stamp BEFORE INSERT ON pets FOR EACH ROW EXECUTE FUNCTION f()`,
      'triggers would run for each row ("stamp")',
    ],
    [
      'a computed column',
      GOOD.replace('day date', `day date GENERATED ALWAYS AS ('2024-01-01'::date) STORED`),
      'the column is computed from others',
    ],
    [
      'a text that is too long',
      GOOD.replace('varchar(20)', 'varchar(19)'),
      'a text is longer than 19 characters (record 4)',
    ],
    [
      'an integer that is too large',
      GOOD.replace('id serial', 'id smallserial').replace('number numeric(30)', 'number bigint'),
      'a number is beyond the range of bigint (record 1)',
    ],
    [
      'a number that is too long',
      GOOD.replace('numeric(12,2)', 'numeric(6,2)'),
      'a number has more than 4 digits before its point (record 3)',
    ],
    [
      'a null',
      GOOD.replace('day date', 'day date NOT NULL'),
      'the column may not be null (record 4): allow null there',
    ],
    ['an enum without a label', GOOD.replace(`'blue', `, ''), 'add the missing labels to the type'],
    [
      'a sequence that would overflow',
      GOOD.replace('GENERATED ALWAYS AS IDENTITY', 'GENERATED ALWAYS AS IDENTITY (MAXVALUE 70000)'),
      'the sequence of the column would overflow (record 4)',
    ],
    [
      'a circle of foreign keys',
      `${GOOD}; ALTER TABLE people ADD FOREIGN KEY (boss) REFERENCES pets (id)`,
      'foreign keys of the tables form a circle',
    ],
  ];

  it.each(CASES)('finds %s before the first row', async (_, sql, expected) => {
    expect(await refused(sql)).toContain(expected);
  });

  it('finds what it may not do', async () => {
    await server.run('postgres', `CREATE ROLE loader LOGIN PASSWORD '${PASSWORD}'`);
    const sql = `${GOOD}; GRANT USAGE, CREATE ON SCHEMA app TO loader;
      GRANT SELECT, INSERT ON pets TO loader; GRANT SELECT ON people TO loader;
      ALTER TABLE pets ENABLE ROW LEVEL SECURITY`;
    const said = await refused(sql, [], 'loader');
    expect(said).toContain(
      'the user may not read and write the table: grant it SELECT and INSERT there',
    );
    expect(said).toContain('row security applies to the user');
    expect(said).toContain('grant it UPDATE on the sequence');
    const without = await refused(`${GOOD}; GRANT USAGE ON SCHEMA app TO loader`, [], 'loader');
    expect(without).toContain('the user may not make the table sealift_ledger in this schema');
    expect(await refused(GOOD, [], 'loader')).toContain('the user may not use this schema');
  });

  it('names a schema that is not there, and options that it has no use for', async () => {
    const database = await made(GOOD);
    const target = server.source(database);
    const run = (...args: string[]): Promise<Ran> => {
      return sealift(['load', '--project', project, '--target', target, ...args], {
        env: server.env,
      });
    };
    expect((await run('--into', 'none')).stderr).toContain('the database has no such schema');
    expect((await run('--into', 'app', '--schema', 'x')).code).toBe(64);
    expect((await run('--allow-rows')).code).toBe(64);
    expect((await run('--names', 'names.json')).code).toBe(64);
  });

  it('checks all and writes nothing on a dry run', async () => {
    const database = await made(GOOD);
    const { code, stdout } = await load(database, ['--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('a dry run: nothing was written');
    expect(await server.run(database, 'SELECT count(*) FROM app.people')).toEqual([['0']]);
    const narrow = await made(GOOD.replace('varchar(20)', 'varchar(19)'));
    expect((await load(narrow, ['--dry-run'])).code).toBe(1);
  });
});
