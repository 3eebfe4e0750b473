/** Lengths of time as people write them: `90s`, `30m`, `4h`, `7d`. Pure. */

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** Longest time that a timer takes, in ms: a longer one would end at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** The form of a duration, as a JSON Schema takes it: longer than nothing. */
export const DURATION_PATTERN: string = '^(?=.*[1-9])[0-9]{1,6}[smhd]$';

/** Parses a duration to milliseconds; null if the text is not one. */
export function parseDuration(text: string): number | null {
  if (!new RegExp(DURATION_PATTERN).test(text)) return null;
  const [, unit = 0] = UNITS.find(([name]) => text.endsWith(name)) ?? [];
  return Number(text.slice(0, -1)) * unit;
}

/** Formats milliseconds as `1d 2h`, `4h`, `1h 30m`, without parts below a second; `0s` for none. */
export function formatDuration(milliseconds: number): string {
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}
