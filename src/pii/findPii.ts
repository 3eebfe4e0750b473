/**
 * Personal data in texts, recognised by form and check digit, or by form and context. Precision
 * comes before recall. Linear in the length of the text.
 */

import { ahvs, cards } from './cards.ts';
import { emails } from './emails.ts';
import { ibans } from './ibans.ts';
import { inContext } from './inContext.ts';
import { ipAddresses } from './ipAddresses.ts';
import { people } from './personNames.ts';
import { phones } from './phones.ts';
import type { Finder, PiiContext, PiiMatch } from './piiClass.ts';
import { accessKeys } from './accessKeys.ts';

/** What most texts lack, and all that are searched have; quick. */
const HINT = /[@\d]|::|[nN]ull |[[({] ?(?:[aA][tT]|[äÄ])|-----BEGIN/;
/** Signs of personal data: digits in groups, and letters between digits. */
const SIGNS =
  '@|::|\\d[\\d .,\\-/()SPACE]{4,SPAN}?\\d|[A-Z]{6}\\d|[A-Za-z_]{2}\\d[A-Za-z]|\\d[A-Z]\\d|[A-Z] \\d\\d|[ -][A-Z]{1,2}[ -]\\d|[\\da-f]:[\\da-f]{1,4}:[\\da-f]{1,4}:|null [ensvzdfa]|[[({] ?(?:at|UMLAUTt)|-----BEGIN|(?:word|wort|pwd|key|token|secret)[ "\'\\\\]{0,3}[:=]';

function signs(space: string, span: number, umlaut: string): RegExp {
  const source = SIGNS.replace('SPACE', space).replace('SPAN', String(span));
  return new RegExp(source.replace('UMLAUT', umlaut), 'i');
}

/** Prefilter: matches every text with personal data, and few others. */
const SUSPECT = signs('\u00a0', 40, 'ä');

/** The prefilter for JSON whose UTF-8 bytes are one character each; it matches slightly more. */
const SUSPECT_BYTES = signs('\xc2\xa0', 80, '\xc3[\xa4\x84]');

/** Whether JSON may contain personal data other than names; each character is a byte of its UTF-8. */
export function mayHoldPii(json: string): boolean {
  return SUSPECT_BYTES.test(json);
}

/** The more certain form first: digits of an IBAN are no telephone number. */
const ALL: readonly Finder[] = [
  accessKeys,
  emails,
  ibans,
  ahvs,
  cards,
  ipAddresses,
  inContext,
  phones,
  people,
];

const NONE: PiiContext = {};

/** Finds all matches, in order of position; they do not overlap. */
export function findPii(text: string, context: PiiContext = NONE): PiiMatch[] {
  if (!HINT.test(text) || !SUSPECT.test(text)) {
    return context.names === undefined ? [] : [...people(text, context)];
  }
  let found: readonly PiiMatch[] = [];
  for (const find of ALL) {
    const matches = [...find(text, context)];
    if (matches.length > 0) found = merged(found, matches);
  }
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
