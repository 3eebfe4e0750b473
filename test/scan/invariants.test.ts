/** Invariants: what they see, what they find, what is refused before it runs, what is stopped. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Invariant, Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { planInvariants } from '../../src/mapping/invariantPlan.ts';
import type { Provenance } from '../../src/scan/scanCandidate.ts';
import {
  brief,
  mappingOf,
  module,
  scanned,
  scratchFolder,
  text,
  writeCandidate,
} from './candidate.ts';

function invariant(sql: string, more: Partial<Invariant> = {}): Invariant {
  return { id: 'i', holds: 'it holds', sql, modules: ['bills'], fields: ['total'], ...more };
}

const TOTAL = { column: 'total', type: 'decimal(2)' } as const;

function bills(invariants: readonly Invariant[], more: Partial<ModuleMapping> = {}): ModuleMapping {
  const fields = {
    total: TOTAL,
    paid: { column: 'paid', type: 'boolean' },
    day: { column: 'day', type: 'date' },
    big: { column: 'big', type: 'bigint' },
    tags: { column: 'tags', type: 'json' },
    scan: { column: 'scan', type: 'blob' },
    loose: { column: 'loose', type: 'decimal' },
  } as const;
  return module('bills', fields, { invariants, ...more });
}

const LINES = module(
  'lines',
  { bill: text('bill'), price: { column: 'price', type: 'decimal(2)' } },
  { references: [{ fields: ['bill'], module: 'bills', to: ['id'] }] },
);

function bill(id: string, total: string | null, more: object = {}): object {
  return {
    id,
    total,
    paid: true,
    day: null,
    big: null,
    tags: null,
    scan: null,
    loose: null,
    ...more,
  };
}

function failedCells(failed: Readonly<Record<string, readonly string[]>>): Provenance {
  return {
    rowOf: (table, ordinal) => ({ table, row: ordinal + 1 }),
    sharesRows: () => false,
    failedFields: (name, ordinal) => new Set(failed[`${name}/${ordinal}`]),
    findingOf: () => undefined,
  };
}

const SUM: Invariant = invariant(
  `SELECT b.id FROM bills b WHERE b.total <>
     (SELECT coalesce(sum(l.price), 0) FROM lines l WHERE l.bill = b.id);`,
  { modules: ['bills', 'lines'], fields: ['total', 'paid'], id: 'sum', holds: 'sums agree' },
);

describe('an invariant', () => {
  it('accuses the records of its rows, with decimals as scaled integers', async () => {
    const folder = writeCandidate({
      bills: [bill('a', '0.30'), bill('b', '0.31'), bill('c', '0.00')],
      lines: [
        { id: '1', bill: 'a', price: '0.10' },
        { id: '2', bill: 'a', price: '0.20' },
        { id: '3', bill: 'b', price: '0.30' },
      ],
    });
    const found = await scanned(mappingOf([bills([SUM]), LINES]), folder);
    expect(found).toEqual([
      {
        rule: 'invariant',
        severity: 'BLOCKER',
        module: 'bills',
        recordId: '["b"]',
        field: 'total+paid',
        reason: 'invariant "sum" is violated: sums agree',
      },
    ]);
  });

  it('sees every type as the page says', async () => {
    const sql = `SELECT id FROM bills WHERE typeof(total) <> 'integer' OR total <> -105
      OR paid <> 1 OR typeof(big) <> 'integer' OR big <> 9223372036854775807
      OR day >= :as_of OR date(day, '+1 day') <> '2024-03-01'
      OR json_extract(tags, '$.b[0]') <> 'x' OR length(id) <> 2`;
    const folder = writeCandidate({
      bills: [
        bill('ä\u0000', '-1.05', {
          day: '2024-02-29',
          big: '9223372036854775807',
          tags: { b: ['x'] },
        }),
        bill('zz', '-1.05', { day: '2024-02-28', big: '9223372036854775807', tags: { b: ['x'] } }),
      ],
    });
    const mapping = mappingOf([bills([invariant(sql.replace(' OR length(id) <> 2', ''))])], {
      asOf: '2024-12-31',
    });
    expect(brief(await scanned(mapping, folder))).toEqual(['invariant bills ["zz"] total']);
  });

  it('has a finding of its own for rows that are of no record', async () => {
    const folder = writeCandidate({ bills: [] });
    const sql = 'SELECT NULL FROM (SELECT count(*) AS n FROM bills) WHERE n < 1';
    const found = await scanned(mappingOf([bills([invariant(sql)])]), folder);
    expect(brief(found)).toEqual(['invariant bills - total']);
  });

  it('has the severity that it declares', async () => {
    const folder = writeCandidate({ bills: [bill('a', '1.00')] });
    const found = await scanned(
      mappingOf([bills([invariant('SELECT id FROM bills', { severity: 'INFO' })])]),
      folder,
    );
    expect(found.map(({ severity }) => severity)).toEqual(['INFO']);
  });

  it('skips records whose inputs failed, and verdicts on those that are tied to them', async () => {
    const folder = writeCandidate({
      bills: [bill('a', null), bill('b', '5.00'), bill('c', '5.00'), bill('d', '5.00')],
      lines: [
        { id: '1', bill: 'b', price: null },
        { id: '2', bill: 'c', price: '4.00' },
        { id: '3', bill: 'd', price: null },
      ],
    });
    const mapping = mappingOf([bills([SUM]), LINES]);
    const provenance = failedCells({
      'bills/0': ['total'],
      'bills/1': ['day'],
      'lines/0': ['price'],
      'lines/2': ['note'],
    });
    const checks = ['invariants'] as const;
    expect(brief(await scanned(mapping, folder, { provenance, checks }))).toEqual([
      'invariant bills ["c"] total+paid',
      'invariant bills ["d"] total+paid',
    ]);
    expect(await scanned(mapping, folder, { checks })).toHaveLength(3);
  });

  it('accuses all records of a key in a provisional candidate', async () => {
    const folder = writeCandidate({ bills: [bill('a', '1.00'), bill('a', '2.00')] });
    const found = await scanned(mappingOf([bills([invariant('SELECT id FROM bills')])]), folder, {
      provenance: failedCells({}),
      checks: ['invariants'],
    });
    expect(found.map(({ source }) => source?.row)).toEqual([1, 2]);
  });
});

describe('an invariant that cannot run', () => {
  it.each([
    ['a number beyond 64 bits', { big: '9223372036854775808' }, 'holds a value beyond 64 bits'],
    ['a long number', { big: '9'.repeat(100_000) }, 'holds a value beyond 64 bits'],
    ['another scale', { total: '1.005' }, 'holds a value that is not of its type'],
    ['another kind', { total: 1 }, 'holds a value that is not of its type'],
  ])('is a BLOCKER: %s', async (_, member, reason) => {
    const folder = writeCandidate({ bills: [bill('a', '1.00', member)] });
    const harmless = invariant('SELECT id FROM bills WHERE paid IS NULL', { id: 'other' });
    const sql = 'SELECT id FROM bills WHERE big + total < 0';
    const one = invariant(sql, { severity: 'INFO' });
    const found = await scanned(mappingOf([bills([one, harmless])]), folder);
    const field = 'big' in member ? 'big' : 'total';
    expect(found).toMatchObject([{ rule: 'invariant', severity: 'BLOCKER' }]);
    expect(found[0]?.reason).toBe(
      `invariant "i" could not run: field "${field}" of module bills ${reason}`,
    );
  });

  it('is a BLOCKER where a sum overflows, or the data ask for the clock', async () => {
    const big = '9223372036854775807';
    const folder = writeCandidate({
      bills: [bill('a', '1.00', { big }), bill('now', '1.00', { big })],
    });
    const overflow = invariant('SELECT id FROM bills GROUP BY paid HAVING sum(big) > 0');
    const clock = invariant("SELECT id FROM bills WHERE date(id) > ''", { id: 'clock' });
    const after = invariant("SELECT id FROM bills WHERE id = 'now'", { id: 'after' });
    const found = await scanned(mappingOf([bills([overflow, clock, after])]), folder);
    expect(found.map(({ severity, reason }) => `${severity} ${reason}`)).toEqual([
      'BLOCKER invariant "i" could not run: a number in it exceeds 64 bits',
      'BLOCKER invariant "clock" could not run: ' +
        'a date function was given an argument that depends on the clock or the time zone',
      'BLOCKER invariant "after" is violated: it holds',
    ]);
  });

  it('is stopped when it takes too much memory, and the next one runs', async () => {
    const folder = writeCandidate({ bills: [bill('a', '1.00')] });
    const tens = "'aaaaaaaaaa'";
    const grown = Array.from({ length: 6 }).reduce<string>(
      (x) => `replace(${x}, 'a', ${tens})`,
      tens,
    );
    const names = Array.from({ length: 40 }, (_, at) => `c${at}`);
    const columns = names.map((name, at) => `substr(${grown}, 1, 5000000${at % 10}) AS ${name}`);
    const swelling = invariant(
      `WITH b AS MATERIALIZED (SELECT id, ${columns.join(', ')} FROM bills)
       SELECT id FROM b WHERE ${names.map((name) => `length(${name})`).join(' + ')} < 0`,
    );
    const next = invariant('SELECT id FROM bills', { id: 'next' });
    const found = await scanned(mappingOf([bills([swelling, next])]), folder);
    expect(found.map(({ reason }) => reason)).toEqual([
      'invariant "i" could not run: it took more than 1 GiB of memory',
      'invariant "next" is violated: it holds',
    ]);
  });

  it('is stopped when it takes too long, and the next one runs', async () => {
    const folder = writeCandidate({ bills: [bill('a', '1.00')] });
    const forever = invariant(
      'WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT id FROM bills, n WHERE i < 0',
    );
    const next = invariant('SELECT id FROM bills', { id: 'next' });
    const both = mappingOf([bills([forever, next])]);
    // Where the machine is so busy that the next one has no time to start either, it gets more.
    let last = '';
    for (let seconds = 2; seconds <= 128 && !last.includes('is violated'); seconds *= 4) {
      const found = await scanned(both, folder, { invariantSeconds: seconds });
      const [first = '', second = ''] = found.map(({ reason }) => reason);
      expect(first).toBe(`invariant "i" could not run: it took longer than ${seconds} seconds`);
      last = second;
    }
    expect(last).toBe('invariant "next" is violated: it holds');
  });
});

function planned(mapping: Mapping): string {
  try {
    planInvariants(mapping);
    return 'planned';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.code).toBe('MAPPING');
    return error.line();
  }
}

const HOSTILE: readonly string[] = [
  '',
  ';',
  'DELETE FROM bills',
  'DELETE FROM bills RETURNING id',
  'WITH x AS (SELECT 1) DELETE FROM bills RETURNING id',
  'WITH x AS (SELECT 1) INSERT INTO bills(id) SELECT 1 RETURNING id',
  'INSERT INTO bills(id) VALUES (1) RETURNING id',
  'REPLACE INTO bills(id) VALUES (1) RETURNING id',
  'UPDATE bills SET id = 1 RETURNING id',
  'SELECT id FROM bills; DELETE FROM bills',
  'SELECT id FROM bills;;',
  'SELECT id FROM bills /* ; */; -- x\nDROP TABLE bills',
  "ATTACH 'x.db' AS x",
  'DETACH main',
  'PRAGMA table_info(bills)',
  'EXPLAIN SELECT id FROM bills',
  "VACUUM INTO '/tmp/x'",
  'CREATE TABLE x (y)',
  'BEGIN',
  'SELECT random() FROM bills',
  'SELECT RANDOM ( ) FROM bills',
  'SELECT random/* */() FROM bills',
  'SELECT random -- x\n () FROM bills',
  'SELECT "random"() FROM bills',
  'SELECT `random`() FROM bills',
  'SELECT [random]() FROM bills',
  'SELECT \uFEFFrandom() FROM bills',
  'SELECT id FROM bills ORDER BY random()',
  'SELECT id, random() OVER () FROM bills',
  'WITH x AS (SELECT random() AS materialized) SELECT id FROM bills, x',
  'SELECT hex(randomblob(16)) FROM bills',
  'SELECT zeroblob(1000000000) FROM bills',
  "SELECT load_extension('x') FROM bills",
  "SELECT readfile('/etc/passwd') FROM bills",
  "SELECT printf('%1000000000d', 1) FROM bills",
  'SELECT last_insert_rowid() FROM bills',
  'SELECT changes(), sqlite_version() FROM bills',
  'SELECT sqlite_compileoption_get(1) FROM bills',
  "SELECT fts3_tokenizer('simple') FROM bills",
  'SELECT id FROM bills WHERE day < current_date',
  'SELECT id FROM bills WHERE day < CURRENT_TIMESTAMP',
  'SELECT id FROM bills WHERE day < date()',
  "SELECT id FROM bills WHERE day < date('now')",
  "SELECT id FROM bills WHERE day < date('NOW', '-1 day')",
  "SELECT id FROM bills WHERE day < datetime(' now ')",
  "SELECT id FROM bills WHERE day < strftime('%Y')",
  "SELECT id FROM bills WHERE day < strftime('%Y', 'now')",
  "SELECT id FROM bills WHERE day < time('subsec')",
  "SELECT id FROM bills WHERE date(day, 'localtime') = day",
  "SELECT id FROM bills WHERE date(day, 'utc') = day",
  'SELECT name, sql FROM sqlite_schema',
  'SELECT name FROM main.sqlite_master',
  'SELECT name FROM "sqlite_schema"',
  "SELECT name FROM 'sqlite_schema'",
  'SELECT name FROM pragma_database_list',
  "SELECT file FROM 'pragma_database_list'",
  "SELECT * FROM pragma_table_info('bills')",
  'SELECT name FROM dbstat',
  'SELECT * FROM fts3tokenize',
  'SELECT * FROM "sealift~bills"',
  'SELECT id FROM lines',
  'SELECT nothing FROM bills',
  'SELECT "nothing" FROM bills',
  'SELECT scan FROM bills',
  'SELECT loose FROM bills',
  'SELECT id FROM bills WHERE id = ?',
  'SELECT id FROM bills WHERE id = :id',
  'SELECT id FROM bills WHERE id = $id',
  'SELECT id FROM bills WHERE id = @id',
  "SELECT id FROM bills WHERE id = x'00'",
  "SELECT id FROM bills WHERE id = 'a",
  'SELECT id FROM bills WHERE id = "a',
  'SELECT id FROM bills WHERE (((',
  'SELECT id FROM bills \0; DELETE FROM bills',
  `SELECT id FROM bills WHERE ${'('.repeat(30_000)}`,
  `SELECT ${'a('.repeat(9_000)}`,
  `SELECT ${'abs('.repeat(2_000)}1${')'.repeat(2_000)} FROM bills`,
];

