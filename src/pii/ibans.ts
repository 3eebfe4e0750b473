/** Bank account numbers in texts: of a country in SWIFT's registry, in groups of any usual form. */

import { ibanLength, isElectronicIban } from '../record/iban.ts';
import type { PiiMatch } from './piiClass.ts';
import { digitsOf, matchesOf } from './surroundings.ts';

/** Country code and check digits, possibly with separators. */
const IBAN_START = /(?<![\p{L}\p{N}])(?:[A-Z]{2}|[a-z]{2})[ .\u00a0-]?\d[ .\u00a0-]?\d/gu;
const IBAN_NAMED = /(?<!\p{L})iban(?!\p{L})[^\p{L}]{0,8}$/iu;

export function* ibans(text: string): Generator<PiiMatch> {
  for (const { index: start, 0: first } of matchesOf(IBAN_START, text)) {
    const country = first.slice(0, 2);
    const length = ibanLength(country.toUpperCase());
    const end = length === undefined ? null : endOfGroups(text, start, length);
    if (end === null || !grouped(text.slice(start, end))) continue;
    const plain = text.slice(start, end).replaceAll(/[^A-Za-z0-9]/g, '');
    // IBANs are printed in capitals: small letters and digits are more often an identifier.
    const small = plain !== plain.toUpperCase();
    if (small && !IBAN_NAMED.test(text.slice(Math.max(0, start - 16), start))) continue;
    if (digitsOf(plain).length >= 10 && isElectronicIban(plain.toUpperCase())) {
      yield { of: 'IBAN', tier: 'checked', start, end };
    }
  }
}

/** Returns the offset after `length` letters and digits, singly separated, if they end a word. */
function endOfGroups(text: string, start: number, length: number): number | null {
  let [at, rest] = [start, length];
  for (let separated = true; rest > 0; at += 1) {
    const character = text.charAt(at);
    const counts = /[A-Za-z0-9]/.test(character);
    if (!counts && (separated || !/[ .\u00a0-]/.test(character))) return null;
    separated = !counts;
    if (counts) rest -= 1;
  }
  return /^[\p{L}\p{N}]/u.test(text.slice(at, at + 2)) ? null : at;
}

/** Whether separators are spaces anywhere, or points or hyphens between groups of equal length. */
function grouped(text: string): boolean {
  const [first] = /[.-]/.exec(text) ?? [];
  if (first === undefined) return true;
  if (/[^A-Za-z0-9.-]/.test(text) || text.includes(first === '.' ? '-' : '.')) return false;
  const sizes = text.split(first).map((group) => group.length);
  const [last = 0, inner = sizes[1] ?? 0] = [sizes.at(-1), sizes[1]];
  return last <= inner && sizes.slice(1, -1).every((size) => size === inner);
}
