/**
 * A quick test for numbers that stand alone, as a column of numbers holds them: most have too few digits for
 * personal data, and of the longer ones only cards have their lengths.
 */

import { isCardNumber } from './cardNumber.ts';

/** Digits of the shortest number that is personal data by itself. */
const SHORTEST = 9;
/** Lengths that other numbers than cards have as well: tax and social security numbers have up to 15. */
const LONGEST = 13;
const FRENCH = 15;

/** Whether a number, in digits with sign and point, may be personal data by its value alone. */
export function mayHoldNumber(text: string): boolean {
  if (text.length < SHORTEST) return false;
  let digits = 0;
  let run = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    digits = code >= 0x30 && code <= 0x39 ? digits + 1 : 0;
    if (digits > run) run = digits;
  }
  if (run < SHORTEST) return false;
  if (run !== text.length || run <= LONGEST || run === FRENCH) return true;
  return isCardNumber(text);
}
