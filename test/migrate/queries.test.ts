/**
 * Modules whose rows come from read-only SQL or a view: look-ups, one row → several, several → one,
 * rows that the SQL loses, rows that it makes up. The rows of a base table answer for all of them.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { migrate } from '../../src/flow/migrate.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { candidateOf, recordsOf, runFileOf, workFolder, writeMapping } from '../kit/project.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';

const folder = workFolder('queries');

const SHOP = `
  CREATE TABLE customer (nr INTEGER PRIMARY KEY, name TEXT, town INTEGER);
  CREATE TABLE town (id INTEGER PRIMARY KEY, label TEXT);
  CREATE TABLE bill (no TEXT PRIMARY KEY, owner INTEGER, tags TEXT) WITHOUT ROWID;
  CREATE TABLE line (id INTEGER NOT NULL, bill TEXT, cents INTEGER, note TEXT);
  INSERT INTO town VALUES (1, 'Chur'), (2, 'Thun');
  INSERT INTO customer VALUES (10, 'Ada', 1), (20, 'Béa', 2), (30, 'Cid', 9);
  INSERT INTO bill VALUES ('a', 10, '["new","paid"]'), ('b', 20, '["paid"]');
  INSERT INTO line VALUES (1, 'a', 100, 'x'), (2, 'a', 250, NULL), (3, 'b', 9007199254740993, 'z');
  CREATE VIEW debtor AS SELECT nr, name FROM customer WHERE nr < 25;
`;
const TABLES = ['customer', 'town', 'bill', 'line', 'debtor'];

interface Source {
  readonly sql?: string;
  readonly table?: string;
  readonly base?: {
    readonly table: string;
    readonly key: object;
    readonly lost?: string;
    readonly count?: string;
  };
}

interface Project {
  readonly root: string;
  readonly file: string;
}

let projects = 0;

/** A project with one module `m`; all tables and views but its own are dropped. */
function project(source: Source, module: object, change = ''): Project {
  projects += 1;
  const root = join(folder, `p${projects}`);
  const file = join(folder, `p${projects}.db`);
  const db = new Database(file);
  db.exec(`PRAGMA synchronous = OFF; BEGIN; ${SHOP} ${change}; COMMIT`);
  db.close();
  writeMapping(root, {
    sources: { main: `sqlite:${file}` },
    modules: { m: { source, id: { rule: 'keep' }, ...module } },
    dropped: TABLES.filter((table) => ![source.table, source.base?.table].includes(table)).map(
      (table) => ({ table, reason: 'not in this test' }),
    ),
  });
  return { root, file };
}

interface Run {
  /** The line of the failure; null where there is none. */
  readonly failure: string | null;
  /** Rule, place and reason of each finding. */
  readonly findings: readonly string[];
  readonly rejected: number | null;
}

async function run(
  { root }: Project,
  command: 'migrate' | 'dry-run' = 'migrate',
  more: { readonly allowRejected?: number; readonly sample?: number } = {},
): Promise<Run> {
  const options = { project: root, cwd: root, sources: new Map<string, string>() };
  const all = { ...options, workers: 1, memory: 2 ** 28, runId: 'r', failAfter: null };
  const found = openFindings(folder);
  try {
    const outcome =
      command === 'migrate'
        ? await migrate({ ...all, allowRejected: 0, ...more }, ENVIRONMENT, found)
        : await dryRun({ ...all, ...more }, ENVIRONMENT, found);
    const findings = [...outcome.findings].map(brief);
    return { failure: null, findings, rejected: outcome.modules[0]?.rejected ?? null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: error.line(), findings: [...found.list].map(brief), rejected: null };
  } finally {
    found.close();
  }
}

function brief({ rule, source, members, reason }: Finding): string {
  const places = [...(source === undefined ? [] : [source]), ...(members ?? [])];
  return [rule, ...places.map(({ table, row }) => `${table}/${row}`), reason].join(' ');
}