describe('SQL in a mapping', () => {
  it.each(HOSTILE.map((sql) => [sql.slice(0, 70), sql]))('is refused: %j', (_, sql) => {
    const began = process.hrtime.bigint();
    const line = planned(mappingOf([bills([invariant(sql)]), LINES]));
    expect(line).toMatch(/^invariant "i" cannot be run: .* \(mapping\/modules\/bills\.json\): ./);
    expect(Number(process.hrtime.bigint() - began) / 1e6).toBeLessThan(1000);
  });

  it.each([
    'SELECT id FROM bills',
    'select id from bills where total < 0 -- comment ; random()\n;',
    "SELECT id FROM bills WHERE id = 'random() ; DELETE' /* ' */ AND \"total\" < 0",
    "SELECT [id], `total` FROM bills WHERE id NOT IN (SELECT 'a' UNION ALL SELECT 'b')",
    'WITH x(a, b) AS (SELECT id, total FROM bills), y(c) AS NOT MATERIALIZED (SELECT a FROM x) SELECT a FROM x, y',
    'SELECT id, row_number() OVER (PARTITION BY paid ORDER BY id) FROM bills',
    "SELECT id FROM bills WHERE CAST(total AS REAL) > 1e3 AND id LIKE ('a' || '%')",
    "SELECT id FROM bills WHERE id = 'now' OR id = 'it''s'",
    "SELECT id FROM bills WHERE day > date(:as_of, '-18 years', 'start of month')",
    "SELECT bills.id FROM bills, json_each(bills.tags) AS t WHERE t.value ->> '$.x' = 1",
    'SELECT * FROM (SELECT id, * FROM bills)',
    'SELECT id, count(*) FILTER (WHERE total > 0) FROM bills GROUP BY id HAVING count(*) > 1',
    'VALUES (1)',
  ])('is taken: %s', (sql) => {
    expect(planned(mappingOf([bills([invariant(sql)])], { asOf: '2025-01-31' }))).toBe('planned');
  });

  it('needs the date of the project where it asks for it, and the whole key', () => {
    const asOf = invariant('SELECT id FROM bills WHERE day > :as_of');
    expect(planned(mappingOf([bills([asOf])]))).toContain('the project has no date');
    const wide = bills([invariant('SELECT day FROM bills')], {
      key: [
        { column: 'id', type: 'string' },
        { column: 'day', type: 'date' },
      ],
    });
    expect(planned(mappingOf([wide]))).toContain('its result has 1 columns');
  });

  it('cannot tell fields that differ by case', () => {
    const odd = module('odd', { Name: text('n1'), name: text('n2') });
    const own = invariant('SELECT id FROM odd WHERE name IS NULL', {
      modules: ['odd'],
      fields: [],
    });
    const mapping = mappingOf([{ ...odd, invariants: [own] }]);
    expect(planned(mapping)).toContain('fields that differ only by case');
  });

  it('stops a scan before anything is read or written', async () => {
    const scratch = scratchFolder();
    const folder = writeCandidate({ bills: [bill('a', '1.00')] });
    const mapping = mappingOf([bills([invariant('DELETE FROM bills RETURNING id')])]);
    await expect(scanned(mapping, folder)).rejects.toThrow(Failure);
    expect(readdirSync(scratch)).toEqual([]);
    expect(existsSync(join(folder, 'bills', 'data.ndjson'))).toBe(true);
  });
});
