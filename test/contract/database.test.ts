/**
 * The contract of a database that is changed in place, held against every adapter: each row is on
 * exactly one page, and nothing is overwritten that was not read, by type and by bytes.
 */

import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  uniqueArray,
} from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { keyText, sameCell } from '../../src/database/cells.ts';
import type {
  Cell,
  Change,
  Database,
  LogTable,
  OpenDatabase,
  Row,
  RowFilter,
  RowKey,
  Table,
} from '../../src/database/database.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { workFolder } from '../kit/project.ts';
import {
  memory,
  postgres,
  sqlite,
  VARIABLES,
  type Place,
  type Subject,
  type TableSpec,
} from './databaseSubjects.ts';

const work = workFolder('databases');
const SUBJECTS: readonly Subject[] = [memory(), sqlite(work), postgres(18), postgres(15)];

const ALL: RowFilter = { isNull: [], notNull: [] };

const FILES: TableSpec = {
  name: 'files',
  columns: [
    { name: 'id', kind: 'integer', notNull: true },
    { name: 'path', kind: 'text' },
    { name: 'stored', kind: 'text' },
    { name: 'raw', kind: 'bytes' },
    { name: 'size', kind: 'integer' },
  ],
  key: ['id'],
};
const COLUMNS = ['path', 'stored', 'raw', 'size'];

const LOOSE: TableSpec = {
  name: 'loose',
  columns: [
    { name: 'tenant', kind: 'integer', notNull: true },
    { name: 'name', kind: 'text', loose: true, notNull: true },
    { name: 'secret', kind: 'text', loose: true },
  ],
  key: ['tenant', 'name'],
};

const LOG: LogTable = {
  name: 'sealift_log',
  columns: [
    { name: 'id', kind: 'integer' },
    { name: 'what', kind: 'text' },
    { name: 'digest', kind: 'bytes' },
  ],
};

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const failure: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (failure instanceof Failure) return failure;
  throw new Error('not a Failure', { cause: failure });
}

async function allRows(table: Table, limit: number, filter: RowFilter = ALL): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: RowKey | null = null; ;) {
    const page: Row[] = await table.page(after, limit, filter);
    expect(page.length).toBeLessThanOrEqual(limit);
    const last = page.at(-1);
    if (last === undefined) return rows;
    rows.push(...page);
    after = last.key;
  }
}

async function linesOf(database: Database): Promise<(readonly Cell[])[]> {
  const lines: (readonly Cell[])[] = [];
  for await (const batch of database.readLog(LOG)) lines.push(...batch);
  return lines;
}

function setting(set: Record<string, Cell>): Change[] {
  return [{ key: [1n], expect: {}, set }];
}

function numbered(count: number, from = 1): Record<string, Cell>[] {
  return Array.from({ length: count }, (_, at) => {
    return { id: BigInt(from + at), path: `p${from + at}`, stored: null };
  });
}