/** What the seal says of the rows of module `m`, in order: the counts that have to add up. */
function accountOf({ root }: Project): string {
  const [account] = runFileOf(root).accounting;
  if (account === undefined) throw new Error('no accounting');
  const { table, rows, emitting, filtered, rejected, emitted, merged, records } = account;
  expect(emitting + filtered + rejected).toBe(rows);
  expect(emitted - merged).toBe(records);
  return (
    `${table} ${rows} = ${emitting} + ${filtered} filtered + ${rejected} rejected; ` +
    `${records} = ${emitted} - ${merged}`
  );
}

const text = (column: string): object => ({ column, type: 'string' });
const whole = (column: string): object => ({ column, type: 'integer' });

const LOOK_UP = 'SELECT c.nr, c.name, t.label AS town FROM customer c JOIN town t ON t.id = c.town';
const CUSTOMER = {
  key: [{ column: 'nr', type: 'integer' }],
  fields: { nr: whole('nr'), name: text('name'), town: text('town') },
  dropped: { town: 'of the base: its label is in the record' },
};
const BY_NR = { table: 'customer', key: { nr: 'nr' } };
const LOST = 'the query yields nothing for this row of its base table';

describe('a look-up by SQL', () => {
  it('is sealed where each row of its base finds its partner', async () => {
    const outer = project({ sql: LOOK_UP.replace('JOIN', 'LEFT JOIN'), base: BY_NR }, CUSTOMER);
    expect(await run(outer)).toEqual({ failure: null, findings: [], rejected: 0 });
    expect(recordsOf(outer.root, 'm')).toEqual([
      { name: 'Ada', nr: 10, town: 'Chur' },
      { name: 'Béa', nr: 20, town: 'Thun' },
      { name: 'Cid', nr: 30, town: null },
    ]);
    expect(accountOf(outer)).toBe('customer 3 = 3 + 0 filtered + 0 rejected; 3 = 3 - 0');
  });

  it('names the row of its base that it loses, which is rejected', async () => {
    const inner = project({ sql: LOOK_UP, base: BY_NR }, CUSTOMER);
    const { failure, findings } = await run(inner);
    expect(failure).toContain('1 row rejected, nothing was published');
    expect(findings).toEqual([`accounting customer/30 ${LOST}`]);
    expect(existsSync(candidateOf(inner.root))).toBe(false);
    expect((await run(inner, 'dry-run')).findings).toEqual(findings);
    expect(await run(inner, 'migrate', { allowRejected: 1 })).toMatchObject({ rejected: 1 });
    expect(accountOf(inner)).toBe('customer 3 = 2 + 0 filtered + 1 rejected; 2 = 2 - 0');
  });

  it('leaves such rows out where the mapping says so', async () => {
    const base = { ...BY_NR, lost: 'filter' };
    const inner = project({ sql: LOOK_UP, base }, CUSTOMER);
    const told =
      'filtered-row in no module: 1 of 3 rows of table "customer", which the mapping filters';
    expect(await run(inner)).toEqual({ failure: null, findings: [told], rejected: 0 });
    expect(accountOf(inner)).toBe('customer 3 = 2 + 1 filtered + 0 rejected; 2 = 2 - 0');
  });

  it('has its findings on rows of the base, and counts those as rejected', async () => {
    const fields = { ...CUSTOMER.fields, town: { ...text('town'), required: true } };
    const sql = LOOK_UP.replace('JOIN', 'LEFT JOIN');
    const outer = project({ sql, base: BY_NR }, { ...CUSTOMER, fields });
    const { findings } = await run(outer, 'dry-run');
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^required customer\/30 /);
    await run(outer, 'migrate', { allowRejected: 1 });
    expect(accountOf(outer)).toBe('customer 3 = 2 + 0 filtered + 1 rejected; 2 = 2 - 0');
  });

  it('may have conditions, which filter rows of the base', async () => {
    const sql = LOOK_UP.replace('JOIN', 'LEFT JOIN');
    const where = [{ column: 'nr', below: 20 }];
    const outer = project({ sql, base: BY_NR }, { ...CUSTOMER, where });
    await run(outer);
    expect(accountOf(outer)).toBe('customer 3 = 1 + 2 filtered + 0 rejected; 1 = 1 - 0');
  });

  it('says when a lost row is not there any more (negative control)', async () => {
    const inner = project(
      { sql: LOOK_UP, base: BY_NR },
      CUSTOMER,
      'DELETE FROM customer WHERE nr = 30;',
    );
    expect(await run(inner)).toEqual({ failure: null, findings: [], rejected: 0 });
    expect(accountOf(inner)).toBe('customer 2 = 2 + 0 filtered + 0 rejected; 2 = 2 - 0');
  });
});

