/**
 * Decides whether characters beyond ASCII fit the word around them: letters of one script and
 * alphabet, capitals first or throughout, marks and signs in their usual positions.
 */

import { isKnownLetter, scriptOf, shareAlphabet } from './alphabet.ts';

/** A run of characters with its context. */
export interface RunInText {
  readonly before: string;
  readonly run: string;
  readonly after: string;
}

const LETTER = /\p{L}/u;
const UPPER = /\p{Lu}/u;
const LOWER = /\p{Ll}/u;
/** Letters by Unicode category that are used as signs. */
const SIGN_LETTERS = 'ªºƒµﬁﬂʼ';
/** Marks before or after a word. */
const MARKS = '\u00a0«»‘’“”–—…‹›•€™·';
/** Marks only before a word. */
const OPENING = '‚„';
/** Pairs of marks that may be adjacent. */
const SIDE_BY_SIDE = /^[\u00a0«»‘’“”–—…‹›•™]{2}$/;
/** Signs after words in capitals and after units. */
const SIGNS = '°²³¹®©†‡';
/** Controls, mathematical signs and box drawing: never next to a letter. */
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
 * Whether the run is plausible as it is. `whole` says that such runs are all that the text has
 * beyond ASCII, so that a mark between two letters is more likely one of their bytes.
 */
export function fitsAsWritten({ before, run, after }: RunInText, whole: boolean): boolean {
  if (DRAWN.test(run) && (kindOf(before.slice(-1)) === 'hard' || kindOf(first(after)) === 'hard')) {
    return true;
  }
  const characters = [...Array.from(before).slice(-2), ...Array.from(run)];
  const begin = characters.length - Array.from(run).length;
  characters.push(...Array.from(after).slice(0, 2));
  const end = begin + Array.from(run).length;
  // Checks each pair of neighbours, including those across the ends of the run.
  for (let at = Math.max(1, begin); at <= end && at < characters.length; at += 1) {
    if (isOddSeam(characters, at, whole)) return false;
  }
  return true;
}

function first(text: string): string {
  return Array.from(text.slice(0, 2))[0] ?? '';
}

/** Whether the characters before and at `at` are not adjacent in ordinary writing. */
function isOddSeam(characters: readonly string[], at: number, whole: boolean): boolean {
  const [left = '', right = ''] = [characters[at - 1], characters[at]];
  const [a, b] = [kindOf(left), kindOf(right)];
  const [previous = '', next = ''] = [characters[at - 2], characters[at + 1]];
  if (a === 'letter' && b === 'letter') {
    // No Slovak word begins with the long, syllabic L.
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
  // Only a mark may precede a letter here.
  return a !== 'mark' && a !== 'opening';
}

/** Whether a sign may follow, as in `CAFÉ®`, `m²`, `Å³`: after capitals, small letters, units. */
function takesSign(previous: string, letter: string, sign: string): boolean {
  if (letter === 'Å' && '²³°'.includes(sign)) return true;
  return LOWER.test(letter) || UPPER.test(previous);
}

/** Whether two letters are of different scripts, or share no alphabet. */
function isOddPair(left: string, right: string): boolean {
  if (scriptOf(left) !== scriptOf(right)) return true;
  if (left < '\x80' || right < '\x80' || scriptOf(left) === 'other') return false;
  return !shareAlphabet(left, right);
}

/** Whether a capital follows a small letter, or a small letter two capitals. */
function isOddCase(previous: string, left: string, right: string): boolean {
  if (left < '\x80' && right < '\x80') return false;
  if (LOWER.test(left)) return UPPER.test(right);
  return UPPER.test(previous) && UPPER.test(left) && LOWER.test(right);
}

/** Signs of ordinary text: accents, marks, currencies, arrows, dingbats, emoji, U+FFFD. */
const USUAL_SIGN =
  /^[\u0300-\u0304\u0306-\u030c\u0327\u0328\u00a0-\u00bf\u00d7\u00f7\u2010-\u203a\u20a0-\u20bf\u2100-\u21ff\u2600-\u27bf\ufeff\ufffd\u{1f000}-\u{1faff}]$/u;

/** Whether a decoded run fits its context; `written` is the run before it was decoded. */
export function fitsAsDecoded({ before, run, after }: RunInText, written: string): boolean {
  const decoded = Array.from(run);
  if (!decoded.every(isUsual)) return false;
  const characters = [...Array.from(before), ...decoded, ...Array.from(after)];
  const begin = Array.from(before).length;
  const end = begin + decoded.length;
  for (let at = Math.max(1, begin); at <= end && at < characters.length; at += 1) {
    const [left = '', right = ''] = [characters[at - 1], characters[at]];
    if (kindOf(left) !== 'letter' || kindOf(right) !== 'letter') continue;
    if (isOddPair(left, right) || isOddCase(characters[at - 2] ?? '', left, right)) return false;
  }
  // A single letter is more often an accident, such as √π, unless a letter was there before.
  const letters = decoded.filter((character) => LETTER.test(character));
  const isLatin = [letters[0] ?? '', first(written)].every((one) => scriptOf(one) === 'latin');
  return letters.length !== 1 || isLatin || isWordBeside(characters, begin, end);
}

/** Whether a character is a letter of a known alphabet, or a sign of ordinary text. */
function isUsual(character: string): boolean {
  if (!LETTER.test(character)) return USUAL_SIGN.test(character);
  return scriptOf(character) === 'other' || isKnownLetter(character);
}

function isWordBeside(characters: readonly string[], begin: number, end: number): boolean {
  return (
    kindOf(characters[begin - 1] ?? '') === 'letter' || kindOf(characters[end] ?? '') === 'letter'
  );
}
