/** What so many samples show: against every number of trials tried in turn, and against simulations. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { atMost } from '../../src/sequential/binomial.ts';
import { atLeast } from './atLeast.ts';
import { openOddsTest } from '../../src/sequential/oddsTest.ts';
import { trialsToCompare, trialsToShow, visibleRate } from './reach.ts';
import { shareInterval } from '../../src/sequential/share.ts';
import { randomOf } from '../dogschool/random.ts';
import { times } from '../kit/long.ts';
import { sampleShare } from './samples.ts';

/** The probability that the interval of so many trials is on the side of the bound where the rate is. */
function powerOf(of: number, rate: number, bound: number, alpha: number): number {
  const parts = Array.from({ length: of + 1 }, (_, part) => part);
  if (rate < bound) {
    return atMost(
      of,
      rate,
      parts.findLast((part) => shareInterval({ part, of }, alpha).high < bound) ?? -1,
    );
  }
  const least = parts.find((part) => shareInterval({ part, of }, alpha).low > bound);
  return atLeast(of, rate, least ?? of + 1);
}

describe('the trials that show a rate', () => {
  it.each([
    [0.8, 0.95, 0.001, 0.9],
    [0.5, 0.95, 0.01, 0.9],
    [0, 0.5, 0.05, 0.9],
    [1, 0.95, 0.05, 0.9],
    [1, 0.5, 0.01, 0.5],
    [0.4, 0.2, 0.05, 0.8],
    [0.2, 0.4, 0.05, 0.99],
    [0.9, 0.5, 0.1, 0.6],
  ])('are the least: a rate of %d by %d', (rate, bound, alpha, power) => {
    const counts = Array.from({ length: 300 }, (_, index) => index + 1);
    const least = counts.find((of) => powerOf(of, rate, bound, alpha) >= power);
    expect(least).toBeDefined();
    expect(trialsToShow({ rate, bound, alpha, power })).toBe(least);
  });

  it('have the power, and one less have not', () => {
    for (const rate of [0.9, 0.93]) {
      const of = trialsToShow({ rate, bound: 0.95, alpha: 0.001 }) ?? NaN;
      expect(powerOf(of, rate, 0.95, 0.001)).toBeGreaterThanOrEqual(0.9);
      expect(powerOf(of - 1, rate, 0.95, 0.001)).toBeLessThan(0.9);
    }
  });

  it('are none where the rate is the bound, or so many are not allowed', () => {
    expect(trialsToShow({ rate: 0.95, bound: 0.95, alpha: 0.01 })).toBeNull();
    expect(trialsToShow({ rate: 0.9499, bound: 0.95, alpha: 0.01 })).toBeNull();
    expect(trialsToShow({ rate: 0.93, bound: 0.95, alpha: 0.001, most: 1000 })).toBeNull();
    const of = trialsToShow({ rate: 0.93, bound: 0.95, alpha: 0.001 }) ?? NaN;
    expect(trialsToShow({ rate: 0.93, bound: 0.95, alpha: 0.001, most: of })).toBe(of);
    expect(trialsToShow({ rate: 0.93, bound: 0.95, alpha: 0.001, most: of - 1 })).toBeNull();
  });

  it('are known for millions', () => {
    const of = trialsToShow({ rate: 0.949, bound: 0.95, alpha: 0.001 }) ?? NaN;
    expect(of).toBeGreaterThan(1_000_000);
    expect(of).toBeLessThan(3_000_000);
  });
});

describe('the rate that so many trials show', () => {
  it('has the power, and a nearer one has not', () => {
    const bounds = fc.double({ min: 0.05, max: 0.95, noNaN: true });
    let seen = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), bounds, fc.boolean(), (of, bound, isBelow) => {
        const side = isBelow ? 'below' : 'above';
        const rate = visibleRate({ of, bound, side, alpha: 0.01 });
        const extreme = isBelow ? 0 : 1;
        if (rate === null) {
          expect(powerOf(of, extreme, bound, 0.01)).toBe(0);
          return;
        }
        seen++;
        expect(isBelow ? rate < bound : rate > bound).toBe(true);
        expect(powerOf(of, rate, bound, 0.01)).toBeGreaterThan(0.9 - 1e-9);
        const nearer = rate + (bound - rate) * 1e-6;
        expect(powerOf(of, nearer, bound, 0.01)).toBeLessThan(0.9);
      }),
    );
    expect(seen).toBeGreaterThan(20);
  });

  it('is none where not even all or nothing is enough', () => {
    expect(visibleRate({ of: 100, bound: 0.99, side: 'above', alpha: 0.001 })).toBeNull();
    expect(visibleRate({ of: 1, bound: 0.5, side: 'below', alpha: 0.001 })).toBeNull();
  });

  it('of 100 samples is far from 93 where 95 is required', () => {
    const rate = visibleRate({ of: 100, bound: 0.95, side: 'below', alpha: 0.01 / 12 });
    expect(rate).toBeLessThan(0.8);
  });
});

describe('the trials that show a difference', () => {
  const ALPHA = 0.01 / 12;
  const rollouts = times('SEALIFT_ROLLOUTS', 1000, 5000, 1000);

  /** How often the odds test shows it, in 24 windows of so many fresh trials together. */
  function simulated(
    fresh: number,
    rates: { base: number; fresh: number },
    perFresh: number,
  ): number {
    const random = randomOf(fresh, 'compare');
    let shown = 0;
    for (let rollout = 0; rollout < rollouts; rollout++) {
      const test = openOddsTest();
      for (let hour = 0, left = fresh; hour < 24; hour++) {
        const of = Math.round(left / (24 - hour));
        left -= of;
        const base = sampleShare(random, of * perFresh, rates.base);
        test.add({ fresh: sampleShare(random, of, rates.fresh), base });
      }
      if (test.interval(ALPHA).low > 1) shown++;
    }
    return shown / rollouts;
  }

  it.each([
    [0.03, 0.05, 9],
    [0.03, 0.07, 9],
    [0.03, 0.1, 1],
    [0, 0.02, 9],
  ])('are within a tenth of simulations: %d and %d, 1 to %d', (base, fresh, perFresh) => {
    const of = trialsToCompare({ base, fresh, perFresh, alpha: ALPHA }) ?? NaN;
    expect(simulated(Math.round(of * 0.9), { base, fresh }, perFresh)).toBeLessThan(0.9);
    expect(simulated(Math.round(of * 1.1), { base, fresh }, perFresh)).toBeGreaterThan(0.9);
  });

  it('are none where fresh is not above base, or so little that nothing shows it', () => {
    expect(trialsToCompare({ base: 0.03, fresh: 0.03, perFresh: 9, alpha: ALPHA })).toBeNull();
    expect(trialsToCompare({ base: 0.03, fresh: 0.02, perFresh: 9, alpha: ALPHA })).toBeNull();
    expect(trialsToCompare({ base: 0.5, fresh: 0.5001, perFresh: 1, alpha: ALPHA })).toBeNull();
  });
});
