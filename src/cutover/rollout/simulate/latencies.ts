/**
 * Distributions of times for simulations: lognormal, in buckets as fine as a histogram of a monitor. Only ratios
 * of times matter to a comparison, so where a runbook does not say what is usual, its unit is left open. Pure.
 */

/** Standard deviation of the logarithm: P99 is 3.2 times the median. */
const SPREAD = 0.5;
/** Width of a bucket, as a logarithm: 8 %. */
const WIDTH = 0.08;
/** From there to there buckets go, in standard deviations from the median. */
const LEAST = -3;
const MOST = 4.5;
/** Of a distribution of which only the slowest values are slower: how many these are, in units of 1 - quantile. */
const SLOWEST = 5;

export interface Latencies {
  /** Upper ends of the buckets, ascending. */
  readonly bounds: readonly number[];
  readonly quantile: number;
  readonly median: number;
}

/** A value of a quantile, such as 0.99, makes a distribution; its buckets have space for `times` as much. */
export function latenciesOf(value: number, quantile: number, times: number): Latencies {
  const median = value / Math.exp(SPREAD * deviationAt(quantile));
  const count = Math.ceil((SPREAD * (MOST - LEAST) + Math.log(Math.max(1, times))) / WIDTH);
  const first = median * Math.exp(SPREAD * LEAST);
  const bounds = Array.from({ length: count }, (_, at) => first * Math.exp(WIDTH * at));
  return { bounds, quantile, median };
}

/** What is slower by a factor: all, or only the slowest, five times as many as are above the quantile. */
export interface Slower {
  readonly times: number;
  readonly what: 'all' | 'slowest';
}

/** Probabilities of the buckets, the last one for what is above all bounds. */
export function probabilitiesOf(
  { bounds, quantile, median }: Latencies,
  { times, what }: Slower,
): readonly number[] {
  const usual = (bound: number): number => normal(Math.log(bound / median) / SPREAD);
  const slowestFrom = 1 - Math.min(1, SLOWEST * (1 - quantile));
  const below = (bound: number): number =>
    what === 'all'
      ? usual(bound / times)
      : Math.min(usual(bound), slowestFrom) + Math.max(0, usual(bound / times) - slowestFrom);
  const up = [...bounds.map(below), 1];
  return up.map((share, at) => Math.max(0, share - (up[at - 1] ?? 0)));
}

/** The standard normal distribution function, to 8e-8 (Abramowitz and Stegun 1964, 26.2.17). */
function normal(x: number): number {
  if (x < 0) return 1 - normal(-x);
  const t = 1 / (1 + 0.231_641_9 * x);
  const series = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_53];
  const polynomial = series.reduce((sum, factor) => (sum + factor) * t, 0);
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

function deviationAt(quantile: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normal(middle) < quantile) low = middle;
    else high = middle;
  }
  return low;
}
