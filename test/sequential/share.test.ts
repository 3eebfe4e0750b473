/** A share of trials: the evidence against a rate, and the rates that are left. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { logEvidence, shareInterval } from '../../src/sequential/share.ts';
import type { Share } from '../../src/sequential/share.ts';

const shares = fc
  .tuple(fc.nat(5000), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([of, rate]): Share => ({ part: Math.round(of * rate), of }));
const levels = fc.double({ min: 1e-9, max: 0.5, noNaN: true });

describe('the evidence against a rate', () => {
  it.each([
    // B(k + 1/2, n - k + 1/2) / π: 1/2 for 1 of 1, 3/8 for 2 of 2, 1/8 for 1 of 2.
    [{ part: 1, of: 1 }, 0.5, 1],
    [{ part: 2, of: 2 }, 0.5, 1.5],
    [{ part: 1, of: 2 }, 0.5, 0.5],
    [{ part: 0, of: 1 }, 0.25, 2 / 3],
    [{ part: 0, of: 2 }, 0, 3 / 8],
    [{ part: 2, of: 2 }, 1, 3 / 8],
    [{ part: 0, of: 0 }, 0.3, 1],
  ])('is that of the mixture: %j against %d', (seen, rate, expected) => {
    expect(Math.exp(logEvidence(seen, rate))).toBeCloseTo(expected, 12);
  });

  it('is infinite where the rate is impossible', () => {
    expect(logEvidence({ part: 1, of: 3 }, 0)).toBe(Infinity);
    expect(logEvidence({ part: 1, of: 3 }, 1)).toBe(Infinity);
  });

  it('is a martingale: after one more trial, its mean is what it was', () => {
    fc.assert(
      fc.property(shares, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (seen, rate) => {
        const now = logEvidence(seen, rate);
        const more = logEvidence({ part: seen.part + 1, of: seen.of + 1 }, rate) - now;
        const none = logEvidence({ part: seen.part, of: seen.of + 1 }, rate) - now;
        expect(rate * Math.exp(more) + (1 - rate) * Math.exp(none)).toBeCloseTo(1, 8);
      }),
    );
  });

  it('is the same for what is not part', () => {
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 255 }), ({ part, of }, eighths) => {
        const rate = eighths / 256;
        const rest = logEvidence({ part: of - part, of }, 1 - rate);
        expect(rest).toBeCloseTo(logEvidence({ part, of }, rate), 8);
      }),
    );
  });

  it.each([
    { part: 2, of: 1 },
    { part: -1, of: 1 },
    { part: 0.5, of: 1 },
    { part: NaN, of: 1 },
    { part: 0, of: Infinity },
  ])('is refused of what is no share: %j', (seen) => {
    expect(() => logEvidence(seen, 0.5)).toThrow(RangeError);
    expect(() => shareInterval(seen, 0.05)).toThrow(RangeError);
  });
});

describe('the interval of a rate', () => {
  it('is all rates without trials', () => {
    expect(shareInterval({ part: 0, of: 0 }, 0.05)).toEqual({ low: 0, high: 1 });
  });

  it('ends at 0 where no trial is part, and at 1 where all are', () => {
    // 2 of 2: the evidence against p is 3/8 / p², which is 20 at the root of 3/160.
    const all = shareInterval({ part: 2, of: 2 }, 0.05);
    expect(all.low).toBeCloseTo(Math.sqrt(3 / 160), 12);
    expect(all.high).toBe(1);
    const none = shareInterval({ part: 0, of: 2 }, 0.05);
    expect(none).toEqual({ low: 0, high: expect.closeTo(1 - Math.sqrt(3 / 160), 12) });
  });

  it('has ends at which the evidence is 1/alpha', () => {
    fc.assert(
      fc.property(shares, levels, (seen, alpha) => {
        const { low, high } = shareInterval(seen, alpha);
        const ends = [low, high].filter((end) => end > 0 && end < 1 && end !== 1 - 2 ** -53);
        for (const end of ends) expect(logEvidence(seen, end)).toBeCloseTo(-Math.log(alpha), 6);
        expect(low === 0).toBe(seen.part === 0);
        expect(high === 1).toBe(seen.part === seen.of);
      }),
    );
  });

  it('contains the estimate, is wider at a lower level, and mirrors what is not part', () => {
    fc.assert(
      fc.property(shares, levels, levels, (seen, one, other) => {
        const wide = shareInterval(seen, Math.min(one, other));
        const narrow = shareInterval(seen, Math.max(one, other));
        expect(wide.low).toBeLessThanOrEqual(narrow.low);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
        if (seen.of > 0) expect(narrow.low).toBeLessThanOrEqual(seen.part / seen.of);
        if (seen.of > 0) expect(narrow.high).toBeGreaterThanOrEqual(seen.part / seen.of);
        const mirrored = shareInterval({ part: seen.of - seen.part, of: seen.of }, one);
        const { low, high } = shareInterval(seen, one);
        expect(mirrored.low).toBeCloseTo(1 - high, 9);
        expect(mirrored.high).toBeCloseTo(1 - low, 9);
      }),
    );
  });

  it('moves up with each trial that is part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(), levels, (of, number, alpha) => {
        const part = number % of;
        const less = shareInterval({ part, of }, alpha);
        const more = shareInterval({ part: part + 1, of }, alpha);
        expect(more.low).toBeGreaterThan(less.low);
        expect(more.high).toBeGreaterThan(less.high);
      }),
    );
  });

  it('holds for ten million trials', () => {
    const { low, high } = shareInterval({ part: 9_700_000, of: 10_000_000 }, 0.001);
    expect([low < 0.97, low > 0.9695, high > 0.97, high < 0.9705]).not.toContain(false);
  });
});
