/** Numbers with their nouns: `1 row`, `2 rows`. */

/** Returns the number and the noun, in the plural unless the number is 1. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Formats a whole number with thousands separators: `1,234,567`. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
