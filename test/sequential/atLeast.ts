/** The upper tail of the binomial distribution, by the lower one of the trials that are not `part`. */

import { atMost } from '../../src/sequential/binomial.ts';

/** Of `of` trials at `rate`: the probability that at least `least` are `part`. */
export function atLeast(of: number, rate: number, least: number): number {
  return atMost(of, 1 - rate, of - least);
}
