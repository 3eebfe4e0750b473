/** Values that are keys of another table although nothing declares it: what init says and writes. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hashOf, sketchTally, within, type IdSketch } from '../../src/init/idSketch.ts';
import { idTally } from '../../src/init/idTally.ts';
import type { Proposal } from '../../src/init/propose.ts';
import { InexactNumber, JsonNode } from '../../src/record/value.ts';
import { moduleOf, proposalFor } from './database.ts';

const DOGS = `CREATE TABLE dogs (id TEXT PRIMARY KEY, name TEXT);
  INSERT INTO dogs VALUES ('dog-1', 'Ada'), ('dog-2', 'Bo'), ('dog-3', 'Cy');`;

/** `SEVERITY table.column: what` */
function told({ decisions }: Proposal): string[] {
  return decisions
    .filter(({ rule }) => rule === 'ids')
    .map(({ severity, table, column, what }) => `${severity} ${table}.${column}: ${what}`);
}

describe('a column of JSON', () => {
  const SQL = `${DOGS} CREATE TABLE courses (id INTEGER PRIMARY KEY, list JSON, plan JSON);
    INSERT INTO courses VALUES (1, '["dog-1","dog-2",null]', '{"items":[{"dog":"dog-1","n":"x"}]}'),
      (2, '[]', '{"items":[],"other":{"a b":"c"}}')`;

  it.each(['keep', 'uuid'] as const)('gets its references, with --ids %s', async (ids) => {
    const proposal = await proposalFor(SQL, ids);
    const { list, plan } = moduleOf(proposal, 'courses').fields;
    expect(list).toEqual({ column: 'list', type: 'json', references: 'dogs' });
    const references = [{ path: '/items/*/dog', module: 'dogs' }];
    expect(plan).toEqual({ column: 'plan', type: 'json', references });
    const found = told(proposal);
    expect(found.map((line) => line.slice(0, 17))).toEqual([
      'INFO courses.list',
      'INFO courses.plan',
    ]);
    expect(found.every((line) => line.includes('new ids') === (ids === 'uuid'))).toBe(true);
  });

  it('with one value that is no key has none, and no decision', async () => {
    const proposal = await proposalFor(SQL.replace('"dog-2"', '"dog-9"'), 'uuid');
    expect(moduleOf(proposal, 'courses').fields['list']).toEqual({ column: 'list', type: 'json' });
    expect(told(proposal)).toHaveLength(1);
  });

  it('that may lead to two tables is left to a person', async () => {
    const cats = `CREATE TABLE cats (id TEXT PRIMARY KEY); INSERT INTO cats SELECT id FROM dogs;`;
    const proposal = await proposalFor(SQL.replace('CREATE TABLE courses', `${cats} $&`), 'uuid');
    expect(moduleOf(proposal, 'courses').fields['list']).toEqual({ column: 'list', type: 'json' });
    const what = 'every value at "/*" is one of "cats"."id" and of "dogs"."id", and it keeps the';
    expect(told(proposal)[0]).toContain(`WARNING courses.list: ${what} legacy ids`);
  });
});

describe('a column of its own', () => {
  it('that keeps legacy ids while its table gets new ones is a decision', async () => {
    const sql = `${DOGS} CREATE TABLE walks (nr INTEGER PRIMARY KEY, dog TEXT, note TEXT, dogs_id INT);
      CREATE TABLE tours (id INTEGER PRIMARY KEY); INSERT INTO tours VALUES (1), (2), (3);
      INSERT INTO walks VALUES (1, 'dog-1', 'x', 1), (2, 'dog-2', 'dog-1', 2)`;
    expect(told(await proposalFor(sql, 'uuid'))).toEqual([
      'WARNING walks.dog: every value is one of "dogs"."id", and it keeps the legacy ids',
    ]);
    expect(told(await proposalFor(sql, 'keep'))).toEqual([]);
  });

  it('of numbers has to be named after the table', async () => {
    const sql = `CREATE TABLE tours (id INTEGER PRIMARY KEY); INSERT INTO tours VALUES (1), (2), (3);
      CREATE TABLE walks (nr INTEGER PRIMARY KEY, tour_id INT, length INT);
      INSERT INTO walks VALUES (1, 1, 1), (2, 3, 2)`;
    expect(told(await proposalFor(sql, 'uuid'))).toEqual([
      'WARNING walks.tour_id: every value is one of "tours"."id", and it keeps the legacy ids',
    ]);
  });

  it('that a foreign key says all of is not mentioned', async () => {
    const sql = `${DOGS} CREATE TABLE walks (nr INTEGER PRIMARY KEY, dog TEXT REFERENCES dogs);
      INSERT INTO walks VALUES (1, 'dog-1')`;
    expect(told(await proposalFor(sql, 'uuid'))).toEqual([]);
  });
});

function sketchOf(texts: readonly string[], size: number): IdSketch {
  const tally = sketchTally(size);
  for (const text of texts) tally.add(hashOf(text));
  return tally.sketch();
}

const WORDS = fc.array(fc.constantFrom(...Array.from({ length: 60 }, (_, n) => `k${n}`)));

describe('a sketch', () => {
  it('never takes values for others, whatever it keeps, and tells all where it keeps all', () => {
    fc.assert(
      fc.property(WORDS, WORDS, fc.integer({ min: 1, max: 80 }), (values, others, size) => {
        const inside = values.every((value) => others.includes(value));
        const told = within(sketchOf(values, size), sketchOf(others, size));
        if (inside) expect(told).not.toBeNull();
        else if (size >= 60) expect(told).toBeNull();
        if (inside && size >= 60) expect(told).toBe(new Set(values).size);
      }),
    );
  });

  it('takes no number for an id whose digits a double would change', () => {
    const tally = idTally(false);
    tally.add(new JsonNode(new InexactNumber('1.10')));
    expect(tally.ids().values).toEqual([]);
  });

  it('depends on the values, not on their order', () => {
    const cells = fc.array(
      fc.constantFrom('["a"]', '["a","b"]', '{"x":"a"}', 'a', 7, null, '[1.5]'),
    );
    fc.assert(
      fc.property(cells, (values) => {
        const idsOf = (all: typeof values): unknown => {
          const tally = idTally(true);
          for (const value of all) tally.add(value);
          return tally.ids();
        };
        expect(idsOf(values.toReversed())).toEqual(idsOf(values));
      }),
    );
  });
});
