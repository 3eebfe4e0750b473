import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileModule } from '../../src/mapping/compile/module.ts';
import { rowMapper } from '../../src/mapping/compile/rowMapper.ts';
import type { Mapping } from '../../src/mapping/model.ts';
import { encodeKey, keyFits } from '../../src/record/keyOrder.ts';
import { lineRecords } from '../../src/reconcile/worker/lineRecord.ts';
import { CELL, rowsOf } from '../../src/source/cellPage.ts';
import type { LinePage } from '../../src/source/linePage.ts';
import type { CellForm } from '../../src/source/postgres/cellForm.ts';
import { copyLines } from '../../src/source/postgres/copyCells.ts';

interface Cell {
  readonly kind: number;
  readonly text: Uint8Array;
}

const cell = (kind: number, text: string | Uint8Array = ''): Cell => ({
  kind,
  text: typeof text === 'string' ? Buffer.from(text) : text,
});

/** What COPY writes for a cell of a column of this form. */
function copied({ kind, text }: Cell): string {
  if (kind === CELL.null) return String.raw`\N`;
  if (kind === CELL.true || kind === CELL.false) return kind === CELL.true ? 't' : 'f';
  if (kind === CELL.bytes) return String.raw`\\x` + Buffer.from(text).toString('hex');
  return Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[\b\f\n\r\t\v\\]/g, (sign) => `\\${ESCAPES.get(sign) ?? sign}`);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\b', 'b'],
  ['\f', 'f'],
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
  ['\v', 'v'],
]);

const FORMS: ReadonlyMap<number, CellForm['kind']> = new Map([
  [CELL.integer, 'integer'],
  [CELL.double, 'double'],
  [CELL.true, 'boolean'],
  [CELL.false, 'boolean'],
  [CELL.bytes, 'bytes'],
]);

/** The page of one row that a server writes. */
async function pageOf(cells: readonly Cell[]): Promise<LinePage> {
  const forms = cells.map(({ kind }) => ({ kind: FORMS.get(kind) ?? 'text' }) as CellForm);
  const line = Buffer.from(`${[...cells.map(copied), '(2,7)'].join('\t')}\n`, 'latin1');
  const chunks = async function* chunked(): AsyncGenerator<Uint8Array> {
    yield line.subarray(0, 3);
    yield line.subarray(3);
  };
  for await (const page of copyLines(chunks(), { forms, located: true })) return page;
  throw new Error('there is no page');
}

/** A module whose fields are columns; the first one is its key. */
function mappingOf(types: readonly string[]): Mapping {
  const names = types.map((_, at) => `f${at}`);
  return {
    project: { format: 1, name: 'x', namespace: '', sources: { main: { url: '' } } },
    modules: [
      {
        module: 'm',
        source: { table: 'm' },
        key: [{ column: 'f0', type: types[0] ?? '' }],
        id: { rule: 'keep' },
        fields: Object.fromEntries(
          types.map((type, at) => [names[at] ?? '', { column: names[at] ?? '', type }]),
        ),
      },
    ],
    registries: new Map(),
  };
}

interface Both {
  /** Null where the cells are left to the mapper. */
  readonly record: string | null;
  readonly key: string | null;
  /** Null where the mapper rejects the row. */
  readonly mapped: string | null;
  readonly mappedKey: string | null;
}

async function both(types: readonly string[], cells: readonly Cell[]): Promise<Both> {
  const mapping = mappingOf(types);
  const module = compileModule(mapping, 'm');
  const records = lineRecords(module);
  if (records === null) throw new Error('the module has no records of lines');
  const inOrder = records.columns.map((name) => cells[Number(name.slice(1))] ?? cell(CELL.null));
  const page = await pageOf(inOrder);
  const mapper = rowMapper(module, { mapping, registries: new Map(), secrets: new Map() });
  const stop = page.bytes.length - 1;
  const places = module.columns.map((name) => records.columns.indexOf(name));
  const [row = []] = rowsOf(page.decode(0, stop), places);
  const accepted = mapper.map(row);
  const isText = records.begin(page);
  const end = isText ? records.write(0, stop) : -1;
  const record = end < 0 ? null : records.buffer.toString('utf8', 1, end);
  const target = Buffer.alloc(end < 0 ? 0 : records.keyCapacity());
  const keyEnd = end < 0 ? -1 : records.writeKey(target, 0);
  const key = keyEnd < 0 ? null : target.toString('hex', 0, keyEnd);
  if (end >= 0) expect(page.locator(records.locatorAt, stop)).toBe(row.at(-1));
  const mapped = accepted ? mapper.out.record : null;
  const isKeyed = mapper.hasKey && keyFits(mapper.out.key, module.orderTypes);
  const mappedKey = isKeyed ? encodeKey(module.orderTypes, mapper.out.key).toString('hex') : null;
  return { record, key, mapped, mappedKey };
}

