import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Rejection } from '../../src/record/converted.ts';
import { transformer, type Transform } from '../../src/record/transform.ts';
import { InexactNumber, InvalidText, JsonNode, type SourceValue } from '../../src/record/value.ts';

/** The transformed cell, `<rule>` where it was refused; notes behind it. */
function apply(steps: readonly Transform[], cell: SourceValue): unknown[] {
  const notes: string[] = [];
  const result = transformer(steps, (rule) => notes.push(rule))(cell);
  const shown = result instanceof Rejection ? `<${result.rule}>` : result;
  return [shown instanceof JsonNode ? shown.value : shown, ...notes];
}

const INVALID = new InvalidText(Uint8Array.of(0xff));
const NODE = new JsonNode(new Map([['a', 1]]));

const EVERY: readonly Transform[] = [
  'trim',
  'collapse-blanks',
  'upper',
  'lower',
  'nfc',
  'empty-to-null',
  'decimal-comma',
  { sentinels: ['-'] },
  { date: { pattern: 'dd.MM.yyyy' } },
  { time: { pattern: 'HH:mm' } },
  { timestamp: { pattern: 'dd.MM.yyyy HH:mm' } },
  { booleans: { true: ['ja'], false: ['nein'] } },
  { lookup: { a: 'b' }, otherwise: 'keep' },
  { split: ',' },
  { split: ',', part: 1 },
  { prefix: 'k' },
  { suffix: 'k' },
  { replace: 'a', with: 'b' },
];

describe('every transform', () => {
  it.each([...EVERY, { lookup: { a: 'b' } }, { jsonField: 'a' }])('keeps null: %j', (step) => {
    expect(apply([step], null)).toEqual([null]);
  });

  it.each(EVERY)('passes what is no text and no integer unchanged: %j', (step) => {
    for (const cell of [true, 0.5, -0, Infinity, INVALID, Uint8Array.of(65)]) {
      expect(apply([step], cell)).toEqual([cell]);
    }
    expect(apply([step], NODE)).toEqual([NODE.value]);
  });

  it('applies in order, and ends with the first refusal', () => {
    expect(apply(['trim', 'upper', { prefix: 'x' }], ' a ')).toEqual(['xA']);
    expect(apply([{ prefix: 'x' }, 'upper'], 'a')).toEqual(['XA']);
    expect(apply([{ lookup: { a: 'b' } }, { prefix: 'x' }], 'c')).toEqual(['<lookup>']);
    expect(apply(['empty-to-null', { prefix: 'x' }], '')).toEqual([null]);
  });
});

describe('transforms of text', () => {
  it.each<[Transform, SourceValue, unknown]>([
    ['trim', '\u00a0 a b\n', 'a b'],
    ['collapse-blanks', ' a \t\n b ', ' a b '],
    ['upper', 'straße', 'STRASSE'],
    ['lower', 'ÄI', 'äi'],
    ['nfc', 'a\u0308', 'ä'],
    ['empty-to-null', '', null],
    ['empty-to-null', ' ', ' '],
    [{ prefix: 'k' }, 'a', 'ka'],
    [{ prefix: 'k' }, 5, 'k5'],
    [{ suffix: 'k' }, 9_007_199_254_740_993n, '9007199254740993k'],
    [{ replace: '.', with: '' }, 'a.b.c', 'abc'],
    [{ replace: 'a', with: '$&' }, 'aba', '$&b$&'],
    [{ lookup: { a: 'b', '1': 'one' } }, 'a', 'b'],
    [{ lookup: { a: 'b', '1': 'one' } }, 1, 'one'],
    [{ lookup: { a: 'b' } }, 'constructor', '<lookup>'],
    [{ lookup: { a: 'b' } }, 'A', '<lookup>'],
    [{ lookup: { a: 'b' } }, true, '<lookup>'],
    [{ lookup: { a: 'b' }, otherwise: 'keep' }, 'c', 'c'],
    [{ booleans: { true: ['ja', 'x'], false: ['nein', ''] } }, 'ja', true],
    [{ booleans: { true: ['ja', 'x'], false: ['nein', ''] } }, '', false],
    [{ booleans: { true: ['ja', 'x'], false: ['nein', ''] } }, 'Ja', '<type>'],
    [{ booleans: { true: ['ja', 'x'], false: ['nein', ''] } }, 1, 1],
    [{ split: ';' }, 'a;b;', ['a', 'b', '']],
    [{ split: ';' }, '', []],
    [{ split: '/', part: 2 }, 'a/b/c', 'b'],
    [{ split: '/', part: 4 }, 'a/b/c', null],
  ])('%o of %o is %o', (step, cell, expected) => {
    expect(apply([step], cell)).toEqual([expected]);
  });

  it.each([
    ['12,5', '12.5'],
    ['-0,5', '-0.5'],
    ['1.234,50', '1234.50'],
    ['1.234.567', '1234567'],
    ['12', '12'],
    ['1.234', '<type>'],
    ['12.50', '<type>'],
    ["1'234.50", '<type>'],
    ["1'234,50", '<type>'],
    ['0.123,4', '<type>'],
    ['1.23,4', '<type>'],
    ['12,', '<type>'],
    [',5', '<type>'],
    ['45.—', '<type>'],
    ['', '<type>'],
  ])('decimal-comma reads %j as %j', (text, expected) => {
    expect(apply(['decimal-comma'], text)).toEqual([expected]);
  });

  it('decimal-comma gives back every number that it was written with', () => {
    const number = fc.tuple(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), fc.nat(99));
    fc.assert(
      fc.property(number, ([whole, cents]) => {
        const grouped = String(whole).replaceAll(/\B(?=(\d{3})+$)/g, '.');
        const fraction = String(cents).padStart(2, '0');
        expect(apply(['decimal-comma'], `${grouped},${fraction}`)).toEqual([
          `${whole}.${fraction}`,
        ]);
      }),
    );
  });

  it('tells a sentinel from a value, and notes it', () => {
    const step = { sentinels: ['0000-00-00', 0] };
    expect(apply([step], '0000-00-00')).toEqual([null, 'sentinel']);
    expect(apply([step], 0)).toEqual([null, 'sentinel']);
    expect(apply([step], '0')).toEqual(['0']);
    expect(apply(['trim', step], ' 0000-00-00')).toEqual([null, 'sentinel']);
  });

  it('takes a member of a JSON object, of text or parsed', () => {
    const step = { jsonField: 'a' };
    expect(apply([step], '{"a":"x","b":1}')).toEqual(['x']);
    expect(apply([step], '{"b":1}')).toEqual([null]);
    expect(apply([step], '{"a":{"b":[1]}}')).toEqual([new Map([['b', [1]]])]);
    expect(apply([step], '{"a":9007199254740993}')).toEqual([
      new InexactNumber('9007199254740993'),
    ]);
    expect(apply([{ jsonField: '__proto__' }], '{"__proto__":5}')).toEqual([5]);
    expect(apply([step], NODE)).toEqual([1]);
    for (const bad of ['{"a":1,"a":2}', '{', '[1]', '5', '', 5, true]) {
      expect(apply([step], bad)).toEqual(['<type>']);
    }
  });
});

