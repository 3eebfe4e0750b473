/** Log-gamma and the tails of the binomial distribution, against exact figures. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { atMost, binomialQuantile } from '../../src/sequential/binomial.ts';
import { atLeast } from './atLeast.ts';
import { logChoose, logGamma } from '../../src/sequential/logGamma.ts';

/** How far a number is from what is expected, in parts of it. */
function error(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
}

/** Pascal's triangle, exact up to the row 56. */
function chooseExactly(of: number, part: number): number {
  let row = [1];
  for (let size = 0; size < of; size++) {
    row = [...row, 0].map((count, index) => count + (row[index - 1] ?? 0));
  }
  return row[part] ?? 0;
}

describe('log-gamma', () => {
  it('is the logarithm of factorials, to a relative 1e-12', () => {
    let factorial = 1;
    for (let number = 1; number <= 170; number++) {
      factorial *= number;
      expect(error(logGamma(number + 1), Math.log(factorial))).toBeLessThan(1e-14);
    }
  });

  it.each([
    [0.5, Math.log(Math.PI) / 2],
    [1.5, Math.log(Math.PI / 4) / 2],
    [1, 0],
    [2, 0],
    // ln 1,000,000!, by Stirling's formula with two terms more than a double needs.
    [1_000_001, 12_815_518.384658169],
  ])('of %d is known', (x, expected) => {
    expect(error(logGamma(x), expected)).toBeLessThan(1e-14);
  });

  it('grows by ln x from x to x + 1', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 1e8, noNaN: true }), (x) => {
        expect(error(logGamma(x + 1), logGamma(x) + Math.log(x))).toBeLessThan(1e-14);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives the numbers of Pascal’s triangle', () => {
    for (let part = 0; part <= 56; part++) {
      const exact = chooseExactly(56, part);
      expect(error(Math.exp(logChoose(56, part)), exact)).toBeLessThan(1e-12);
    }
  });
});

describe('the tails of the binomial distribution', () => {
  it('are the sums of its terms', () => {
    const rates = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 56 }), rates, fc.nat(57), (of, rate, most) => {
        let sum = 0;
        for (let part = 0; part <= Math.min(most, of); part++) {
          sum += chooseExactly(of, part) * rate ** part * (1 - rate) ** (of - part);
        }
        expect(error(atMost(of, rate, most), sum)).toBeLessThan(1e-12);
        expect(error(atLeast(of, rate, most + 1), 1 - sum)).toBeLessThan(1e-12);
      }),
    );
  });

  it('are 0 and 1 where they must', () => {
    expect([atMost(9, 0.5, -1), atMost(9, 1, 8), atLeast(9, 0, 1)]).toEqual([0, 0, 0]);
    expect([atMost(9, 0.5, 9), atMost(9, 0, 0), atLeast(9, 1, 9)]).toEqual([1, 1, 1]);
    expect([atMost(0, 0.5, 0), atLeast(0, 0.5, 0), atLeast(0, 0.5, 1)]).toEqual([1, 1, 0]);
  });

  it('fit each other for ten million trials', () => {
    for (const most of [9_690_000, 9_699_999, 9_700_000, 9_701_234]) {
      const both = atMost(1e7, 0.97, most) + atLeast(1e7, 0.97, most + 1);
      expect(both).toBeCloseTo(1, 6);
    }
    // The median is the mean where that is a whole number.
    expect(binomialQuantile(1e7, 0.97, 0.5)).toBe(9_700_000);
  });

  it('are cut off by the quantile', () => {
    const rates = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.nat(500), rates, rates, (of, rate, share) => {
        const part = binomialQuantile(of, rate, share);
        if (part < of) expect(atMost(of, rate, part)).toBeGreaterThanOrEqual(share);
        if (part > 0) expect(atMost(of, rate, part - 1)).toBeLessThan(share);
      }),
    );
  });
});