const TAGS = {
  key: [
    { column: 'no', type: 'string' },
    { column: 'tag', type: 'string' },
  ],
  fields: { no: text('no'), tag: text('tag') },
  dropped: { owner: 'in another module' },
};
const EACH_TAG = 'SELECT b.no, e.value AS tag FROM bill b, json_each(b.tags) e';
const BY_NO = { table: 'bill', key: { no: 'no' } };
const SEVERAL =
  'row-multiplied the query yields 3 rows for 2 of its base table "bill": more than one for 1 of them';

describe('one row that becomes several', () => {
  it('emits each of them, from JSON', async () => {
    const tags = project({ sql: EACH_TAG, base: BY_NO }, TAGS);
    expect(await run(tags)).toEqual({ failure: null, findings: [SEVERAL], rejected: 0 });
    expect((await run(tags, 'dry-run')).findings).toEqual([SEVERAL]);
    expect(recordsOf(tags.root, 'm')).toHaveLength(3);
    expect(accountOf(tags)).toBe('bill 2 = 2 + 0 filtered + 0 rejected; 3 = 3 - 0');
  });

  it('emits each of them, by UNION ALL', async () => {
    const sql = `SELECT nr, 'name' AS what, name AS value FROM customer
      UNION ALL SELECT nr, 'town', cast(town AS TEXT) FROM customer WHERE nr <> 20`;
    const fields = { nr: whole('nr'), what: text('what'), value: text('value') };
    const key = [
      { column: 'nr', type: 'integer' },
      { column: 'what', type: 'string' },
    ];
    const parts = project({ sql, base: BY_NR }, { key, fields });
    expect(await run(parts)).toEqual({
      failure: null,
      findings: [
        expect.stringMatching(/^row-multiplied .* 5 rows for 3 of its base table "customer": /),
      ],
      rejected: 0,
    });
    expect(accountOf(parts)).toBe('customer 3 = 3 + 0 filtered + 0 rejected; 5 = 5 - 0');
  });

  it('loses a row that has none, and says which, by its place in key order', async () => {
    const change = "INSERT INTO bill VALUES ('aa', 20, '[]'), ('c', 20, '[]');";
    const tags = project({ sql: EACH_TAG, base: BY_NO }, TAGS, change);
    expect((await run(tags)).findings).toEqual([
      SEVERAL,
      `accounting bill/2 ${LOST}`,
      `accounting bill/4 ${LOST}`,
    ]);
    await run(tags, 'migrate', { allowRejected: 2 });
    expect(accountOf(tags)).toBe('bill 4 = 2 + 0 filtered + 2 rejected; 3 = 3 - 0');
  });

  it('cannot be sealed with a rejected part: no row of the base answers for it', async () => {
    const fields = { ...TAGS.fields, tag: { ...text('tag'), maxLength: 3 } };
    const id = { rule: 'uuid' };
    const tags = project({ sql: EACH_TAG, base: BY_NO }, { ...TAGS, fields, id });
    const { failure, findings } = await run(tags, 'migrate', { allowRejected: 99 });
    expect(failure).toMatch(/^rows of module m cannot be accounted for, nothing was published /);
    expect(failure).toContain('--allow-rejected does not cover them');
    const reason =
      '2 rows of the query rejected; rows of the query and of table "bill" do not match';
    expect(findings.filter((finding) => finding.startsWith(`accounting ${reason}`))).toHaveLength(
      1,
    );
    expect(existsSync(candidateOf(tags.root))).toBe(false);
  });

  it('cannot be filtered after the SQL', async () => {
    const where = [{ column: 'tag', in: ['paid'] }];
    const tags = project({ sql: EACH_TAG, base: BY_NO }, { ...TAGS, where });
    const { failure, findings } = await run(tags);
    expect(failure).toContain('cannot be accounted for');
    expect(findings).toEqual([expect.stringContaining('1 row of the query filtered'), SEVERAL]);
    expect((await run(tags, 'dry-run')).findings).toEqual(findings);
    const inSql = `${EACH_TAG} WHERE e.value = 'paid'`;
    const filtered = project({ sql: inSql, base: BY_NO }, TAGS);
    expect(await run(filtered)).toEqual({ failure: null, findings: [], rejected: 0 });
    expect(accountOf(filtered)).toBe('bill 2 = 2 + 0 filtered + 0 rejected; 2 = 2 - 0');
  });
});

