/**
 * Samples of the distributions that a rollout is made of. Each is exact: small means by inversion, others by
 * transformed rejection (Hörmann 1993, The generation of binomial random variates; The transformed rejection
 * method for generating Poisson random variables). Pure.
 */

import { logChoose, logGamma } from '../../../sequential/logGamma.ts';
import type { Random } from './randomNumbers.ts';

/** Means from which on rejection is faster than inversion, and for which it is valid. */
const LARGE = 10;

/** How many of so many trials are met at this rate, from 0 to 1. */
export function binomial(random: Random, of: number, rate: number): number {
  if (rate > 0.5) return of - binomial(random, of, 1 - rate);
  if (of === 0 || rate <= 0) return 0;
  return of * rate < LARGE ? fewOf(random, of, rate) : manyOf(random, of, rate);
}

function fewOf(random: Random, of: number, rate: number): number {
  const odds = rate / (1 - rate);
  let term = Math.exp(of * Math.log1p(-rate));
  let left = random();
  for (let part = 0; part < of; part++) {
    if (left < term) return part;
    left -= term;
    term *= ((of - part) / (part + 1)) * odds;
    if (term < Number.MIN_VALUE) return part;
  }
  return of;
}

function manyOf(random: Random, of: number, rate: number): number {
  const mean = of * rate;
  const deviation = Math.sqrt(mean * (1 - rate));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * rate;
  const inner = 0.92 - 4.2 / b;
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const us = 0.5 - Math.abs(u);
    const part = Math.floor(((2 * a) / us + b) * u + mean + 0.5);
    if (us >= 0.07 && v <= inner) return part;
    if (part < 0 || part > of) continue;
    const mode = Math.floor((of + 1) * rate);
    const scaled = (v * (2.83 + 5.1 / b) * deviation) / (a / (us * us) + b);
    const density =
      logChoose(of, part) - logChoose(of, mode) + (part - mode) * Math.log(rate / (1 - rate));
    if (Math.log(scaled) <= density) return part;
  }
}

/** How many come, where so many come on average. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  return mean < LARGE ? fewCome(random, mean) : manyCome(random, mean);
}

function fewCome(random: Random, mean: number): number {
  let term = Math.exp(-mean);
  let left = random();
  for (let count = 0; ; count++) {
    if (left < term || term < Number.MIN_VALUE) return count;
    left -= term;
    term *= mean / (count + 1);
  }
}

function manyCome(random: Random, mean: number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.024_83 * b;
  const inner = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const us = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= inner) return count;
    if (count < 0 || (us < 0.013 && v > us)) continue;
    const scaled = (v * (1.1239 + 1.1328 / (b - 3.4))) / (a / (us * us) + b);
    if (Math.log(scaled) <= count * Math.log(mean) - mean - logGamma(count + 1)) return count;
  }
}

/** Chances of the parts of a whole, made ready to be drawn from: each one's share of what is left by those before. */
export type Parts = readonly number[];

/** Makes probabilities, which sum to 1, ready. */
export function partsOf(probabilities: readonly number[]): Parts {
  let left = 1;
  return probabilities.map((probability) => {
    const share = left <= 0 ? 1 : Math.min(1, probability / left);
    left -= probability;
    return share;
  });
}

/** Adds to the counts how so many trials fall into the parts (multinomial); the last part has what is left. */
export function addParts(random: Random, of: number, parts: Parts, counts: number[]): void {
  let left = of;
  for (let part = 0; part < counts.length - 1 && left > 0; part++) {
    const count = binomial(random, left, parts[part] ?? 0);
    counts[part] = (counts[part] ?? 0) + count;
    left -= count;
  }
  const last = counts.length - 1;
  counts[last] = (counts[last] ?? 0) + left;
}
