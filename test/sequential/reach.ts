/**
 * What a gate can see, by formulas: how many trials it takes to show a rate, or which rate so many trials show.
 * The tables of docs/rollout-statistics.md are of it, and `simulate` is compared with it, which asks the gates
 * themselves. All figures are for one look, after so many trials: earlier looks can only show it sooner.
 */

import { atMost, binomialQuantile } from '../../src/sequential/binomial.ts';
import { atLeast } from './atLeast.ts';
import { firstOf } from '../../src/sequential/firstOf.ts';
import { LEAST_LOG_RATIO, openOddsTest } from '../../src/sequential/oddsTest.ts';
import { logEvidence } from '../../src/sequential/share.ts';

const POWER = 0.9;
const MOST = 10_000_000;
/** Base groups that stand for all that chance makes of one, each equally probable. */
const BASES = 15;
/** Base groups that differ by more than this are not tried one by one. */
const WIDE = 60;
/** Numbers of trials to compare that are tried, each so many times the one before: they are approximate anyway. */
const STEP = 1.002;

/** A rate to be shown to be below a bound; one above is the same of the trials that are not `part`. */
interface Below {
  readonly rate: number;
  readonly bound: number;
  readonly alpha: number;
}

/**
 * The least number of trials with which shareInterval shows a true `rate` to be below `bound`, or
 * above it, with a probability of at least `power`, by the binomial distribution. Null above `most`,
 * and where the rate is the bound.
 */
export function trialsToShow(question: {
  readonly rate: number;
  readonly bound: number;
  readonly alpha: number;
  readonly power?: number;
  readonly most?: number;
}): number | null {
  const { rate, bound, alpha, power = POWER, most = MOST } = question;
  if (rate === bound) return null;
  const below = rate < bound ? { rate, bound, alpha } : { rate: 1 - rate, bound: 1 - bound, alpha };
  const enough = (of: number): boolean => powerBelow(of, below) >= power;
  const found = firstOf(most, enough) ?? most;
  // The power goes up and down with each trial by as much as one more or less of them counts, so
  // fewer may have been enough; the further the rate is from the bound, the sooner it outgrows that.
  if (powerBelow(found, below, 1) < power) return null;
  const before = 2000 + Math.ceil(4 / Math.abs(rate - bound));
  for (let of = Math.max(1, found - before); of <= found; of++) if (enough(of)) return of;
  return null;
}

/** The probability that so many trials show it, if `more` of them than do would. */
function powerBelow(of: number, { rate, bound, alpha }: Below, more = 0): number {
  return atMost(of, rate, mostBelow(of, bound, alpha) + more);
}

/** The greatest `part` of so many trials that shows a rate to be below the bound; -1 if none does. */
function mostBelow(of: number, bound: number, alpha: number): number {
  let low = -1;
  let high = Math.ceil(of * bound) - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (logEvidence({ part: middle, of }, bound) >= -Math.log(alpha)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The rate nearest to `bound`, on the given side of it, that so many trials show to be there with a
 * probability of at least `power`; null if none is.
 */
export function visibleRate(question: {
  readonly of: number;
  readonly bound: number;
  readonly side: 'below' | 'above';
  readonly alpha: number;
  readonly power?: number;
}): number | null {
  const { of, bound, side, alpha, power = POWER } = question;
  if (side === 'above') {
    const rate = visibleRate({ of, bound: 1 - bound, side: 'below', alpha, power });
    return rate === null ? null : 1 - rate;
  }
  const most = mostBelow(of, bound, alpha);
  if (most < 0) return null;
  let visible = 0;
  let hidden = bound;
  for (;;) {
    const middle = (visible + hidden) / 2;
    if (middle === visible || middle === hidden) return visible;
    if (atMost(of, middle, most) >= power) visible = middle;
    else hidden = middle;
  }
}

/**
 * The least number of fresh trials, where there are `perFresh` base trials to each, with which the
 * odds test shows an odds ratio above 1 with a probability of at least `power`; the rates are true.
 * Null above 10,000,000, and where `fresh` is not above `base`, or so
 * little that no number shows it.
 *
 * An approximation: the trials are in one stratum, the base group is one of 15 equally
 * probable ones, and the power is taken to grow with each trial. It is within a tenth of simulations.
 */
export function trialsToCompare(question: {
  readonly base: number;
  readonly fresh: number;
  readonly perFresh: number;
  readonly alpha: number;
  readonly power?: number;
}): number | null {
  const { base, fresh, perFresh, alpha, power = POWER } = question;
  if (fresh <= base || logOdds(fresh) - logOdds(base) <= LEAST_LOG_RATIO) return null;
  const enough = (of: number): boolean => {
    const baseOf = Math.round(of * perFresh);
    const baseParts = Array.from({ length: BASES }, (_, index) =>
      binomialQuantile(baseOf, base, (index + 0.5) / BASES),
    );
    const powers = thresholds(baseParts, { of, baseOf, alpha }).map((least) =>
      atLeast(of, fresh, least),
    );
    return powers.reduce((sum, each) => sum + each, 0) / BASES >= power;
  };
  const tried = (step: number): number => Math.ceil(STEP ** step);
  const first = firstOf(Math.floor(Math.log(MOST) / Math.log(STEP)), (step) => enough(tried(step)));
  return first === null ? null : tried(first);
}

/** The sizes of two groups, and the level of their comparison. */
interface Groups {
  readonly of: number;
  readonly baseOf: number;
  readonly alpha: number;
}

/**
 * For each `part` of the base group, ascending, the least of the fresh group that shows an odds ratio
 * above 1. Where they are far apart, they are on a curve through three of them.
 */
function thresholds(baseParts: readonly number[], groups: Groups): number[] {
  const [first = 0, middle = 0, last = 0] = [0, (BASES - 1) / 2, BASES - 1].map(
    (index) => baseParts[index],
  );
  if (last - first < WIDE) {
    const found: number[] = [];
    for (const part of baseParts) found.push(leastAbove(part, groups, found.at(-1) ?? 0));
    return found;
  }
  const low = leastAbove(first, groups, 0);
  const mean = leastAbove(middle, groups, low);
  const high = leastAbove(last, groups, mean);
  return baseParts.map((part) => {
    const toLow = ((part - middle) * (part - last)) / ((first - middle) * (first - last));
    const toMean = ((part - first) * (part - last)) / ((middle - first) * (middle - last));
    return Math.round(toLow * low + toMean * mean + (1 - toLow - toMean) * high);
  });
}

function logOdds(rate: number): number {
  return Math.log(rate) - Math.log1p(-rate);
}

/** The least `part` of the fresh group, from `from` on, that shows an odds ratio above 1. */
function leastAbove(basePart: number, { of, baseOf, alpha }: Groups, from: number): number {
  const shown = (part: number): boolean => {
    const test = openOddsTest();
    test.add({ fresh: { part, of }, base: { part: basePart, of: baseOf } });
    return test.logEvidenceAbove(1) >= -Math.log(alpha);
  };
  // Equal shares show nothing; it takes some standard deviations more.
  let low = Math.max(from, baseOf === 0 ? 0 : Math.floor((of * basePart) / baseOf));
  let high = of + 1;
  for (let step = 1 + Math.floor(Math.sqrt(low) / 4); low + step < high; step *= 2) {
    if (shown(low + step)) high = low + step;
    else low += step;
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (middle > of || shown(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
