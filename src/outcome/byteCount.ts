/** Numbers of bytes for people: `512 B`, `1.2 kB`, `3.4 MB`. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Formats in decimal units, with one decimal place from kB up. */
export function byteCount(bytes: number): string {
  let [number, unit] = [bytes, 0];
  while (number >= 999.95 && unit < UNITS.length - 1) [number, unit] = [number / 1000, unit + 1];
  return `${unit === 0 ? number : number.toFixed(1)} ${UNITS[unit] ?? ''}`;
}
