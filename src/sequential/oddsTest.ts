/**
 * Two groups that are observed in the same windows, judged as often as wanted: how the odds of `part`
 * in the fresh group compare with those in the base group. The rates may change from window to
 * window as they like, as long as the ratio of the odds stays.
 *
 * In each stratum the total of `part` is taken as given, as in the tests of Fisher and of Cochran,
 * Mantel and Haenszel; what is left depends on the odds ratio alone. So a likelihood ratio of two
 * odds ratios is a martingale from 1 if the second one is true. The evidence is a mixture of them, over the
 * odds ratios above the one in question, with weights of half a normal distribution of its
 * logarithm. Likelihood ratios are monotone, so it counts against every lower odds ratio as well;
 * it ever reaches 1/alpha with a probability of at most alpha (Ville's inequality). See Robbins 1970,
 * Statistical methods related to the law of the iterated logarithm; Mantel, Haenszel 1959,
 * Statistical aspects of the analysis of data from retrospective studies of disease.
 */

import { addLogLikelihoods } from './hypergeometric.ts';
import { requireShare } from './share.ts';
import type { Interval, Share } from './share.ts';

/** What came between two looks. */
export interface Stratum {
  readonly fresh: Share;
  readonly base: Share;
}

export interface OddsTest {
  /** Throws a RangeError where a share is none. A stratum without anything to compare adds nothing. */
  add(stratum: Stratum): void;
  /**
   * The odds ratio of `part` in fresh to that in base. Over all looks together, each end errs with a
   * probability of at most alpha. {low: 0, high: Infinity} where nothing is known. Ends are
   * never beyond e^-4 and e^4.
   */
  interval(alpha: number): Interval;
  /** Natural logarithm of the evidence against "the odds ratio is at most `ratio`"; 0 before any. */
  logEvidenceAbove(ratio: number): number;
}

/** The grid of ln odds ratios: from -4 to 4, with 0 in the middle. */
const STEPS = 80;
const STEP = 0.05;
const LAST = 2 * STEPS;
const LOG_RATIOS: readonly number[] = Array.from(
  { length: LAST + 1 },
  (_, index) => (index - STEPS) * STEP,
);
/** Standard deviation of the normal distribution: the odds ratios that are sought first, about 2. */
const SCALE = 0.7;
const LOG_WEIGHTS: readonly number[] = logWeights();

/** ln of the weights of the points 1, 2, … above the one in question; the weights sum to 1. */
function logWeights(): number[] {
  const heights = Array.from(
    { length: STEPS },
    (_, index) => -((((index + 1) * STEP) / SCALE) ** 2) / 2,
  );
  const total = Math.log(heights.reduce((sum, height) => sum + Math.exp(height), 0));
  return heights.map((height) => height - total);
}

/** A test that has seen nothing. */
export function openOddsTest(): OddsTest {
  const sums = new Float64Array(LAST + 1);
  return {
    add: ({ fresh, base }) => {
      requireShare(fresh);
      requireShare(base);
      const table = { first: fresh.of, second: base.of, total: fresh.part + base.part };
      addLogLikelihoods(table, fresh.part, LOG_RATIOS, sums);
    },
    interval: (alpha) => ({
      low: Math.exp(lowEnd(sums, alpha)),
      high: Math.exp(-lowEnd(sums.toReversed(), alpha)),
    }),
    logEvidenceAbove: (ratio) => evidenceAbove(sums, Math.log(ratio)),
  };
}

/**
 * ln of the evidence against the log odds ratio at a point of the grid, if that had the likelihood of
 * the point `against`: only the points above count, so it is also evidence against all between this
 * point and the next one.
 */
function evidenceAt(sums: Float64Array, point: number, against: number): number {
  const terms = LOG_WEIGHTS.slice(0, Math.max(0, LAST - point)).map(
    (weight, index) => weight + (sums[point + 1 + index] ?? 0) - (sums[against] ?? 0),
  );
  const greatest = Math.max(...terms);
  if (greatest === -Infinity) return -Infinity;
  return greatest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - greatest), 0));
}

/**
 * The greatest log odds ratio up to which all have an evidence of at least 1/alpha; -Infinity where
 * the lowest of the grid has less.
 */
function lowEnd(sums: Float64Array, alpha: number): number {
  const enough = -Math.log(alpha);
  const point = firstOpen(sums, enough);
  const surplus = evidenceAt(sums, point, point) - enough;
  if (surplus < 0) return point === 0 ? -Infinity : (LOG_RATIOS[point] ?? 0);
  // How far each of the two lines above the log-likelihood stays below what the surplus allows.
  const { rise, after, next } = slopesAt(sums, point);
  const byRise = rise > 0 ? surplus / rise : 1;
  const byAfter = after > 0 ? 1 - (next - surplus) / after : 0;
  const part = Math.min(1, Math.max(0, byRise, byAfter));
  return (LOG_RATIOS[point] ?? 0) + part * STEP;
}

/** The first point after which, up to the next one, not all log odds ratios have enough evidence. */
function firstOpen(sums: Float64Array, enough: number): number {
  // The log-likelihood is concave, so the evidence falls from point to point.
  let low = 0;
  let high = LAST - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (evidenceAt(sums, middle, middle + 1) >= enough) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Two lines that the concave log-likelihood cannot exceed between a point and the next one, where it
 * rises by `next`: the one from before, which rises by `rise`, and the one after, by `after`.
 */
function slopesAt(
  sums: Float64Array,
  point: number,
): { readonly rise: number; readonly after: number; readonly next: number } {
  const step = (from: number): number => (sums[from + 1] ?? NaN) - (sums[from] ?? NaN);
  const [rise, next, after] = [step(point - 1), step(point), step(point + 1)];
  return {
    rise: Number.isNaN(rise) ? Infinity : rise,
    after: Number.isNaN(after) ? -Infinity : after,
    next,
  };
}

/** The least evidence against any log odds ratio up to this one, so that it falls with the ratio. */
function evidenceAbove(sums: Float64Array, logRatio: number): number {
  const place = logRatio / STEP + STEPS;
  if (place <= 0) return evidenceAt(sums, 0, 0);
  if (place >= LAST) return -Infinity;
  const point = Math.floor(place);
  const part = place - point;
  const here = evidenceAt(sums, point, point);
  const { rise, after, next } = slopesAt(sums, point);
  const above = part === 0 ? 0 : Math.min(part * rise, next - (1 - part) * after);
  const before = point === 0 ? Infinity : evidenceAt(sums, point - 1, point);
  return Math.min(before, here, here - above);
}
