/** Fields of several columns, constants, conditions, merged rows, ids of what lives elsewhere. */

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import {
  findingsOf,
  linesOf,
  migrate,
  recordsOf,
  runFileOf,
  succeed,
  validatorOf,
  workFolder,
  writeMapping,
  type Json,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';

const folder = workFolder('language');

function database(name: string, sql: string): string {
  const db = new Database(join(folder, `${name}.db`));
  db.exec(sql);
  db.close();
  return `sqlite:../${name}.db`;
}

const ID = { column: 'id', type: 'integer' };
const KEPT = { key: [ID], id: { rule: 'keep' } };

/** A project of one module over table `t`, with this kept key `id`. */
function project(name: string, sql: string, module: Record<string, unknown>): string {
  const at = join(folder, `project-${name}`);
  const { fields, ...rest } = module;
  writeMapping(at, {
    sources: { main: database(name, sql) },
    modules: {
      t: { source: { table: 't' }, ...KEPT, ...rest, fields: { id: ID, ...(fields as object) } },
    },
  });
  return at;
}

function accounted(of: string, module = 't'): Json {
  const {
    source: _,
    table: __,
    ...counts
  } = runFileOf(of).accounting.find((line) => line.module === module) as unknown as Json;
  return counts;
}

const places = (findings: readonly Finding[]): unknown[] =>
  findings.map(({ rule, severity, field, source }) => [source?.row, field, rule, severity]);

describe('a field of several columns', () => {
  const SQL = `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c);
    INSERT INTO t VALUES
      (1, 'Ada', 'B.', 'x'), (2, NULL, 'B.', 'x'), (3, NULL, NULL, 'x'), (4, '', 'B.', NULL),
      (5, 7, 9007199254740993, 'x'), (6, 'a', 1.5, 'x'), (7, 'a', x'00', 'x'),
      (8, 'a', CAST(x'ff' AS TEXT), 'x'), (9, ' a', 'b' || char(7), 'x'), (10, NULL, NULL, NULL)`;
  const parts = { columns: ['a', 'b'], combine: { join: ' ' }, type: 'string' };
  const at = project('combined', SQL, {
    fields: {
      name: { ...parts, transforms: ['trim'] },
      short: { ...parts, combine: { join: '' }, maxLength: 20 },
      first: { columns: ['c', 'a'], combine: 'coalesce', type: 'tagged' },
    },
  });
  beforeAll(() => migrate(at, ['--allow-rejected', '4']));

  it('holds their texts joined, without nulls, integers by their digits', () => {
    expect(recordsOf(at, 't').map(({ id, name, short }) => [id, name, short])).toEqual([
      [1, 'Ada B.', 'AdaB.'],
      [2, 'B.', 'B.'],
      [3, null, null],
      [4, 'B.', 'B.'],
      [5, '7 9007199254740993', '79007199254740993'],
      [9, 'a b\u0007', ' ab\u0007'],
      [10, null, null],
    ]);
  });

  it('holds the first that is not null; an empty text is none', () => {
    const firsts = recordsOf(at, 't').map(({ id, first }) => [id, first]);
    expect(firsts).toContainEqual([1, { text: 'x' }]);
    expect(firsts).toContainEqual([4, { text: '' }]);
    expect(firsts).toContainEqual([10, null]);
  });

  it('refuses cells that are neither text nor integers, and looks at each text as it came', () => {
    const found = findingsOf(at).map(({ source, field, rule, severity }) => {
      return [source?.row, field, rule, severity];
    });
    expect(found).toEqual([
      [6, 'name', 'type', 'BLOCKER'],
      [6, 'short', 'type', 'BLOCKER'],
      [7, 'name', 'type', 'BLOCKER'],
      [7, 'short', 'type', 'BLOCKER'],
      [8, 'name', 'encoding', 'BLOCKER'],
      [8, 'short', 'encoding', 'BLOCKER'],
      [9, 'name', 'text-control', 'WARNING'],
      [9, 'short', 'text-control', 'WARNING'],
    ]);
    const control = findingsOf(at).find(({ rule }) => rule === 'text-control');
    expect(control?.reason).toContain(', in column "b"');
    expect([control?.start, control?.end]).toEqual([1, 2]);
  });

  it('is described in the schema of its records', () => {
    const isValid = validatorOf(at, 't');
    for (const record of recordsOf(at, 't')) expect(isValid(record)).toBe(true);
    const schema = JSON.parse(linesOf(at, 't', 'schema.json')[0] ?? '') as {
      properties: Record<string, Json>;
    };
    expect(schema.properties['first']?.['x-sealift']).toEqual({
      columns: ['c', 'a'],
      combine: 'coalesce',
      type: 'tagged',
    });
  });
});

describe('a constant', () => {
  const SQL = `CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)`;
  const fields = {
    site: { constant: 'Zürich', type: 'string', required: true },
    price: { constant: 12.5, type: 'decimal(2)' },
    open: { constant: true, type: 'boolean' },
    tags: { constant: '["a","b"]', type: 'array(string)' },
    kind: { constant: ' NEW', type: 'enum', values: ['new'], transforms: ['trim', 'lower'] },
  };
  const at = project('constant', SQL, { fields });

  it('is in every record, converted as a cell would be', async () => {
    await migrate(at);
    const same = { kind: 'new', open: true, price: '12.50', site: 'Zürich', tags: ['a', 'b'] };
    expect(recordsOf(at, 't')).toEqual([
      { id: 1, ...same },
      { id: 2, ...same },
    ]);
    const isValid = validatorOf(at, 't');
    for (const record of recordsOf(at, 't')) expect(isValid(record)).toBe(true);
  });
});

describe('where', () => {
  const SQL = `CREATE TABLE t (id INTEGER PRIMARY KEY, state, since TEXT, note);
    INSERT INTO t VALUES (1, 'on', '2020', 'x'), (2, 'off', '2020', 5), (3, 'on', '2018', 5),
      (4, NULL, '2020', 5), (5, 'on', NULL, 5), (6, 1, '2021', 'y'), (7, 'on', '2022', 5)`;
  const fields = { note: { column: 'note', type: 'string' } };
  const where = [
    { column: 'state', in: ['on', 1] },
    { column: 'since', atLeast: '2020' },
  ];
  const dropped = { state: 'all are on', since: 'not needed' };
  const at = project('where', SQL, { fields, where, dropped });

  it('leaves rows out before anything is checked, and counts them', async () => {
    await migrate(at, ['--allow-rejected', '1']);
    expect(recordsOf(at, 't')).toEqual([
      { id: 1, note: 'x' },
      { id: 6, note: 'y' },
    ]);
    // Which rows are in no module is another test's.
    const found = findingsOf(at).filter(({ rule }) => !rule.startsWith('filtered-'));
    expect(places(found)).toEqual([[7, 'note', 'type', 'BLOCKER']]);
    const counts = { rows: 7, emitting: 2, filtered: 4, rejected: 1, emitted: 2, merged: 0 };
    expect(accounted(at)).toEqual({ module: 't', ...counts, records: 2 });
    await succeed(['verify-checksums', '--project', at]);
  });

  it('finds more where nothing is left out', async () => {
    const all = project('nowhere', SQL, { fields, dropped });
    await migrate(all, ['--allow-rejected', '5']);
    expect(findingsOf(all)).toHaveLength(5);
    expect(accounted(all)['filtered']).toBe(0);
  });

  it('that leaves out every row fails the run', async () => {
    const none = project('none', SQL, { fields, dropped, where: [{ column: 'id', below: 0 }] });
    const ran = await sealift(['migrate', '--project', none]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('module t has 7 rows, 7 of them filtered, its minimum is 1');
  });
});

describe('merge', () => {
  const SQL = `CREATE TABLE t (nr INTEGER, name TEXT);
    INSERT INTO t VALUES (1, 'a'), (2, 'b'), (1, 'a'), (3, 'c'), (3, 'd'), (3, 'c'), (1, 'a'),
      (4, 'e'), (4, 'e')`;
  const nr = { column: 'nr', type: 'integer' };
  const module = {
    key: [nr],
    fields: { id: nr, name: { column: 'name', type: 'string' } },
    merge: 'equal',
  };

  it.each(['keep', 'uuid'])('makes one record of equal rows, ids by rule %s', async (rule) => {
    const fields = rule === 'keep' ? module.fields : { name: module.fields.name };
    const at = project(`merge-${rule}`, SQL, {});
    writeMapping(at, {
      sources: { main: `sqlite:../merge-${rule}.db` },
      modules: { t: { source: { table: 't' }, ...module, fields, id: { rule } } },
    });
    await migrate(at, ['--allow-rejected', '3']);
    expect(new Set(recordsOf(at, 't').map(({ name }) => name))).toEqual(new Set(['a', 'b', 'e']));
    const counts = { rows: 9, emitting: 6, filtered: 0, rejected: 3, emitted: 6, merged: 3 };
    expect(accounted(at)).toEqual({ module: 't', ...counts, records: 3 });
    const [found, ...others] = findingsOf(at);
    expect([found?.rule, found?.members?.map(({ row }) => row)]).toEqual([
      'key-duplicate',
      [4, 5, 6],
    ]);
    expect(others).toEqual([]);
    if (rule === 'uuid') expect(linesOf(at, 't', 'lineage.ndjson')).toHaveLength(3);
    await succeed(['verify-checksums', '--project', at]);
    const dry = await sealift(['dry-run', '--json', '--project', at]);
    expect(dry.code).toBe(2);
    expect(JSON.parse(dry.stdout)).toMatchObject({ counts: { BLOCKER: 1, WARNING: 0, INFO: 0 } });
  });
});

describe('an external module', () => {
  const SQL = `CREATE TABLE t (id INTEGER PRIMARY KEY, city TEXT, mail TEXT);
    INSERT INTO t VALUES (7, 'Bern', 'a@example.org'), (8, 'Bern', 'b@example.org')`;

  it('holds ids only, whatever columns there are', async () => {
    const at = project('external', SQL, { external: true });
    await migrate(at);
    expect(recordsOf(at, 't')).toEqual([{ id: 7 }, { id: 8 }]);
    writeMapping(at, {
      sources: { main: 'sqlite:../external.db' },
      modules: {
        cities: {
          source: { table: 't' },
          external: true,
          merge: 'equal',
          key: [{ column: 'city', type: 'string' }],
          id: { rule: 'uuid' },
          fields: {},
        },
      },
    });
    await migrate(at);
    const [only, ...others] = recordsOf(at, 'cities');
    expect([Object.keys(only ?? {}), others]).toEqual([['id'], []]);
  });
});
