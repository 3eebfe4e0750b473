/** Rows of a table that no module takes: counted and told, whoever was meant to take them. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { array, assert as holds, asyncProperty, constantFrom, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { migrate } from '../../src/flow/migrate.ts';
import { scan } from '../../src/flow/scan.ts';
import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { checkRowFindings } from '../../src/scan/rowFindings.ts';
import type { RunFile } from '../../src/seal/format.ts';
import { runFileOf, workFolder, writeMapping, type HandWritten } from '../kit/project.ts';
import { promoteHere } from '../promote/fixture.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { times } from '../kit/long.ts';

const folder = workFolder('left-out');
let projects = 0;

function project(sql: string, mapping: Omit<HandWritten, 'sources'>): string {
  projects += 1;
  const root = join(folder, `p${projects}`);
  const file = join(folder, `p${projects}.db`);
  const db = new Database(file);
  db.exec(`PRAGMA synchronous = OFF; BEGIN; ${sql}; COMMIT`);
  db.close();
  writeMapping(root, { sources: { main: `sqlite:${file}` }, ...mapping });
  return root;
}

/** Severity, rule, module and reason of all findings of rules `filtered-…`. */
async function toldBy(command: 'dry-run' | 'migrate', root: string): Promise<string[]> {
  const options = { project: root, cwd: root, sources: new Map<string, string>() };
  const all = { ...options, workers: 1, memory: 2 ** 28 };
  const found = openFindings(folder);
  try {
    if (command === 'dry-run') await dryRun(all, ENVIRONMENT, found);
    else {
      const more = { runId: 'r', failAfter: null, allowRejected: 0 };
      await migrate({ ...all, ...more }, ENVIRONMENT, found);
    }
    return [...found.list]
      .filter(({ rule }) => rule.startsWith('filtered-'))
      .map(({ severity, rule, module = '-', reason }) => `${severity} ${rule} ${module} ${reason}`);
  } finally {
    found.close();
  }
}

async function told(root: string): Promise<string[]> {
  const lines = await toldBy('dry-run', root);
  expect(await toldBy('migrate', root)).toEqual(lines);
  return lines;
}

const ITEMS = `CREATE TABLE items (id INTEGER PRIMARY KEY, n);
  INSERT INTO items VALUES (1, 5), (2, 50), (3, 'five'), (4, NULL), (5, x'05'), (6, 10);`;

function items(where: readonly object[], more: object = {}): object {
  return {
    source: { table: 'items' },
    ...(where.length === 0 ? {} : { where }),
    key: [{ column: 'id', type: 'integer' }],
    id: { rule: 'keep' },
    fields: {
      id: { column: 'id', type: 'integer' },
      n: { column: 'n', type: 'tagged' },
    },
    minimumRows: 0,
    ...more,
  };
}

const below = { column: 'n', below: 10 };
const atLeast = { column: 'n', atLeast: 10 };

