/** The contract of src/source/source.ts, the same tests over every adapter. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure, type FailureCode } from '../../src/outcome/failure.ts';
import type { SourceValue } from '../../src/record/value.ts';
import { csvAdapter } from '../../src/source/csv.ts';
import { jsonAdapter } from '../../src/source/json.ts';
import { memoryAdapter, memorySource } from '../../src/source/memory.ts';
import { compareNames } from '../../src/source/nameOrder.ts';
import { ndjsonAdapter } from '../../src/source/ndjson.ts';
import type {
  PreparedSource,
  PrepareOptions,
  Row,
  SourceAdapter,
  SourceReader,
} from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';

type Cells = (string | null)[];

const COLUMNS = ['id', 'name', 'note'];
const AWKWARD: readonly (string | null)[] = [
  null,
  '',
  'plain',
  ' blanks ',
  'comma, "quote" and\nline\r\nbreaks',
  'Größe',
  'e\u0301 is not é',
  '😀 astral 𝒳',
  'already replaced \uFFFD',
  'nul\u0000inside',
  'separators \u2028\u2029',
  '\uFEFFmark inside',
  '__proto__',
  'NULL',
];
const ROWS: readonly Cells[] = Array.from({ length: 10_000 }, (_, index) => [
  `k${String(index).padStart(5, '0')}`,
  AWKWARD[index % AWKWARD.length] ?? null,
  index % 3 === 0 ? null : `note ${index}`,
]);

/** One adapter and how to put the same tables where it reads them. */
interface Subject {
  readonly name: string;
  readonly adapter: SourceAdapter;
  /** Writes table `people` and the empty table `Zoo`; gives the location. */
  write(folder: string, rows: readonly Cells[]): string;
  /** Changes one cell behind the adapter's back, keeping the size. Absent: nobody can. */
  change?(folder: string): void;
  /** What a file that is not of this format gives. */
  readonly malformed?: string;
  /** Rows of `people` come by SQL, too. */
  readonly sql?: true;
  /** What an unpaired source gives when it is prepared. */
  prepare?(rows: readonly Cells[]): PreparedSource;
}

const asObjects = (rows: readonly Cells[]): string[] =>
  rows.map((cells) => JSON.stringify(Object.fromEntries(COLUMNS.map((c, i) => [c, cells[i]]))));

const csvField = (cell: string | null | undefined): string =>
  cell === null || cell === undefined ? '' : `"${cell.replaceAll('"', '""')}"`;

function patch(file: string): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf('note 5000');
  expect(at).toBeGreaterThan(0);
  bytes.write('NOTE', at);
  writeFileSync(file, bytes);
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'sqlite',
    adapter: sqliteAdapter,
    write(folder, rows) {
      const file = join(folder, 'legacy.db');
      const db = new Database(file);
      db.exec('CREATE TABLE people (id TEXT, name TEXT, note TEXT); CREATE TABLE Zoo (id)');
      const insert = db.prepare('INSERT INTO people VALUES (?, ?, ?)');
      db.transaction(() => {
        for (const cells of rows) insert.run(...cells);
      })();
      db.close();
      return file;
    },
    change: (folder) => patch(join(folder, 'legacy.db')),
    malformed: 'this is no database, whatever its name says'.repeat(20),
    sql: true,
  },
  {
    name: 'ndjson',
    adapter: ndjsonAdapter,
    write(folder, rows) {
      const lines = asObjects(rows).map((line) => `${line}\n`);
      writeFileSync(join(folder, 'people.ndjson'), lines.join(''));
      writeFileSync(join(folder, 'Zoo.ndjson'), '');
      return folder;
    },
    change: (folder) => patch(join(folder, 'people.ndjson')),
    malformed: '{"a":1}\n{"a":}\n',
  },
  {
    name: 'json',
    adapter: jsonAdapter,
    write(folder, rows) {
      writeFileSync(join(folder, 'people.json'), `[\n${asObjects(rows).join(',\n')}\n]\n`);
      writeFileSync(join(folder, 'Zoo.json'), '[]');
      return folder;
    },
    change: (folder) => patch(join(folder, 'people.json')),
    malformed: '[{"a":1} {"a":2}]',
  },
  {
    name: 'csv',
    adapter: csvAdapter,
    write(folder, rows) {
      const lines = [COLUMNS, ...rows].map((cells) => `${cells.map(csvField).join(',')}\r\n`);
      writeFileSync(join(folder, 'people.csv'), lines.join(''));
      writeFileSync(join(folder, 'Zoo.csv'), 'id\n');
      return folder;
    },
    change: (folder) => patch(join(folder, 'people.csv')),
    malformed: 'a,a\n1,2\n',
  },
  {
    name: 'memory',
    adapter: memoryAdapter,
    write: (folder) => folder,
    prepare: (rows) => memorySource([table('people', COLUMNS, rows), table('Zoo', ['id'], [])]),
  },
];

