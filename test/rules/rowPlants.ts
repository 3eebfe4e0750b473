/** Defects in the rows of a source, one for each rule that is found in rows or in records. */

import type { Source } from './flows.ts';
import { PII_ROW_PLANTS } from './piiPlants.ts';

export interface RowPlant extends Source {
  /** Where the defect shows: while rows become records, in the records, or in the source as a whole. */
  readonly stage: 'map' | 'scan' | 'source';
  /** As a BLOCKER it keeps its row out of the candidate. */
  readonly rejects: boolean;
  /** `proof`: migrate refuses it although it is in the records, unless BLOCKERs are allowed. */
  readonly allowed?: 'proof';
  /** The code with which migrate refuses it, whatever it is allowed. */
  readonly never?: string;
}

const KEY = { key: [{ column: 'k', type: 'integer' }], id: { rule: 'keep' } };
const K = { column: 'k', type: 'integer' };
const V = { column: 'v', type: 'string' };

/** A module of table m, whose key k is kept. */
function m(fields: object, more: object = {}): Source['modules'] {
  return { m: { source: { table: 'm' }, ...KEY, fields: { k: K, ...fields }, ...more } };
}

const noted = (source: Source): RowPlant => ({ ...source, stage: 'map', rejects: false });
const refused = (source: Source): RowPlant => ({ ...source, stage: 'map', rejects: true });
const between = (source: Source): RowPlant => ({ ...source, stage: 'scan', rejects: false });

/** A good cell in row 1, a bad one in row 2; both as SQL. */
function cell(field: object, good: string, bad: string): Source {
  const sql = `CREATE TABLE m (k INTEGER PRIMARY KEY, v);
    INSERT INTO m VALUES (1, ${good}), (2, ${bad});`;
  return { sql, modules: m({ v: { column: 'v', ...field } }) };
}

const text = (bad: string): Source => cell({ type: 'string' }, "'plain'", bad);

const DATE = {
  type: 'date',
  transforms: [{ date: { pattern: 'dd.MM.yyyy', fallbacks: ['dd/MM/yyyy', 'MM/dd/yyyy'] } }],
};
const ZURICH = { type: 'timestamptz(0)', zone: 'Europe/Zurich' };
const NOON = "'2024-06-01T12:00:00'";

/** Keys of table m as text, which nothing in the database holds. */
function keys(...values: string[]): Source {
  const rows = values.map((value) => `(${value})`).join(', ');
  const fields = { k: { column: 'k', type: 'string' } };
  const key = [{ column: 'k', type: 'string' }];
  return {
    sql: `CREATE TABLE m (k TEXT); INSERT INTO m VALUES ${rows};`,
    modules: m(fields, { key }),
  };
}

/** Modules p and m, and a column up of m that refers to p, as `reference` has it. */
function parents(sql: string, reference: object, ofParent: object = {}): Source {
  const p = { source: { table: 'p' }, ...KEY, fields: { k: K, v: V }, ...ofParent };
  return {
    sql: `CREATE TABLE p (k INTEGER PRIMARY KEY, v TEXT);
      CREATE TABLE m (k INTEGER PRIMARY KEY, up INTEGER, v TEXT); ${sql}`,
    modules: { p, ...m({ v: V, up: { reference: 'p', columns: ['up'] }, ...reference }) },
  };
}

export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Module p, of one row, takes its ids from a registry that knows these legacy ids. */
function registered(...known: number[]): Source {
  const rows = "INSERT INTO p VALUES (1, 'a'); INSERT INTO m VALUES (1, 1, 'x'), (2, 2, 'y');";
  const source = parents(rows, {}, { id: { rule: 'registry', registry: 'r' } });
  return { ...source, registries: { r: known.map(registryLine).join('') } };
}

function registryLine(legacy: number, index: number): string {
  return `${JSON.stringify({ legacyId: String(legacy), targetUuid: uuid(index + 1) })}\n`;
}

