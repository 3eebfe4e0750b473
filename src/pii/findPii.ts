/**
 * Personal data in texts, recognised by form and check digit, or by form and context. Precision
 * comes before recall. Linear in the length of the text.
 */

import { ahvs, cards } from './cards.ts';
import { emails } from './emails.ts';
import { ibans } from './ibans.ts';
import { mayHaveContext, mayHaveContextBytes } from './contextWords.ts';
import { inColumn, inContext, nationalNumbers } from './inContext.ts';
import { isPlain, isSuspect, SIGN, signsOf } from './signs.ts';
import { ipAddresses } from './ipAddresses.ts';
import { people } from './personNames.ts';
import { phones } from './phones.ts';
import type { Finder, PiiContext, PiiMatch } from './piiClass.ts';
import { accessKeys } from './accessKeys.ts';

/** Whether JSON may contain personal data other than names; each character is a byte of its UTF-8. */
export function mayHoldPii(json: string): boolean {
  if (isPlain(json)) return false;
  const signs = signsOf(json);
  return isSuspect(signs) || (hasBoth(signs) && mayHaveContextBytes(json));
}

/** Whether there are letters and a digit, so that a word may announce a number. */
function hasBoth(signs: number): boolean {
  return (signs & SIGN.letter) !== 0 && (signs & SIGN.digit) !== 0;
}

/** Each search with the signs of which it needs one, the more certain form first. */
const BY_SIGN: readonly (readonly [number, Finder])[] = [
  [SIGN.mixed | SIGN.hyphens | SIGN.assigned | SIGN.at, accessKeys],
  [SIGN.at | SIGN.bracket, emails],
  // Digits of an IBAN are no telephone number.
  [SIGN.digits, ibans],
  [SIGN.longDigits, ahvs],
  [SIGN.longDigits, cards],
  [SIGN.points | SIGN.colons, ipAddresses],
  [SIGN.mixed | SIGN.longDigits, nationalNumbers],
];

const NONE: PiiContext = {};

/** Finds all matches, in order of position; they do not overlap. */
export function findPii(text: string, context: PiiContext = NONE): PiiMatch[] {
  const { expected = [], names } = context;
  if (isPlain(text) && !expected.includes('DOB')) return [];
  const signs = signsOf(text);
  let found: readonly PiiMatch[] = [];
  const search = (find: Finder): void => {
    const matches = [...find(text, context)];
    if (matches.length > 0) found = merged(found, matches);
  };
  if (isSuspect(signs)) for (const [needed, find] of BY_SIGN) if (signs & needed) search(find);
  if (expected.includes('SECRET')) search(accessKeys);
  if (hasBoth(signs) && mayHaveContext(text)) search(inContext);
  if (expected.length > 0) search(inColumn);
  if (signs & (SIGN.digits | SIGN.zero)) search(phones);
  if (names !== undefined) search(people);
  return [...found];
}

/** Adds the matches that overlap neither an earlier finding nor each other. Both orders are by place. */
function merged(found: readonly PiiMatch[], matches: readonly PiiMatch[]): PiiMatch[] {
  const all: PiiMatch[] = [];
  let next = 0;
  for (const match of matches.toSorted((a, b) => a.start - b.start)) {
    for (let one = found[next]; one !== undefined && one.start < match.end; one = found[next]) {
      if (one.end > match.start && one.start >= match.start) break;
      all.push(one);
      next += 1;
    }
    const [before, after] = [all.at(-1), found[next]];
    if (before !== undefined && before.end > match.start) continue;
    if (after === undefined || after.start >= match.end) all.push(match);
  }
  return [...all, ...found.slice(next)];
}
