/** The contract of src/source/source.ts, the same tests over every adapter. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure, type FailureCode } from '../../src/outcome/failure.ts';
import type { SourceValue } from '../../src/record/value.ts';
import { rowsOf } from '../../src/source/cellPage.ts';
import { compareNames } from '../../src/source/nameOrder.ts';
import type {
  PreparedSource,
  PrepareOptions,
  RelationRequest,
  Row,
  SourceHandle,
  SourceLocation,
  SourceReader,
} from '../../src/source/source.ts';
import { handleOf, NEVER, prepareAt, readerOf, waiting } from './opening.ts';
import { COLUMNS, SUBJECTS, type Cells, type FileCases, type Subject } from './subjects.ts';

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
const ROW_COUNT = 10_000;

/** The rows of `people`, with all that the subject's sources can hold. */
function rowsFor({ cannotHold }: Subject): Cells[] {
  const held = AWKWARD.filter((text) => !cannotHold.some((part) => text?.includes(part) === true));
  return Array.from({ length: ROW_COUNT }, (_, index) => [
    `k${String(index).padStart(5, '0')}`,
    held[index % held.length] ?? null,
    index % 3 === 0 ? null : `note ${index}`,
  ]);
}

const available = await Promise.all(SUBJECTS.map((subject) => subject.available()));
const TESTED = SUBJECTS.filter((_, index) => available[index]);
/** What is not there to be tested is seen in the list of tests. */
for (const { name } of SUBJECTS.filter((_, index) => available[index] !== true)) {
  describe.skip(`the ${name} source is not available here`, () => {});
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

/** The locator of a row of one column. */
function locatorOf([, locator]: Row): bigint {
  if (typeof locator === 'string' || typeof locator === 'number') return BigInt(locator);
  throw new TypeError('a row has no locator');
}

/** An integer of 64 bits, as a text where a double does not hold it. */
function isLocator(value: SourceValue | undefined): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'string' || !/^-?[0-9]+$/.test(value)) return false;
  return BigInt.asIntN(64, BigInt(value)) === BigInt(value) && !Number.isSafeInteger(Number(value));
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

