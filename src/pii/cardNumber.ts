/**
 * Payment card numbers, distinguished from other long numbers: identifiers of 17 to 19 digits,
 * article numbers and transponder numbers pass Luhn's check one time in ten.
 */

/** Prefixes of card issuers, each with the lengths of its numbers. */
const ISSUERS: readonly (readonly [RegExp, readonly number[]])[] = [
  // Visa, Mastercard, American Express, Diners Club.
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14, 16]],
  // Discover, JCB, UnionPay, Mir, Dankort, Maestro, UATP.
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^220[0-4]/, [16, 17, 18, 19]],
  [/^5019/, [16]],
  [/^(?:50(?:18|20|38)|5893|6304|6759|676[1-3])/, [14, 15, 16, 17, 18, 19]],
  [/^1/, [15]],
];

/**
 * Whether `digits` (0-9 only) have an issuer's prefix and length and a valid check digit (ISO/IEC
 * 7812-1).
 */
export function isCardNumber(digits: string): boolean {
  const issued = ISSUERS.some(
    ([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length),
  );
  return issued && luhn(digits);
}

/** ISO 3166 codes with a card prefix: all that begin with 1, Honduras, Hong Kong, Hungary, Ireland, Israel. */
const COUNTRIES: ReadonlySet<string> = new Set(
  (
    '100 104 108 112 116 120 124 132 136 140 144 148 152 156 158 162 166 170 174 175 178 180 184 ' +
    '188 191 192 196 340 344 348 372 376'
  ).split(' '),
);
/** Highest number after the country code of a transponder, which has 38 bits (ISO 11784). */
const MAX_TRANSPONDER = 2 ** 38 - 1;

/**
 * Whether the text is only digits and no other kind of number has this length and prefix. Such a
 * card number needs no groups and no word such as "card" before it. One of an airline, which begins
 * with 1, has to be the whole value (`alone`).
 */
export function isUnmistakable(text: string, alone: boolean): boolean {
  if (/\D/.test(text)) return false;
  if (text.length === 16) return !/^3[0689]/.test(text);
  if (text.length === 14) return true;
  if (text.length !== 15) return false;
  if (/^[56]/.test(text)) return false;
  if (text.startsWith('1')) return alone && !COUNTRIES.has(text.slice(0, 3));
  return !COUNTRIES.has(text.slice(0, 3)) || Number(text.slice(3)) > MAX_TRANSPONDER;
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = digits.length - 1, twice = false; at >= 0; at -= 1, twice = !twice) {
    const digit = digits.charCodeAt(at) - 0x30;
    sum += twice ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return sum % 10 === 0;
}
