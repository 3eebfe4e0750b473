/** The quick ways of values, against the ways that they are quicker than. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isTimestamp, parseTimestamp } from '../../src/record/dateTime.ts';
import {
  decimalOfDouble,
  fractionDigits,
  padFraction,
  scaledText,
} from '../../src/record/decimal.ts';

/** The long way: the digits of the shortest form, padded. */
function padded(value: number, digits: number): string | null {
  const text = decimalOfDouble(value);
  const has = fractionDigits(text) ?? 0;
  return has === digits ? text : padFraction(text, has, digits);
}

describe('the text of a double at a scale', () => {
  const money = fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((cents) => cents / 100);
  const near = fc.tuple(money, fc.integer({ min: -2, max: 2 })).map(([value, steps]) => {
    return value * (1 + steps * Number.EPSILON);
  });
  const doubles = fc.oneof(money, near, fc.double(), fc.integer(), fc.constantFrom(0, -0, 1e21));

  it('is that of its shortest form, padded, or it is left to others', () => {
    let [quick, left] = [0, 0];
    fc.assert(
      fc.property(doubles, fc.nat(8), (value, digits) => {
        const text = scaledText(value, digits);
        if (text === null) left += 1;
        else {
          quick += 1;
          expect(text).toBe(padded(value, digits));
        }
      }),
      { numRuns: 20_000 },
    );
    expect(quick).toBeGreaterThan(2000);
    expect(left).toBeGreaterThan(2000);
  });

  it.each([
    [1.1, 2, '1.10'],
    [-0.05, 2, '-0.05'],
    [1.005, 2, null],
    [0, 2, null],
    [-0, 2, null],
    [0.001, 2, null],
    [4.35, 2, '4.35'],
    [12, 0, '12'],
    [10 ** 14, 2, null],
    [Number.NaN, 2, null],
    [Number.POSITIVE_INFINITY, 2, null],
  ])('%d with %d digits: %s', (value, digits, text) => {
    expect(scaledText(value, digits)).toBe(text);
  });
});

describe('a timestamp to the second', () => {
  it('is one exactly where it can be taken apart, without a fraction', () => {
    const digits = fc.stringMatching(
      /^[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9]$/,
    );
    const texts = fc.oneof(digits, fc.string({ minLength: 17, maxLength: 21 }));
    let [yes, no] = [0, 0];
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseTimestamp(text);
        const whole = parsed !== null && text.length === 19;
        if (whole) yes += 1;
        else no += 1;
        expect(isTimestamp(text)).toBe(whole);
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(yes, no)).toBeGreaterThan(100);
  });
});