describe.each(TESTED)('the $name source', (subject) => {
  const rows = rowsFor(subject);
  let root = '';
  let folder = '';
  let location: SourceLocation;
  let options: PrepareOptions;
  let source: PreparedSource;
  let handle: SourceHandle;
  let reader: SourceReader;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'sealift-source-'));
    folder = join(root, 'data');
    const scratch = join(root, 'scratch');
    mkdirSync(folder);
    mkdirSync(scratch);
    location = await subject.write(folder, rows);
    options = { scratch, ...waiting(200) };
    source = await subject.adapter.prepare(location, options);
    reader = await source.inOneSnapshot(async (of) => {
      handle = structuredClone(of);
      return subject.adapter.open(handle, NEVER);
    });
  });

  afterAll(async () => {
    await reader.close();
    await source.close();
    await subject.end?.();
    rmSync(root, { recursive: true });
  });

  it('takes its locations apart and puts them together, and shows no secret of them', () => {
    const { adapter, secret } = subject;
    expect(location.scheme).toBe(adapter.scheme);
    expect(adapter.usage.startsWith(`${adapter.scheme}:`)).toBe(true);
    expect(structuredClone(location)).toEqual(location);
    expect(JSON.parse(JSON.stringify(location))).toEqual(location);
    const rest = adapter.format(location, folder);
    const again = adapter.parse(rest, folder);
    expect(adapter.format(again, folder)).toBe(rest);
    if (secret === undefined) expect(again).toEqual(location);
    else expect(JSON.stringify(location)).toContain(secret);
    for (const shown of [rest, source.label]) {
      expect(shown).not.toBe('');
      expect(shown).not.toContain(secret ?? 'no secret');
    }
  });

  it('describes its tables in the order of their bytes', () => {
    expect(source.schema.tables.map((t) => t.name)).toEqual(['Zoo', 'people']);
    const people = source.schema.tables[1];
    expect(people?.columns.map((column) => column.name)).toEqual(COLUMNS);
    expect(structuredClone(source.schema)).toEqual(source.schema);
  });

  it('says how large it is, about, or that it does not know', () => {
    const { estimatedBytes } = source;
    if (estimatedBytes !== null) expect(estimatedBytes).toBeGreaterThanOrEqual(ROW_COUNT);
  });

  it('says what its columns declare, and which SQL it has', () => {
    for (const { columns } of source.schema.tables) {
      for (const column of columns) {
        expect(subject.adapter.declared(column).family).toMatch(/^(text|unknown)$/);
      }
    }
    const read = subject.adapter.dialect?.readQuery('DELETE FROM people');
    if (read !== undefined) expect(read).toHaveProperty('refused');
  });

  it('yields every cell exactly, in the order requested, and then the locator', async () => {
    const found = await gather(reader, source, ['note', 'id', 'name'], 3000);
    const sorted = cellsOf(found).sort((a, b) => ((a[1] as string) < (b[1] as string) ? -1 : 1));
    expect(sorted).toEqual(rows.map(([id, name, note]) => [note, id, name]));
  });

  it.each([700, 2500, 9999, 1e9])('holds each row once in ranges of about %d rows', async (n) => {
    const found = await gather(reader, source, ['id'], n);
    expect(found).toHaveLength(ROW_COUNT);
    expect(new Set(found.map((row) => row[0])).size).toBe(ROW_COUNT);
    expect(new Set(found.map((row) => row[1])).size).toBe(ROW_COUNT);
    const odd = found.filter(([, locator]) => !isLocator(locator));
    expect(odd).toEqual([]);
    const { showLocator = String } = subject.adapter;
    const shown = found.filter(
      ([, locator]) => !/^[\w(),.:-]+$/.test(showLocator(locator as number)),
    );
    expect(shown).toEqual([]);
  });

  it('counts what it reads', async () => {
    const counts = [source.count('people'), source.count('people'), source.count('Zoo')];
    expect(await Promise.all(counts)).toEqual([ROW_COUNT, ROW_COUNT, 0]);
    const ranges = await source.plan('Zoo', 100);
    for (const range of ranges) {
      for await (const page of reader.read('Zoo', [], range)) expect(page).toEqual([]);
    }
  });

  it('finds few ranges that hold single rows, by their locators, where it can', async () => {
    if (source.planRows === undefined) return;
    const all = await gather(reader, source, ['id'], 1000);
    const wanted = [7, 8, 5000, ROW_COUNT - 1].map((at) => all[at] ?? []);
    const locators = BigInt64Array.from(wanted, locatorOf).sort();
    const found: Row[] = [];
    for (const range of await source.planRows('people', locators)) {
      for await (const page of reader.read('people', ['id'], structuredClone(range))) {
        found.push(...page);
      }
    }
    for (const row of wanted) expect(found).toContainEqual(row);
    expect(found.length).toBeLessThan(ROW_COUNT / 4);
    expect(new Set(found.map(([id]) => id)).size).toBe(found.length);
  });

  it('tells the statements that it has run, and no others, where it has a language', async () => {
    const seen = await subject.witness?.().watch();
    const other = await subject.adapter.open(handle, NEVER);
    try {
      // Whether it has a language is what the suite says of it.
      expect(other.tellStatements !== undefined).toBe(seen !== undefined);
      if (other.tellStatements === undefined || seen === undefined) return;
      await gather(other, source, COLUMNS, 2500);
      const told = other.tellStatements();
      const sessions = await seen();
      const { isBeside } = subject.witness?.() ?? { isBeside: () => false };
      const reading = sessions.filter((session) => session.some((sql) => told.reads.includes(sql)));
      expect(reading).toHaveLength(1);
      const shown = reading[0]?.filter((sql) => !isBeside(sql)) ?? [];
      const { statements } = told.session;
      expect(shown.slice(0, statements.length)).toEqual(statements);
      expect([...new Set(shown.slice(statements.length))].sort()).toEqual([...told.reads].sort());
      expect(told.reads.join()).toMatch(/SELECT .*"id", .*"note".* FROM .*"people"/);
      // What was told is not told again.
      expect(other.tellStatements()).toEqual({ ...told, reads: [] });
      const text = JSON.stringify(told);
      expect(text).not.toContain(subject.secret ?? 'no secret');
      for (const value of ['k00005', 'note 5', 'Größe']) expect(text).not.toContain(value);
    } finally {
      await other.close();
    }
  });

  it('tells statements that give the same rows in a shell, by themselves', async () => {
    const witness = subject.witness?.();
    if (witness === undefined) return;
    const other = await subject.adapter.open(handle, NEVER);
    try {
      await gather(other, source, COLUMNS, 2500);
      const told = other.tellStatements?.();
      if (told === undefined) throw new Error('nothing is told');
      const ids = rows.map(([id]) => id);
      for (const statement of told.reads) {
        const found = witness.byShell(told.session, statement);
        if (found !== null) expect(found.sort()).toEqual(ids);
      }
      expect(told.reads.length).toBeGreaterThan(0);
    } finally {
      await other.close();
    }
  });

  it('yields the locator alone when no column is asked for', async () => {
    const found = await gather(reader, source, [], 1e9);
    expect(found).toHaveLength(ROW_COUNT);
    expect(found.every((row) => row.length === 1)).toBe(true);
  });

  it('yields the same as bytes, where it has them', async () => {
    const [range] = await source.plan('people', 1e9);
    const asValues: Row[] = [];
    const asBytes: Row[] = [];
    for await (const page of reader.read('people', COLUMNS, range ?? {})) asValues.push(...page);
    const pages = reader.readCells?.('people', COLUMNS, range ?? {}) ?? [];
    for await (const page of pages) asBytes.push(...rowsOf(structuredClone(page), [2, 0]));
    const wanted = asValues.map(([id, , note, at]) => [note, id, at]);
    expect(asBytes).toEqual(reader.readCells === undefined ? [] : wanted);
  });

  it('yields the same rows as lines of a server', async () => {
    const [range] = await source.plan('people', 1e9);
    const asValues: Row[] = [];
    const asLines: Row[] = [];
    for await (const page of reader.read('people', COLUMNS, range ?? {})) asValues.push(...page);
    for await (const page of reader.readLines?.('people', COLUMNS, range ?? {}) ?? []) {
      for (let start = 0; start < page.bytes.length;) {
        const end = page.bytes.indexOf(0x0a, start);
        asLines.push(...rowsOf(page.decode(start, end)));
        start = end + 1;
      }
    }
    expect(asLines).toEqual(reader.readLines === undefined ? [] : asValues);
  });

  it('stops when it is cancelled, and can be closed then', async () => {
    const reason = new Error('cancelled');
    const aborted = AbortSignal.abort(reason);
    const { adapter } = subject;
    const prepared = adapter.prepare(location, { ...options, signal: aborted });
    await expect(prepared).rejects.toBe(reason);
    await expect(adapter.open(handle, aborted)).rejects.toBe(reason);
    const controller = new AbortController();
    const other = await adapter.open(handle, controller.signal);
    const [range] = await source.plan('people', 1e9);
    const pages = other.read('people', COLUMNS, range ?? {})[Symbol.asyncIterator]();
    expect((await pages.next()).done).toBe(false);
    controller.abort(reason);
    await expect(pages.next()).rejects.toBe(reason);
    await other.close();
  });

  it('gives a handle for each snapshot, and what was opened with it', async () => {
    const again = await subject.adapter.prepare(location, options);
    const opened = await again.inOneSnapshot(async (of) => {
      expect(of.scheme).toBe(subject.adapter.scheme);
      return { reader: await subject.adapter.open(structuredClone(of), NEVER) };
    });
    expect(await gather(opened.reader, again, ['id'], 1e9)).toHaveLength(ROW_COUNT);
    await opened.reader.close();
    const fault = new Error('the reader was not opened');
    await expect(
      again.inOneSnapshot(async () => {
        throw fault;
      }),
    ).rejects.toBe(fault);
    await again.assertUnchanged();
    await again.close();
  });

  it('yields the same to readers that take turns', async () => {
    const other = await subject.adapter.open(structuredClone(handle), NEVER);
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
    const other = await subject.adapter.open(handle, NEVER);
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
    const worker = new Worker(COUNT_IN_WORKER, {
      eval: true,
      workerData: { ...subject.elsewhere, handle, range },
    });
    const counted = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(counted).toBe(ROW_COUNT);
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
    const adapter = new Function('m', 'return ' + workerData.adapter)(module);
    const reader = await adapter.open(workerData.handle, new AbortController().signal);
    let count = 0;
    for await (const page of reader.read('people', ['id'], workerData.range)) count += page.length;
    await reader.close();
    parentPort.postMessage(count);
  });