describe('dates and times by pattern', () => {
  const slashes = {
    date: { pattern: 'yyyy-MM-dd', fallbacks: ['dd/MM/yyyy', 'MM/dd/yyyy', 'd.M.yyyy'] },
  };

  it.each<[Transform, string, unknown[]]>([
    [{ date: { pattern: 'dd.MM.yyyy' } }, '29.02.2024', ['2024-02-29']],
    [{ date: { pattern: 'dd.MM.yyyy' } }, '29.02.2023', ['<type>']],
    [{ date: { pattern: 'dd.MM.yyyy' } }, '1.2.2023', ['<type>']],
    [{ date: { pattern: 'dd.MM.yyyy' } }, '2024-02-29', ['2024-02-29']],
    [{ date: { pattern: 'dd.MM.yyyy' } }, '2023-02-29', ['<type>']],
    [{ date: { pattern: 'dd.MM.yyyy' } }, '', ['<type>']],
    [{ date: { pattern: 'dd.MM.yyyy' } }, '29.02.2024 ', ['<type>']],
    [{ date: { pattern: 'yyyyMMdd' } }, '20240229', ['2024-02-29']],
    [{ time: { pattern: 'HH:mm' } }, '09:30', ['09:30:00']],
    [{ time: { pattern: 'HH:mm' } }, '24:00', ['<type>']],
    [{ time: { pattern: 'HH:mm' } }, '09:30:15.5', ['09:30:15.5']],
    [{ time: { pattern: "H'h'mm" } }, '9h05', ['09:05:00']],
    [
      { timestamp: { pattern: 'dd.MM.yyyy, HH:mm:ss.SSS' } },
      '29.02.2024, 09:30:15.250',
      ['2024-02-29T09:30:15.250'],
    ],
    [
      { timestamp: { pattern: 'dd.MM.yyyy HH:mm' } },
      '2024-02-29T09:30:15Z',
      ['2024-02-29T09:30:15Z'],
    ],
    [slashes, '13/08/2021', ['2021-08-13', 'fallback']],
    [slashes, '08/13/2021', ['2021-08-13', 'fallback']],
    [slashes, '01/08/2021', ['<date-ambiguous>']],
    [slashes, '08/08/2021', ['2021-08-08', 'fallback']],
    [slashes, '13/13/2021', ['<type>']],
    [slashes, '3.4.2021', ['2021-04-03', 'fallback']],
    [slashes, '02.05.16', ['<type>']],
    // The first pattern decides, also against the ISO form.
    [{ date: { pattern: 'yyyy-dd-MM' } }, '2021-03-04', ['2021-04-03']],
  ])('%j reads %j as %j', (step, text, expected) => {
    expect(apply([step], text)).toEqual(expected);
  });
});
