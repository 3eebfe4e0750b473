/** Which columns of a base table arrive in the result of a query, held against what SQLite says. */

import Database from 'better-sqlite3';
import { array, assert as holds, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareNames } from '../../src/source/nameOrder.ts';
import { arrivingColumns, type SqlTables } from '../../src/sql/arriving.ts';

const COLUMNS = {
  dog: ['id', 'name', 'breed', 'owner', 'note'],
  owner: ['id', 'name', 'town'],
  known: ['nr', 'label', 'town'],
  renamed: ['a', 'b'],
};
const VIEWS = {
  known: `CREATE VIEW known AS SELECT d.id AS nr, d.name AS label, o.town FROM dog d
    JOIN owner o ON o.id = d.owner WHERE d.note IS NOT NULL`,
  renamed: 'CREATE VIEW renamed (a, b) AS SELECT breed, id FROM dog ORDER BY name',
};
const TABLES: SqlTables = {
  columns: new Map(Object.entries(COLUMNS)),
  views: new Map(Object.entries(VIEWS)),
};

const db = new Database(':memory:');
db.exec(`CREATE TABLE dog (${COLUMNS.dog.join(', ')}); CREATE TABLE owner (${COLUMNS.owner.join(', ')});
  ${VIEWS.known}; ${VIEWS.renamed};`);

/** SQLite compiles it first: a query that it refuses would prove nothing. */
function arriving(sql: string): string {
  db.prepare(sql);
  return [...arrivingColumns(sql, 'dog', TABLES)].sort().join(' ');
}

describe('what arrives of a table', () => {
  it.each([
    ['SELECT id FROM dog', 'id'],
    ['SELECT * FROM dog', 'breed id name note owner'],
    ['SELECT id FROM dog WHERE name > 1 AND breed IN (1) ORDER BY note LIMIT 3', 'id'],
    ['SELECT ID AS "x y", [Name] n FROM "Dog"', 'id name'],
    ['SELECT d.id, o.name FROM dog d JOIN owner o ON o.id = d.owner', 'id'],
    ['SELECT d.*, o.town FROM dog AS d, owner AS o', 'breed id name note owner'],
    ['SELECT o.* FROM dog d CROSS JOIN owner o', ''],
    ['SELECT town FROM dog LEFT JOIN owner USING (id)', ''],
    ['SELECT id FROM dog JOIN owner USING (id)', 'id'],
    ['SELECT name FROM dog NATURAL JOIN owner', 'name'],
    ['SELECT main.dog.name FROM main.dog', 'name'],
    ['SELECT upper(name) || breed AS x FROM dog', 'breed name'],
    ['SELECT count(*) FROM dog GROUP BY breed HAVING max(name) > 1', ''],
    ['SELECT sum(id) FILTER (WHERE name > 1) FROM dog', 'id'],
    ["SELECT group_concat(name, ' ' ORDER BY id) FROM dog", 'name'],
    ['SELECT row_number() OVER (PARTITION BY breed ORDER BY name) AS n, note FROM dog', 'note'],
    ['SELECT lag(id) OVER w FROM dog WINDOW w AS (ORDER BY name)', 'id'],
    ['SELECT CAST(id AS name) FROM dog', 'id'],
    ['SELECT name COLLATE NOCASE AS n FROM dog', 'name'],
    ["SELECT CASE breed WHEN 1 THEN 'a' ELSE note END FROM dog", 'breed note'],
    ['SELECT id IS NOT DISTINCT FROM name FROM dog', 'id name'],
    ['SELECT (SELECT town FROM owner o WHERE o.id = d.owner) AS t, d.id FROM dog d', 'id'],
    ['SELECT (SELECT d.name FROM owner o LIMIT 1) AS t FROM dog d', 'name'],
    ['SELECT x FROM (SELECT id AS x, name AS y FROM dog)', 'id'],
    ['SELECT * FROM (SELECT id, name FROM dog WHERE note)', 'id name'],
    ['SELECT y FROM (SELECT * FROM (SELECT id x, name y FROM dog))', 'name'],
    ['WITH w AS (SELECT id, name FROM dog) SELECT name FROM w', 'name'],
    ['WITH w(a, b) AS (SELECT id, name FROM dog) SELECT b FROM w', 'name'],
    [
      'WITH v AS (SELECT * FROM dog), w AS MATERIALIZED (SELECT * FROM v) SELECT w.note FROM w',
      'note',
    ],
    ['WITH dog AS (SELECT id AS name FROM owner) SELECT name FROM dog', ''],
    [
      'WITH RECURSIVE up(id, owner) AS (SELECT id, owner FROM dog UNION ALL ' +
        'SELECT d.id, d.breed FROM dog d JOIN up ON up.owner = d.note) SELECT owner FROM up',
      'breed owner',
    ],
    ['SELECT id FROM dog UNION ALL SELECT name FROM dog', 'id name'],
    ['SELECT id FROM dog EXCEPT SELECT name FROM dog', 'id'],
    ['SELECT id FROM dog WHERE id IN (SELECT name FROM dog)', 'id'],
    ['VALUES (1, (SELECT max(note) FROM dog))', 'note'],
    ['SELECT d.id, e.value FROM dog d, json_each(d.note) e WHERE e.key = d.name', 'id note'],
    ['SELECT d.id FROM dog d, json_each(d.note) e', 'id'],
    ['SELECT value FROM dog, json_each(note)', 'note'],
    ['SELECT label FROM known', 'name'],
    ['SELECT town FROM known', ''],
    ['SELECT * FROM known', 'id name'],
    ['SELECT a FROM renamed', 'breed'],
    [
      'SELECT a.id, b.name FROM (dog a JOIN dog b ON a.owner = b.breed) LEFT JOIN owner o',
      'id name',
    ],
    ['SELECT id AS "from", name AS \'where\' FROM dog NOT INDEXED', 'id name'],
    ["SELECT 'name' AS x, id FROM dog -- name", 'id'],
  ])('%s: %s', (sql, wanted) => {
    expect(arriving(sql)).toBe(wanted);
  });
});

