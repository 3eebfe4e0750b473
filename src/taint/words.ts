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

/** Whether a unit is of the block General Punctuation, which has dashes, quotes and spaces. */
function isPunctuation(code: number): boolean {
  return code >= 0x2000 && code < 0x2070;
}

/** Makes a cursor over no text. It keeps memory for the longest word that it has met. */
export function wordCursor(key: Key): WordCursor {
  let [text, at] = ['', 0];
  let folded = unitBuffer(64);
  const cursor = { start: 0, end: 0, hash: new Int32Array(2), open, next };
  return cursor;

  function open(opened: string, from = 0): void {
    text = opened;
    at = from;
  }

  function next(): boolean {
    let length = 0;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      const unit = code < FOLDED.length ? (FOLDED[code] ?? OTHER) : OTHER;
      if (unit > OTHER) {
        if (length === 0) cursor.start = at;
        put(length, unit);
        length += 1;
      } else if (unit === SEPARATES || isPunctuation(code)) {
        if (length > 0) break;
      } else if (length > 0 || isMatch(START, text, at)) {
        if (length === 0) cursor.start = at;
        const end = endOfWord(text, at);
        if (end > at) length = foldString(text.slice(cursor.start, end));
        at = end;
        break;
      } else if (code >= 0xd800 && code < 0xdc00 && (text.codePointAt(at) ?? 0) > 0xffff) {
        at += 1;
      }
    }
    cursor.end = at;
    if (length === 0) return false;
    if ((length & 1) === 1) put(length, 0);
    halfSipHash(folded.blocks, length, key, cursor.hash);
    return true;
  }

  function foldString(word: string): number {
    const string = foldedWord(word);
    for (let index = 0; index < string.length; index += 1) put(index, string.charCodeAt(index));
    return string.length;
  }

  function put(index: number, unit: number): void {
    if (index === folded.units.length) {
      const longer = unitBuffer(2 * index);
      longer.units.set(folded.units);
      folded = longer;
    }
    folded.units[index] = unit;
  }
}

/** Units of 16 bits, and the same memory as words of two of them. */
function unitBuffer(length: number): { readonly units: Uint16Array; readonly blocks: Int32Array } {
  const buffer = new ArrayBuffer(2 * length);
  return { units: new Uint16Array(buffer), blocks: new Int32Array(buffer) };
}

function isMatch(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function endOfWord(text: string, from: number): number {
  SEPARATOR.lastIndex = from;
  return SEPARATOR.exec(text)?.index ?? text.length;
}