const digits = (most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), minLength: 1, maxLength: most });
const two = (max: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'));
const fraction = fc.oneof(
  fc.constant(''),
  digits(7).map((text) => `.${text}`),
);
const dates = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), two(13), two(32))
  .map(([year, month, day]) => `${String(year).padStart(4, '0')}-${month}-${day}`);
const times = fc
  .tuple(two(24), two(60), two(61), fraction)
  .map(([hour, minute, second, rest]) => `${hour}:${minute}:${second}${rest}`);
const numbers = fc
  .tuple(fc.constantFrom('', '-', '+'), digits(20), fraction)
  .map(([sign, whole, rest]) => `${sign}${whole}${rest}`);
const words = fc.string({
  unit: fc.constantFrom('a', 'Z', 'ü', '😀', '"', '\\', '\n', '\u0001', '\u007f', '\u2028', ' '),
});
const hex = fc.uuid().chain((id) => fc.constantFrom(id, id.toUpperCase(), id.replace('-', 'x')));
const stamps = fc
  .tuple(
    dates,
    fc.constantFrom(' ', 'T', 'x'),
    times,
    fc.constantFrom('', '+00', 'Z', '+01', '-00'),
  )
  .map((parts) => parts.join(''));

/** Cells as a server writes them, and others that are near. */
const cells: fc.Arbitrary<Cell> = fc.oneof(
  fc.constantFrom(cell(CELL.null), cell(CELL.true), cell(CELL.false)),
  fc.oneof(numbers, words, dates, times, stamps, hex).map((text) => cell(CELL.text, text)),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.oneof(digits(20), fc.constantFrom('0', '9007199254740991', '9007199254740993')),
    )
    .map((parts) => cell(CELL.integer, parts.join(''))),
  fc
    .double({ noDefaultInfinity: false })
    .map((value) => cell(CELL.double, Object.is(value, -0) ? '-0' : String(value))),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => cell(CELL.bytes, bytes)),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => cell(CELL.text, bytes)),
  fc
    .oneof(
      fc.json(),
      numbers,
      fc.constantFrom('null', '[1, null]', '{"a":1,"a":2}', '1e400', '[1.10]'),
    )
    .chain((text) => fc.constantFrom(cell(CELL.text, text), cell(CELL.text, text))),
);

const TYPES = [
  'string',
  'integer',
  'bigint',
  'boolean',
  'float',
  'decimal(0)',
  'decimal(2)',
  'decimal',
  'date',
  'time(0)',
  'time(3)',
  'time',
  'timestamp(0)',
  'timestamp(6)',
  'timestamp',
  'timestamptz(0)',
  'timestamptz(3)',
  'uuid',
  'bytes',
  'blob',
  'json',
  'array(integer)',
];
const SOUND = fc.tuple(
  fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
  fc.constantFrom('', '.5', '.25'),
);
const sound = (form: (iso: string, rest: string) => string): fc.Arbitrary<Cell> =>
  SOUND.map(([date, rest]) => cell(CELL.text, form(date.toISOString(), rest)));
