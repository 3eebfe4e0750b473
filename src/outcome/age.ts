/** Times for people: how long ago something was, or is to come, as `12 seconds`, `3 hours`, `8 days`. Pure. */

import { counted } from './counted.ts';

const UNITS: readonly (readonly [name: string, milliseconds: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** Returns the age of a time in whole units of the largest that fits; '0 seconds' for one to come. */
export function ageOf(at: string, now: Date): string {
  const passed = Math.max(0, now.getTime() - Date.parse(at));
  const [name, unit] = UNITS.find(([, milliseconds]) => passed >= milliseconds) ?? ['second', 1000];
  return counted(Math.floor(passed / unit), name);
}

/** Returns how long it is until a Unix time, in seconds, in whole units of the largest that fits. */
export function leftUntil(seconds: number, now: Date): string {
  return ageOf(now.toISOString(), dateOf(seconds));
}

/** Returns a Unix time, in seconds, as ISO 8601 in UTC. */
export function isoTime(seconds: number): string {
  return dateOf(seconds).toISOString();
}

function dateOf(seconds: number): Date {
  const date = new Date(0);
  date.setTime(Math.round(seconds * 1000));
  return date;
}
