import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decodeKey,
  encodeKey,
  isOrdered,
  keyEncoding,
  type KeyValue,
} from '../../src/record/keyOrder.ts';
import { parseType, type FieldType } from '../../src/record/type.ts';

function typeOf(text: string): FieldType {
  const type = parseType(text);
  if (type === null) throw new Error(`${text} is no type`);
  return type;
}

/** A type, values of it as records hold them, and what their order means. */
interface Case {
  readonly type: string;
  readonly value: fc.Arbitrary<KeyValue>;
  readonly compare: (a: KeyValue, b: KeyValue) => number;
}

const sign = (value: number | bigint): number => (value > 0 ? 1 : value < 0 ? -1 : 0);
const byBytes =
  (encoding: BufferEncoding) =>
  (a: KeyValue, b: KeyValue): number =>
    Buffer.compare(Buffer.from(String(a), encoding), Buffer.from(String(b), encoding));
const scaled = (value: KeyValue): bigint => BigInt(String(value).replace('.', ''));

const wellFormed = fc.string({ unit: 'binary' });
const cents = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map((value) => {
  const text = String(value < 0n ? -value : value).padStart(3, '0');
  return `${value < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
});

const CASES: Case[] = [
  {
    type: 'integer',
    value: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 })),
    compare: (a, b) => sign(Number(a) - Number(b)),
  },
  {
    type: 'bigint',
    value: fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }).map(String),
    compare: (a, b) => sign(BigInt(String(a)) - BigInt(String(b))),
  },
  { type: 'decimal(2)', value: cents, compare: (a, b) => sign(scaled(a) - scaled(b)) },
  { type: 'string', value: wellFormed, compare: byBytes('utf8') },
  { type: 'uuid', value: fc.uuid(), compare: byBytes('utf8') },
  {
    type: 'bytes',
    value: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    compare: byBytes('base64'),
  },
  {
    type: 'date',
    value: fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
    compare: byBytes('utf8'),
  },
  {
    type: 'boolean',
    value: fc.boolean(),
    compare: (a, b) => Number(a) - Number(b),
  },
];

describe('the order encoding', () => {
  it.each(CASES)('keeps the order of $type and gives the key back', ({ type, value, compare }) => {
    const types = [typeOf(type)];
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [left, right] = [encodeKey(types, [a]), encodeKey(types, [b])];
        expect(sign(Buffer.compare(left, right))).toBe(sign(compare(a, b)));
        expect(decodeKey(types, left)).toEqual([a]);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order of tuples, part by part', () => {
    const pair = fc.constantFrom(...CASES).chain((first) =>
      fc.constantFrom(...CASES).chain((second) =>
        fc.record({
          types: fc.constant([typeOf(first.type), typeOf(second.type)]),
          a: fc.tuple(first.value, second.value),
          b: fc.tuple(first.value, second.value),
          // Equal first parts are what shows whether a part ends itself.
          share: fc.boolean(),
          compare: fc.constant([first.compare, second.compare] as const),
        }),
      ),
    );
    fc.assert(
      fc.property(pair, ({ types, a, b, share, compare }) => {
        const other: [KeyValue, KeyValue] = share ? [a[0], b[1]] : b;
        const expected = compare[0](a[0], other[0]) || compare[1](a[1], other[1]);
        const actual = Buffer.compare(encodeKey(types, a), encodeKey(types, other));
        expect(sign(actual)).toBe(sign(expected));
        expect(decodeKey(types, encodeKey(types, a))).toEqual(a);
      }),
      { numRuns: 1000 },
    );
  });

  it("tells ('ab','c') from ('a','bc')", () => {
    const types = [typeOf('string'), typeOf('string')];
    expect(encodeKey(types, ['ab', 'c']).equals(encodeKey(types, ['a', 'bc']))).toBe(false);
  });

  it('does not follow a locale', () => {
    const words = ['a', 'B', 'ä', 'z', 'Z', 'é', 'e\u0301', '𝄞', '\uffee'];
    const types = [typeOf('string')];
    const sorted = [...words].sort((a, b) =>
      Buffer.compare(encodeKey(types, [a]), encodeKey(types, [b])),
    );
    expect(sorted).toEqual([...words].sort((a, b) => byBytes('utf8')(a, b)));
    expect(sorted).not.toEqual([...words].sort());
  });

  it('has no order for floats, mixed cells and digits that vary', () => {
    for (const type of [
      'float',
      'tagged',
      'json',
      'blob',
      'decimal',
      'timestamp',
      'array(integer)',
    ]) {
      expect(isOrdered(typeOf(type))).toBe(false);
      expect(() => keyEncoding(typeOf(type))).toThrow(TypeError);
    }
  });

  it('refuses numbers that are no integers, such as those that a file has without end', () => {
    for (const text of ['1e999', '-1e999', '0.5', '9007199254740992']) {
      const key = [JSON.parse(text) as number];
      expect(() => encodeKey([typeOf('integer')], key)).toThrow(TypeError);
    }
  });
});