const TWO_PARTS = {
  sql: `CREATE TABLE p (a INTEGER, b INTEGER);
    CREATE TABLE m (k INTEGER PRIMARY KEY, a INTEGER, b INTEGER);
    INSERT INTO p VALUES (1, 1); INSERT INTO m VALUES (1, 1, 1), (2, 1, NULL);`,
  modules: {
    p: {
      source: { table: 'p' },
      key: [
        { column: 'a', type: 'integer' },
        { column: 'b', type: 'integer' },
      ],
      id: { rule: 'uuid' },
      fields: { a: { column: 'a', type: 'integer' }, b: { column: 'b', type: 'integer' } },
    },
    ...m({ up: { reference: 'p', columns: ['a', 'b'] } }),
  },
};

const STRAY = {
  sql: "CREATE TABLE m (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO m VALUES (1, 'a'), (2, 'b');",
  modules: m(
    { v: V },
    {
      source: {
        sql: "SELECT k, v FROM m UNION ALL SELECT 9, 'made'",
        base: { table: 'm', key: { k: 'k' } },
      },
    },
  ),
};

const SELF = { up: { reference: 'm', columns: ['up'] } };
const OWN_TREE = {
  sql: `CREATE TABLE m (k INTEGER PRIMARY KEY, up INTEGER);
    INSERT INTO m VALUES (1, NULL), (2, 3), (3, 2);`,
  modules: m(SELF),
};
const COPY = { v: { ...V, copyOf: { via: 'up', field: 'v' } } };
const HOLDS = {
  invariants: [
    {
      id: 'few',
      holds: 'v is a',
      sql: "SELECT k FROM m WHERE v <> 'a'",
      modules: ['m'],
      fields: ['v'],
    },
  ],
};
const AB =
  "CREATE TABLE m (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO m VALUES (1, 'a'), (2, 'b');";

/** One of two records has its id where a list of them is meant to be. */
const OTHER_FORM = parents(
  `INSERT INTO p VALUES (1, 'a');
    INSERT INTO m VALUES (1, 1, '{"ids":[1]}'), (2, 1, '{"ids":1}');`,
  { v: { column: 'v', type: 'json', references: [{ path: '/ids/*', module: 'p' }] } },
);

/** Rows 1 and 2 of table m, of which a condition leaves out the second. */
function filtered(second: string, column: string, condition: object): Source {
  return {
    sql: `CREATE TABLE m (k INTEGER PRIMARY KEY, v); INSERT INTO m VALUES (1, 'a'), (2, ${second});`,
    modules: m({ v: { column: 'v', type: 'tagged' } }, { where: [{ column, ...condition }] }),
  };
}

/** A query that yields a row of its base twice. */
const TWICE: Source = {
  sql: "CREATE TABLE m (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO m VALUES (1, 'a'), (2, 'b');",
  modules: m(
    { n: { column: 'n', type: 'integer' }, v: V },
    {
      source: {
        sql: 'SELECT k, v, 1 AS n FROM m UNION ALL SELECT k, v, 2 FROM m WHERE k = 2',
        base: { table: 'm', key: { k: 'k' } },
      },
      key: [
        { column: 'k', type: 'integer' },
        { column: 'n', type: 'integer' },
      ],
    },
  ),
};

