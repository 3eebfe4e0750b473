/** Numbers with their nouns: `1 row`, `2 rows`. */

/** Returns the number and the noun, in the plural unless the number is 1. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Formats a whole number with thousands separators: `1,234,567`. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** Formats a number with at most three digits that mean something: `0.12`, `2.4`, `97.1`, `1,204`. */
export function shortNumber(number: number): string {
  if (number === 0) return '0';
  if (Math.abs(number) >= 100) return grouped(Math.round(number));
  return number.toFixed(Math.abs(number) >= 1 ? 1 : 2);
}
