/** Samples of known distributions have their means, deviations and extremes. */

import { describe, expect, it } from 'vitest';

import {
  latenciesOf,
  probabilitiesOf,
} from '../../../../src/cutover/rollout/simulate/latencies.ts';
import { randomNumbers } from '../../../../src/cutover/rollout/simulate/randomNumbers.ts';
import {
  addParts,
  binomial,
  partsOf,
  poisson,
} from '../../../../src/cutover/rollout/simulate/sampling.ts';
import { atMost } from '../../../../src/sequential/binomial.ts';

const MANY = 20_000;

function samples(draw: () => number): readonly number[] {
  return Array.from({ length: MANY }, draw);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

/** Largest distance of the samples' distribution function from the true one (Kolmogorov). */
function distance(values: readonly number[], upTo: (value: number) => number): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let seen = 0;
  let most = 0;
  for (const [value, count] of [...counts].toSorted(([one], [other]) => one - other)) {
    most = Math.max(most, Math.abs(seen / values.length - upTo(value - 1)));
    seen += count;
    most = Math.max(most, Math.abs(seen / values.length - upTo(value)));
  }
  return most;
}

/** A true distribution is further away in less than one of 10,000 tests. */
const FAR = 2.2 / Math.sqrt(MANY);

describe('random numbers', () => {
  it('are repeated by their seed, and others by another one', () => {
    const [one, same, other] = [7, 7, 8].map((seed) => {
      const random = randomNumbers(seed);
      return [random(), random(), random()];
    });
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('are uniform between 0 and 1', () => {
    const random = randomNumbers(1);
    const values = samples(() => Math.floor(random() * 1000));
    expect(distance(values, (value) => (value + 1) / 1000)).toBeLessThan(FAR);
  });
});

describe('a sample', () => {
  it.each([
    [20, 0.03],
    [20, 0.97],
    [800, 0.03],
    [800, 0.4],
    [100_000, 0.1],
    [100_000, 0.9995],
    [1, 0.5],
  ])('of %d trials at %d is binomial', (of, rate) => {
    const random = randomNumbers(of);
    const values = samples(() => binomial(random, of, rate));
    expect(distance(values, (value) => atMost(of, rate, value))).toBeLessThan(FAR);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(of);
  });

  it('of no trials, or at 0 or 1, is certain', () => {
    const random = randomNumbers(1);
    expect([binomial(random, 0, 0.5), binomial(random, 9, 0), binomial(random, 9, 1)]).toEqual([
      0, 0, 9,
    ]);
    expect(poisson(random, 0)).toBe(0);
  });

  it.each([0.2, 9, 15, 833, 50_000])('of what comes %d times on average is Poisson', (average) => {
    const random = randomNumbers(3);
    const values = samples(() => poisson(random, average));
    const error = Math.sqrt(average / MANY);
    expect(Math.abs(mean(values) - average)).toBeLessThan(4 * error);
    expect(Math.abs(variance(values) / average - 1)).toBeLessThan(0.06);
    // The binomial distribution of very many trials is the Poisson distribution.
    const of = 1e9;
    if (average > 1000) return;
    expect(distance(values, (value) => atMost(of, average / of, value))).toBeLessThan(FAR);
  });

  it('falls into the parts of a whole, and loses none', () => {
    const random = randomNumbers(4);
    const chances = [0.5, 0, 0.3, 0.19, 0.01];
    const counts = chances.map(() => 0);
    for (let time = 0; time < 1000; time++) addParts(random, 1000, partsOf(chances), counts);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_000_000);
    for (const [part, chance] of chances.entries()) {
      const error = 1000 * Math.sqrt(chance * (1 - chance));
      expect(Math.abs((counts[part] ?? 0) - 1_000_000 * chance)).toBeLessThanOrEqual(4 * error);
    }
  });

  it('would be seen to be of another rate (negative control)', () => {
    const random = randomNumbers(5);
    const values = samples(() => binomial(random, 800, 0.031));
    expect(distance(values, (value) => atMost(800, 0.03, value))).toBeGreaterThan(FAR);
  });
});

describe('times', () => {
  const latencies = latenciesOf(1000, 0.99, 2);

  /** Between which bounds a quantile is. */
  function quantile(probabilities: readonly number[], share: number): number {
    let sum = 0;
    const at = probabilities.findIndex((one) => (sum += one) >= share);
    return latencies.bounds[at] ?? Infinity;
  }

  it('have the quantile that they usually have, and twice that where all take twice as long', () => {
    const usual = probabilitiesOf(latencies, { times: 1, what: 'all' });
    expect(usual.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    expect(quantile(usual, 0.99) / 1000).toBeCloseTo(1, 0);
    const all = probabilitiesOf(latencies, { times: 2, what: 'all' });
    expect(quantile(all, 0.99) / quantile(usual, 0.99)).toBeGreaterThan(1.85);
    expect(quantile(all, 0.5) / quantile(usual, 0.5)).toBeGreaterThan(1.85);
  });

  it('have twice the quantile, and the same median, where the slowest take twice as long', () => {
    const usual = probabilitiesOf(latencies, { times: 1, what: 'all' });
    const slowest = probabilitiesOf(latencies, { times: 2, what: 'slowest' });
    expect(slowest.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    expect(quantile(slowest, 0.99) / quantile(usual, 0.99)).toBeGreaterThan(1.85);
    expect(quantile(slowest, 0.5)).toBe(quantile(usual, 0.5));
  });
});
