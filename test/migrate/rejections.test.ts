/**
 * Rows that the mapping cannot hold, and rows with equal keys: the run fails, says where without
 * saying what, and leaves nothing; with --allow-rejected the rest is sealed and accounted for.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import {
  candidateOf,
  compareCells,
  findingsOf,
  hasProgram,
  migrate,
  recordsOf,
  runFileOf,
  succeed,
  workFolder,
  writeMapping,
} from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';

const folder = workFolder('rejections');
const project = join(folder, 'project');
const database = join(folder, 'bad.db');
const PYTHON = hasProgram('python3');
/** Stands in every cell that is refused, in one form or another; reports must not hold it. */
const MARK = 'GEHEIM';
const HEX = Buffer.from(MARK).toString('hex');

/** Column → type, options, a good cell, a bad one, and the rule that refuses it. */
const BAD: readonly (readonly [
  string,
  { readonly type: string; readonly [option: string]: unknown },
  string,
  string,
  string,
])[] = [
  ['flag', { type: 'boolean' }, '1', `'${MARK}'`, 'type'],
  ['count', { type: 'integer' }, '5', '9007199254740993', 'exactness'],
  ['whole', { type: 'integer' }, '5', '0.5', 'type'],
  ['big', { type: 'bigint' }, '5', `'5${MARK}'`, 'type'],
  ['price', { type: 'decimal(2)' }, '0.5', `'0.555'`, 'scale'],
  ['ratio', { type: 'float' }, '0.5', '9e999', 'exactness'],
  ['day', { type: 'date' }, `'2024-02-29'`, `'2023-02-29'`, 'type'],
  ['clock', { type: 'time(0)' }, `'10:00:00'`, `'24:00:00'`, 'type'],
  ['local', { type: 'timestamp(0)' }, `'2024-01-01 10:00:00'`, `'2024-01-01 10:00:00.5'`, 'scale'],
  ['zoned', { type: 'timestamptz(0)' }, `'2024-01-01 10:00:00Z'`, `'2024-01-01 10:00:00'`, 'type'],
  [
    'gap',
    { type: 'timestamptz(0)', zone: 'Europe/Zurich' },
    `'2024-01-01 10:00:00'`,
    `'2024-03-31 02:37:00'`,
    'time-gap',
  ],
  [
    'twice',
    { type: 'timestamptz(0)', zone: 'Europe/Zurich' },
    `'2024-01-01 10:00:00'`,
    `'2024-10-27 02:37:00'`,
    'time-overlap',
  ],
  ['guid', { type: 'uuid' }, `x'${'00'.repeat(16)}'`, `'${MARK}'`, 'type'],
  ['small', { type: 'bytes' }, `x'00'`, 'zeroblob(65537)', 'max-length'],
  ['file', { type: 'blob' }, `x'00'`, `'${MARK}'`, 'type'],
  ['mood', { type: 'enum', values: ['good'] }, `'good'`, `'${MARK}'`, 'enum'],
  ['doc', { type: 'json' }, `'[1]'`, `'{"${MARK}":1,"${MARK}":2}'`, 'type'],
  ['numbers', { type: 'json' }, `'[1]'`, `'[9007199254740993]'`, 'exactness'],
  ['tags', { type: 'array(string)' }, `'["a"]'`, `'["${MARK}",5]'`, 'type'],
  ['words', { type: 'string', maxLength: 3 }, `'abc'`, `'${MARK}'`, 'max-length'],
  ['number', { type: 'string' }, `'abc'`, '5', 'type'],
  ['broken', { type: 'string' }, `'abc'`, `CAST(x'ff${HEX}' AS TEXT)`, 'encoding'],
  ['needed', { type: 'string', required: true }, `'abc'`, 'NULL', 'required'],
];