`;

const isEnd = (id: unknown): boolean => String(id) < 'k00003' || String(id) > 'k09997';

/** Rows at both ends of the table, and one that has no row there. */
function queryOf({ inSql = 'people' }: Subject): RelationRequest & { readonly sql: string } {
  const ends = `SELECT id AS k, note FROM ${inSql} WHERE id < 'k00003' OR id > 'k09997'`;
  return {
    name: 'query ends',
    sql: `${ends} UNION ALL SELECT 'nobody', NULL`,
    base: { table: 'people', key: { id: 'k' } },
  };
}

const sorted = (rows: readonly unknown[]): string[] =>
  rows.map((row) => JSON.stringify(row)).sort(compareNames);

describe.each(TESTED.filter(({ adapter }) => adapter.dialect !== null))(
  'the SQL of the $name source',
  (subject) => {
    const QUERY = queryOf(subject);
    const rows = rowsFor(subject);
    let root = '';
    let location: SourceLocation;
    let options: PrepareOptions;
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'sealift-source-'));
      mkdirSync(join(root, 'scratch'));
      options = { scratch: join(root, 'scratch'), ...waiting(100) };
      location = await subject.write(root, rows);
    });
    afterAll(async () => {
      await subject.end?.();
      rmSync(root, { recursive: true });
    });

    it('reads a query like a table, and leaves its schema alone', async () => {
      const plain = await subject.adapter.prepare(location, options);
      const source = await subject.adapter.prepare(location, { ...options, relations: [QUERY] });
      const reader = await readerOf(subject.adapter, source);
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
      const wanted = rows.filter(([id]) => isEnd(id));
      expect(sorted(cells)).toEqual(sorted(wanted.map(([id, , note]) => [note, id])));
      expect(await reader.relations?.count(QUERY.name)).toBe(cells.length);
      expect(await reader.relations?.count('people')).toBe(ROW_COUNT);
      await Promise.all([reader.close(), source.close(), plain.close()]);
    });

    it('counts how a query and its base belong together, and names what is lost', async () => {
      const source = await subject.adapter.prepare(location, { ...options, relations: [QUERY] });
      const reader = await readerOf(subject.adapter, source);
      const { relations } = reader;
      const read = ROW_COUNT - 5;
      expect(await relations?.baseCounts(QUERY.name)).toEqual({
        rows: ROW_COUNT,
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
      const inside: number[] = [];
      for (const range of await source.plan('people', ROW_COUNT)) {
        for await (const page of reader.read('people', ['id'], structuredClone(range))) {
          for (const [id, locator] of page) if (!isEnd(id)) inside.push(locator as number);
        }
      }
      expect(lost).toEqual(inside.sort((a, b) => a - b));
      expect(lost.length).toBe(read);
      expect(await codeOf(async () => relations?.baseCounts('people'))).toBe('SOURCE_SCHEMA');
      await Promise.all([reader.close(), source.close()]);
    });

    it('refuses SQL that is no query before it runs', async () => {
      const sql = 'DELETE FROM people';
      const request = { ...options, relations: [{ ...QUERY, sql }] };
      expect(subject.adapter.dialect?.readQuery(sql)).toHaveProperty('refused');
      expect(await codeOf(() => subject.adapter.prepare(location, request))).toBe('MAPPING');
      const source = await subject.adapter.prepare(location, options);
      expect(await source.count('people')).toBe(ROW_COUNT);
      await source.close();
    });
  },
);

const FILES = TESTED.flatMap((subject) =>
  subject.files === undefined ? [] : [{ ...subject, files: subject.files }],
);

describe.each(FILES)('the files of a $name source', (subject: Subject & { files: FileCases }) => {
  const rows = rowsFor(subject);
  let root = '';
  let options: PrepareOptions;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'sealift-source-'));
    options = { scratch: join(root, 'scratch'), ...waiting(100) };
    mkdirSync(options.scratch);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('is refused where nothing is there', async () => {
    const missing = join(root, 'nothing');
    const prepared = (): Promise<unknown> => prepareAt(subject.adapter, missing, options);
    expect(await codeOf(prepared)).toBe('SOURCE_MISSING');
  });

  it('is refused where the file is of another format', async () => {
    const file = join(root, `odd.${subject.name}`);
    writeFileSync(file, subject.files.malformed);
    const prepared = (): Promise<unknown> => prepareAt(subject.adapter, file, options);
    expect(await codeOf(prepared)).toBe('SOURCE_FORMAT');
  });

  it('is noticed when it changed while it was read, and only then', async () => {
    const folder = join(root, 'changing');
    mkdirSync(folder);
    const location = await subject.write(folder, rows);
    const source = await subject.adapter.prepare(location, options);
    await handleOf(source);
    await source.assertUnchanged();
    subject.files.change(folder);
    expect(await codeOf(() => source.assertUnchanged())).toBe('SOURCE_CHANGED');
    await source.close();
  });

  it('leaves bytes and folder as they were', async () => {
    const folder = join(root, 'left');
    mkdirSync(folder);
    const location = await subject.write(folder, rows);
    const before = stateOf(folder);
    const again = await subject.adapter.prepare(location, options);
    const opened = await readerOf(subject.adapter, again);
    expect(await gather(opened, again, COLUMNS, 5000)).toHaveLength(ROW_COUNT);
    await again.assertUnchanged();
    await opened.close();
    await again.close();
    expect(stateOf(folder)).toEqual(before);
  });
});
