/** What a look of a rollout has seen, in words. Pure. */

import { counted, grouped, shortNumber as short } from '../../outcome/counted.ts';
import type { Interval, Share } from '../../sequential/share.ts';

/** A number as it stands. */
export function sayNumber(number: number): string {
  return grouped(number);
}

/** `97.1 % of 2,000 (95.8 to 98.1 %)`. */
export function sayShare(seen: Share, interval: Interval, least: number): string {
  if (seen.of === 0) return 'there is none yet';
  return `${percentIn(seen)} of ${grouped(seen.of)} (${range(interval)} %)${few(seen.of, least)}`;
}

/** `12.9 % of 5,000 users (11.4 to 14.5 %), expected 10 %`. */
export function saySplit(
  seen: Share,
  interval: Interval,
  percent: number | null,
  least: number,
): string {
  if (seen.of === 0) return 'no user was seen';
  const users = `${grouped(seen.of)} ${seen.of === 1 ? 'user' : 'users'}`;
  const all = `${percentIn(seen)} of ${users} (${range(interval)} %)`;
  const expected = percent === null ? '' : `, expected ${percent} %`;
  return `${all}${expected}${few(seen.of, least)}`;
}

/** `2.4 times as often bad as at 10 % (1.5 to 3.9)`, or `P99 is 0.8 to 1.2 times that of v1`. */
export function sayTimes(
  times: number | null,
  seen: Interval,
  against: string,
  quantile: string | null = null,
): string {
  const between = Number.isFinite(seen.high)
    ? `${short(seen.low)} to ${short(seen.high)}`
    : `${short(seen.low)} or more`;
  // A baseline is a version, or a stage by its share.
  const isStage = against.endsWith(' %');
  if (quantile !== null) {
    return `${quantile} is ${between} times that ${isStage ? 'at' : 'of'} ${against}`;
  }
  const as = `times as often bad as ${isStage ? 'at ' : ''}${against}`;
  return times === null ? `${between} ${as}` : `${short(times)} ${as} (${between})`;
}

/** `P99 is between 800 and 1,200, of 2,000`. */
export function sayQuantile(quantile: number, seen: Interval, of: number, least: number): string {
  if (of === 0) return 'there is none yet';
  const name = `P${quantile * 100}`;
  const where = Number.isFinite(seen.high)
    ? `between ${short(seen.low)} and ${short(seen.high)}`
    : `above ${short(seen.low)}`;
  return `${name} is ${where}, of ${grouped(of)}${few(of, least)}`;
}

/** `2 kinds that v1 does not have, 1.1 % of 2,000 (0.5 to 2.0 %)`; of a stage, `2 kinds that were not there at 10 %`. */
export function sayKinds(kinds: number, seen: Share, against: string, interval: Interval): string {
  if (seen.of === 0) return 'there is none yet';
  const what = kinds === 0 ? 'no kind' : counted(kinds, 'kind');
  const news = against.endsWith(' %')
    ? `that ${kinds > 1 ? 'were' : 'was'} not there at ${against}`
    : `that ${against} does not have`;
  return `${what} ${news}, ${percentIn(seen)} of ${grouped(seen.of)} (${range(interval)} %)`;
}

function few(of: number, least: number): string {
  return of < least ? `, fewer than ${grouped(least)}` : '';
}

function percentIn({ part, of }: Share): string {
  return `${short((part / of) * 100)} %`;
}

function range({ low, high }: Interval): string {
  return `${short(low)} to ${short(high)}`;
}