interface Made {
  readonly sql: string;
  readonly columns: readonly string[];
}

/** A query of plain columns, of tables, views, joins, subqueries and common tables, by a tape of numbers. */
function made(tape: readonly number[]): string {
  let at = 0;
  const next = (below: number): number => {
    at += 1;
    return (tape[at % tape.length] ?? 0) % below;
  };
  const pick = <T>(from: readonly T[]): T => from[next(from.length)] as T;
  let names = 0;
  const ctes: string[] = [];
  const item = (depth: number): Made => {
    names += 1;
    const alias = `i${names}`;
    const kind = depth === 0 ? 0 : next(3);
    if (kind === 0) {
      const [table, columns] = pick(Object.entries(COLUMNS));
      return {
        sql: `${table} AS ${alias}`,
        columns: columns.map((column) => `${alias}.${column}`),
      };
    }
    const inner = query(depth - 1);
    const columns = inner.columns.map((column) => `${alias}.${column}`);
    if (kind === 1) return { sql: `(${inner.sql}) ${alias}`, columns };
    ctes.push(`c${alias} AS (${inner.sql})`);
    return { sql: `c${alias} AS ${alias}`, columns };
  };
  const query = (depth: number): Made => {
    const items = Array.from({ length: 1 + next(2) }, () => item(depth));
    const all = items.flatMap(({ columns }) => columns);
    if (next(6) === 0 && items.length === 1) {
      const columns = all.map((column) => column.split('.')[1] ?? '');
      return { sql: `SELECT * FROM ${items[0]?.sql} WHERE ${pick(all)} > 1`, columns };
    }
    const chosen = Array.from({ length: 1 + next(3) }, () => {
      names += 1;
      return { column: pick(all), as: `n${names}` };
    });
    const list = chosen.map(({ column, as }) => `${column} ${next(2) === 0 ? 'AS ' : ''}${as}`);
    const sql =
      `SELECT ${list.join(', ')} FROM ` +
      items.map((one) => one.sql).join(' JOIN ') +
      (items.length > 1 ? ` ON ${pick(all)} = ${pick(all)}` : '') +
      ` WHERE ${pick(all)} IS NOT NULL ORDER BY ${pick(all)}`;
    return { sql, columns: chosen.map(({ as }) => as) };
  };
  const { sql } = query(3);
  return ctes.length === 0 ? sql : `WITH ${ctes.join(', ')} ${sql}`;
}

describe('queries of plain columns', () => {
  it('arrive as SQLite says where its result columns come from', () => {
    let [several, none] = [0, 0];
    holds(
      property(array(nat({ max: 1000 }), { minLength: 40, maxLength: 80 }), (tape) => {
        const sql = made(tape);
        const origins = db.prepare(sql).columns();
        const wanted = origins.flatMap(({ table, column }) => (table === 'dog' ? [column] : []));
        const columns = COLUMNS.dog.filter((column) => wanted.includes(column)).sort(compareNames);
        expect([sql, arriving(sql)]).toEqual([sql, columns.join(' ')]);
        if (new Set(wanted).size > 1) several += 1;
        if (wanted.length === 0) none += 1;
      }),
      { numRuns: 500 },
    );
    expect(several).toBeGreaterThan(20);
    expect(none).toBeGreaterThan(20);
  });
});
