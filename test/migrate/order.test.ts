/**
 * Records ascend strictly by their keys: recomputed here from the values of the source, for every
 * type that has an order, and with more rows than are sorted at once.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { planMemory } from '../../src/run/budget.ts';
import {
  candidateOf,
  linesOf,
  merkleOf,
  migrate,
  recordsOf,
  succeed,
  workFolder,
  writeMapping,
  type Summary,
} from '../kit/project.ts';
import { randomOf, shuffled, type Random } from '../dogschool/random.ts';
import { times } from '../kit/long.ts';

const folder = workFolder('order');

type Key = string | number | bigint | boolean;
/** Compares two keys as they stand in records. */
type Compare = (a: Key, b: Key) => number;

const byUtf8: Compare = (a, b) => Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
const byBytes: Compare = (a, b) =>
  Buffer.compare(Buffer.from(String(a), 'base64'), Buffer.from(String(b), 'base64'));
const byValue: Compare = (a, b) => {
  const [x, y] = [BigInt(asInteger(a)), BigInt(asInteger(b))];
  return x < y ? -1 : Number(x > y);
};

/** Integers, decimals without their point, booleans as 0 and 1. */
function asInteger(key: Key): string {
  return typeof key === 'boolean' ? String(Number(key)) : String(key).replace('.', '');
}

interface KeyKind {
  readonly compare: Compare;
  /** Distinct cells, in any order. */
  readonly cells: (random: Random) => readonly (string | number | bigint | Uint8Array)[];
}

const LETTERS = [
  'a',
  'Z',
  'ä',
  'a\u0308',
  '\uFF5E',
  '\uFFFD',
  '\u{1F600}',
  '\0',
  ' ',
  '\u{10FFFF}',
];

function words(random: Random): string[] {
  const made = Array.from({ length: 400 }, () =>
    Array.from({ length: random.integer(0, 9) }, () => random.pick(LETTERS)).join(''),
  );
  return [...new Set(made)];
}

function integers(random: Random, limit: number): number[] {
  const made = Array.from({ length: 400 }, () => {
    const bits = random.integer(0, limit);
    return random.integer(-1, 1) * (2 ** bits + random.integer(-3, 3));
  });
  return [...new Set(made.map((value) => value + 0))].filter(Number.isSafeInteger);
}

function twoDigits(random: Random, from: number, to: number): string {
  return String(random.integer(from, to)).padStart(2, '0');
}

const days = (random: Random): string[] => [
  ...new Set(
    Array.from({ length: 300 }, () => {
      return `${twoDigits(random, 0, 99)}${twoDigits(random, 1, 99)}-${twoDigits(random, 1, 12)}-${twoDigits(random, 1, 28)}`;
    }),
  ),
];

const KINDS: Readonly<Record<string, KeyKind>> = {
  integer: { compare: byValue, cells: (random) => integers(random, 52) },
  bigint: {
    compare: byValue,
    cells: (random) => [
      ...integers(random, 52),
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 53n + 1n,
      ...Array.from({ length: 99 }, (_, n) => `${random.integer(1, 9)}${'1'.repeat(17 + n)}`),
      ...Array.from({ length: 99 }, (_, n) => `-${random.integer(1, 9)}${'0'.repeat(20 + n)}`),
    ],
  },
  'decimal(3)': {
    compare: byValue,
    cells: (random) => integers(random, 40).map((n) => (n / 8).toFixed(3)),
  },
  string: { compare: byUtf8, cells: words },
  bytes: {
    compare: byBytes,
    cells: (random) =>
      [...new Set(words(random).map((word) => Buffer.from(word, 'utf16le').toString('hex')))].map(
        (hex) => Buffer.from(hex, 'hex'),
      ),
  },
  uuid: {
    compare: byUtf8,
    cells: (random) =>
      Array.from(
        { length: 300 },
        (_, n) => `${random.digits(8)}-abcd-4000-8000-${String(n).padStart(12, 'e')}`,
      ),
  },
  date: { compare: byUtf8, cells: days },
  'time(2)': {
    compare: byUtf8,
    cells: () =>
      Array.from({ length: 86 }, (_, n) => `${n % 2}${n % 10}:${(n % 5) + 10}:0${n % 7}.${n}`),
  },
  'timestamp(3)': {
    compare: byUtf8,
    cells: (random) => days(random).map((day) => `${day} 10:00:00`),
  },
  'timestamptz(0)': {
    compare: byUtf8,
    cells: (random) => days(random).map((day, n) => `${day}T1${n % 10}:00:00+0${n % 9}:30`),
  },
  boolean: { compare: byValue, cells: () => [1, 0] },
};