function writeDatabase(): void {
  const db = new Database(database);
  const columns = BAD.map(([name]) => name);
  db.exec(`CREATE TABLE cells (id INTEGER PRIMARY KEY, ${columns.join(', ')});
    CREATE TABLE keys (k, part TEXT, file BLOB);
    CREATE TABLE children (id INTEGER PRIMARY KEY, k, part TEXT)`);
  const good = BAD.map(([, , cell]) => cell);
  db.exec(`INSERT INTO cells VALUES (1, ${good.join(', ')})`);
  for (const [index, [, , , bad]] of BAD.entries()) {
    const cells = good.map((cell, at) => (at === index ? bad : cell));
    db.exec(`INSERT INTO cells VALUES (${(index + 1) * 10}, ${cells.join(', ')})`);
  }
  db.exec(`INSERT INTO cells VALUES (1000, ${BAD.map(([, , , bad]) => bad).join(', ')});
    INSERT INTO keys VALUES (5, 'a', x'01'), ('5', 'a', x'02'), (6, 'a', x'03'), (7, NULL, x'04'),
      (NULL, 'a', x'05'), (NULL, NULL, x'06'), ('${MARK}', 'a', x'07'), (8, 'a', x'03'),
      ('05', 'a', x'08'), (5, 'a', x'03'), (9, 'b', x'09'), (9, 'b', x'09');
    INSERT INTO children VALUES (1, 6, 'a'), (2, 6, NULL), (3, NULL, NULL), (4, '${MARK}', 'a')`);
  db.close();
}

const KEY = [
  { column: 'k', type: 'integer' },
  { column: 'part', type: 'string' },
];

beforeAll(() => {
  writeDatabase();
  const fields = BAD.map(([column, options]) => [column, { column, ...options }]);
  const id = { column: 'id', type: 'integer' };
  const file = { column: 'file', type: 'blob' };
  const [k, part] = KEY;
  writeMapping(project, {
    sources: { main: 'sqlite:../bad.db' },
    modules: {
      cells: {
        source: { table: 'cells' },
        key: [id],
        id: { rule: 'keep' },
        fields: { id, ...(Object.fromEntries(fields) as object) },
      },
      'keys-keep': {
        source: { table: 'keys' },
        key: KEY,
        id: { rule: 'keep' },
        fields: { k, part, file },
      },
      'keys-uuid': { source: { table: 'keys' }, key: KEY, id: { rule: 'uuid' }, fields: { file } },
      children: {
        source: { table: 'children' },
        key: [id],
        id: { rule: 'keep' },
        fields: {
          id,
          parent: { reference: 'keys-uuid', columns: ['k', 'part'] },
        },
      },
    },
  });
});

/** rejected: cells 24 (23 and the row of all), keys 5 by value and 5 by duplicates twice, children 2. */
const REJECTED = 24 + 2 * (5 + 5) + 2;

const of = (module: string): Finding[] =>
  findingsOf(project).filter((finding) => finding.module === module);
const members = (finding: Finding): unknown[] => finding.members?.map(({ row }) => row) ?? [];

/** As JSON texts, ascending: for sets that come in any order. */
function sortedText(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).sort();
}