describe.each(SUBJECTS)('$name', (subject) => {
  const { adapter, kind } = subject;
  const opened: Database[] = [];
  beforeAll(async () => {
    if (subject.isHere) await subject.begin();
  });
  afterAll(async () => {
    for (const database of opened) await database.close();
    if (subject.isHere) await subject.end();
  });

  const it_ = subject.isHere ? it : it.skip;
  const inSql = subject.isHere && kind !== 'memory' ? it : it.skip;

  async function open(place: Place, more: Partial<OpenDatabase> = {}): Promise<Database> {
    const database = await adapter.open(adapter.parse(place.rest, '/'), {
      writes: true,
      variables: VARIABLES,
      signal: new AbortController().signal,
      connectMs: 30_000,
      lockMs: 2000,
      ...more,
    });
    opened.push(database);
    return database;
  }

  async function files(rows: readonly Record<string, Cell>[]): Promise<[Place, Database, Table]> {
    const place = await subject.make([FILES, LOOSE]);
    await place.insert('files', rows);
    const database = await open(place);
    const table = await database.table({ table: 'files', key: ['id'], columns: COLUMNS });
    return [place, database, table];
  }

  async function loose(rows: readonly Record<string, Cell>[]): Promise<[Place, Table]> {
    const place = await subject.make([LOOSE]);
    await place.insert('loose', rows);
    const database = await open(place);
    const request = { table: 'loose', key: ['tenant', 'name'], columns: ['secret'] };
    return [place, await database.table(request)];
  }

  it_('reads each row on exactly one page, with rows inserted and removed meanwhile', async () => {
    const [place, , table] = await files(numbered(100));
    const seen: bigint[] = [];
    for (let after: RowKey | null = null, page = 0; ; page += 1) {
      const rows: Row[] = await table.page(after, 7, ALL);
      if (rows.length === 0) break;
      seen.push(...rows.map(({ key }) => key[0] as bigint));
      after = rows.at(-1)?.key ?? null;
      if (page >= 10) continue;
      await place.insert('files', numbered(1, -page - 1));
      await place.insert('files', numbered(1, 1000 + page));
      await place.remove('files', { id: after?.[0] ?? null });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => id >= 1n && id <= 100n)).toHaveLength(100);
  });

  it_('counts and filters rows by what is null, or empty', async () => {
    const rows = numbered(20).map((row, at) =>
      Object.assign(row, { stored: at % 3 === 0 ? 'k' : at === 1 ? '' : null }),
    );
    const [, , table] = await files(rows);
    const open_: RowFilter = { isNull: ['stored'], notNull: ['path'] };
    expect(await table.count(ALL)).toBe(20);
    expect(await table.count(open_)).toBe(12);
    expect(await allRows(table, 4, open_)).toHaveLength(12);
    expect(await table.count({ isNull: ['path'], notNull: [] })).toBe(0);
    expect(await table.count({ ...ALL, isEmpty: ['stored'] })).toBe(1);
  });

  it_('reads all rows of a composite key under a collation that takes texts for one', async () => {
    const names = ['a', 'B', 'c', 'Ä', 'z ', 'z', 'é', 'e\u{301}x', '', 'q\'"', '🔑', 'Z1', 'y1'];
    const rows = names.flatMap((name) =>
      [1n, 2n].map((tenant) => ({ tenant, name, secret: null })),
    );
    const [, table] = await loose(rows);
    for (const limit of [1, 2, 3, 50]) {
      const found = await allRows(table, limit);
      const keys = found.map(({ key }) => keyText(key));
      expect(new Set(keys).size).toBe(rows.length);
      expect(keys).toHaveLength(rows.length);
    }
  });

  it_('reads rows by key, in the order of the keys, byte for byte', async () => {
    const [, table] = await loose([
      { tenant: 1n, name: 'a', secret: 'x' },
      { tenant: 2n, name: 'A', secret: 'y' },
    ]);
    const keys: RowKey[] = [
      [2n, 'A'],
      [1n, 'A'],
      [2n, 'a'],
      [1n, 'a'],
      [1n, 'a '],
    ];
    const found = await table.read(keys);
    expect(found.map((row) => row?.cells[0] ?? null)).toEqual(['y', null, null, 'x', null]);
  });

  it_('changes a row only if the cell has exactly the bytes that are expected', async () => {
    const pairs: [string | null, string | null][] = [
      ['Secret', 'secret'],
      ['trailing', 'trailing '],
      ['\u{e9}', 'e\u{301}'],
      [null, ''],
      ['', null],
      ['ß', 'ss'],
      ['\u{fffd}', '\u{d800}'],
      ['x', 'x\0'],
    ];
    const [place, table] = await loose(
      pairs.map(([secret], at) => ({ tenant: BigInt(at), name: 'n', secret })),
    );
    const change = (expected: (at: number) => string | null): Change[] =>
      pairs.map((_, at) => {
        return {
          key: [BigInt(at), 'n'],
          expect: { secret: expected(at) },
          set: { secret: `new ${at}` },
        };
      });
    const wrong = await table.swap(change((at) => pairs[at]?.[1] ?? null));
    expect(wrong).toEqual(pairs.map(() => false));
    const after = await place.rows('loose');
    expect(new Map(after.map(({ tenant, secret }) => [tenant, secret]))).toEqual(
      new Map(pairs.map(([secret], at) => [BigInt(at), secret])),
    );
    const otherKey = await table.swap([
      { key: [0n, 'N'], expect: { secret: 'Secret' }, set: { secret: 'taken' } },
    ]);
    expect(otherKey).toEqual([false]);
    expect(await table.swap(change((at) => pairs[at]?.[0] ?? null))).toEqual(pairs.map(() => true));
  });

  it_('changes cells of each kind, and compares all that a change expects', async () => {
    const row = { id: 1n, path: 'p', stored: null, raw: Buffer.from([0, 255]), size: 2n ** 62n };
    const [place, , table] = await files([row]);
    const [read] = await table.read([[1n]]);
    expect(
      read?.cells.map((cell) => (cell instanceof Uint8Array ? Array.from(cell) : cell)),
    ).toEqual(['p', null, [0, 255], 2n ** 62n]);
    const set = { stored: "k'\\\u{1f511}", raw: Uint8Array.of(1, 0, 2), size: -5n };
    const good = { path: 'p', stored: null, raw: Uint8Array.of(0, 255), size: 2n ** 62n };
    const bad: Record<string, Cell>[] = [
      { ...good, path: 'P' },
      { ...good, stored: '' },
      { ...good, raw: Uint8Array.of(0, 254) },
      { ...good, size: 1n },
      { ...good, raw: '\u{0}' },
      { ...good, size: '4611686018427387904' },
      { ...good, path: Buffer.from('p') },
    ];
    for (const expected of bad) {
      expect(await table.swap([{ key: [1n], expect: expected, set }])).toEqual([false]);
    }
    expect(await table.swap([{ key: [1n], expect: good, set }])).toEqual([true]);
    const [now] = await place.rows('files');
    expect(now?.['stored']).toBe(set.stored);
    expect(Buffer.from(now?.['raw'] as Uint8Array).toString('hex')).toBe('010002');
    expect(now?.['size']).toBe(-5n);
  });

  it_('does not overwrite what another connection wrote after the reading', async () => {
    const [place, , table] = await files(numbered(10));
    const page = await table.page(null, 10, ALL);
    await place.update('files', { id: 4n }, { stored: 'app' });
    await place.remove('files', { id: 5n });
    const done = await table.swap(
      page.map(({ key }) => ({ key, expect: { stored: null }, set: { stored: 'ours' } })),
    );
    expect(done).toEqual(page.map((_, at) => at !== 3 && at !== 4));
    const rows = await place.rows('files');
    expect(rows.filter(({ stored }) => stored === 'ours')).toHaveLength(8);
    expect(rows.find(({ id }) => id === 4n)?.['stored']).toBe('app');
  });

  it_('lets exactly one of several that change the same rows do each change', async () => {
    const [place, , table] = await files(numbered(60));
    const tables = [table];
    for (let at = 0; at < 3; at += 1) {
      const database = await open(place);
      tables.push(await database.table({ table: 'files', key: ['id'], columns: ['stored'] }));
    }
    const page = await table.page(null, 60, ALL);
    const done = await Promise.all(
      tables.map((one, who) => {
        const changes = page.map(({ key }) => {
          return { key, expect: { stored: null }, set: { stored: `s${who}` } };
        });
        return one.swap(who % 2 === 0 ? changes : changes.toReversed());
      }),
    );
    const won = done.map((all, who) => (who % 2 === 0 ? all : all.toReversed()));
    for (const at of page.keys()) {
      expect(won.filter((all) => all[at] === true)).toHaveLength(1);
    }
    const rows = await place.rows('files');
    for (const [at, { key }] of page.entries()) {
      const who = won.findIndex((all) => all[at] === true);
      expect(rows.find(({ id }) => id === key[0])?.['stored']).toBe(`s${who}`);
    }
  });

  it_('writes a line of the log exactly if its change is done, in order', async () => {
    const [place, database, table] = await files(numbered(30));
    await database.createLog(LOG);
    await database.createLog(LOG);
    expect(await linesOf(database)).toEqual([]);
    await place.update('files', { id: 7n }, { stored: 'app' });
    const page = await table.page(null, 30, ALL);
    const changes = page.toReversed().map(({ key }): Change => {
      const change = { key, expect: { stored: null }, set: { stored: 'k' } };
      return key[0] === 9n
        ? change
        : Object.assign(change, { log: [key[0] ?? null, "it's", Uint8Array.of(7)] });
    });
    await table.swap(changes.slice(0, 10), LOG);
    await table.swap(changes.slice(10), LOG);
    const lines = await linesOf(database);
    const ids = lines.map(([id]) => Number(id));
    const wanted = Array.from({ length: 30 }, (_, at) => 30 - at);
    expect(ids).toEqual(wanted.filter((id) => id !== 7 && id !== 9));
    expect(lines[0]?.[1]).toBe("it's");
    expect(Buffer.from((lines[0]?.[2] ?? '') as Uint8Array).toString('hex')).toBe('07');
    await database.dropLog(LOG);
    await database.dropLog(LOG);
    expect(await linesOf(database)).toEqual([]);
  });

  it_('refuses a log whose name something else has', async () => {
    const [, database] = await files([]);
    await database.createLog(LOG);
    const other = { ...LOG, columns: LOG.columns.slice(1) };
    expect((await failureOf(database.createLog(other))).code).toBe('TARGET');
    expect((await failureOf(database.createLog({ ...LOG, name: 'files' }))).code).toBe('TARGET');
  });

  it_('undoes the whole batch, with its log, if one statement fails', async () => {
    const [place, database, table] = await files(numbered(5));
    await database.createLog(LOG);
    const page = await table.page(null, 5, ALL);
    const changes = page.map(({ key }, at): Change => {
      // Half a character cannot be stored.
      const stored = at === 3 ? 'k\u{d800}' : 'k';
      return { key, expect: { stored: null }, set: { stored }, log: [key[0] ?? null, 'x', null] };
    });
    const failure = await failureOf(table.swap(changes, LOG));
    expect(failure.code).toBe('TARGET');
    expect(failure.line()).toContain('row 4');
    expect(failure.line()).not.toContain('\u{d800}');
    expect((await place.rows('files')).every(({ stored }) => stored === null)).toBe(true);
    expect(await linesOf(database)).toEqual([]);
  });

  it_('refuses a table, column or key that is not there, and says what is near', async () => {
    const [, database] = await files([]);
    const request = { table: 'files', key: ['id'], columns: COLUMNS };
    const wrong = [
      [{ ...request, table: 'flies' }, '"files"'],
      [{ ...request, columns: ['strored'] }, '"stored"'],
      [{ ...request, key: ['ID_'] }, '"ID_"'],
      [{ ...request, key: ['path'] }, 'more than one row'],
      [{ ...request, key: ['id', 'path'] }, 'more than one row'],
      [{ ...request, table: 'loose', key: ['name'], columns: [] }, 'more than one row'],
    ] as const;
    for (const [one, said] of wrong) {
      const failure = await failureOf(database.table(one));
      expect(failure.code).toBe('TARGET');
      expect(failure.line()).toContain(said);
    }
  });

  it_('refuses to change what it may not', async () => {
    const [place, , table] = await files(numbered(1));
    for (const set of [{ id: 5n }, { size: 'x' }, { stored: 5n }]) {
      expect((await failureOf(table.swap(setting(set)))).code).toBe('TARGET');
    }
    const reader = await open(place, { writes: false });
    const request = { table: 'files', key: ['id'], columns: ['stored'] };
    const readOnly = await reader.table(request);
    expect(await readOnly.count(ALL)).toBe(1);
    expect((await failureOf(readOnly.swap(setting({ stored: 'x' })))).code).toBe('TARGET');
    expect((await failureOf(reader.createLog(LOG))).code).toBe('TARGET');
    await expect(
      table.swap([...setting({ stored: 'x' }), ...setting({ stored: 'y' })]),
    ).rejects.toThrow(TypeError);
    expect((await place.rows('files'))[0]?.['stored']).toBe(null);
  });

  it_('tells of each column what it is', async () => {
    const [, , table] = await files([]);
    expect(table.columns.map(({ name, kind: is }) => `${name} ${is}`)).toEqual([
      'id integer',
      'path text',
      'stored text',
      'raw bytes',
      'size integer',
    ]);
    expect(table.columns.map(({ nullable }) => nullable)).toEqual([false, true, true, true, true]);
  });

  it_('lists the tables, and reads all rows of one in batches', async () => {
    const [, database] = await files(numbered(1234));
    const tables = await database.tables();
    expect(tables.map(({ table }) => table)).toEqual(['files', 'loose']);
    expect(tables.map(({ key }) => key)).toEqual([['id'], ['tenant', 'name']]);
    const [first] = tables;
    if (first === undefined) throw new Error('no table');
    const seen: bigint[] = [];
    for await (const rows of database.scan(first, ['path', 'stored'])) {
      for (const { key, cells } of rows) {
        seen.push(key[0] as bigint);
        expect(cells).toEqual([`p${String(key[0])}`, null]);
      }
      // The database is of use meanwhile.
      expect(await database.tables()).toHaveLength(2);
    }
    expect(new Set(seen).size).toBe(1234);
    expect(seen).toHaveLength(1234);
  });

  it_('has one command of a name at a time, and others beside it', async () => {
    const [place, database] = await files([]);
    await database.lock('attachments');
    const other = await open(place, { lockMs: 300 });
    const failure = await failureOf(other.lock('attachments'));
    expect(failure.code).toBe('BUSY');
    await other.lock('keys');
    await database.close();
    await database.close();
    await other.lock('attachments');
  });

  inSql('takes any name', async () => {
    const names = ['a"; DROP TABLE x; --', "it's", 'ünï🔑', 'select', 'A b', 'x'.repeat(63)];
    for (const name of names) {
      const column = { name, kind: 'text' as const };
      const key = { name: `${name.slice(0, 50)} k`, kind: 'integer' as const, notNull: true };
      const place = await subject.make([{ name, columns: [key, column], key: [key.name] }]);
      await place.insert(name, [{ [key.name]: 1n, [name]: 'old' }]);
      const database = await open(place);
      const log = { name: `${name.slice(0, 50)} log`, columns: [column] };
      await database.createLog(log);
      const table = await database.table({ table: name, key: [key.name], columns: [name] });
      const change = { key: [1n], expect: { [name]: 'old' }, set: { [name]: 'new' }, log: ['l'] };
      expect(await table.swap([change], log)).toEqual([true]);
      expect((await place.rows(name))[0]?.[name]).toBe('new');
      await database.close();
    }
  });

  it_('is a model of compare-and-set, whatever is written meanwhile', async () => {
    const [place, , table] = await files(numbered(4));
    const cell = constantFrom<Cell>(null, '', 'a', 'A', 'a ', '\u{e9}', 'e\u{301}');
    const id = integer({ min: 1, max: 5 }).map(BigInt);
    const step = oneof(
      record({ kind: constant('write' as const), id, cell }),
      record({
        kind: constant('swap' as const),
        changes: uniqueArray(record({ id, expected: cell, wanted: cell }), {
          selector: (one) => one.id,
          minLength: 1,
        }),
      }),
    );
    await assert(
      asyncProperty(array(step, { maxLength: 12 }), async (steps) => {
        const model = new Map<bigint, Cell>();
        for (const row of await place.rows('files')) {
          model.set(row['id'] as bigint, row['stored'] ?? null);
        }
        for (const one of steps) {
          if (one.kind === 'write') {
            if (model.has(one.id)) model.set(one.id, one.cell);
            await place.update('files', { id: one.id }, { stored: one.cell });
            continue;
          }
          const done = await table.swap(
            one.changes.map(({ id: key, expected, wanted }) => {
              return { key: [key], expect: { stored: expected }, set: { stored: wanted } };
            }),
          );
          const wanted = one.changes.map((change) => {
            const held = model.get(change.id);
            if (held === undefined || !sameCell(held, change.expected)) return false;
            model.set(change.id, change.wanted);
            return true;
          });
          expect(done).toEqual(wanted);
        }
        const rows = await place.rows('files');
        expect(new Map(rows.map((row) => [row['id'], row['stored']]))).toEqual(model);
      }),
      { numRuns: 40 },
    );
  });
});
