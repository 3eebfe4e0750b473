/** Quantiles of histograms, and the ratio of two of them or of two rates. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { shareInterval } from '../../src/sequential/share.ts';
import { oddsQuotient, quantileInterval, quotient } from '../../src/sequential/spread.ts';
import type { Spread } from '../../src/sequential/spread.ts';

const ALL = { low: 0, high: Infinity };
const spreads = fc
  .array(fc.nat(400), { minLength: 1, maxLength: 12 })
  .map((counts): Spread => ({ bounds: counts.slice(1).map((_, index) => index + 1), counts }));

/** By the definition: bounds at which the interval of the share is on one side of the quantile. */
function bySharesAt({ bounds, counts }: Spread, quantile: number, alpha: number): unknown {
  const of = counts.reduce((sum, count) => sum + count, 0);
  const shares = bounds.map((bound, index) => {
    const part = counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0);
    return { bound, ...shareInterval({ part, of }, alpha / 2) };
  });
  return {
    low: shares.findLast(({ high }) => high < quantile)?.bound ?? 0,
    high: shares.find(({ low }) => low > quantile)?.bound ?? Infinity,
  };
}

describe('the interval of a quantile', () => {
  it('is everything where nothing is known', () => {
    expect(quantileInterval({ bounds: [], counts: [0] }, 0.5, 0.05)).toEqual(ALL);
    expect(quantileInterval({ bounds: [], counts: [1000] }, 0.5, 0.05)).toEqual(ALL);
    expect(quantileInterval({ bounds: [1, 2], counts: [0, 0, 0] }, 0.5, 0.05)).toEqual(ALL);
    expect(quantileInterval({ bounds: [1, 2], counts: [1, 1, 0] }, 0.5, 0.05)).toEqual(ALL);
  });

  it('has the edges of buckets', () => {
    const spread = { bounds: [1, 2, 3, 4], counts: [100, 100, 100, 100, 0] };
    expect(quantileInterval(spread, 0.6, 0.05)).toEqual({ low: 2, high: 3 });
    expect(quantileInterval(spread, 0.1, 0.05)).toEqual({ low: 0, high: 1 });
    expect(quantileInterval(spread, 0.9, 0.05)).toEqual({ low: 3, high: 4 });
  });

  it('has no upper end where the quantile may be above the last bound', () => {
    const spread = { bounds: [1, 2], counts: [100, 100, 100] };
    expect(quantileInterval(spread, 0.9, 0.05)).toEqual({ low: 2, high: Infinity });
  });

  it('knows the least value and the greatest one from one side only', () => {
    const spread = { bounds: [1, 2, 3], counts: [0, 5, 5, 1] };
    expect(quantileInterval(spread, 0, 0.05)).toEqual({ low: 0, high: 2 });
    expect(quantileInterval(spread, 1, 0.05)).toEqual({ low: 3, high: Infinity });
  });

  it('follows from the intervals of the shares up to each bound', () => {
    const quantiles = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(spreads, quantiles, (spread, quantile) => {
        expect(quantileInterval(spread, quantile, 0.05)).toEqual(
          bySharesAt(spread, quantile, 0.05),
        );
      }),
    );
  });

  it('contains the quantile of the sample, is wider at a lower level, and grows with the quantile', () => {
    fc.assert(
      fc.property(spreads, fc.integer({ min: 1, max: 98 }), (spread, percent) => {
        const narrow = quantileInterval(spread, percent / 100, 0.2);
        const wide = quantileInterval(spread, percent / 100, 0.001);
        expect(wide.low).toBeLessThanOrEqual(narrow.low);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
        const next = quantileInterval(spread, (percent + 1) / 100, 0.2);
        expect(next.low).toBeGreaterThanOrEqual(narrow.low);
        expect(next.high).toBeGreaterThanOrEqual(narrow.high);
        const values = spread.counts.flatMap((count, index) => Array<number>(count).fill(index));
        const middle = values[Math.ceil((values.length * percent) / 100) - 1];
        if (middle === undefined) return;
        expect(narrow.low).toBeLessThanOrEqual(middle);
        expect(narrow.high).toBeGreaterThanOrEqual(middle + 1);
      }),
    );
  });

  it('is refused where counts and bounds do not fit', () => {
    expect(() => quantileInterval({ bounds: [1], counts: [1] }, 0.5, 0.05)).toThrow(RangeError);
    expect(() => quantileInterval({ bounds: [1], counts: [1, -1] }, 0.5, 0.05)).toThrow(RangeError);
  });
});

describe('the quotient of two intervals', () => {
  it.each([
    [
      { low: 2, high: 3 },
      { low: 1, high: 4 },
      { low: 0.5, high: 3 },
    ],
    [ALL, { low: 1, high: 2 }, ALL],
    [{ low: 1, high: 2 }, ALL, ALL],
    [ALL, ALL, ALL],
    [
      { low: 4, high: Infinity },
      { low: 0, high: 2 },
      { low: 2, high: Infinity },
    ],
    [{ low: 0, high: 0 }, { low: 0, high: 0 }, ALL],
    [
      { low: 0, high: 0 },
      { low: 1, high: 2 },
      { low: 0, high: 0 },
    ],
  ])('is of the furthest ends: %j by %j', (fresh, base, expected) => {
    expect(quotient(fresh, base)).toEqual(expected);
  });

  it('of rates is that of their odds', () => {
    const half = { low: 0.5, high: 0.8 };
    expect(oddsQuotient(half, { low: 0.2, high: 0.5 })).toEqual({
      low: 1,
      high: expect.closeTo(16, 9),
    });
    expect(oddsQuotient(half, { low: 0, high: 1 })).toEqual(ALL);
    expect(oddsQuotient({ low: 0, high: 1 }, half)).toEqual(ALL);
  });

  it('contains the quotient of what is in them, and is inverted where they are swapped', () => {
    const positive = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(fc.array(positive, { minLength: 6, maxLength: 6 }), (values) => {
        const [a, fresh, b] = values.slice(0, 3).toSorted((x, y) => x - y) as [
          number,
          number,
          number,
        ];
        const [c, base, d] = values.slice(3).toSorted((x, y) => x - y) as [number, number, number];
        const { low, high } = quotient({ low: a, high: b }, { low: c, high: d });
        expect([low <= fresh / base, fresh / base <= high]).toEqual([true, true]);
        const swapped = quotient({ low: c, high: d }, { low: a, high: b });
        expect(swapped.low * high).toBeCloseTo(1, 9);
        expect(swapped.high * low).toBeCloseTo(1, 9);
      }),
    );
  });
});