const SUMS = {
  key: [{ column: 'bill', type: 'string' }],
  fields: { bill: text('bill'), total: { column: 'total', type: 'bigint' }, notes: text('notes') },
  dropped: { id: 'it orders the notes' },
};
const SUM = `SELECT bill, sum(cents) AS total, group_concat(note, '+' ORDER BY id) AS notes,
  count(*) AS n FROM line GROUP BY bill`;
const DROPPED = { id: 'a number', cents: 'in the total', note: 'in the notes' };
const BY_BILL = { table: 'line', key: { bill: 'bill' }, count: 'n' };

describe('several rows that become one', () => {
  it('are merged, and the exact numbers arrive', async () => {
    const sums = project({ sql: SUM, base: BY_BILL }, SUMS);
    expect(await run(sums)).toEqual({ failure: null, findings: [], rejected: 0 });
    expect(recordsOf(sums.root, 'm')).toEqual([
      { bill: 'a', notes: 'x', total: '350' },
      { bill: 'b', notes: 'z', total: '9007199254740993' },
    ]);
    expect(accountOf(sums)).toBe('line 3 = 3 + 0 filtered + 0 rejected; 2 = 3 - 1');
  });

  it('are named one by one where the group is lost', async () => {
    const sql = SUM.replace('GROUP BY', "WHERE bill <> 'a' GROUP BY");
    const sums = project({ sql, base: BY_BILL }, SUMS);
    expect((await run(sums)).findings).toEqual([
      `accounting line/1 ${LOST}`,
      `accounting line/2 ${LOST}`,
    ]);
  });

  it('are refused without their count, as the key of the base is not unique', async () => {
    const { table, key } = BY_BILL;
    const sums = project(
      { sql: SUM, base: { table, key } },
      { ...SUMS, dropped: { ...SUMS.dropped, n: 'a count' } },
    );
    const shared =
      'accounting base table "line" has 2 rows that share their key ("bill") with another row, so ' +
      'rows that the query leaves out cannot be identified: name a unique key, or in "count" the ' +
      'result column of count(*)';
    const { failure, findings } = await run(sums, 'migrate', { allowRejected: 99 });
    expect(failure).toMatch(/^rows of module m cannot be accounted for, nothing was published /);
    expect(findings).toEqual([shared]);
    expect((await run(sums, 'dry-run')).findings).toEqual([shared]);
    expect(existsSync(candidateOf(sums.root))).toBe(false);
  });

  it.each([
    ['by WHERE', SUM.replace('GROUP BY', 'WHERE cents > 100 GROUP BY'), 1],
    ['by FILTER', SUM.replace('count(*)', 'count(*) FILTER (WHERE note IS NULL)'), 2],
    ['row by row', 'SELECT bill, cents AS total, note AS notes, 1 AS n FROM line WHERE id <> 1', 1],
    [
      'by LIMIT',
      `SELECT * FROM (SELECT bill, cents AS total, note AS notes, 1 AS n FROM line
      ORDER BY id LIMIT 2 OFFSET 1)`,
      1,
    ],
    ['by DISTINCT', "SELECT DISTINCT bill, 0 AS total, '' AS notes, 1 AS n FROM line", 1],
    [
      'by UNION',
      `SELECT bill, 0 AS total, '' AS notes, 1 AS n FROM line
      UNION SELECT bill, 0, '', 1 FROM line`,
      1,
    ],
  ])('are missed where some rows of a key are left out %s', async (_, sql, missing) => {
    const module = { ...SUMS, key: [], id: { rule: 'keyless' }, dropped: DROPPED };
    const lossy = project({ sql, base: BY_BILL }, module);
    const { failure, findings } = await run(lossy, 'migrate', { allowRejected: 99 });
    expect(failure).toMatch(/^rows of module m cannot be accounted for, nothing was published /);
    const rows = missing === 1 ? '1 row' : '2 rows';
    expect(findings).toContainEqual(
      expect.stringContaining(`${rows} of base table "line" missing in result column "n"`),
    );
    expect((await run(lossy, 'dry-run')).findings).toEqual(findings);
  });

  it('are filtered where the mapping says so of rows that are left out', async () => {
    const sql = SUM.replace('GROUP BY', 'WHERE cents > 100 GROUP BY');
    const sums = project({ sql, base: { ...BY_BILL, lost: 'filter' } }, SUMS);
    expect((await run(sums)).failure).toBeNull();
    expect(accountOf(sums)).toBe('line 3 = 2 + 1 filtered + 0 rejected; 2 = 2 - 0');
  });

  it.each([
    ['more than there are', '7 AS n'],
    ['nothing', 'NULL AS n'],
    ['a text', "'1' AS n"],
  ])('may not be counted as %s', async (_, n) => {
    const sums = project({ sql: SUM.replace('count(*) AS n', n), base: BY_BILL }, SUMS);
    const { failure, findings } = await run(sums, 'migrate', { allowRejected: 99 });
    expect(failure).toContain('cannot be accounted for');
    expect(findings).toContainEqual(expect.stringContaining('result column "n" counts rows that'));
  });

  it('are lost where their key is null, as null belongs to nothing', async () => {
    const sums = project(
      { sql: SUM, base: BY_BILL },
      SUMS,
      'UPDATE line SET bill = NULL WHERE id = 2;',
    );
    const { failure, findings } = await run(sums, 'migrate', { allowRejected: 9 });
    expect(failure).toContain('cannot be accounted for');
    expect(findings).toEqual([
      'accounting 1 row of the query not read: no matching row in base table "line"',
      `accounting line/2 ${LOST}`,
    ]);
  });
});

