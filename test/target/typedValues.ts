/** A field of every type: edge values by hand and many that are made, as cells of an NDJSON source. */

import * as fc from 'fast-check';

export interface TypedField {
  /** In a mapping's notation. */
  readonly type: string;
  readonly edges: readonly unknown[];
  readonly made: fc.Arbitrary<unknown>;
  /** More of the field in the mapping. */
  readonly options?: object;
  /** What the field is in a mapping that reads it back, where that differs. */
  readonly back?: object;
}

const TEXTS = [
  '',
  ' ',
  'blank at the end ',
  'é',
  'e\u0301',
  '\u{10ffff}',
  '\ufeffx',
  '\\',
  '\\\\x41',
  '\\N',
  '\\.',
  'NULL',
  'null',
  '{}',
  '{a,"b"}',
  '"quoted"',
  "it's",
  'a\tb\nc\rd\ve\bf\f',
  '\u0001\u001f\u007f\u0085\u2028',
  '__proto__',
  '😀'.repeat(40),
];
const SAFE = 2 ** 53 - 1;
const MICRO = '123456';

const text = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((value) => value.replaceAll('\u0000', ''));
const digits = (most: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.boolean(), fc.bigInt({ min: 1n, max: 10n ** BigInt(most) - 1n }))
    .map(([negative, value]) => `${negative ? '-' : ''}${value}`);
const double = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => String(Object.is(value, -0) ? 0 : value));
const two = (most: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'));
const date = fc
  .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30'), noInvalidDate: true })
  .map((value) => value.toISOString().slice(0, 10));
const clock = (fraction: number): fc.Arbitrary<string> =>
  fc
    .tuple(two(23), two(59), two(59), fc.bigInt({ min: 0n, max: 10n ** BigInt(fraction) - 1n }))
    .map(([hour, minute, second, part]) => {
      const end = fraction === 0 ? '' : `.${String(part).padStart(fraction, '0')}`;
      return `${hour}:${minute}:${second}${end}`;
    });
const instant = (fraction: number, zone: string): fc.Arbitrary<string> =>
  fc.tuple(date, clock(fraction)).map(([day, time]) => `${day}T${time}${zone}`);
const base64 = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const json = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  // What canonical JSON has no form for, and PostgreSQL no character.
  .filter((value) => !/-0(?![\d.])|\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value)))
  .map((value) => JSON.stringify(value));