describe('rows that no module takes', () => {
  it('are told by the kind of their cell where two conditions only seem to complete each other', async () => {
    const modules = { few: items([below]), many: items([atLeast]) };
    expect(await told(project(ITEMS, { modules }))).toEqual([
      'WARNING filtered-kind - in no module: 3 of 6 rows of table "items", as column "n" is ' +
        "null in 1 of them, and of another kind than the condition's values in 2",
    ]);
  });

  it('are none where a third module takes the others (negative control)', async () => {
    const others = [{ column: 'id', in: [3, 4, 5] }];
    const modules = { few: items([below]), many: items([atLeast]), others: items(others) };
    expect(await told(project(ITEMS, { modules }))).toEqual([]);
    const all = { few: items([below]), all: items([]) };
    expect(await told(project(ITEMS, { modules: all }))).toEqual([]);
  });

  it('are told by number where a condition leaves them out by their value', async () => {
    const modules = { few: items([{ column: 'id', notIn: [1, 2] }]) };
    expect(await told(project(ITEMS, { modules }))).toEqual([
      'WARNING filtered-row few in no module: 2 of 6 rows of table "items", which the mapping filters',
    ]);
    const severities = [{ rule: 'filtered-row', module: 'few', severity: 'INFO' }];
    expect(await told(project(ITEMS, { modules, severities }))).toEqual([
      expect.stringMatching(/^INFO filtered-row few /),
    ]);
  });

  it('are left out by their value where another condition decides that, be it for null', async () => {
    const modules = {
      few: items([{ column: 'n', isNull: false }, { column: 'id', below: 5 }, below]),
    };
    expect(await told(project(ITEMS, { modules }))).toEqual([
      'WARNING filtered-kind few in no module: 1 of 6 rows of table "items", as column "n" is of ' +
        "another kind than the condition's values in 1 of them",
      'WARNING filtered-row few in no module: 4 of 6 rows of table "items", which the mapping filters',
    ]);
  });

  it('are told where they go with a parent, or where a query leaves them out', async () => {
    const child = {
      source: { table: 'parts' },
      key: [{ column: 'id', type: 'integer' }],
      id: { rule: 'keep' },
      fields: {
        id: { column: 'id', type: 'integer' },
        item: { reference: 'few', columns: ['item'], onFilteredParent: 'filter' },
      },
    };
    const parts = `${ITEMS} CREATE TABLE parts (id INTEGER PRIMARY KEY, item INTEGER);
      INSERT INTO parts VALUES (1, 1), (2, 2), (3, 2);`;
    const modules = { few: items([{ column: 'id', in: [1] }]), part: child };
    expect(await told(project(parts, { modules }))).toEqual([
      expect.stringContaining('filtered-row few in no module: 5 of 6 rows'),
      expect.stringContaining('filtered-row part in no module: 2 of 3 rows'),
    ]);
    const source = {
      sql: 'SELECT id, n FROM items WHERE n > 5',
      base: { table: 'items', key: { id: 'id' }, lost: 'filter' },
    };
    const query = { few: items([], { source }) };
    expect(await told(project(ITEMS, { modules: query }))).toEqual([
      expect.stringContaining('filtered-row few in no module: 2 of 6 rows'),
    ]);
    const both = { few: items([], { source }), many: items([{ column: 'id', in: [1, 2, 4] }]) };
    expect(await told(project(ITEMS, { modules: both }))).toEqual([
      expect.stringContaining('filtered-row - in no module: up to 2 of 6 rows'),
    ]);
  });
});

const CUST = `CREATE TABLE cust (id INTEGER PRIMARY KEY, name, active);
  INSERT INTO cust VALUES (1, 'Ada', 1), (2, 'Bea', 0), (3, NULL, 0), (4, 'Cy', 1);`;

function cust(columns: readonly string[], more: object = {}): object {
  const fields = ['id', ...columns].map((column) => {
    return [column, { column, type: column === 'id' ? 'integer' : 'tagged' }];
  });
  const key = [{ column: 'id', type: 'integer' }];
  const from = { source: { table: 'cust' }, key, id: { rule: 'keep' }, minimumRows: 0 };
  return { ...from, fields: Object.fromEntries(fields) as unknown, ...more };
}

const active = (value: number): object => ({ where: [{ column: 'active', in: [value] }] });

const inC = (...columns: string[]): object => ({
  dropped: Object.fromEntries(columns.map((column) => [column, 'in module c'])) as unknown,
});

