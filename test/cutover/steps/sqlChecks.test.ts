/** `sql.rows` and `sql.count`: what passes, what fails, and what cannot be judged; in both dialects. */

import Database from 'better-sqlite3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { cellMeets } from '../../../src/cutover/databases/cellCondition.ts';
import { parseCondition, type Condition } from '../../../src/cutover/condition.ts';
import { sqlCount } from '../../../src/cutover/steps/sqlCount.ts';
import { sqlRows } from '../../../src/cutover/steps/sqlRows.ts';
import type { DoneStep, Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { databaseWorld, seen, workOf } from './databaseWorld.ts';

const folder = workFolder('sqlChecks');
const here = hasPostgres();
const DIALECTS: readonly string[] = here ? ['postgresql', 'sqlite'] : ['sqlite'];
const SCHEMA = `
  CREATE TABLE checks (id int PRIMARY KEY, status text);
  INSERT INTO checks VALUES (1, 'PASS'), (2, 'PASS'), (3, 'PASS');
  CREATE TABLE mixed (id int PRIMARY KEY, status text);
  INSERT INTO mixed VALUES (1, 'PASS'), (2, 'canary-91'), (3, NULL);
`;

let server: Postgres;
const inputs: Record<string, string> = { sqlite: 'sqlite:checks.db' };

beforeAll(async () => {
  if (here) {
    server = await startPostgres();
    inputs['postgresql'] = await server.create('checks', SCHEMA);
  }
  const db = new Database(join(folder, 'checks.db'));
  db.exec(SCHEMA);
  db.close();
  writeFileSync(join(folder, 'q.sql'), '-- a query\nSELECT count(*)\nFROM checks;\n');
  writeFileSync(join(folder, 'two.sql'), 'SELECT 1; DELETE FROM checks;');
});
afterAll(async () => {
  if (here) await server.stop();
});

describe.each(DIALECTS)('on %s', (input) => {
  const apply = (type: DoneStep, members: Members): Promise<StepResult> => {
    return type.apply(workOf(databaseWorld({ inputs, folder }), members, { input }));
  };
  const rows = (
    query: string,
    every = `status == 'PASS'`,
    minRows?: number,
  ): Promise<StepResult> => {
    return apply(sqlRows, { query, every, ...(minRows === undefined ? {} : { minRows }) });
  };
  const count = (query: string, expected = '== 3'): Promise<StepResult> => {
    return apply(sqlCount, { query, expect: expected });
  };

  it('rows that all satisfy pass', async () => {
    const result = await rows('SELECT * FROM checks ORDER BY id;', undefined, 3);
    expect(result).toEqual({
      verdict: 'PASS',
      says: `3 of 3 rows satisfy status == 'PASS'`,
      results: { failed: 0, count: 3 },
    });
  });

  it('rows that do not satisfy fail, by number and without a value; NULL satisfies nothing', async () => {
    const result = await rows('SELECT * FROM mixed ORDER BY id');
    expect(result).toEqual({
      verdict: 'FAIL',
      says: `2 of 3 rows do not satisfy status == 'PASS': rows 2, 3`,
      results: { failed: 2, count: 3 },
    });
    expect(seen(await rows('SELECT * FROM mixed WHERE id = 3', `status != 'x'`))).toBe(
      `FAIL 1 of 1 row does not satisfy status != 'x': row 1`,
    );
  });

  it('too few rows fail, and none at all is nothing to judge', async () => {
    const none = 'SELECT * FROM checks WHERE id > 5';
    expect(seen(await rows(none))).toBe('INCONCLUSIVE the query returns no row to judge');
    expect(seen(await rows(none, undefined, 1))).toBe(
      'FAIL the query returns 0 rows instead of 1 or more',
    );
    expect((await rows('SELECT * FROM checks', undefined, 4)).verdict).toBe('FAIL');
  });

  it('a column that is missing or stands twice cannot be judged', async () => {
    expect(seen(await rows('SELECT id FROM checks'))).toBe(
      'INCONCLUSIVE the query returns no column "status"',
    );
    expect((await rows('SELECT status, status FROM checks')).verdict).toBe('INCONCLUSIVE');
    expect((await rows('SELECT id FROM checks', '>= 1')).verdict).toBe('PASS');
    expect((await rows('SELECT * FROM checks', '>= 1')).verdict).toBe('INCONCLUSIVE');
  });

  it('a number that is as expected passes, from a file too', async () => {
    expect(await count('q.sql')).toEqual({
      verdict: 'PASS',
      says: 'the number is 3',
      results: { count: 3 },
    });
    expect(seen(await count('q.sql', '> 3'))).toBe('FAIL the number is 3, not > 3');
  });

  it.each([
    ['SELECT NULL', 'the query returns NULL'],
    ['SELECT 1 WHERE 1 = 2', 'the query returns no row'],
    ['SELECT 1 UNION ALL SELECT 1', 'the query returns several rows instead of 1'],
    ['SELECT 1, 2', 'the query returns 2 columns instead of 1'],
    [`SELECT 'many'`, 'the query does not return a number'],
  ])('%s is no number', async (query, says) => {
    expect(seen(await count(query))).toBe(`INCONCLUSIVE ${says}`);
  });

  it('a whole number beyond what a double holds is compared right', async () => {
    const query = 'SELECT 9007199254740993';
    expect(await count(query, '> 999999999999999')).toMatchObject({ verdict: 'PASS' });
    expect((await count(query, '== 999999999999999')).verdict).toBe('FAIL');
    expect(seen(await count(query, '< 0'))).toBe('FAIL the number is 9007199254740993, not < 0');
  });

  it('a query that would write, or is two, is a failure and has no effect', async () => {
    await expect(rows('DELETE FROM checks RETURNING status')).rejects.toThrow();
    await expect(count('two.sql')).rejects.toThrow('it has more than one statement');
    await expect(count('none.sql')).rejects.toThrow('there is no such file');
    await expect(count('SELECT count(*) FROM nowhere')).rejects.toThrow();
    expect((await count('SELECT count(*) FROM checks')).verdict).toBe('PASS');
  });
});

describe.skipIf(!here)('numbers of PostgreSQL', () => {
  it.each([
    ['SELECT 95.0', '>= 95', 'PASS'],
    ['SELECT 94.9999999999999999999999', '>= 95', 'INCONCLUSIVE'],
    ['SELECT 123456789012345678901234567890::numeric', '> 0', 'PASS'],
    [`SELECT 'NaN'::numeric`, '== 0', 'INCONCLUSIVE'],
    [`SELECT 'Infinity'::float8`, '> 0', 'INCONCLUSIVE'],
    ['SELECT 1e300::float8', '> 0', 'PASS'],
    ['SELECT sum(id) FROM checks', '== 6', 'PASS'],
    ['SELECT true', '== 1', 'INCONCLUSIVE'],
  ])('%s %s: %s', async (query, expected, verdict) => {
    const world = databaseWorld({ inputs, folder });
    const work = workOf(world, { query, expect: expected }, { input: 'postgresql' });
    expect((await sqlCount.apply(work)).verdict).toBe(verdict);
  });
});

describe('a cell and a condition', () => {
  it.each([
    ['0.1', '== 0.1', true],
    ['0.10', '== 0.1', true],
    ['0.1000000000000000000001', '== 0.1', null],
    ['-0', '== 0', true],
    ['1e2', '== 100', true],
    ['100', '== 100', true],
    ['', '== 0', false],
    ['', '!= 0', true],
    ['x', `== 'x'`, true],
    ['1', `== '1'`, true],
  ])('%s %s', (cell, condition, met) => {
    expect(cellMeets(parseCondition(condition) as Condition, cell)).toBe(met);
  });
});
