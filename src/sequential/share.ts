/**
 * A share of independent trials, judged as often as wanted: the evidence against a rate, and the
 * rates that are left. The promise is for all looks together, however many, and whenever one stops.
 */

import { logGamma } from './logGamma.ts';

/** `part` of `of` trials; whole numbers, 0 <= part <= of. */
export interface Share {
  readonly part: number;
  readonly of: number;
}

/** Both ends belong to it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const LOG_PI = Math.log(Math.PI);

/** Throws a RangeError where it is no share. */
export function requireShare({ part, of }: Share): void {
  const whole = Number.isSafeInteger(part) && Number.isSafeInteger(of);
  if (!whole || part < 0 || part > of) throw new RangeError(`no share: ${part} of ${of}`);
}

/**
 * Natural logarithm of the evidence against `rate`, from 0 to 1: the likelihood of what was seen with
 * the rate drawn from Beta(1/2, 1/2), divided by that with `rate`. If `rate` is true, it is a
 * martingale from 1, so it ever reaches 1/alpha with a probability of at most alpha (Ville's
 * inequality). Infinity where `rate` is impossible. Throws a RangeError where `seen` is no share.
 *
 * Robbins 1970, Statistical methods related to the law of the iterated logarithm; Howard, Ramdas,
 * McAuliffe, Sekhon 2021, Time-uniform, nonparametric, nonasymptotic confidence sequences.
 */
export function logEvidence(seen: Share, rate: number): number {
  return logMixture(seen) - logLikelihood(seen, rate);
}

/** ln of the likelihood with the rate drawn from Beta(1/2, 1/2). */
function logMixture(seen: Share): number {
  requireShare(seen);
  const rest = seen.of - seen.part;
  return logGamma(seen.part + 0.5) + logGamma(rest + 0.5) - logGamma(seen.of + 1) - LOG_PI;
}

function logLikelihood({ part, of }: Share, rate: number): number {
  const ofPart = part === 0 ? 0 : part * Math.log(rate);
  return part === of ? ofPart : ofPart + (of - part) * Math.log1p(-rate);
}

/**
 * The rates with an evidence below 1/alpha: over all looks together, the true rate is outside with a
 * probability of at most alpha. [0, 1] without trials; low is 0 where no trial is `part`, and high
 * is 1 where all are. Throws a RangeError where `seen` is no share.
 */
export function shareInterval(seen: Share, alpha: number): Interval {
  const least = logMixture(seen) + Math.log(alpha);
  const estimate = seen.of === 0 ? 0.5 : seen.part / seen.of;
  const left = (rate: number): boolean => logLikelihood(seen, rate) > least;
  return {
    low: left(0) ? 0 : lastOutside(0, estimate, left),
    high: left(1) ? 1 : lastOutside(1, estimate, left),
  };
}

/** Between a rate outside and one inside, the last one outside, next to the first inside. */
function lastOutside(from: number, to: number, inside: (rate: number) => boolean): number {
  let outer = from;
  let inner = to;
  for (;;) {
    const middle = (outer + inner) / 2;
    if (middle === outer || middle === inner) return outer;
    if (inside(middle)) inner = middle;
    else outer = middle;
  }
}