describe('a run with rejected rows', () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await sealift(['migrate', '--project', project]);
  });

  it('fails with one line that says how many, where they are listed, and what to do', () => {
    expect(ran.code).toBe(1);
    const last = ran.stderr.trimEnd().split('\n').at(-1);
    expect(last).toMatch(/^sealift migrate: 46 rows [a-z ]*rejected, nothing was published /);
    expect(last).toContain('(storage_reports/latest-migrate/findings.ndjson): fix the source');
    expect(last).toMatch(/ --allow-rejected 46$/);
    expect(REJECTED).toBe(46);
  });

  it('publishes nothing', () => {
    expect(existsSync(candidateOf(project))).toBe(false);
    expect(
      readdirSync(join(project, 'storage_candidate')).filter((n) => !n.startsWith('.')),
    ).toEqual([]);
  });

  for (const [index, [name, { type }, , , rule]] of BAD.entries()) {
    it(`reports the ${type} ${name} with rule ${rule}, its row and its field`, () => {
      const row = (index + 1) * 10;
      const found = of('cells').filter((finding) => finding.source?.row === row);
      expect(found.map((finding) => ({ ...finding, reason: '' }))).toEqual([
        {
          rule,
          severity: 'BLOCKER',
          reason: '',
          module: 'cells',
          field: name,
          source: { table: 'cells', row },
        },
      ]);
      expect(found[0]?.reason).toMatch(/^[^\n]{8,90}$/);
    });
  }

  it('reports each cell of a row in which all are bad', () => {
    const fields = of('cells').filter((finding) => finding.source?.row === 1000);
    expect(sortedText(fields.map(({ field }) => field))).toEqual(
      sortedText(BAD.map(([name]) => name)),
    );
    expect(of('cells').some((finding) => finding.source?.row === 1)).toBe(false);
  });

  it.each(['keys-keep', 'keys-uuid'])('reports the keys of %s', (module) => {
    const single = of(module).filter((finding) => finding.members === undefined);
    const places = single.map(({ rule, source, field }) => [source?.row, rule, field]);
    const field = (name: string): string => (module === 'keys-keep' ? name : 'id');
    expect(sortedText(places)).toEqual(
      sortedText([
        [4, 'key-null', field('part')],
        [5, 'key-null', field('k')],
        [6, 'key-null', field('k')],
        ...(module === 'keys-keep' ? [[6, 'key-null', 'part']] : []),
        [7, 'type', field('k')],
        [9, 'type', field('k')],
      ]),
    );
    const groups = of(module).filter((finding) => finding.members !== undefined);
    expect(groups.map(({ rule }) => rule)).toEqual(['key-duplicate', 'key-duplicate']);
    expect(sortedText(groups.map(members))).toEqual(['[1,2,10]', '[11,12]']);
    expect(groups[0]?.members?.[0]?.table).toBe('keys');
  });

  it('reports references that are null in part, or no key at all', () => {
    const found = of('children').map(({ rule, source, field }) => [source?.row, rule, field]);
    expect(sortedText(found)).toEqual(['[2,"reference-partial","parent"]', '[4,"type","parent"]']);
  });

  it('says no value of a record anywhere', () => {
    const reports = join(project, 'storage_reports');
    const files = readdirSync(reports, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(files.length).toBeGreaterThan(1);
    for (const shown of [ran.stdout, ran.stderr, ...files]) {
      for (const value of [MARK, '0.555', '9007199254740993', '2023-02-29', '02:37']) {
        expect(shown).not.toContain(value);
      }
    }
    expect(files.join('')).toContain('key-duplicate');
  });
});

describe('--allow-rejected', () => {
  it('of one less than there are fails all the same', async () => {
    const ran = await sealift([
      'migrate',
      '--project',
      project,
      '--allow-rejected',
      String(REJECTED - 1),
    ]);
    expect([ran.code, existsSync(candidateOf(project))]).toEqual([1, false]);
  });

  it('of as many as there are seals the others, and an accounting that adds up', async () => {
    await migrate(project, ['--allow-rejected', String(REJECTED)]);
    const accounted = runFileOf(project).accounting.map((line) => {
      expect(line.rows).toBe(line.emitting + line.filtered + line.rejected);
      expect(line.records).toBe(line.emitted - line.merged);
      return [line.module, line.rows, line.rejected, line.records];
    });
    expect(accounted).toEqual([
      ['cells', 25, 24, 1],
      ['children', 4, 2, 2],
      ['keys-keep', 12, 10, 2],
      ['keys-uuid', 12, 10, 2],
    ]);
    expect(recordsOf(project, 'keys-keep').map(({ k, part }) => [k, part])).toEqual([
      [6, 'a'],
      [8, 'a'],
    ]);
    const ran = await succeed(['verify-checksums', '--project', project]);
    expect(ran.stdout).toContain('verify-checksums: PASS');
  });

  it('leaves no blob of a rejected row behind, and keeps one that a duplicate shares', () => {
    const kept = createHash('sha256')
      .update(Buffer.from([3]))
      .digest('hex');
    for (const module of ['keys-keep', 'keys-uuid']) {
      expect(readdirSync(join(candidateOf(project), module, 'blobs'))).toEqual([kept]);
    }
  });

  it.skipIf(!PYTHON)('agrees with an independent script about which rows are left out', () => {
    const text = compareCells(database, project);
    expect(text.stdout + text.stderr).toMatch(/^\d+ cells compared, all equal\n$/);
  });
});
