/**
 * Words of a text, each with a keyed hash that case and the form of its characters do not change. A
 * word is a letter or digit and all letters, digits and marks that follow it; anything else only
 * separates words. Scripts that are written without spaces have none inside a run: Chinese and
 * Japanese text between two punctuation marks is one word.
 *
 * Most characters are folded by a table. A word that has another one is folded as a string.
 */

import { halfSipHash, type Key } from './halfSipHash.ts';

/** Steps through the words of a text in order. The members change with each step. */
export interface WordCursor {
  /** The current word in UTF-16 units of the text: [start, end). */
  readonly start: number;
  readonly end: number;
  /** Hash of the current word: two words of 32 bits. */
  readonly hash: Int32Array;
  /** Goes to before the first word from `at` on, which is not inside a word; default 0. */
  open(text: string, at?: number): void;
  /** Goes to the next word; false after the last one. */
  next(): boolean;
}

/**
 * Returns a form in which case and the composition of characters do not differ. Upper case comes last:
 * `ß` and `SS`, or the two forms of a small sigma, have no lower case in common.
 */
export function foldedWord(word: string): string {
  return word.normalize('NFC').toLowerCase().toUpperCase().normalize('NFC');
}

/** Starts a word at `lastIndex`. */
const START = /[\p{L}\p{N}]/uy;
/** Finds the end of a word, from `lastIndex` on. */
const SEPARATOR = /[^\p{L}\p{N}\p{M}]/gu;

/** Entries of {@link FOLDED} that are no letters: of separators, and of what the table does not fold. */
const SEPARATES = 0;
const OTHER = 1;
/** `ß`, the one frequent letter that becomes two: `SS`. */
const SHARP_S = 0xdf;
const CAPITAL_S = 0x53;

/** By UTF-16 unit, the folded unit; of Latin, Greek and Cyrillic letters, and ASCII. */
const FOLDED = foldTable(0x530);

function foldTable(length: number): Uint16Array {
  return Uint16Array.from({ length }, (_, code) => {
    const char = String.fromCharCode(code);
    if (/\p{M}/u.test(char)) return OTHER;
    if (!/[\p{L}\p{N}]/u.test(char)) return SEPARATES;
    const folded = foldedWord(char);
    return folded.length === 1 ? folded.charCodeAt(0) : OTHER;
  });
}

/** Units of a word that is folded by the table; a longer one is folded as a string. */
const SHORT = 64;

/** Makes a cursor over no text. It keeps memory for the longest word that it has met. */
export function wordCursor(key: Key): WordCursor {
  let [text, at] = ['', 0];
  let folded = unitBuffer(SHORT);
  const cursor = { start: 0, end: 0, hash: new Int32Array(2), open, next };
  return cursor;

  function open(opened: string, from = 0): void {
    text = opened;
    at = from;
  }

  function next(): boolean {
    const start = startOfWord(text, at);
    let end = foldByTable(text, start, folded);
    if (end < text.length && !isSeparator(text.charCodeAt(end))) {
      const furtherEnd = endOfWord(text, end);
      if (furtherEnd > end) {
        end = furtherEnd;
        foldString(text.slice(start, end));
      }
    }
    at = end;
    if (end === start) return false;
    cursor.start = start;
    cursor.end = end;
    const { units, blocks, length } = folded;
    if ((length & 1) === 1) units[length] = 0;
    halfSipHash(blocks, length, key, cursor.hash);
    return true;
  }

  function foldString(word: string): void {
    const string = foldedWord(word);
    const { length } = string;
    if (length >= folded.units.length) folded = unitBuffer(2 * length);
    for (let index = 0; index < length; index += 1) folded.units[index] = string.charCodeAt(index);
    folded.length = length;
  }
}

/** A folded word. */
interface Folded {
  readonly units: Uint16Array;
  /** The same memory as words of two units. */
  readonly blocks: Int32Array;
  length: number;
}

function unitBuffer(capacity: number): Folded {
  const buffer = new ArrayBuffer(2 * capacity);
  return { units: new Uint16Array(buffer), blocks: new Int32Array(buffer), length: 0 };
}

/** Returns the offset of the first word from `from` on; the length of the text if there is none. */
function startOfWord(text: string, from: number): number {
  const { length } = text;
  for (let at = from; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < FOLDED.length) {
      if ((FOLDED[code] ?? OTHER) > OTHER) return at;
      if (FOLDED[code] === SEPARATES) continue;
    }
    if (isPunctuation(code)) continue;
    START.lastIndex = at;
    if (START.test(text)) return at;
    if ((text.codePointAt(at) ?? 0) > 0xffff) at += 1;
  }
  return length;
}

/** Folds a word up to the first unit that the table does not fold; returns the offset of that one. */
function foldByTable(text: string, start: number, folded: Folded): number {
  const { units } = folded;
  const { length: end } = text;
  let [at, length] = [start, 0];
  for (; at < end && length < SHORT - 2; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= FOLDED.length) break;
    let unit = FOLDED[code] ?? OTHER;
    if (code === SHARP_S) {
      unit = CAPITAL_S;
      units[length] = unit;
      length += 1;
    }
    if (unit <= OTHER) break;
    units[length] = unit;
    length += 1;
  }
  folded.length = length;
  return at;
}

/** Whether a unit is known to be a separator. */
function isSeparator(code: number): boolean {
  return code < FOLDED.length ? FOLDED[code] === SEPARATES : isPunctuation(code);
}

/** Whether a unit is of the block General Punctuation, which has dashes, quotes and spaces. */
function isPunctuation(code: number): boolean {
  return code >= 0x2000 && code < 0x2070;
}

function endOfWord(text: string, from: number): number {
  SEPARATOR.lastIndex = from;
  return SEPARATOR.exec(text)?.index ?? text.length;
}