describe('a second module of a table', () => {
  const c = cust(['name', 'active'], active(1));

  it('takes no rows where it is external', async () => {
    const ids = cust([], { external: true });
    const root = project(CUST, { modules: { c, ids } });
    const line =
      'WARNING filtered-row c in no module: 2 of 4 rows of table "cust", which the mapping filters';
    expect(await told(root)).toEqual([line]);
    const { findings: _, ...silent } = runFileOf(root);
    const missed = [...checkRowFindings(silent, await loadMapping(root), null)];
    expect(missed.map(({ rule, module }) => [rule, module])).toEqual([['accounting', 'c']]);
    expect(await scanned(root, null)).toEqual(['WARN', 'WARNING filtered-row c']);
    await expect(promoteHere(root)).rejects.toThrow(/warnings/);
    const alone = { ids: cust([], { external: true, ...active(1) }) };
    expect(await told(project(CUST, { modules: alone }))).toEqual([
      expect.stringContaining('filtered-row ids in no module: 2 of 4 rows'),
    ]);
  });

  it('takes no cells of a column that it drops', async () => {
    const one = { c, ids: cust(['active'], inC('name')) };
    const root = project(CUST, { modules: one });
    expect(await told(root)).toEqual([
      'WARNING filtered-row c in no module with column "name": 1 of 4 rows of table "cust", ' +
        'which the mapping filters',
    ]);
    expect(await scanned(root, null)).toEqual(['WARN', 'WARNING filtered-row c']);
    const both = { c, ids: cust([], inC('name', 'active')) };
    expect(await told(project(CUST, { modules: both }))).toEqual([
      expect.stringContaining('c in no module with columns "active", "name": 2 of 4 rows'),
    ]);
  });

  it('takes them where it maps the column, or they are null, or a third one does', async () => {
    const all = { c, all: cust(['name', 'active']) };
    expect(await told(project(CUST, { modules: all }))).toEqual([]);
    const noNames = CUST.replace("'Bea'", 'NULL');
    const ids = cust(['active'], inC('name'));
    expect(await told(project(noNames, { modules: { c, ids } }))).toEqual([]);
    const others = cust(['name', 'active'], active(0));
    expect(await told(project(CUST, { modules: { c, ids, others } }))).toEqual([]);
    const most = cust(['name', 'active'], { where: [{ column: 'id', in: [3] }] });
    expect(await told(project(CUST, { modules: { c, ids, most } }))).toEqual([
      expect.stringContaining('filtered-row - in no module with column "name": 1 of 4 rows'),
    ]);
  });

  it('may be a query, of which it is known how many rows it may leave out', async () => {
    const base = { table: 'cust', key: { id: 'id' }, lost: 'filter' };
    const sql = 'SELECT id, name, active FROM cust WHERE active = 1';
    const query = cust(['name', 'active'], { source: { sql, base } });
    const modules = { c: query, ids: cust(['active'], inC('name')) };
    expect(await told(project(CUST, { modules }))).toEqual([
      expect.stringContaining('filtered-row c in no module with column "name": up to 2 of 4 rows'),
    ]);
  });
});

async function scanned(project: string, modules: readonly string[] | null): Promise<string[]> {
  const found = openFindings(folder);
  try {
    const command = modules === null ? 'scan-all' : 'scan-module';
    const options = {
      command,
      project,
      modules,
      recount: null,
      workers: 1,
      memory: 2 ** 28,
    } as const;
    const { status } = await scan(options, ENVIRONMENT, found);
    return [
      status,
      ...[...found.list].map(({ severity, rule, module = '-' }) => `${severity} ${rule} ${module}`),
    ];
  } finally {
    found.close();
  }
}

describe('what is told of rows as a whole', () => {
  it('is told again by every scan, and promote asks for it', async () => {
    const modules = {
      few: items([below]),
      many: items([atLeast]),
      all: items([{ column: 'id', below: 3 }], { source: { table: 'others' } }),
    };
    const others = `CREATE TABLE others (id INTEGER PRIMARY KEY, n);
      INSERT INTO others SELECT * FROM items;`;
    const root = project(`${ITEMS} ${others}`, { modules });
    const wanted = (await toldBy('dry-run', root)).map((line) =>
      line.split(' ').slice(0, 3).join(' '),
    );
    expect(wanted).toHaveLength(2);
    await toldBy('migrate', root);
    expect(await scanned(root, null)).toEqual(['WARN', ...wanted]);
    expect(await scanned(root, ['all'])).toEqual(['WARN', 'WARNING filtered-row all']);
    await expect(promoteHere(root)).rejects.toThrow(/warnings/);
    expect((await promoteHere(root, { allowWarnings: true })).status).toBe('DONE');
  });

  it('is missed where a seal does not say it, though its accounting has such rows', async () => {
    const root = project(ITEMS, { modules: { few: items([below]) } });
    await toldBy('migrate', root);
    const run = runFileOf(root);
    const mapping = await loadMapping(root);
    const rules = (of: RunFile): string[] =>
      [...checkRowFindings(of, mapping, null)].map(({ rule }) => rule);
    expect(rules(run).sort()).toEqual(['filtered-kind', 'filtered-row']);
    const { findings = [], ...silent } = run;
    expect(rules(silent)).toEqual(['accounting']);
    expect(
      rules({
        ...silent,
        findings: findings.map(({ module, reason }) => ({ module, rule: 'type', reason })),
      }),
    ).toEqual(['seal-format', 'seal-format', 'accounting']);
  });
});

