/** Names of people in texts: a first and a last name that the source's own columns of names hold. */

import { wordsOf } from './columnEvidence.ts';
import type { PersonNames, PiiContext, PiiMatch } from './piiClass.ts';
import { matchesOf } from './surroundings.ts';

/** Shorter names, such as `An`, are words as well. */
const MIN_NAME = 3;
const PAIR =
  /(?<![\p{L}\p{N}])(?=(\p{Lu}[\p{L}'’-]{1,40}) (\p{Lu}[\p{L}'’-]{1,40})(?![\p{L}\p{N}]))/gu;

/** Collects names, of which empty and short ones are left out. */
export function personNames(
  first: Iterable<string>,
  last: Iterable<string>,
  whole: Iterable<string> = [],
): PersonNames {
  return { first: collected(first), last: collected(last), whole: collected(whole) };
}

function collected(names: Iterable<string>): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const name of names) {
    const plain = name.trim().toLowerCase();
    if (plain.length >= MIN_NAME) kept.add(plain);
  }
  return kept;
}

/** What a field of names holds: one of the two, or both. */
export type NamePart = 'first' | 'last' | 'full';

const FIRST = new Set(
  'first firstname forename given givenname vorname rufname prenom prénom nome'.split(' '),
);
const LAST = new Set(
  'last lastname family familyname surname nachname familienname zuname nom cognome'.split(' '),
);

/** Tells from the names of a field and its columns which part of a name it holds. */
export function namePart(names: readonly string[]): NamePart {
  const words = names.flatMap(wordsOf);
  if (words.some((word) => FIRST.has(word))) return 'first';
  return words.some((word) => LAST.has(word)) ? 'last' : 'full';
}

export function* people(text: string, { names }: PiiContext): Generator<PiiMatch> {
  if (names === undefined) return;
  for (const { index: start, 1: first = '', 2: last = '' } of matchesOf(PAIR, text)) {
    const [a, b] = [first.toLowerCase(), last.toLowerCase()];
    const isKnown = names.first.has(a) && names.last.has(b);
    if (!isKnown && names.whole?.has(`${a} ${b}`) !== true) continue;
    yield { of: 'PERSON', tier: 'context', start, end: start + first.length + 1 + last.length };
  }
}
