/**
 * Whether characters beyond ASCII fit the word that they are in, as people write: letters of one
 * script and alphabet, capitals first or everywhere, marks and signs where they belong.
 */

import { isKnownLetter, scriptOf, shareAlphabet } from './alphabet.ts';

/** A run of characters with what stands before and behind it. */
export interface Stretch {
  readonly before: string;
  readonly run: string;
  readonly behind: string;
}

const LETTER = /\p{L}/u;
const UPPER = /\p{Lu}/u;
const LOWER = /\p{Ll}/u;
/** Letters by their class, but signs by their use. */
const SIGN_LETTERS = 'ªºƒµﬁﬂʼ';
/** What may follow a word, and come before one. */
const MARKS = '\u00a0«»‘’“”–—…‹›•€™·';
/** Marks that only come before a word. */
const OPENING = '‚„';
/** Marks that stand beside each other. */
const SIDE_BY_SIDE = /^[\u00a0«»‘’“”–—…‹›•™]{2}$/;
/** What follows words in capitals, and units. */
const SIGNS = '°²³¹®©†‡';
/** Controls, mathematics and lines of boxes: never beside a letter. */
const HARD = /[\x80-\x9f\u2190-\u22ff\u2500-\u25ff\u2320\u2321\uf8ff]/;
const DRAWN = /^[\u2500-\u25ff]+$/;

type Kind = 'letter' | 'digit' | 'ascii' | 'mark' | 'opening' | 'sign' | 'hard' | 'odd';

function kindOf(character: string): Kind {
  if (character === '' || character < '\x80') {
    if (/[A-Za-z]/.test(character)) return 'letter';
    return /\d/.test(character) ? 'digit' : 'ascii';
  }
  if (HARD.test(character)) return 'hard';
  if (OPENING.includes(character)) return 'opening';
  if (MARKS.includes(character)) return 'mark';
  if (SIGNS.includes(character)) return 'sign';
  return LETTER.test(character) && !SIGN_LETTERS.includes(character) ? 'letter' : 'odd';
}

/**
 * Whether the run may stand as it is. `whole`: the text has nothing beyond ASCII but such runs, so
 * that a mark between two letters is rather one of their bytes than a mark.
 */
export function fitsAsWritten({ before, run, behind }: Stretch, whole: boolean): boolean {
  if (
    DRAWN.test(run) &&
    (kindOf(before.slice(-1)) === 'hard' || kindOf(first(behind)) === 'hard')
  ) {
    return true;
  }
  const characters = [...Array.from(before).slice(-2), ...Array.from(run)];
  const begin = characters.length - Array.from(run).length;
  characters.push(...Array.from(behind).slice(0, 2));
  const end = begin + Array.from(run).length;
  // Each seam of the run, those at its ends included.
  for (let at = Math.max(1, begin); at <= end && at < characters.length; at += 1) {
    if (isOddSeam(characters, at, whole)) return false;
  }
  return true;
}

function first(text: string): string {
  return Array.from(text.slice(0, 2))[0] ?? '';
}

/** Whether two neighbours, of which the second is at `at`, do not come together in writing. */
function isOddSeam(characters: readonly string[], at: number, whole: boolean): boolean {
  const [left = '', right = ''] = [characters[at - 1], characters[at]];
  const [a, b] = [kindOf(left), kindOf(right)];
  const [previous = '', next = ''] = [characters[at - 2], characters[at + 1]];
  if (a === 'letter' && b === 'letter') {
    // No word begins with the long, syllabic L of Slovak.
    const begins = kindOf(previous) !== 'letter';
    return (left === 'Ĺ' && begins) || isOddPair(left, right) || isOddCase(previous, left, right);
  }
  if (b === 'opening') return a !== 'mark' && a !== 'ascii';
  if (b === 'mark') {
    if (a === 'mark') return !SIDE_BY_SIDE.test(left + right);
    if (a === 'opening') return false;
    if (a === 'letter' && kindOf(previous) === 'digit' && UPPER.test(left)) return true;
    return (a === 'letter' && kindOf(next) === 'letter' && whole) || a === 'odd' || a === 'hard';
  }
  if (b === 'sign') {
    if (a !== 'letter') return a === 'odd' || a === 'hard' || (a === 'mark' && left !== '\u00a0');
    return kindOf(next) === 'letter' || !takesSign(previous, left, right);
  }
  if (a === 'sign') return b === 'letter';
  if (a === 'ascii' || b === 'ascii' || a === 'digit' || b === 'digit') return false;
  // A mark before a letter; else a sign that has no place beside one.
  return a !== 'mark' && a !== 'opening';
}

/** `CAFÉ®`, `m²`, `Å³`: behind capitals, small letters and units. */
function takesSign(previous: string, letter: string, sign: string): boolean {
  if (letter === 'Å' && '²³°'.includes(sign)) return true;
  return LOWER.test(letter) || UPPER.test(previous);
}

/** Letters of two scripts, or of no common alphabet. */
function isOddPair(left: string, right: string): boolean {
  if (scriptOf(left) !== scriptOf(right)) return true;
  if (left < '\x80' || right < '\x80' || scriptOf(left) === 'other') return false;
  return !shareAlphabet(left, right);
}

/** A capital behind a small letter, or a small letter behind two capitals. */
function isOddCase(previous: string, left: string, right: string): boolean {
  if (left < '\x80' && right < '\x80') return false;
  if (LOWER.test(left)) return UPPER.test(right);
  return UPPER.test(previous) && UPPER.test(left) && LOWER.test(right);
}

/** Signs that texts hold: accents, marks, currencies, arrows, dingbats, emoji, U+FFFD. */
const USUAL_SIGN =
  /^[\u0300-\u0304\u0306-\u030c\u0327\u0328\u00a0-\u00bf\u00d7\u00f7\u2010-\u203a\u20a0-\u20bf\u2100-\u21ff\u2600-\u27bf\ufeff\ufffd\u{1f000}-\u{1faff}]$/u;

/** Whether a run fits where it is once it was decoded; `written` is what it was. */
export function fitsAsDecoded({ before, run, behind }: Stretch, written: string): boolean {
  const decoded = Array.from(run);
  if (!decoded.every(isUsual)) return false;
  const characters = [...Array.from(before), ...decoded, ...Array.from(behind)];
  const begin = Array.from(before).length;
  const end = begin + decoded.length;
  for (let at = Math.max(1, begin); at <= end && at < characters.length; at += 1) {
    const [left = '', right = ''] = [characters[at - 1], characters[at]];
    if (kindOf(left) !== 'letter' || kindOf(right) !== 'letter') continue;
    if (isOddPair(left, right) || isOddCase(characters[at - 2] ?? '', left, right)) return false;
  }
  // One letter alone is more often an accident, such as √π, unless one was there before.
  const letters = decoded.filter((character) => LETTER.test(character));
  const isLatin = [letters[0] ?? '', first(written)].every((one) => scriptOf(one) === 'latin');
  return letters.length !== 1 || isLatin || isWordBeside(characters, begin, end);
}

/** A letter of an alphabet, or a sign that texts hold. */
function isUsual(character: string): boolean {
  if (!LETTER.test(character)) return USUAL_SIGN.test(character);
  return scriptOf(character) === 'other' || isKnownLetter(character);
}

function isWordBeside(characters: readonly string[], begin: number, end: number): boolean {
  return (
    kindOf(characters[begin - 1] ?? '') === 'letter' || kindOf(characters[end] ?? '') === 'letter'
  );
}