type Cell = null | number | string;
type Condition = Readonly<Record<string, unknown>> & { readonly column: string };

/** Plainly what docs/mapping.md says of a condition; `judged`: the cell is of a kind that it knows. */
function judge(condition: Condition, cell: Cell): { holds: boolean; judged: boolean } {
  const {
    in: among,
    notIn,
    isNull,
  } = condition as { in?: Cell[]; notIn?: Cell[]; isNull?: boolean };
  if (isNull !== undefined) return { holds: (cell === null) === isNull, judged: true };
  if (notIn !== undefined) return { holds: !notIn.includes(cell), judged: true };
  const asked = among ?? [(condition['atLeast'] ?? condition['below']) as Cell];
  const judged = cell !== null && asked.some((value) => typeof value === typeof cell);
  if (among !== undefined) return { holds: among.includes(cell), judged };
  const [bound] = asked;
  if (!judged || bound === null || bound === undefined || cell === null)
    return { holds: false, judged };
  return { holds: 'below' in condition ? cell < bound : cell >= bound, judged };
}

const CELL = constantFrom<Cell>(null, 1, 2, 3, '1', '2', 'x');
const VALUE = constantFrom<Cell>(1, 2, 3, '1', '2');
const COLUMN = constantFrom('n', 'm');
const CONDITION = constantFrom('in', 'notIn', 'isNull', 'atLeast', 'below').chain((kind) =>
  record({ column: COLUMN, value: VALUE, other: VALUE, yes: constantFrom(true, false) }).map(
    ({ column, value, other, yes }): Condition => {
      if (kind === 'isNull') return { column, isNull: yes };
      if (kind === 'atLeast' || kind === 'below') return { column, [kind]: value };
      return { column, [kind]: [...new Set([value, other])] };
    },
  ),
);
const CASE = record({
  rows: array(record({ n: CELL, m: CELL }), { minLength: 1, maxLength: 12 }),
  wheres: array(array(CONDITION, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
});

const sql = (cell: Cell): string =>
  typeof cell === 'string' ? `'${cell}'` : String(cell ?? 'NULL');

describe('any conditions of any modules', () => {
  it('leave out as many rows as a plain reading of them says', async () => {
    let [odd, plain] = [0, 0];
    await holds(
      asyncProperty(CASE, async ({ rows, wheres }) => {
        const all = [...rows, { n: 1, m: 1 }];
        const table = `CREATE TABLE items (id INTEGER PRIMARY KEY, n, m);
          ${all.map(({ n, m }, id) => `INSERT INTO items VALUES (${id}, ${sql(n)}, ${sql(m)});`).join('')}
          CREATE TABLE one (id INTEGER PRIMARY KEY, n); INSERT INTO one VALUES (1, 1);`;
        const dropped = { m: 'not asked for' };
        const filtering = wheres.map((where, at) => [`m${at}`, items(where, { dropped })]);
        const one = { ...items([]), source: { table: 'one' } };
        const root = project(table, { modules: { ...Object.fromEntries(filtering), one } });
        const lines = await toldBy('dry-run', root);
        rmSync(root, { recursive: true });
        let [byKind, byValue] = [0, 0];
        for (const row of all) {
          const verdicts = wheres.map((where) =>
            where.map((condition) => judge(condition, row[condition.column as 'n' | 'm'])),
          );
          if (verdicts.some((of) => of.every((one) => one.holds))) continue;
          const oddly = verdicts.some((of) => of.every((one) => one.holds || !one.judged));
          if (oddly) byKind += 1;
          else byValue += 1;
        }
        const sum = (rule: string): number =>
          lines
            .filter((line) => line.includes(rule))
            .reduce((total, line) => total + Number(/in no module: (\d+) of/.exec(line)?.[1]), 0);
        expect([sum('filtered-kind'), sum('filtered-row')]).toEqual([byKind, byValue]);
        odd += byKind;
        plain += byValue;
      }),
      { numRuns: times('SEALIFT_LEFT_OUT', 15, 40) },
    );
    expect(odd).toBeGreaterThan(0);
    expect(plain).toBeGreaterThan(0);
  });
});
