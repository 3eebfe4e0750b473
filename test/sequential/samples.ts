/** Samples for simulations of a rollout, seeded, and how many false alarms a level allows. */

import type { Random } from '../dogschool/random.ts';
import type { Share } from '../../src/sequential/share.ts';

/** So many trials, each of which is `part` with the probability `rate`. */
export function sampleShare(random: Random, of: number, rate: number): Share {
  let part = 0;
  for (let trial = 0; trial < of; trial++) if (random.fraction() < rate) part++;
  return { part, of };
}

export function sumOf(one: Share, other: Share): Share {
  return { part: one.part + other.part, of: one.of + other.of };
}

/** From a standard normal distribution (Box, Muller 1958). */
export function sampleNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.fraction()));
  return radius * Math.cos(2 * Math.PI * random.fraction());
}

/**
 * The most false alarms that a test of this level gives in so many sequences, but once in 30,000
 * times: four standard deviations above the mean.
 */
export function allowed(sequences: number, alpha: number): number {
  return sequences * alpha + 4 * Math.sqrt(sequences * alpha * (1 - alpha));
}
