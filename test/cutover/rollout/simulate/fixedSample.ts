/**
 * Tests for one look after a sample of a fixed size, as a rollout must not have them: each is right at one look, and
 * errs at some of many.
 */

import type { Tests } from '../../../../src/cutover/rollout/judged.ts';
import { atMost } from '../../../../src/sequential/binomial.ts';
import type { OddsTest } from '../../../../src/sequential/oddsTest.ts';
import type { Interval, Share } from '../../../../src/sequential/share.ts';

/** Judges each look at its own level; at `level` instead of that of a hypothesis, if one is given. */
export function fixedSample(level?: number): Tests {
  return {
    share: (seen, alpha) => clopperPearson(seen, level ?? alpha),
    quantile: ({ bounds, counts }, quantile, alpha) =>
      orderStatistics(bounds, counts, quantile, level ?? alpha),
    odds: () => pooledLogOdds(level),
  };
}

/** Exact (Clopper, Pearson 1934), each end at half the level. */
function clopperPearson({ part, of }: Share, alpha: number): Interval {
  return {
    low: part === 0 ? 0 : crossing((rate) => 1 - atMost(of, rate, part - 1) >= alpha / 2),
    high: part === of ? 1 : crossing((rate) => atMost(of, rate, part) <= alpha / 2),
  };
}

/** The rate from which on something holds, to a millionth. */
function crossing(holds: (rate: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Between which order statistics a quantile is, exactly (binomial), each end at half the level. */
function orderStatistics(
  bounds: readonly number[],
  counts: readonly number[],
  quantile: number,
  alpha: number,
): Interval {
  const of = counts.reduce((sum, count) => sum + count, 0);
  let low = 0;
  let part = 0;
  for (const [index, bound] of bounds.entries()) {
    part += counts[index] ?? 0;
    const isBelow = part < quantile * of;
    if (isBelow && atMost(of, quantile, part) <= alpha / 2) low = bound;
    if (!isBelow && 1 - atMost(of, quantile, part - 1) <= alpha / 2) return { low, high: bound };
  }
  return { low, high: Infinity };
}

/** The log odds ratio of all that came so far, with its asymptotic error (Woolf 1955). */
function pooledLogOdds(level: number | undefined): OddsTest {
  const sums = [0, 0, 0, 0];
  const logOdds = (): { readonly log: number; readonly error: number } => {
    const [a = 0, b = 0, c = 0, d = 0] = sums.map((sum) => sum + 0.5);
    return { log: Math.log((a * d) / (b * c)), error: Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d) };
  };
  return {
    add: ({ fresh, base }) => {
      const added = [fresh.part, fresh.of - fresh.part, base.part, base.of - base.part];
      for (const [index, one] of added.entries()) sums[index] = (sums[index] ?? 0) + one;
    },
    interval: (alpha) => {
      const { log, error } = logOdds();
      const half = deviation(1 - (level ?? alpha) / 2) * error;
      return { low: Math.exp(log - half), high: Math.exp(log + half) };
    },
    logEvidenceAbove: () => {
      throw new Error('a test of a fixed sample has no evidence');
    },
  };
}

/** Of the standard normal distribution, by halves of an integral of its density (Simpson). */
function deviation(share: number): number {
  const known = DEVIATIONS.get(share);
  if (known !== undefined) return known;
  let low = 0;
  let high = 8;
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (upTo(middle) < share) low = middle;
    else high = middle;
  }
  DEVIATIONS.set(share, low);
  return low;
}

const DEVIATIONS = new Map<number, number>();
const PARTS = 400;

function density(at: number): number {
  return Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI);
}

function upTo(x: number): number {
  let sum = density(0) + density(x);
  for (let part = 1; part < PARTS; part++) {
    sum += (part % 2 === 1 ? 4 : 2) * density((part * x) / PARTS);
  }
  return 0.5 + (sum * x) / PARTS / 3;
}