/** By rule. */
export const ROW_PLANTS: Readonly<Record<string, RowPlant>> = {
  type: refused(cell({ type: 'integer' }, '1', "'x'")),
  exactness: refused(cell({ type: 'integer' }, '1', '9007199254740993')),
  scale: refused(cell({ type: 'decimal(2)' }, "'1.20'", "'1.234'")),
  enum: refused(cell({ type: 'enum', values: ['a'] }, "'a'", "'b'")),
  required: refused(cell({ type: 'string', required: true }, "'a'", 'NULL')),
  blank: refused(cell({ type: 'string', nonBlank: true }, "'a'", "'  '")),
  'max-length': refused(cell({ type: 'string', maxLength: 3 }, "'abc'", "'abcd'")),
  'long-text': noted(cell({ type: 'string', longText: 5 }, "'abc'", "'abcdef'")),
  format: noted(cell({ type: 'string', format: 'hostname' }, "'a.example'", "'a b'")),
  pattern: refused(cell({ type: 'string', pattern: '[a-z]+' }, "'abc'", "'A1'")),
  lookup: refused(cell({ type: 'string', transforms: [{ lookup: { a: 'b' } }] }, "'a'", "'z'")),
  'date-ambiguous': refused(cell(DATE, "'01.08.2021'", "'01/08/2021'")),
  'time-gap': refused(cell(ZURICH, NOON, "'2024-03-31T02:30:00'")),
  'time-overlap': refused(cell(ZURICH, NOON, "'2024-10-27T02:30:00'")),
  fallback: noted(cell(DATE, "'01.08.2021'", "'13/08/2021'")),
  sentinel: noted(cell({ type: 'integer', transforms: [{ sentinels: [0] }] }, '1', '0')),
  'filtered-parent': noted(
    parents(
      "INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO m VALUES (1, 1, 'x'), (2, 2, 'y');",
      { up: { reference: 'p', columns: ['up'], onFilteredParent: 'null' } },
      { where: [{ column: 'v', in: ['a'] }] },
    ),
  ),
  'filtered-row': noted(filtered("'b'", 'v', { in: ['a'] })),
  'filtered-kind': noted(filtered('7', 'v', { in: ['a'] })),
  'row-multiplied': noted(TWICE),
  encoding: refused(text("CAST(x'61ff' AS TEXT)")),
  'text-nul': noted(text("'a' || char(0) || 'b'")),
  'text-control': noted(text("'a' || char(7)")),
  'text-invisible': noted(text("'a' || char(8203)")),
  'text-replacement': noted(text("'a' || char(65533)")),
  'text-mojibake': noted(text("'Z' || char(195, 188) || 'rich'")),
  'text-not-nfc': noted(text("'Zu' || char(776)")),
  'json-key': noted(cell({ type: 'json' }, "'{}'", `'{"__proto__":1}'`)),
  'json-null': noted(cell({ type: 'json' }, 'NULL', "'null'")),
  'key-null': refused(keys("'a'", 'NULL')),
  'key-duplicate': refused(keys("'a'", "'b'", "'b'")),
  'key-similar': between(keys("'Rex'", "'rex '")),
  registry: refused(registered(1)),
  'registry-duplicate': { ...refused(registered(1, 2, 2)), never: 'MAPPING' },
  'reference-missing': noted(
    parents("INSERT INTO p VALUES (1, 'a'); INSERT INTO m VALUES (1, 1, 'x'), (2, 7, 'y');", {
      up: { reference: 'p', columns: ['up'], onMissing: 'null' },
    }),
  ),
  'reference-path': between(OTHER_FORM),
  'self-reference': between({
    sql: `CREATE TABLE m (k INTEGER PRIMARY KEY, up INTEGER);
      INSERT INTO m VALUES (1, NULL), (2, 2);`,
    modules: m(SELF),
  }),
  reference: between(
    parents("INSERT INTO p VALUES (1, 'a'); INSERT INTO m VALUES (1, 1, 'x'), (2, 7, 'y');", {}),
  ),
  'reference-partial': refused(TWO_PARTS),
  unique: between({
    sql: "CREATE TABLE m (k INTEGER PRIMARY KEY, v); INSERT INTO m VALUES (1, 'a'), (2, 'a');",
    modules: m({ v: V }, { unique: [['v']] }),
  }),
  cycle: between(OWN_TREE),
  invariant: between({ sql: AB, modules: m({ v: V }, HOLDS) }),
  copy: between(
    parents("INSERT INTO p VALUES (1, 'a'); INSERT INTO m VALUES (1, 1, 'a'), (2, 1, 'b');", COPY),
  ),
  accounting: { ...noted(STRAY), never: 'REJECTED' },
  ...PII_ROW_PLANTS,
};

const AB_FIELDS = { a: { column: 'a', type: 'integer' }, b: { column: 'b', type: 'integer' } };

/** A second one, for rules that are found in rows and in records, too. */
export const OTHER_ROW_PLANTS: Readonly<Record<string, RowPlant>> = {
  'reference-partial': between({
    sql: TWO_PARTS.sql,
    modules: {
      p: TWO_PARTS.modules.p,
      ...m(AB_FIELDS, {
        references: [{ fields: ['a', 'b'], module: 'p', to: ['a', 'b'], match: 'full' }],
      }),
    },
  }),
};
