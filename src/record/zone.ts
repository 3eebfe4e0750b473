/**
 * Local times of an IANA zone → UTC, with the runtime's time zone data (its version is sealed in
 * run.json). A local time that the clock skipped, or showed twice, has no single instant.
 */

import { epochSeconds, type LocalTime } from './dateTime.ts';

export type Instant =
  | { readonly kind: 'unique'; readonly offset: number }
  | { readonly kind: 'gap' }
  | { readonly kind: 'overlap' };

/** Offsets are looked up per quarter of an hour, and transitions never fall inside one. */
const STEP = 900;
const CACHE_LIMIT = 100_000;

/** True when the runtime knows the zone. */
export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A function that says at which offset (seconds east of UTC) a local time of the zone stands. */
export function zoneOffsets(zone: string): (local: LocalTime) => Instant {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const cache = new Map<number, number>();
  const offsetAt = (utc: number): number => {
    const slot = Math.floor(utc / STEP);
    const known = cache.get(slot);
    if (known !== undefined) return known;
    if (cache.size >= CACHE_LIMIT) cache.clear();
    const offset = localSeconds(format, slot * STEP) - slot * STEP;
    cache.set(slot, offset);
    return offset;
  };
  return (local) => {
    const wall = epochSeconds(local);
    // No zone is further than a day from UTC, and none changes twice within two days.
    const candidates = new Set([offsetAt(wall - 86_400), offsetAt(wall + 86_400)]);
    const valid = [...candidates].filter((offset) => offsetAt(wall - offset) === offset);
    if (valid.length === 1) return { kind: 'unique', offset: valid[0] ?? 0 };
    return { kind: valid.length === 0 ? 'gap' : 'overlap' };
  };
}

function localSeconds(format: Intl.DateTimeFormat, utc: number): number {
  const parts = new Map<string, string>();
  for (const { type, value } of format.formatToParts(utc * 1000)) parts.set(type, value);
  const number = (type: string): string => (parts.get(type) ?? '0').padStart(2, '0');
  return epochSeconds({
    date: `${number('year')}-${number('month')}-${number('day')}`,
    time: `${number('hour')}:${number('minute')}:${number('second')}`,
    fraction: '',
  });
}
