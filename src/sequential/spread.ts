/**
 * Distributions as histograms, judged as often as wanted: where a quantile lies, and how two of them,
 * or two rates, compare. Nothing is assumed of a distribution but that its trials are independent.
 */

import { logEvidence } from './share.ts';
import type { Interval } from './share.ts';

/**
 * How many values are in each bucket. `bounds` are the upper ends, ascending, which belong to their
 * bucket; `counts` has one more, for the values above the last bound.
 */
export interface Spread {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/**
 * Where the quantile lies, such as 0.99, of values that are not negative: the least value that at least this share of all values does
 * not exceed. Over all looks together, each end errs with a probability of at most alpha/2, both with
 * at most alpha. Low is the lower edge of a bucket, 0 where no bound is shown to be below the
 * quantile; high is the upper edge of one, Infinity where none is shown to reach it. Throws a
 * RangeError where counts and bounds do not fit.
 *
 * It asks at each bound whether the share of values up to it is below the quantile or above it
 * (Howard, Ramdas 2022, Sequential estimation of quantiles with applications to A/B testing and
 * best-arm identification). One question is the last to be answered wrong: that at the bound beside
 * the true quantile, so the bounds need no correction for their number.
 */
export function quantileInterval(spread: Spread, quantile: number, alpha: number): Interval {
  const { bounds, counts } = spread;
  if (counts.length !== bounds.length + 1) {
    throw new RangeError(`${bounds.length} bounds with ${counts.length} counts`);
  }
  const upTo = new Float64Array(counts.length);
  let of = 0;
  for (const [index, count] of counts.entries()) {
    of += count;
    upTo[index] = of;
  }
  const enough = Math.log(2 / alpha);
  // The evidence falls up to the bound where the quantile seems to be, and rises from there on.
  const middle = firstFrom(0, bounds.length, (at) => (upTo[at] ?? 0) > quantile * of);
  const isShown = (at: number): boolean =>
    logEvidence({ part: upTo[at] ?? 0, of }, quantile) >= enough;
  const low = firstFrom(0, middle, (at) => !isShown(at)) - 1;
  const high = firstFrom(middle, bounds.length, isShown);
  return { low: bounds[low] ?? 0, high: bounds[high] ?? Infinity };
}

/** The first place from one to another, exclusive, that has what all after it have, too; `to` if none has. */
function firstFrom(from: number, to: number, has: (at: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (has(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * fresh ÷ base, of two intervals of numbers that are not negative: it errs where one of them does. An end
 * of which nothing is known, such as 0 ÷ 0, is 0 or Infinity.
 */
export function quotient(fresh: Interval, base: Interval): Interval {
  return {
    low: fresh.low === 0 || base.high === Infinity ? 0 : fresh.low / base.high,
    high: base.low === 0 || fresh.high === Infinity ? Infinity : fresh.high / base.low,
  };
}

/** The odds ratio of fresh to base, of two intervals of rates: it errs where one of them does. */
export function oddsQuotient(fresh: Interval, base: Interval): Interval {
  return quotient(oddsOf(fresh), oddsOf(base));
}

function oddsOf({ low, high }: Interval): Interval {
  return { low: low / (1 - low), high: high / (1 - high) };
}
