/**
 * Numbers of JSON texts as doubles, where a double changes nothing.
 */

import { InexactNumber } from './value.ts';

/**
 * The double of a JSON number, when its shortest form stands for the same decimal value; otherwise
 * the number as it is written. Negative zero is never a double: JSON forms of doubles lose its
 * sign. Linear in the length of the lexeme, whatever its exponent.
 */
export function exactNumber(lexeme: string): number | InexactNumber {
  const value = Number(lexeme);
  if (value === 0 && lexeme.startsWith('-')) return new InexactNumber(lexeme);
  return String(value) === lexeme || sameDecimal(lexeme, value) ? value : new InexactNumber(lexeme);
}

/** Whether the shortest form of `value` stands for the same decimal number as `lexeme`. */
function sameDecimal(lexeme: string, value: number): boolean {
  return Number.isFinite(value) && normalForm(lexeme) === normalForm(String(value));
}

/** Significant digits and exponent: equal for equal decimal values, and for those only. */
function normalForm(lexeme: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(lexeme) ?? [];
  const digits = whole + fraction;
  let first = 0;
  let end = digits.length;
  while (digits.charCodeAt(first) === 0x30) first += 1;
  while (end > first && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  if (first === end) return '0';
  // An exponent that a double rounds is out of the range of a double anyway.
  const power = Number(exponent) - fraction.length + digits.length - end;
  return `${sign}${digits.slice(first, end)}e${power}`;
}