const column = (name: string, type: string): object => ({ column: name, type });
const nameOf = (type: string): string => `by-${type.replace(/\W+/g, '-').replace(/-$/, '')}`;

function strictlyAscending(keys: readonly Key[], compare: Compare): boolean {
  return keys.every((key, at) => at === 0 || compare(keys[at - 1] ?? '', key) < 0);
}

describe('records by a key of type', () => {
  const project = join(folder, 'kinds');
  const counts = new Map<string, number>();

  beforeAll(async () => {
    const db = new Database(join(folder, 'kinds.db'));
    db.exec('BEGIN');
    const modules: Record<string, object> = {};
    for (const [type, { cells }] of Object.entries(KINDS)) {
      const table = nameOf(type);
      const key = { column: 'k', type };
      db.exec(`CREATE TABLE "${table}" (k)`);
      const insert = db.prepare(`INSERT INTO "${table}" VALUES (?)`);
      const all = shuffled([...cells(randomOf(11, type))], randomOf(12, type));
      // A double in SQLite is no integer in the record: whole numbers go in as integers.
      for (const cell of all) insert.run(typeof cell === 'number' ? BigInt(cell) : cell);
      counts.set(type, all.length);
      modules[table] = { source: { table }, key: [key], id: { rule: 'keep' }, fields: { k: key } };
    }
    db.exec('COMMIT');
    db.close();
    writeMapping(project, { sources: { main: 'sqlite:../kinds.db' }, modules });
    await migrate(project, ['--allow-blockers']);
  });

  for (const [type, { compare }] of Object.entries(KINDS)) {
    it(`${type} ascend strictly`, () => {
      const keys = recordsOf(project, nameOf(type)).map((record) => record['k'] as Key);
      expect(keys.length).toBe(counts.get(type));
      expect(strictlyAscending(keys, compare)).toBe(true);
      expect(merkleOf(project, nameOf(type)).order).toEqual({ fields: ['k'], types: [type] });
    });
  }

  it('string are in the order of UTF-8, which is not that of UTF-16 (negative control)', () => {
    const keys = recordsOf(project, 'by-string').map((record) => String(record['k']));
    expect(keys).not.toEqual([...keys].sort());
    expect(strictlyAscending([...keys].sort(), byUtf8)).toBe(false);
    expect(strictlyAscending([keys[0] ?? '', keys[0] ?? ''], byUtf8)).toBe(false);
  });
});

/** What is large: three tables of this many rows, far more than one bucket of theirs. */
const ROWS = times('SEALIFT_ORDER_ROWS', 10_000, 60_000, 30_000);
const WIDE = 'x'.repeat(ROWS < 60_000 ? 600 : 150);
/** Bytes of a module, in buckets. */
const BUCKETS = ROWS < 60_000 ? 4 : 8;