describe('rows of a query that are of no row of its base', () => {
  it('fail the run, whatever is allowed, and dry-run', async () => {
    const sql = `${LOOK_UP.replace('JOIN', 'LEFT JOIN')} UNION ALL SELECT 99, 'Eve', 'Bern'`;
    const made = project({ sql, base: BY_NR }, CUSTOMER);
    const { failure, findings } = await run(made, 'migrate', { allowRejected: 99 });
    expect(failure).toMatch(/^rows of module m cannot be accounted for, nothing was published /);
    const stray =
      'accounting 1 row of the query not read: no matching row in base table "customer"';
    expect(findings).toEqual([stray]);
    expect((await run(made, 'dry-run')).findings).toEqual([stray]);
  });

  it('are told by value and type: 10 is 10.0, and not "10"', async () => {
    const same = 'SELECT nr + 0.0 AS nr, name, NULL AS town FROM customer';
    expect((await run(project({ sql: same, base: BY_NR }, CUSTOMER))).findings).toEqual([]);
    const other = "SELECT nr || '' AS nr, name, NULL AS town FROM customer";
    const { findings } = await run(project({ sql: other, base: BY_NR }, CUSTOMER));
    expect(findings).toHaveLength(4);
    expect(findings[0]).toMatch(/^accounting 3 rows of the query not read: no matching row/);
  });
});

describe('a view', () => {
  const fields = { nr: whole('nr'), name: text('name') };
  const module = { key: CUSTOMER.key, fields };

  it('accounts for a base table like a query, if it names one', async () => {
    const dropped = { town: 'not needed' };
    const view = project({ table: 'debtor', base: BY_NR }, { ...module, dropped });
    expect((await run(view)).findings).toEqual([`accounting customer/30 ${LOST}`]);
    await run(view, 'migrate', { allowRejected: 1 });
    expect(accountOf(view)).toBe('customer 3 = 2 + 0 filtered + 1 rejected; 2 = 2 - 0');
    const forgotten = project({ table: 'debtor', base: BY_NR }, module);
    expect((await run(forgotten)).failure).toContain(
      'column "town" of table "customer" is not mapped',
    );
  });

  it('accounts for its own rows without one', async () => {
    const view = project({ table: 'debtor' }, module);
    await run(view);
    expect(accountOf(view)).toBe('debtor 2 = 2 + 0 filtered + 0 rejected; 2 = 2 - 0');
  });

  it('is refused where it depends on chance or on the clock', async () => {
    for (const bad of ['random()', "date('now')", 'CURRENT_TIMESTAMP']) {
      const change = `DROP VIEW debtor;
        CREATE VIEW inner_one AS SELECT nr, ${bad} AS name FROM customer;
        CREATE VIEW debtor AS SELECT nr, name FROM inner_one;`;
      const { failure } = await run(project({ table: 'debtor' }, module, change));
      expect(failure).toMatch(/as view "inner_one" (?:calls a function|reads the clock)/);
    }
  });
});