function table(name: string, columns: readonly string[], rows: readonly Cells[]) {
  const described = columns.map((column) => {
    return { name: column, declaredType: '', notNull: false, generated: false };
  });
  const keys = { primaryKey: [], unique: [], foreignKeys: [] };
  return { schema: { name, kind: 'table' as const, columns: described, ...keys }, rows };
}

async function gather(
  reader: SourceReader,
  source: PreparedSource,
  columns: readonly string[],
  rows: number,
): Promise<Row[]> {
  const found: Row[] = [];
  for (const range of await source.plan('people', rows)) {
    for await (const page of reader.read('people', columns, structuredClone(range))) {
      expect(page.length).toBeGreaterThan(0);
      expect(page.length).toBeLessThanOrEqual(4096);
      found.push(...page);
    }
  }
  return found;
}

const cellsOf = (rows: readonly Row[]): SourceValue[][] => rows.map((row) => row.slice(0, -1));

async function codeOf(work: () => Promise<unknown>): Promise<FailureCode> {
  const error = await work().then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  const failure = error as Failure;
  expect(failure.line()).not.toContain('note 5');
  expect(failure.hint ?? '').not.toBe('');
  return failure.code;
}

describe.each(SUBJECTS)('the $name source', (subject) => {
  let root = '';
  let folder = '';
  let location = '';
  let options: PrepareOptions;
  let source: PreparedSource;
  let reader: SourceReader;
  const prepare = async (): Promise<PreparedSource> =>
    subject.prepare?.(ROWS) ?? subject.adapter.prepare(location, options);

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'sealift-source-'));
    folder = join(root, 'data');
    const scratch = join(root, 'scratch');
    mkdirSync(folder);
    mkdirSync(scratch);
    location = subject.write(folder, ROWS);
    options = { scratch, lockTimeoutMs: 200 };
    source = await prepare();
    await source.inOneSnapshot(async () => {
      reader = await subject.adapter.open(structuredClone(source.handle));
    });
  });

  afterAll(async () => {
    await reader.close();
    await source.close();
    rmSync(root, { recursive: true });
  });

  it('describes its tables in the order of their bytes', () => {
    expect(source.schema.tables.map((t) => t.name)).toEqual(['Zoo', 'people']);
    const people = source.schema.tables[1];
    expect(people?.columns.map((column) => column.name)).toEqual(COLUMNS);
    expect(structuredClone(source.schema)).toEqual(source.schema);
  });

  it('says how large it is, about', () => {
    expect(source.bytes).toBeGreaterThanOrEqual(ROWS.length);
  });

  it('yields every cell exactly, in the order requested, and then the locator', async () => {
    const rows = await gather(reader, source, ['note', 'id', 'name'], 3000);
    const sorted = cellsOf(rows).sort((a, b) => ((a[1] as string) < (b[1] as string) ? -1 : 1));
    expect(sorted).toEqual(ROWS.map(([id, name, note]) => [note, id, name]));
  });

  it.each([700, 2500, 9999, 1e9])('holds each row once in ranges of about %d rows', async (n) => {
    const rows = await gather(reader, source, ['id'], n);
    expect(rows).toHaveLength(ROWS.length);
    expect(new Set(rows.map((row) => row[0])).size).toBe(ROWS.length);
    expect(new Set(rows.map((row) => row[1])).size).toBe(ROWS.length);
    for (const row of rows) expect(typeof row[1]).toMatch(/^(number|string)$/);
  });

  it('counts what it reads', async () => {
    expect(await source.count('people')).toBe(ROWS.length);
    expect(await source.count('Zoo')).toBe(0);
    const ranges = await source.plan('Zoo', 100);
    for (const range of ranges) {
      for await (const page of reader.read('Zoo', [], range)) expect(page).toEqual([]);
    }
  });

  it('yields the locator alone when no column is asked for', async () => {
    const rows = await gather(reader, source, [], 1e9);
    expect(rows).toHaveLength(ROWS.length);
    expect(rows.every((row) => row.length === 1)).toBe(true);
  });

  it('yields the same to readers that take turns', async () => {
    const other = await subject.adapter.open(structuredClone(source.handle));
    const [range] = await source.plan('people', 1e9);
    const left = reader.read('people', COLUMNS, range ?? {})[Symbol.asyncIterator]();
    const right = other.read('people', COLUMNS, range ?? {})[Symbol.asyncIterator]();
    let pages = 0;
    for (;;) {
      const [a, b] = [await left.next(), await right.next()];
      expect(a).toEqual(b);
      if (a.done === true) break;
      expect(a.value[0]).not.toBe((b.value as Row[])[0]);
      pages++;
    }
    expect(pages).toBeGreaterThan(1);
    await other.close();
  });

  it('can be left in the middle of a table and closed', async () => {
    const other = await subject.adapter.open(source.handle);
    const [range] = await source.plan('people', 1e9);
    for await (const page of other.read('people', COLUMNS, range ?? {})) {
      expect(page.length).toBeGreaterThan(0);
      break;
    }
    const pending = other.read('people', COLUMNS, range ?? {})[Symbol.asyncIterator]();
    expect((await pending.next()).done).toBe(false);
    await other.close();
    await other.close();
  });

  it('refuses tables and columns that it does not have', async () => {
    const [range] = await source.plan('people', 1e9);
    const drain = async (name: string, columns: string[]): Promise<void> => {
      for await (const page of reader.read(name, columns, range ?? {})) expect(page).toEqual([]);
    };
    expect(await codeOf(() => drain('nobody', ['id']))).toBe('SOURCE_SCHEMA');
    expect(await codeOf(() => drain('people', ['id', 'Name']))).toBe('SOURCE_SCHEMA');
    expect(await codeOf(() => source.count('nobody'))).toBe('SOURCE_SCHEMA');
    expect(await codeOf(() => source.plan('nobody', 1))).toBe('SOURCE_SCHEMA');
  });

  it('is read in another thread', async () => {
    const [range] = await source.plan('people', 1e9);
    const file = new URL(`../../src/source/${subject.name}.ts`, import.meta.url).href;
    const worker = new Worker(COUNT_IN_WORKER, {
      eval: true,
      workerData: { file, export: `${subject.name}Adapter`, handle: source.handle, range },
    });
    const counted = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(counted).toBe(ROWS.length);
  });

  it('leaves bytes and folder as they were', async () => {
    const before = stateOf(folder);
    const again = await prepare();
    const opened = await subject.adapter.open(again.handle);
    expect(await gather(opened, again, COLUMNS, 5000)).toHaveLength(ROWS.length);
    await again.assertUnchanged();
    await opened.close();
    await again.close();
    expect(stateOf(folder)).toEqual(before);
  });
});

function stateOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]),
  );
}

const COUNT_IN_WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.file).then(async (module) => {
    const reader = await module[workerData.export].open(workerData.handle);
    let count = 0;
    for await (const page of reader.read('people', ['id'], workerData.range)) count += page.length;
    await reader.close();
    parentPort.postMessage(count);
  });
`;

const ENDS = "SELECT id AS k, note FROM people WHERE id < 'k00003' OR id > 'k09997'";
const QUERY = {
  name: 'query ends',
  sql: `${ENDS} UNION ALL SELECT 'nobody', NULL`,
  base: { table: 'people', key: { id: 'k' } },
};

const sorted = (rows: readonly unknown[]): string[] =>
  rows.map((row) => JSON.stringify(row)).sort(compareNames);

describe.each(SUBJECTS.filter(({ sql }) => sql === true))('the $name source', (subject) => {
  let root = '';
  let location = '';
  let options: PrepareOptions;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'sealift-source-'));
    mkdirSync(join(root, 'scratch'));
    options = { scratch: join(root, 'scratch'), lockTimeoutMs: 100 };
    location = subject.write(root, ROWS);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('reads a query like a table, and leaves its schema alone', async () => {
    const plain = await subject.adapter.prepare(location, options);
    const source = await subject.adapter.prepare(location, { ...options, relations: [QUERY] });
    const reader = await subject.adapter.open(structuredClone(source.handle));
    expect(source.schema).toEqual(plain.schema);
    const relation = source.relations.get(QUERY.name);
    expect(relation?.schema.columns.map(({ name }) => name)).toEqual(['k', 'note']);
    expect(relation?.schema.kind).toBe('query');
    expect(relation?.locates).toBe(QUERY.name);
    expect(relation?.unread).toEqual(['name']);
    const cells: SourceValue[][] = [];
    for (const range of await source.plan(QUERY.name, 2)) {
      for await (const page of reader.read(QUERY.name, ['note', 'k'], structuredClone(range))) {
        cells.push(...cellsOf(page));
      }
    }
    const wanted = ROWS.filter(([id]) => (id ?? '') < 'k00003' || (id ?? '') > 'k09997');
    expect(sorted(cells)).toEqual(sorted(wanted.map(([id, , note]) => [note, id])));
    expect(await reader.relations?.count(QUERY.name)).toBe(cells.length);
    expect(await reader.relations?.count('people')).toBe(ROWS.length);
    await Promise.all([reader.close(), source.close(), plain.close()]);
  });

  it('counts how a query and its base belong together, and names what is lost', async () => {
    const source = await subject.adapter.prepare(location, { ...options, relations: [QUERY] });
    const reader = await subject.adapter.open(source.handle);
    const { relations } = reader;
    const read = ROWS.length - 5;
    expect(await relations?.baseCounts(QUERY.name)).toEqual({
      rows: ROWS.length,
      results: 6,
      pairs: 5,
      strays: 1,
      shared: 0,
      multiplied: 0,
      counted: null,
      lost: read,
    });
    const lost: (number | string)[] = [];
    for await (const page of relations?.lostRows(QUERY.name) ?? []) lost.push(...page);
    expect(lost).toEqual(Array.from({ length: read }, (_, index) => index + 4));
    expect(await codeOf(async () => relations?.baseCounts('people'))).toBe('SOURCE_SCHEMA');
    await Promise.all([reader.close(), source.close()]);
  });

  it('refuses SQL that is no query before it runs', async () => {
    const sql = 'DELETE FROM people';
    const request = { ...options, relations: [{ ...QUERY, sql }] };
    expect(await codeOf(() => subject.adapter.prepare(location, request))).toBe('MAPPING');
    const source = await subject.adapter.prepare(location, options);
    expect(await source.count('people')).toBe(ROWS.length);
    await source.close();
  });
});

describe.each(SUBJECTS.filter(({ sql, malformed }) => sql !== true && malformed !== undefined))(
  'the $name source',
  (subject) => {
    it('has no SQL, and says so', async () => {
      const root = mkdtempSync(join(tmpdir(), 'sealift-source-'));
      const location = subject.write(root, ROWS);
      const options = { scratch: root, lockTimeoutMs: 100, relations: [QUERY] };
      expect(await codeOf(() => subject.adapter.prepare(location, options))).toBe('UNSUPPORTED');
      rmSync(root, { recursive: true });
    });
  },
);

const FILES = SUBJECTS.filter((subject) => subject.malformed !== undefined);

describe.each(FILES)('a faulty $name source', (subject) => {
  let root = '';
  let options: PrepareOptions;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'sealift-source-'));
    options = { scratch: join(root, 'scratch'), lockTimeoutMs: 100 };
    mkdirSync(options.scratch);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('is refused where nothing is there', async () => {
    const location = join(root, 'nothing');
    expect(await codeOf(() => subject.adapter.prepare(location, options))).toBe('SOURCE_MISSING');
  });

  it('is refused where the file is of another format', async () => {
    const file = join(root, `odd.${subject.name}`);
    writeFileSync(file, subject.malformed ?? '');
    expect(await codeOf(() => subject.adapter.prepare(file, options))).toBe('SOURCE_FORMAT');
  });

  it('is noticed when it changed while it was read, and only then', async () => {
    const folder = join(root, 'changing');
    mkdirSync(folder);
    const location = subject.write(folder, ROWS);
    const source = await subject.adapter.prepare(location, options);
    await source.inOneSnapshot(async () => {});
    await source.assertUnchanged();
    subject.change?.(folder);
    expect(await codeOf(() => source.assertUnchanged())).toBe('SOURCE_CHANGED');
    await source.close();
  });
});