describe('many rows in little memory', () => {
  const project = join(folder, 'many');
  const runs = new Map<string, Summary>();

  beforeAll(async () => {
    writeMany(join(folder, 'many.db'));
    const wide = { wide: column('wide', 'string') };
    const parts = { t: column('t', 'string'), n: column('n', 'integer') };
    const skewed = { source: { table: 'skewed' }, key: [column('id', 'bigint')] };
    writeMapping(project, {
      sources: { main: 'sqlite:../many.db' },
      modules: {
        composite: {
          source: { table: 'composite' },
          key: [column('t', 'string'), column('n', 'integer')],
          id: { rule: 'keep' },
          fields: { ...parts, ...wide },
        },
        prefixed: {
          source: { table: 'prefixed' },
          key: [column('k', 'string')],
          id: { rule: 'keep' },
          fields: { k: column('k', 'string'), ...wide },
        },
        skewed: {
          ...skewed,
          id: { rule: 'keep' },
          fields: { id: column('id', 'bigint'), ...wide },
        },
        'skewed-uuid': { ...skewed, id: { rule: 'uuid' }, fields: wide },
        'skewed-keyless': {
          source: { table: 'skewed' },
          key: [],
          id: { rule: 'keyless' },
          fields: wide,
          dropped: { id: 'so that equal rows come' },
        },
      },
    });
    for (const args of [
      ['--workers', '5', '--memory', '64M'],
      ['--workers', '2', '--memory', '2G'],
    ]) {
      runs.set(args.join(' '), await migrate(project, [...args, '--allow-blockers']));
    }
  });

  it('is the same whatever the memory and the number of workers', () => {
    expect(runs.size).toBe(2);
    expect(new Set([...runs.values()].map(({ sealId }) => sealId)).size).toBe(1);
  });

  it('took many buckets, each smaller than the data by far', () => {
    const { bucketBytes } = planMemory(64 * 2 ** 20, 5);
    for (const module of ['composite', 'prefixed', 'skewed']) {
      const { size } = statSync(join(candidateOf(project), module, 'data.ndjson'));
      expect(size / bucketBytes).toBeGreaterThan(BUCKETS);
    }
  });

  it('ascends by numbers that are mostly small, with outliers at both ends', () => {
    const keys = recordsOf(project, 'skewed').map((record) => String(record['id']));
    expect(keys.length).toBe(ROWS);
    expect(strictlyAscending(keys, byValue)).toBe(true);
    expect([keys[0], keys.at(-1)]).toEqual(['-9223372036854775808', '9223372036854775807']);
  });

  it('ascends by texts with long common prefixes, in a table without rowid', () => {
    const keys = recordsOf(project, 'prefixed').map((record) => String(record['k']));
    expect(keys.length).toBe(ROWS);
    expect(strictlyAscending(keys, byUtf8)).toBe(true);
    expect(keys[0]).toBe('');
    expect(keys.at(-1)?.startsWith('\u{1F600}')).toBe(true);
  });

  it('ascends by tuples, part by part', () => {
    const keys = recordsOf(project, 'composite').map(({ t, n }) => [String(t), Number(n)] as const);
    expect(keys.length).toBe(ROWS);
    const ascending = keys.every(([t, n], at) => {
      const [before, number] = keys[at - 1] ?? ['', -Infinity];
      const order = byUtf8(before, t);
      return at === 0 || order < 0 || (order === 0 && number < n);
    });
    expect(ascending).toBe(true);
  });

  it('ascends by made-up ids, of which there is one for each row', () => {
    for (const module of ['skewed-uuid', 'skewed-keyless']) {
      const keys = linesOf(project, module).map((line) => /"id":"([^"]*)"/.exec(line)?.[1] ?? '');
      expect([module, keys.length, strictlyAscending(keys, byUtf8)]).toEqual([module, ROWS, true]);
    }
  });

  it('verifies', async () => {
    const ran = await succeed(
      ['verify-checksums', '--project', project, '--expect-seal'].concat(
        [...runs.values()][0]?.sealId ?? '',
      ),
    );
    expect(ran.stdout).toContain('verify-checksums: PASS');
  });
});

/** The rows that a sample sees first look alike; what comes later does not. */
function writeMany(file: string): void {
  const db = new Database(file);
  db.pragma('synchronous = OFF');
  db.exec(`CREATE TABLE skewed (id INTEGER PRIMARY KEY, wide TEXT);
    CREATE TABLE prefixed (k TEXT PRIMARY KEY, wide TEXT) WITHOUT ROWID;
    CREATE TABLE composite (t TEXT, n INTEGER, wide TEXT)`);
  const skewed = db.prepare('INSERT INTO skewed VALUES (?, ?)');
  const prefixed = db.prepare('INSERT INTO prefixed VALUES (?, ?)');
  const composite = db.prepare('INSERT INTO composite VALUES (?, ?, ?)');
  const order = shuffled(
    Array.from({ length: ROWS }, (_, n) => n),
    randomOf(3, 'many'),
  );
  db.transaction(() => {
    for (const n of order) {
      skewed.run(outlier(n), `${WIDE}${n % 4000}`);
      prefixed.run(prefixedKey(n), WIDE);
      composite.run(`t${n % 7 === 0 ? n % 49 : 7}`, n - 30_000, WIDE);
    }
  })();
  db.close();
}

function outlier(n: number): bigint {
  if (n === 0) return -(2n ** 63n);
  if (n === 1) return 2n ** 63n - 1n;
  return n % 1000 === 2 ? BigInt(n) * 2n ** 45n : BigInt(n);
}

function prefixedKey(n: number): string {
  if (n === 0) return '';
  if (n % 5000 === 1) return `\u{1F600}${n}`;
  if (n % 100 === 7) return `\uFF5E${'long '.repeat(20)}${n}`;
  return `${'common prefix '.repeat(5)}${n % 3 === 0 ? n : `\0${n}`}`;
}
