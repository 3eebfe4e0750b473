/** The odds of two groups that are observed in the same windows. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openOddsTest } from '../../src/sequential/oddsTest.ts';
import type { OddsTest, Stratum } from '../../src/sequential/oddsTest.ts';
import { randomOf } from '../dogschool/random.ts';
import { sampleShare } from './samples.ts';

const ALL = { low: 0, high: Infinity };

function testOf(strata: readonly Stratum[]): OddsTest {
  const test = openOddsTest();
  for (const stratum of strata) test.add(stratum);
  return test;
}

function stratum(fresh: readonly [number, number], base: readonly [number, number]): Stratum {
  return { fresh: { part: fresh[0], of: fresh[1] }, base: { part: base[0], of: base[1] } };
}

/** ln of n! for whole numbers, by its definition. */
const LOG_FACTORIALS: readonly number[] = Array.from({ length: 2000 }).reduce<number[]>(
  (logs, _, index) => [...logs, (logs.at(-1) ?? 0) + Math.log(Math.max(1, index))],
  [],
);
const logFactorial = (number: number): number => LOG_FACTORIALS[number] ?? NaN;

/** ln P(part of fresh | part of both), for an odds ratio, by the formula of Fisher. */
function logProbability({ fresh, base }: Stratum, logRatio: number): number {
  const total = fresh.part + base.part;
  const logTerm = (part: number): number =>
    part * logRatio -
    logFactorial(part) -
    logFactorial(fresh.of - part) -
    logFactorial(total - part) -
    logFactorial(base.of - total + part);
  const parts = outcomes({ fresh, base }).map((outcome) => outcome.fresh.part);
  const greatest = Math.max(...parts.map(logTerm));
  const sum = parts.reduce((sum, part) => sum + Math.exp(logTerm(part) - greatest), 0);
  return logTerm(fresh.part) - greatest - Math.log(sum);
}

/** All that can be seen in a window with the same total. */
function outcomes({ fresh, base }: Stratum): Stratum[] {
  const total = fresh.part + base.part;
  return Array.from({ length: fresh.of + 1 }, (_, part) => part)
    .filter((part) => part <= total && total - part <= base.of)
    .map((part) => stratum([part, fresh.of], [total - part, base.of]));
}

