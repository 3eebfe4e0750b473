/**
 * The promise: however often one looks, the truth is outside of an interval at any look at all in no
 * more sequences than the level allows. Intervals for one look, taken as often, break it.
 */

import { describe, expect, it } from 'vitest';

import { atMost } from '../../src/sequential/binomial.ts';
import { atLeast } from './atLeast.ts';
import { openOddsTest } from '../../src/sequential/oddsTest.ts';
import type { Stratum } from '../../src/sequential/oddsTest.ts';
import { shareInterval } from '../../src/sequential/share.ts';
import type { Share } from '../../src/sequential/share.ts';
import { quantileInterval } from '../../src/sequential/spread.ts';
import type { Random } from '../dogschool/random.ts';
import { randomOf } from '../dogschool/random.ts';
import { times } from '../kit/long.ts';
import { allowed, sampleShare, sumOf } from './samples.ts';

const ALPHA = 0.05;
const SEQUENCES = times('SEALIFT_SEQUENCES', 2000, 20_000, 2000);

/** In how many sequences the answer to each question is yes at some look. */
function everTrue(
  purpose: string,
  looks: number,
  open: (random: Random) => () => readonly (() => boolean)[],
): number[] {
  const random = randomOf(1, purpose);
  const counts: number[] = [];
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const next = open(random);
    const ever: boolean[] = [];
    for (let look = 0; look < looks; look++) {
      for (const [index, isTrue] of next().entries())
        ever[index] = ever[index] === true || isTrue();
    }
    for (const [index, isTrue] of ever.entries()) {
      counts[index] = (counts[index] ?? 0) + Number(isTrue);
    }
  }
  return counts;
}

/** Clopper, Pearson 1934: the interval for one look, of which each end errs with alpha / 2 at most. */
function isOutsideOnce({ part, of }: Share, rate: number): boolean {
  return atMost(of, rate, part) < ALPHA / 2 || atLeast(of, rate, part) < ALPHA / 2;
}

describe('over all looks together, the truth is outside as often as the level says:', () => {
  it.each([
    { rate: 0.5, every: 5, looks: 60 },
    { rate: 0.97, every: 10, looks: 60 },
    { rate: 0.001, every: 200, looks: 60 },
  ])('the share $rate', ({ rate, every, looks }) => {
    const [errors = NaN, once = NaN] = everTrue(`share ${rate}`, looks, (random) => {
      let seen: Share = { part: 0, of: 0 };
      return () => {
        seen = sumOf(seen, sampleShare(random, every, rate));
        const { low, high } = shareInterval(seen, ALPHA);
        return [() => rate < low || rate > high, () => isOutsideOnce(seen, rate)];
      };
    });
    expect(errors).toBeLessThanOrEqual(allowed(SEQUENCES, ALPHA));
    expect(errors).toBeGreaterThan(0);
    // Negative control: the interval for one look.
    expect(once).toBeGreaterThan(2 * allowed(SEQUENCES, ALPHA));
  });

  it('the odds ratio of two groups, whose rate and sizes change from window to window', () => {
    const [low = NaN, high = NaN, once = NaN] = everTrue('odds', 60, (random) => {
      const test = openOddsTest();
      const fixed = openFixedTest();
      return () => {
        const rate = 0.02 + 0.4 * random.fraction() ** 2;
        const fresh = sampleShare(random, random.integer(0, 30), rate);
        const base = sampleShare(random, random.integer(0, 30), rate);
        test.add({ fresh, base });
        const interval = test.interval(ALPHA);
        const deviate = fixed({ fresh, base });
        return [() => interval.low > 1, () => interval.high < 1, () => deviate > 1.645];
      };
    });
    expect(low).toBeLessThanOrEqual(allowed(SEQUENCES, ALPHA));
    expect(high).toBeLessThanOrEqual(allowed(SEQUENCES, ALPHA));
    expect(low).toBeGreaterThan(0);
    expect(once).toBeGreaterThan(2 * allowed(SEQUENCES, ALPHA));
  });

  it('the odds ratio 2, at both ends, in small windows', () => {
    const [low = NaN, high = NaN] = everTrue('odds 2', 60, (random) => {
      const test = openOddsTest();
      return () => {
        const rate = 0.02 + 0.4 * random.fraction();
        const odds = (2 * rate) / (1 - rate);
        const fresh = sampleShare(random, 4, odds / (1 + odds));
        test.add({ fresh, base: sampleShare(random, 8, rate) });
        const interval = test.interval(ALPHA);
        return [() => interval.low > 2, () => interval.high < 2];
      };
    });
    expect(low).toBeLessThanOrEqual(allowed(SEQUENCES, ALPHA));
    expect(high).toBeLessThanOrEqual(allowed(SEQUENCES, ALPHA));
  });

  it.each([0.5, 0.9])('the quantile %d', (quantile) => {
    // Of values that are even from 0 to 1, the quantile is its own value.
    const bounds = Array.from({ length: 20 }, (_, index) => (index + 1) / 20);
    const [low = NaN, high = NaN, once = NaN] = everTrue(`quantile ${quantile}`, 300, (random) => {
      const counts = [...bounds, 1].map(() => 0);
      const seen = { part: 0, of: 0 };
      return () => {
        for (let trial = 0; trial < 5; trial++) {
          const value = random.fraction();
          counts[Math.floor(value * 20)] = (counts[Math.floor(value * 20)] ?? 0) + 1;
          seen.part += Number(value < quantile);
          seen.of++;
        }
        const interval = quantileInterval({ bounds, counts }, quantile, ALPHA);
        // The quantile is a bound: neither may that be its low end, as if it were above.
        return [
          () => interval.low >= quantile,
          () => interval.high < quantile,
          () => isOutsideOnce(seen, quantile),
        ];
      };
    });
    expect(low).toBeLessThanOrEqual(allowed(SEQUENCES, ALPHA / 2));
    expect(high).toBeLessThanOrEqual(allowed(SEQUENCES, ALPHA / 2));
    expect(low + high).toBeGreaterThan(0);
    expect(once).toBeGreaterThan(2 * allowed(SEQUENCES, ALPHA));
  });
});

/** Mantel, Haenszel 1959: the test for one look, as a standard normal deviate. */
function openFixedTest(): (stratum: Stratum) => number {
  let excess = 0;
  let variance = 0;
  return ({ fresh, base }) => {
    const { part, of } = sumOf(fresh, base);
    if (of > 1) {
      excess += fresh.part - (fresh.of * part) / of;
      variance += (fresh.of * base.of * part * (of - part)) / (of * of * (of - 1));
    }
    return variance === 0 ? 0 : excess / Math.sqrt(variance);
  };
}