describe('a sample', () => {
  it('holds some records of a query, of each kind', async () => {
    const outer = { sql: LOOK_UP.replace('JOIN', 'LEFT JOIN'), base: BY_NR };
    const kinds: readonly (readonly [Source, object, number, string])[] = [
      [outer, CUSTOMER, 2, 'customer 3 = 2 + 1 filtered + 0 rejected; 2 = 2 - 0'],
      [
        { sql: EACH_TAG, base: BY_NO },
        TAGS,
        1,
        'query m 3 = 1 + 2 filtered + 0 rejected; 1 = 1 - 0',
      ],
      [{ sql: SUM, base: BY_BILL }, SUMS, 1, 'query m 2 = 1 + 1 filtered + 0 rejected; 1 = 1 - 0'],
    ];
    for (const [source, module, sample, account] of kinds) {
      const some = project(source, module);
      const { failure, findings } = await run(some, 'migrate', { sample });
      expect([failure, findings]).toEqual([null, source.base === BY_NO ? [SEVERAL] : []]);
      expect(recordsOf(some.root, 'm')).toHaveLength(sample);
      expect(accountOf(some)).toBe(account);
    }
  });
});

describe('a candidate from a query', () => {
  it('is the same whatever the order of rows on disk', async () => {
    const roots: string[] = [];
    const modules: readonly (readonly [Source, object])[] = [
      [{ sql: LOOK_UP.replace('JOIN', 'LEFT JOIN'), base: BY_NR }, CUSTOMER],
      [{ sql: EACH_TAG, base: BY_NO }, TAGS],
      [{ sql: SUM, base: BY_BILL }, SUMS],
    ];
    for (const [source, module] of modules) {
      for (const change of ['', REVERSED]) {
        const one = project(source, module, change);
        expect((await run(one)).failure).toBeNull();
        roots.push(runFileOf(one.root).dataRoot);
      }
    }
    expect(roots).toHaveLength(6);
    expect(new Set(roots).size).toBe(3);
  });
});

/** The same rows under the same names, stored the other way round. */
const REVERSED = ['customer', 'town', 'line']
  .map(
    (name) => `
      CREATE TABLE old_${name} AS SELECT * FROM ${name};
      DELETE FROM ${name};
      INSERT INTO ${name} SELECT * FROM old_${name} ORDER BY rowid DESC;
      DROP TABLE old_${name};`,
  )
  .join('');

describe('several records of one row', () => {
  const sql =
    "SELECT nr, 1 AS k, 'x' AS ref FROM customer WHERE nr = 10 " +
    'UNION ALL SELECT nr, 2, 77 FROM customer';
  const twice = {
    key: [
      { column: 'nr', type: 'integer' },
      { column: 'k', type: 'integer' },
    ],
    fields: { nr: whole('nr'), k: whole('k'), ref: whole('ref') },
    references: [{ fields: ['ref'], module: 'm', to: ['k'] }],
    dropped: { name: 'not asked for', town: 'not asked for' },
  };
  const missing = 'it refers to a record that is not in module m';

  it('do not hide what is wrong with the others by what failed in one', async () => {
    const { findings } = await run(project({ sql, base: BY_NR }, twice), 'dry-run');
    expect([...findings].sort()).toEqual([
      `reference customer/10 ${missing}`,
      `reference customer/20 ${missing}`,
      `reference customer/30 ${missing}`,
      expect.stringMatching(/^row-multiplied /),
      'type customer/10 the value is not an integer',
    ]);
  });
});
