/**
 * The reference database: small, and full of what real ones hold now and then. Every value in it is
 * valid, so that it migrates without a hand edit. Integers are bigints, reals are numbers.
 */

import type { Cell } from '../dogschool/bulk.ts';

export interface ReferenceTable {
  readonly name: string;
  readonly sql: string;
  /** The columns that rows are given for: all but the generated ones. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export const VIEW = `CREATE VIEW "an über view" AS
  SELECT w.word AS "what?", k.ratio FROM words w JOIN kinds k ON k.id = w.n`;

export const REFERENCE: readonly ReferenceTable[] = [
  {
    name: 'kinds',
    sql: `CREATE TABLE kinds (id INTEGER PRIMARY KEY, big BIGINT, price DECIMAL(10,2), ratio REAL,
      name VARCHAR(200) NOT NULL, note TEXT, flag BOOLEAN, day DATE, at TIMESTAMP, clock TIME,
      guid UUID, doc JSON, payload BLOB)`,
    columns: [
      'id',
      'big',
      'price',
      'ratio',
      'name',
      'note',
      'flag',
      'day',
      'at',
      'clock',
      'guid',
      'doc',
      'payload',
    ],
    rows: kinds(),
  },
  {
    name: 'we ird"t',
    sql: `CREATE TABLE "we ird""t" ("a ""b" TEXT PRIMARY KEY, "select" INTEGER, "Größe" REAL,
      "semi;colon -- '" TEXT)`,
    columns: ['a "b', 'select', 'Größe', "semi;colon -- '"],
    rows: [
      ['x" OR 1=1', 1n, 0.5, "'"],
      ['y', 2n, null, ';'],
      ['Y', 3n, -2.25, null],
    ],
  },
  {
    name: 'select',
    sql: `CREATE TABLE "select" ("from" INTEGER NOT NULL, "group" TEXT NOT NULL, "order" TEXT,
      PRIMARY KEY ("from", "group"))`,
    columns: ['from', 'group', 'order'],
    rows: [
      [-1n, 'b', 'first'],
      [2n, 'a', null],
      [2n, 'b', ''],
      [10n, 'a', 'tenth'],
    ],
  },
  {
    name: 'chosen',
    sql: `CREATE TABLE chosen (id INTEGER PRIMARY KEY, "from" INTEGER, "group" TEXT, label TEXT,
      FOREIGN KEY ("from", "group") REFERENCES "select" ("from", "group"))`,
    columns: ['id', 'from', 'group', 'label'],
    rows: [
      [1n, 2n, 'b', 'whole'],
      [2n, 10n, 'a', 'whole'],
      [3n, null, null, 'none'],
    ],
  },
  {
    name: 'Größe',
    sql: `CREATE TABLE "Größe" ("Nr" INTEGER PRIMARY KEY AUTOINCREMENT, "Name" TEXT UNIQUE,
      "Über" INTEGER REFERENCES "Größe" ("Nr"))`,
    columns: ['Nr', 'Name', 'Über'],
    rows: [
      [1n, 'S', 2n],
      [2n, 'M', 3n],
      [3n, 'L', null],
      [4n, 'selbst', 4n],
    ],
  },
  {
    name: 'store',
    sql: `CREATE TABLE store (id INTEGER PRIMARY KEY, manager INTEGER NOT NULL REFERENCES staff)`,
    columns: ['id', 'manager'],
    rows: [
      [1n, 12n],
      [2n, 11n],
    ],
  },
  {
    name: 'staff',
    sql: `CREATE TABLE staff (id INTEGER PRIMARY KEY, store INTEGER REFERENCES store (id))`,
    columns: ['id', 'store'],
    rows: [
      [11n, 1n],
      [12n, 2n],
      [13n, null],
    ],
  },
  {
    name: 'no_rowid',
    sql: `CREATE TABLE no_rowid (lang TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT,
      PRIMARY KEY (pos, lang)) WITHOUT ROWID`,
    columns: ['lang', 'pos', 'text'],
    rows: noRowid(),
  },
  {
    name: 'no_key',
    sql: `CREATE TABLE no_key (at TEXT, kind TEXT, amount REAL, payload BLOB)`,
    columns: ['at', 'kind', 'amount', 'payload'],
    rows: noKey(),
  },
  {
    name: 'own_rowid',
    sql: `CREATE TABLE own_rowid (rowid TEXT, _rowid_ INTEGER, oid TEXT)`,
    columns: ['rowid', '_rowid_', 'oid'],
    rows: [
      ['twice', 1n, null],
      ['twice', 1n, null],
      ['once', 9_007_199_254_740_993n, ''],
    ],
  },
  {
    name: 'measured',
    sql: `CREATE TABLE measured (id INTEGER PRIMARY KEY, width INTEGER, height INTEGER,
      area INTEGER GENERATED ALWAYS AS (width * height) STORED,
      label TEXT AS (id || ':' || width) VIRTUAL)`,
    columns: ['id', 'width', 'height'],
    rows: [
      [1n, 3n, 4n],
      [2n, null, 4n],
      [3n, 3_000_000_019n, 3_000_000_019n],
    ],
  },
  {
    name: 'mixed',
    sql: `CREATE TABLE mixed (id TEXT PRIMARY KEY, anything)`,
    columns: ['id', 'anything'],
    rows: mixed(),
  },
  {
    name: 'files',
    sql: `CREATE TABLE files (path TEXT PRIMARY KEY, content BLOB)`,
    columns: ['path', 'content'],
    rows: [
      ['empty', new Uint8Array()],
      ['absent', null],
      ['edge', bytes(65_536)],
      ['beyond', bytes(65_537)],
      ['large', bytes(100_000)],
      ['large again', bytes(100_000)],
    ],
  },
  {
    name: 'far',
    sql: `CREATE TABLE far (id INTEGER PRIMARY KEY, side TEXT)`,
    columns: ['id', 'side'],
    rows: [
      [-9_223_372_036_854_775_808n, 'low'],
      [-9_007_199_254_740_993n, 'below'],
      [0n, 'zero'],
      [9_007_199_254_740_992n, 'even'],
      [9_007_199_254_740_993n, 'odd'],
      [9_223_372_036_854_775_807n, 'high'],
    ],
  },
  {
    name: 'words',
    sql: `CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER NOT NULL)`,
    columns: ['word', 'n'],
    rows: words(),
  },
  {
    name: 'empty_table',
    sql: `CREATE TABLE empty_table (id INTEGER PRIMARY KEY, what TEXT)`,
    columns: ['id', 'what'],
    rows: [],
  },
];

/** Text that careless code changes, cuts or confuses. */
function texts(): readonly string[] {
  return [
    '',
    ' ',
    'plain',
    'NUL\0inside',
    '\0',
    'line\nbreak\r\nand\ttab',
    'U+2028\u2028and\u2029here',
    'Zürich', // composed
    'Zu\u0308rich', // decomposed
    '\u1E9B\u0323',
    'é',
    'e\u0301',
    '🐕‍🦺 👩🏽‍🚀 🇨🇭',
    '\u{10FFFF}',
    '\uFFFD', // a replacement character that is really there
    '\uFEFFbom',
    '\uFF5E after \u{1F600} in UTF-16, before it in UTF-8',
    'İıŞş ǅ ß ẞ',
    'שלום ‮rtl‬',
    '"quoted" \\ back\\u0041slash',
    '0123',
    'null',
  ];
}

function kinds(): Cell[][] {
  const reals = [0.1, 1e300, -1e-300, 5, 0, 1 / 3, 123_456_789.125, 5e-324, 1e21, 1.5];
  const integers = [0n, 1n, -1n, 9_007_199_254_740_991n, 9_007_199_254_740_993n, -(2n ** 63n)];
  const prices = [0, 0.1, 19.99, 5, -12.5, 99_999_999.99];
  return texts().map((text, n) => [
    BigInt(n * 3 - 7),
    integers[n % integers.length] ?? null,
    n % 7 === 6 ? null : (prices[n % prices.length] ?? null),
    n % 11 === 10 ? null : (reals[n % reals.length] ?? null),
    `name ${n}`,
    n % 5 === 4 ? null : text,
    BigInt(n % 2),
    ['2024-02-29', '1900-01-01', '9999-12-31', null][n % 4] ?? null,
    ['2024-03-31T02:30:00.123456', '1969-12-31T23:59:59.999999'][n % 2] ?? null,
    ['00:00:00', '23:59:59'][n % 2] ?? null,
    n % 3 === 2 ? null : `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    n % 4 === 3 ? null : JSON.stringify({ n, tags: [text.length, text], __PROTO: null }),
    n % 6 === 5 ? null : bytes(n * 13),
  ]);
}

function noRowid(): Cell[][] {
  const rows: Cell[][] = [];
  for (const lang of ['de', 'en', 'ä', 'z']) {
    for (let pos = -2n; pos < 60n; pos++) rows.push([lang, pos, pos % 9n === 0n ? null : `${pos}`]);
  }
  return rows;
}

/** Rows that come once, twice and many times; one of nothing but null. */
function noKey(): Cell[][] {
  const rows: Cell[][] = [];
  for (let n = 0; n < 120; n++) {
    rows.push([
      `2024-01-${String((n % 6) + 10)}`,
      n % 3 === 0 ? '' : null,
      (n % 4) / 10,
      bytes(n % 3),
    ]);
  }
  rows.push([null, null, null, null], [null, null, null, null], ['only once', 'x', 1e-7, null]);
  return rows;
}

function mixed(): Cell[][] {
  const cells: Cell[] = [5n, 9_007_199_254_740_993n, 5, 0.1, 1e300, '5', '', null, 'text'];
  cells.push(new Uint8Array(), bytes(3), '5.0', 1e21, -1.5, 'e\u0301', 'é');
  return cells.map((cell, n) => [`m${n}`, cell]);
}

/** Keys whose order differs between UTF-8 and UTF-16, and keys that a collation would join. */
function words(): Cell[][] {
  const rows: Cell[][] = texts().map((text, n) => [text, BigInt(n)]);
  for (let n = 0; n < 1500; n++) {
    const letter = String.fromCodePoint(n % 3 === 0 ? 0x1f400 + (n % 64) : 0xff21 + (n % 26));
    rows.push([`${letter}${(n * 7919) % 4001}`, BigInt(n)]);
  }
  return rows;
}

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => (n * 31 + (n >> 8) * 17 + length) & 0xff);
}
