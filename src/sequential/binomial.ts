/** The binomial distribution, exact for millions of trials: its tails, and the numbers that cut them off. */

import { logChoose } from './logGamma.ts';

/** Terms below this share of the sum change no digit of it. */
const NEGLIGIBLE = 1e-18;

/** Of `of` trials at `rate`: the probability that at most `most` are `part`. */
export function atMost(of: number, rate: number, most: number): number {
  if (most < 0) return 0;
  if (most >= of || rate === 0) return 1;
  if (rate === 1) return 0;
  return most < of * rate ? lowerTail(of, rate, most) : 1 - lowerTail(of, 1 - rate, of - most - 1);
}

/** The least number that at least this share of all samples does not exceed. */
export function binomialQuantile(of: number, rate: number, share: number): number {
  let low = 0;
  let high = of;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (atMost(of, rate, middle) >= share) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Summed from its greatest term downwards: `most` is below the mean, or not far above it. */
function lowerTail(of: number, rate: number, most: number): number {
  const odds = (1 - rate) / rate;
  const logTerm = logChoose(of, most) + most * Math.log(rate) + (of - most) * Math.log1p(-rate);
  let sum = 1;
  let term = 1;
  for (let part = most; part > 0 && term > NEGLIGIBLE * sum; part--) {
    term *= (part / (of - part + 1)) * odds;
    sum += term;
  }
  return Math.exp(logTerm) * sum;
}