/** The evidence against an odds ratio of at most 1: half a normal distribution, of ln of odds ratios to 4. */
function mixture(strata: readonly Stratum[]): number {
  const points = Array.from({ length: 80 }, (_, index) => (index + 1) / 20);
  const weights = points.map((point) => Math.exp(-((point / 0.7) ** 2) / 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const logOf = (point: number): number =>
    strata.reduce((sum, each) => sum + logProbability(each, point), 0);
  const against = logOf(0);
  const ratios = points.map(
    (point, index) => ((weights[index] ?? 0) / total) * Math.exp(logOf(point) - against),
  );
  return Math.log(ratios.reduce((sum, ratio) => sum + ratio, 0));
}

const swap = ({ fresh, base }: Stratum): Stratum => ({ fresh: base, base: fresh });
const negate = ({ fresh, base }: Stratum): Stratum =>
  stratum([fresh.of - fresh.part, fresh.of], [base.of - base.part, base.of]);

const groups = fc
  .tuple(fc.nat(60), fc.nat(), fc.nat(60), fc.nat())
  .map(([fresh, a, base, b]) => stratum([a % (fresh + 1), fresh], [b % (base + 1), base]));
const windows = fc.array(groups, { maxLength: 8 });
const levels = fc.double({ min: 1e-6, max: 0.5, noNaN: true });

describe('the odds test', () => {
  it('knows nothing before it has seen anything', () => {
    expect(openOddsTest().interval(0.05)).toEqual(ALL);
    expect(openOddsTest().logEvidenceAbove(1)).toBeCloseTo(0, 12);
  });

  it.each([
    ['all is part', stratum([10, 10], [90, 90])],
    ['nothing is part', stratum([0, 10], [0, 90])],
    ['there is no fresh group', stratum([0, 0], [5, 90])],
    ['there is no base group', stratum([5, 10], [0, 0])],
    ['there is no group', stratum([0, 0], [0, 0])],
  ])('learns nothing where %s', (_, empty) => {
    const some = stratum([5, 10], [9, 90]);
    expect(testOf([empty]).interval(0.05)).toEqual(ALL);
    expect(testOf([empty]).logEvidenceAbove(1)).toBeCloseTo(0, 12);
    expect(testOf([empty, some]).interval(0.05)).toEqual(testOf([some]).interval(0.05));
  });

  it('gives two trials the evidence of two trials', () => {
    // P(1 of fresh | 1 of both) is psi / (1 + psi), 1/2 for psi = 1: no more than twice as probable.
    const one = testOf([stratum([1, 1], [0, 1])]).logEvidenceAbove(1);
    expect(Math.exp(one)).toBeGreaterThan(1);
    expect(Math.exp(one)).toBeLessThan(2);
  });

  it('has the evidence of the distribution of Fisher', () => {
    let above = 0;
    fc.assert(
      fc.property(windows, (strata) => {
        const evidence = testOf(strata).logEvidenceAbove(1);
        const expected = mixture(strata);
        if (expected > 0) above++;
        // It is the least of the evidences against all lower ratios, at the edge between two points.
        expect(evidence).toBeLessThanOrEqual(expected + 1e-9);
        if (expected > 1) expect(evidence).toBeGreaterThan(expected * 0.9 - 0.1);
      }),
    );
    expect(above).toBeGreaterThan(10);
  });

  it('sums a hundred values and more as it sums few', () => {
    for (const strata of [
      [stratum([100, 200], [60, 200])],
      [stratum([101, 200], [60, 200])],
      [stratum([90, 101], [800, 1000])],
      [stratum([1, 500], [499, 500])],
      [stratum([499, 500], [1, 500])],
      [stratum([150, 1000], [150, 1000])],
    ]) {
      const evidence = testOf(strata).logEvidenceAbove(1);
      const expected = mixture(strata);
      expect(evidence).toBeLessThanOrEqual(expected + 1e-9);
      expect(evidence).toBeGreaterThan(expected - Math.abs(expected) * 0.1 - 0.1);
    }
  });

  it('says the same of a ratio by its interval and by its evidence', () => {
    fc.assert(
      fc.property(windows, levels, (strata, alpha) => {
        const test = testOf(strata);
        const { low } = test.interval(alpha);
        if (low === 0) return;
        expect(test.logEvidenceAbove(low * 0.9999)).toBeGreaterThanOrEqual(-Math.log(alpha));
        expect(test.logEvidenceAbove(low * 1.0001)).toBeLessThan(-Math.log(alpha) + 1e-9);
      }),
    );
  });

  it('has an evidence that is 1 at most in the mean, against every ratio and those below it', () => {
    const logRatios = fc.double({ min: -2.5, max: 2.5, noNaN: true });
    const lower = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.5, noNaN: true }));
    const means: number[] = [];
    fc.assert(
      fc.property(groups, groups, logRatios, lower, (first, second, logRatio, below) => {
        let mean = 0;
        for (const one of outcomes(first)) {
          for (const other of outcomes(second)) {
            const evidence = testOf([one, other]).logEvidenceAbove(Math.exp(logRatio));
            const truth = logRatio - below;
            mean += Math.exp(logProbability(one, truth) + logProbability(other, truth) + evidence);
          }
        }
        if (below === 0) means.push(mean);
        expect(mean).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
    // It is hardly less at the ratio itself, so not a trial is wasted.
    expect(means.length).toBeGreaterThan(20);
    expect(Math.min(...means)).toBeGreaterThan(0.8);
  });

  it('has less evidence against a higher ratio, and none beyond its grid', () => {
    const test = testOf([stratum([30, 100], [90, 900])]);
    const ratios = Array.from({ length: 900 }, (_, index) => Math.exp(-4.5 + index / 100));
    const evidence = ratios.map((ratio) => test.logEvidenceAbove(ratio));
    expect(evidence.toSorted((a, b) => b - a)).toEqual(evidence);
    expect(test.logEvidenceAbove(0)).toBe(evidence[0]);
    expect(test.logEvidenceAbove(60)).toBe(-Infinity);
  });

  it('never has a low end above e^4, nor a high one below e^-4', () => {
    const test = testOf([stratum([1000, 1000], [0, 1000])]);
    expect(test.interval(0.05).low).toBeGreaterThan(40);
    expect(test.interval(0.05).low).toBeLessThanOrEqual(Math.exp(4));
    expect(test.interval(0.05).high).toBe(Infinity);
  });
});

describe('the interval of an odds ratio', () => {
  it('is wider at a lower level, and its ends are in order', () => {
    fc.assert(
      fc.property(windows, levels, levels, (strata, one, other) => {
        const wide = testOf(strata).interval(Math.min(one, other));
        const narrow = testOf(strata).interval(Math.max(one, other));
        expect(wide.low).toBeLessThanOrEqual(narrow.low);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
        expect(narrow.low).toBeLessThan(narrow.high);
      }),
    );
  });

  it('is inverted where the groups are swapped, and where what is not part is counted', () => {
    fc.assert(
      fc.property(windows, levels, (strata, alpha) => {
        const { low, high } = testOf(strata).interval(alpha);
        for (const relabel of [swap, negate]) {
          const other = testOf(strata.map(relabel)).interval(alpha);
          expect(other.low).toBeCloseTo(1 / high, 9);
          expect(1 / other.high).toBeCloseTo(low, 9);
        }
        const both = testOf(strata.map((each) => swap(negate(each)))).interval(alpha);
        expect(both.low).toBeCloseTo(low, 9);
        expect(1 / both.high).toBeCloseTo(1 / high, 9);
      }),
    );
  });

  it('contains the odds ratio of the sample, and closes in on it', () => {
    const random = randomOf(7, 'odds');
    const test = openOddsTest();
    for (let window = 0; window < 200; window++) {
      const rate = 0.05 + 0.3 * random.fraction();
      const odds = (3 * rate) / (1 - rate);
      const fresh = sampleShare(random, 100, odds / (1 + odds));
      test.add({ fresh, base: sampleShare(random, 100, rate) });
    }
    const { low, high } = test.interval(0.001);
    expect([low < 3, low > 2.6, high > 3, high < 3.4]).not.toContain(false);
  });

  it('does not depend on the order of the windows', () => {
    fc.assert(
      fc.property(windows, (strata) => {
        const there = testOf(strata).interval(0.05);
        const back = testOf(strata.toReversed()).interval(0.05);
        expect(back.low).toBeCloseTo(there.low, 9);
        expect(1 / back.high).toBeCloseTo(1 / there.high, 9);
      }),
    );
  });

  it('is refused of what is no share', () => {
    expect(() => testOf([stratum([2, 1], [0, 1])])).toThrow(RangeError);
    expect(() => testOf([stratum([0, 1], [0, 0.5])])).toThrow(RangeError);
  });
});

describe('windows of millions of trials', () => {
  it.each([
    [stratum([100_000, 1e7], [100_000, 1e7]), 1],
    [stratum([110_000, 1e7], [900_000, 9e7]), 1.1011],
    [stratum([5_000_000, 1e7], [45_000_000, 9e7]), 1],
    [stratum([9_900_000, 1e7], [9_900_000, 1e7]), 1],
    [stratum([2_000_000, 1e7], [100_000, 1e7]), 24.75],
  ])('are judged without an overflow: %j', (window, ratio) => {
    const { low, high } = testOf([window]).interval(0.001);
    expect([low > ratio * 0.96, low < ratio]).toEqual([true, true]);
    expect([high < ratio * 1.04, high > ratio]).toEqual([true, true]);
  });

  it('and small ones take no time', () => {
    const test = openOddsTest();
    const began = process.cpuUsage();
    for (let window = 0; window < 10_000; window++) test.add(stratum([1, 14], [3, 126]));
    const { user } = process.cpuUsage(began);
    // 50 µs each would be half a second; it takes a third of that.
    expect(user / 10_000).toBeLessThan(100);
    expect(test.interval(0.05).low).toBeGreaterThan(2);
  });
});
