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
/** An odds ratio is shown to differ from 1 if its logarithm is nearer to the next point than to 0. */
export const LEAST_LOG_RATIO: number = STEP / 2;
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
  const above = Math.min(STEPS, LAST - point);
  let greatest = -Infinity;
  for (let index = 0; index < above; index++) {
    greatest = Math.max(greatest, termAt(sums, point, index));
  }
  if (greatest === -Infinity) return -Infinity;
  let sum = 0;
  for (let index = 0; index < above; index++) {
    sum += Math.exp(termAt(sums, point, index) - greatest);
  }
  return greatest - (sums[against] ?? 0) + Math.log(sum);
}

/** The log-likelihood of the point that is `index + 1` above this one, with its weight. */
function termAt(sums: Float64Array, point: number, index: number): number {
  return (LOG_WEIGHTS[index] ?? 0) + (sums[point + 1 + index] ?? 0);
}

/**
 * The greatest log odds ratio up to which all have an evidence of at least 1/alpha; -Infinity where
 * the lowest of the grid has less.
 */
function lowEnd(sums: Float64Array, alpha: number): number {
  const enough = -Math.log(alpha);
  const point = firstOpen(sums, enough);
  const surplus = evidenceAt(sums, point, point) - enough;
  if (surplus < 0 && point === 0) return -Infinity;
  const slopes = slopesAt(sums, point);
  if (surplus < 0 || slopes === null) return LOG_RATIOS[point] ?? 0;
  // How far each of the two lines stays below what the surplus allows.
  const { before, next, after } = slopes;
  const byBefore = before > 0 ? surplus / before : 0;
  const byAfter = after > 0 ? 1 - (next - surplus) / after : 0;
  return (LOG_RATIOS[point] ?? 0) + Math.min(1, Math.max(byBefore, byAfter)) * STEP;
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

/** How much the log-likelihood rises from point to point. */
interface Slopes {
  readonly before: number;
  readonly next: number;
  readonly after: number;
}

/**
 * The rises before, after, and from this point to the next one; null where the grid ends. Between
 * the two points the log-likelihood, which is concave, is below the two lines that go on with the rises
 * beside them.
 */
function slopesAt(sums: Float64Array, point: number): Slopes | null {
  if (point === 0 || point >= LAST - 1) return null;
  const [first = 0, here = 0, next = 0, last = 0] = sums.subarray(point - 1, point + 3);
  return { before: here - first, next: next - here, after: last - next };
}

/** How much the log-likelihood can have risen at most, anywhere up to this part of the way to the next point. */
function highestRise({ before, next, after }: Slopes, part: number): number {
  // The lines meet at the top if one rises and the other one falls.
  const top = after < 0 ? (next - after) / (before - after) : 1;
  const highest = before > 0 ? Math.min(part, top) : 0;
  return Math.min(highest * before, next - (1 - highest) * after);
}

/** The least evidence against any log odds ratio up to this one, so that it falls with the ratio. */
function evidenceAbove(sums: Float64Array, logRatio: number): number {
  const place = logRatio / STEP + STEPS;
  if (place <= 0) return evidenceAt(sums, 0, 0);
  if (place >= LAST) return -Infinity;
  const point = Math.floor(place);
  const here = evidenceAt(sums, point, point);
  const before = point === 0 ? Infinity : evidenceAt(sums, point - 1, point);
  const slopes = slopesAt(sums, point);
  const between =
    slopes === null
      ? evidenceAt(sums, point, point + 1)
      : here - highestRise(slopes, place - point);
  return Math.min(before, here, between);
}