/** Types that keys are written of without the mapper, with cells of theirs. */
const KEYS: readonly (readonly [string, fc.Arbitrary<Cell>])[] = [
  ['uuid', fc.uuid().map((id) => cell(CELL.text, id))],
  ['integer', fc.maxSafeInteger().map((value) => cell(CELL.integer, String(value)))],
  ['string', words.map((text) => cell(CELL.text, text))],
  ['date', sound((iso) => iso.slice(0, 10))],
  ['decimal(2)', fc.integer().map((value) => cell(CELL.text, (value / 100).toFixed(2)))],
  ['timestamp(3)', sound((iso, rest) => `${iso.slice(0, 10)} ${iso.slice(11, 19)}${rest}`)],
  ['timestamptz(3)', sound((iso, rest) => `${iso.slice(0, 10)} ${iso.slice(11, 19)}${rest}+00`)],
  ['time(2)', sound((iso, rest) => `${iso.slice(11, 19)}${rest}`)],
];

describe('a record from a line', () => {
  it('is byte for byte what the mapper makes, and none where the mapper rejects the row', async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...TYPES), cells), { maxLength: 4 }),
        async (fields) => {
          const types = ['integer', ...fields.map(([type]) => type)];
          const found = await both(types, [
            cell(CELL.integer, '7'),
            ...fields.map(([, one]) => one),
          ]);
          if (found.record === null) return;
          written += 1;
          expect(found.record).toBe(found.mapped);
        },
      ),
      { numRuns: 3000 },
    );
    expect(written).toBeGreaterThan(300);
  });

  it.each(KEYS)('has the key of type %s that the mapper gives it', async (type, own) => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(cells, own), async (one) => {
        const { key, record, mappedKey } = await both([type], [one]);
        if (key === null || record === null) return;
        written += 1;
        expect(key).toBe(mappedKey);
      }),
      { numRuns: 500 },
    );
    expect(written).toBeGreaterThan(50);
  });

  it.each<[string, Cell, string]>([
    ['string', cell(CELL.text, 'a"\\\n\tü😀'), '"a\\"\\\\\\n\\tü😀"'],
    ['integer', cell(CELL.integer, '-8999999999999999'), '-8999999999999999'],
    ['boolean', cell(CELL.true), 'true'],
    ['float', cell(CELL.double, '1e+21'), '1e+21'],
    ['decimal(2)', cell(CELL.text, '-0.05'), '"-0.05"'],
    ['date', cell(CELL.text, '2024-02-29'), '"2024-02-29"'],
    ['time(3)', cell(CELL.text, '23:59:59.5'), '"23:59:59.500"'],
    ['timestamp(0)', cell(CELL.text, '2024-01-31 10:11:12'), '"2024-01-31T10:11:12"'],
    [
      'timestamptz(6)',
      cell(CELL.text, '2024-01-31 10:11:12.1+00'),
      '"2024-01-31T10:11:12.100000Z"',
    ],
    ['bytes', cell(CELL.bytes, Uint8Array.of(1, 255)), '"Af8="'],
    ['json', cell(CELL.text, '{"b": [1, 2.50], "a": null}'), '{"a":null,"b":[1,2.5]}'],
    ['array(integer)', cell(CELL.json, '[3,1]'), '[3,1]'],
    ['bigint', cell(CELL.text, '12345678901234567890'), '"12345678901234567890"'],
  ])('of type %s is written without the mapper', async (type, one, json) => {
    const { record, mapped } = await both(['integer', type], [cell(CELL.integer, '1'), one]);
    expect(record).toBe(`{"f0":1,"f1":${json}}`);
    expect(record).toBe(mapped);
  });

  it.each<[string, Cell]>([
    ['date', cell(CELL.text, '2023-02-29')],
    ['decimal(2)', cell(CELL.text, '-0.00')],
    ['decimal(2)', cell(CELL.text, 'NaN')],
    ['integer', cell(CELL.integer, '9007199254740993')],
    ['float', cell(CELL.double, '-0')],
    ['timestamptz(0)', cell(CELL.text, '2024-01-31 10:11:12+01')],
    ['timestamp(0)', cell(CELL.text, '2024-01-31 10:11:12.5')],
    ['uuid', cell(CELL.text, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')],
    ['string', cell(CELL.text, Uint8Array.of(0xff))],
  ])('of type %s in another form is left to the mapper', async (type, one) => {
    expect((await both(['integer', type], [cell(CELL.integer, '1'), one])).record).toBeNull();
  });
});
