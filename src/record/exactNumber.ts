/** Reads numbers of JSON texts as doubles if that does not change them. */

import { InexactNumber } from './value.ts';

/**
 * Returns the double of a JSON number if its shortest form denotes the same decimal value, else the
 * number as written. Negative zero is never a double, as JSON forms of doubles lose its sign.
 * Linear in the length of the lexeme, regardless of the exponent.
 */
export function exactNumber(lexeme: string): number | InexactNumber {
  const value = Number(lexeme);
  if (value === 0 && lexeme.startsWith('-')) return new InexactNumber(lexeme);
  return String(value) === lexeme || sameDecimal(lexeme, value) ? value : new InexactNumber(lexeme);
}

/** Whether the shortest form of `value` denotes the same decimal number as `lexeme`. */
function sameDecimal(lexeme: string, value: number): boolean {
  return Number.isFinite(value) && normalForm(lexeme) === normalForm(String(value));
}

/** Returns significant digits and exponent, which are equal if and only if the values are. */
function normalForm(lexeme: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(lexeme) ?? [];
  const digits = whole + fraction;
  let first = 0;
  let end = digits.length;
  while (digits.charCodeAt(first) === 0x30) first += 1;
  while (end > first && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  if (first === end) return '0';
  // An exponent that a double rounds is out of range anyway.
  const power = Number(exponent) - fraction.length + digits.length - end;
  return `${sign}${digits.slice(first, end)}e${power}`;
}
