/**
 * Converts local times of an IANA zone to UTC, by the runtime's time zone data (its version is
 * sealed in run.json). A local time that the clock skipped or showed twice has no single instant.
 * Clocks may change at any second, by any number of seconds, even by a whole day.
 */

import { epochSeconds, type LocalTime } from './dateTime.ts';

export type Instant =
  | { readonly kind: 'unique'; readonly offset: number }
  | { readonly kind: 'gap' }
  | { readonly kind: 'overlap' };

const DAY = 86_400;
const CACHE_LIMIT = 100_000;

const GAP: Instant = { kind: 'gap' };
const OVERLAP: Instant = { kind: 'overlap' };

/** An offset from UTC in seconds, and the instants to which it applies: [from, to). */
interface Period {
  readonly offset: number;
  readonly from: number;
  readonly to: number;
}

/** Whether the runtime knows the zone. */
export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Returns a function from a local time of the zone to its offset, in seconds east of UTC. */
export function zoneOffsets(zone: string): (local: LocalTime) => Instant {
  const offsetAt = offsetReader(zone);
  const startOf = cached((day) => offsetAt(day * DAY));
  const periodsOf = cached((day) => {
    return periodsOfDay(day, startOf(day), startOf(day + 1), offsetAt);
  });
  // No offset is a day or more, so the instant is in the same UTC day or an adjacent one.
  const around = cached((day) => joined([day - 1, day, day + 1].flatMap(periodsOf)));
  return (local) => {
    const wall = epochSeconds(local);
    return instantOf(wall, around(Math.floor(wall / DAY)));
  };
}

function instantOf(wall: number, periods: readonly Period[]): Instant {
  const [first] = periods;
  if (periods.length === 1 && first !== undefined) return { kind: 'unique', offset: first.offset };
  const valid = periods.filter(({ offset, from, to }) => {
    return wall - offset >= from && wall - offset < to;
  });
  const [only] = valid;
  if (only === undefined) return GAP;
  return valid.length === 1 ? { kind: 'unique', offset: only.offset } : OVERLAP;
}

/**
 * Returns one period, or two, with the change between them found to the second. No zone changes
 * twice within a day, as a test checks for all zones (the closest changes are four days apart).
 */
function periodsOfDay(
  day: number,
  before: number,
  after: number,
  offsetAt: (utc: number) => number,
): readonly Period[] {
  const [from, to] = [day * DAY, (day + 1) * DAY];
  if (before === after) return [{ offset: before, from, to }];
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return [
    { offset: before, from, to: high },
    { offset: after, from: high, to },
  ].filter((period) => period.from < period.to);
}

/** Joins adjacent periods of the same offset. */
function joined(periods: readonly Period[]): readonly Period[] {
  const found: Period[] = [];
  for (const period of periods) {
    const last = found.at(-1);
    if (last?.offset === period.offset) found[found.length - 1] = { ...last, to: period.to };
    else found.push(period);
  }
  return found;
}

/** Caches a function's results; clears the cache when it is full. */
function cached<T>(of: (day: number) => T): (day: number) => T {
  const known = new Map<number, T>();
  return (day) => {
    const there = known.get(day);
    if (there !== undefined) return there;
    if (known.size >= CACHE_LIMIT) known.clear();
    const result = of(day);
    known.set(day, result);
    return result;
  };
}

/** Reads the offset at an instant, in seconds, as the runtime writes it: `GMT-03:30:52`. */
function offsetReader(zone: string): (utc: number) => number {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone,
    timeZoneName: 'longOffset',
  });
  return (utc) => {
    const text = format.format(utc * 1000);
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
    if (match === null) throw new Error(`the runtime writes an offset as ${text}`);
    const [, sign, hours = 0, minutes = 0, seconds = 0] = match;
    const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return sign === '-' ? -offset : offset;
  };
}
