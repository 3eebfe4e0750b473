/** Numbers with their nouns: `1 row`, `2 rows`. */

/** The number and the noun, in the plural where it takes one. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** A whole number with thousands apart: `1,234,567`. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
