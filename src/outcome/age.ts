/** How long ago something was, for people: `12 seconds`, `3 hours`, `8 days`. Pure. */

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