const listOf = (element: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
  fc.array(fc.option(element), { maxLength: 5 });

const COLOURS = ['red', "it's", 'grün', '\\', ''];

export const TYPED_FIELDS: Readonly<Record<string, TypedField>> = {
  string: { type: 'string', edges: TEXTS, made: text },
  short: {
    type: 'string',
    edges: ['', '😀'.repeat(8)],
    made: text.map((value) => Array.from(value).slice(0, 8).join('')),
    options: { maxLength: 8 },
  },
  boolean: { type: 'boolean', edges: [true, false], made: fc.boolean() },
  integer: {
    type: 'integer',
    edges: [0, SAFE, -SAFE, 2 ** 31],
    made: fc.maxSafeInteger().map((value) => value + 0),
  },
  bigint: {
    type: 'bigint',
    edges: ['0', '9223372036854775808', '9'.repeat(1000), `-${'9'.repeat(1000)}`],
    made: digits(40),
  },
  scaled: {
    type: 'decimal(2)',
    edges: ['0.00', '-0.01', `${'9'.repeat(998)}.99`],
    made: digits(15).map((value) => `${value}.05`),
  },
  decimal: {
    type: 'decimal',
    edges: ['1.10', '1.1', '0', '0.000', '100', `0.${'0'.repeat(999)}1`],
    made: fc.tuple(digits(9), digits(5)).map(([a, b]) => `${a}.${b.replace('-', '')}0`),
  },
  float: {
    type: 'float',
    edges: [
      0,
      5e-324,
      1.7976931348623157e308,
      1e21,
      0.1,
      -1e-7,
      2 ** 53,
      30_995_993_033_969_528,
    ].map(String),
    made: double,
  },
  date: { type: 'date', edges: ['0001-01-01', '9999-12-31', '2024-02-29'], made: date },
  time: { type: 'time(6)', edges: ['00:00:00.000000', '23:59:59.999999'], made: clock(6) },
  timeSeconds: { type: 'time(0)', edges: ['23:59:59'], made: clock(0) },
  timeAny: {
    type: 'time',
    edges: ['00:00:00', '00:00:00.000', '23:59:59.1234567'],
    made: clock(4),
  },
  timeLong: { type: 'time(9)', edges: ['23:59:59.999999999'], made: clock(9) },
  timestamp: {
    type: 'timestamp(3)',
    edges: ['0001-01-01T00:00:00.000', '9999-12-31T23:59:59.999'],
    made: instant(3, ''),
  },
  timestampAny: {
    type: 'timestamp',
    edges: ['2024-01-01T00:00:00.10', '2024-01-01T00:00:00'],
    made: instant(2, ''),
  },
  timestamptz: {
    type: 'timestamptz(6)',
    edges: ['0001-01-01T00:00:00.000001Z', `9999-12-31T23:59:59.${MICRO}Z`],
    made: instant(6, 'Z'),
  },
  timestamptzLong: {
    type: 'timestamptz(12)',
    edges: ['2024-01-01T00:00:00.000000000001Z'],
    made: instant(12, 'Z'),
  },
  uuid: {
    type: 'uuid',
    edges: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    made: fc.uuid(),
  },
  bytes: {
    type: 'bytes',
    edges: ['', 'AA==', Buffer.from('\\x00').toString('base64')],
    made: base64,
    options: { encoding: 'base64' },
  },
  blob: {
    type: 'blob',
    edges: ['', 'AA==', Buffer.alloc(200_000, 'b').toString('base64')],
    made: base64,
    options: { encoding: 'base64' },
  },
  enum: {
    type: 'enum',
    edges: COLOURS,
    made: fc.constantFrom(...COLOURS),
    options: { values: COLOURS },
  },
  json: {
    type: 'json',
    edges: [0, '', '5', [], {}, { b: 1, a: [null, { 10: 1, 9: 2 }] }, 5e-324, TEXTS, true].map(
      (value) => JSON.stringify(value),
    ),
    made: json,
  },
  tagged: {
    type: 'tagged',
    edges: [1, '1', 0.1, true, { a: [1] }, '', '\\N'],
    made: json,
    back: { type: 'json' },
  },
  strings: {
    type: 'array(string)',
    edges: [[], [''], [null], ['NULL', 'null', null], TEXTS, ['{', '}', ',', '"', '\\']],
    made: listOf(text),
  },
  integers: {
    type: 'array(integer)',
    edges: [[], [SAFE, -SAFE, null, 0]],
    made: listOf(fc.maxSafeInteger().map((value) => value + 0)),
  },
  bigints: { type: 'array(bigint)', edges: [['9'.repeat(100), null]], made: listOf(digits(30)) },
  decimals: {
    type: 'array(decimal(3))',
    edges: [['1.100', '-0.001', null]],
    made: listOf(digits(9).map((value) => `${value}.120`)),
  },
  floats: {
    type: 'array(float)',
    edges: [['1e+21', '5e-324', null, '0.1', '30995993033969530']],
    made: listOf(double),
  },
  booleans: { type: 'array(boolean)', edges: [[true, false, null]], made: listOf(fc.boolean()) },
  dates: { type: 'array(date)', edges: [['0001-01-01', null]], made: listOf(date) },
  instants: {
    type: 'array(timestamptz(3))',
    edges: [['2024-02-29T00:00:00.100Z']],
    made: listOf(instant(3, 'Z')),
  },
  uuids: { type: 'array(uuid)', edges: [[]], made: listOf(fc.uuid()) },
  byteses: {
    type: 'array(bytes)',
    edges: [['AA==', null]],
    made: listOf(base64),
    options: { encoding: 'base64' },
  },
  enums: {
    type: 'array(enum)',
    edges: [COLOURS, [null]],
    made: listOf(fc.constantFrom(...COLOURS)),
    options: { values: COLOURS },
  },
  jsons: {
    type: 'array(json)',
    edges: [['{"a":1}', '[]', '"x"', null]],
    made: listOf(json),
    back: { type: 'json' },
  },
  nested: {
    type: 'array(array(integer))',
    edges: [[], [[1], [], null, [2, null]]],
    made: listOf(listOf(fc.integer())),
  },
};

/** Returns rows in which every edge of every field occurs, nulls, and made values. */
export function typedRows(count: number, seed: number): Record<string, unknown>[] {
  const names = Object.keys(TYPED_FIELDS);
  const most = Math.max(...Object.values(TYPED_FIELDS).map(({ edges }) => edges.length));
  const columns = names.map((name) => {
    const { edges = [], made } = TYPED_FIELDS[name] ?? { made: fc.constant(null) };
    const others = fc.sample(made, { numRuns: Math.max(1, count), seed });
    return Array.from({ length: 1 + most + count }, (_, row) => {
      if (row === 0) return null;
      return row <= most ? (edges[row - 1] ?? null) : others[row - 1 - most];
    });
  });
  return Array.from({ length: 1 + most + count }, (_, row) => {
    const cells = names.map((name, at) => [name, columns[at]?.[row] ?? null]);
    return { id: row, ...(Object.fromEntries(cells) as object) };
  });
}

/** Returns the fields of a mapping, as they are made from NDJSON, or read back from a target. */
export function typedFields(direction: 'made' | 'back'): Record<string, object> {
  const fields = Object.entries(TYPED_FIELDS).map(([name, field]) => {
    const back = direction === 'back' ? field.back : undefined;
    return [name, { column: name, type: field.type, ...field.options, ...back }];
  });
  return Object.fromEntries(fields) as Record<string, object>;
}
