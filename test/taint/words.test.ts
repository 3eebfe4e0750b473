/** Words of texts: where they are, and that case and composition of characters do not change them. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { foldedWord, wordCursor } from '../../src/taint/words.ts';

const CURSOR = wordCursor([1, 2]);

/** The words of a text as they stand there. */
function wordsOf(text: string): string[] {
  CURSOR.open(text);
  const words: string[] = [];
  while (CURSOR.next()) words.push(text.slice(CURSOR.start, CURSOR.end));
  return words;
}

function hashesOf(text: string): string[] {
  CURSOR.open(text);
  const hashes: string[] = [];
  while (CURSOR.next()) hashes.push(CURSOR.hash.join());
  return hashes;
}

/** Texts of letters of all kinds, marks, and what separates words. */
const CHARACTERS = fc.oneof(
  fc.constantFrom(...Array.from('abzABZ019äÖßéœÿŁſςΣσΐжЙЁ')),
  fc.constantFrom(
    ...Array.from(' ,.-–„“€\n\0'),
    '\u0301',
    '\u0308',
    '\u0327',
    '\u0345',
    '\ufe0f',
    '\u00ad',
  ),
  fc.constantFrom('ﬁ', 'ẞ', 'İ', 'ı', 'ŉ', 'ǰ', '漢', '가', '\u1100', '\u1161', '𝔘', '𞤀', '😀'),
  fc.constantFrom('\ud800', '\udc00', '≠', 'K', 'ⅷ', 'ा', '²', 'ⓐ'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
);
const TEXTS = fc.array(CHARACTERS, { maxLength: 24 }).map((parts) => parts.join(''));

describe('the words of a text', () => {
  it.each([
    ['', []],
    [' - ', []],
    ['Müller-Meier, A.', ['Müller', 'Meier', 'A']],
    ['„Straße“ – 12b', ['Straße', '12b']],
    ['Mu\u0308ller\u0301s', ['Mu\u0308ller\u0301s']],
    ['a≠b a=\u0338b \u0301c', ['a', 'b', 'a', 'b', 'c']],
    ['😀Wien😀\ud800Bern', ['Wien', 'Bern']],
    ['東京都、渋谷区', ['東京都', '渋谷区']],
  ])('of %j are %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are the runs that begin with a letter or digit and go on with marks as well', () => {
    fc.assert(
      fc.property(TEXTS, (text) => {
        const runs = text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
        expect(wordsOf(text)).toEqual([...runs]);
      }),
      { numRuns: 2000 },
    );
  });

  it('have one hash if and only if their folded forms are the same', () => {
    fc.assert(
      fc.property(TEXTS, (text) => {
        const folded = wordsOf(text).map(foldedWord);
        // Folded as one string, or by the table: the hash is the same.
        const alone = folded.map((word) => hashesOf(word)[0]);
        expect(hashesOf(text)).toEqual(alone);
        expect(new Set(alone).size).toBe(new Set(folded).size);
      }),
      { numRuns: 2000 },
    );
  });

  it('are the same in composed and decomposed form', () => {
    fc.assert(
      fc.property(TEXTS, (text) => {
        for (const form of ['NFC', 'NFD'] as const) {
          expect(hashesOf(text.normalize(form))).toEqual(hashesOf(text));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('have one fold for all forms of each letter of Unicode', () => {
    const wrong: string[] = [];
    for (let code = 0; code < 0x11_00_00; code += 1) {
      const char = String.fromCodePoint(code);
      if (!/[\p{L}\p{N}]/u.test(char)) continue;
      const [upper, lower] = [char.toUpperCase(), char.toLowerCase()];
      const forms = [upper, lower, ...[char, upper, lower].map((one) => one.normalize('NFD'))];
      const folded = foldedWord(char);
      if (forms.some((form) => foldedWord(form) !== folded)) wrong.push(char);
    }
    expect(wrong).toEqual([]);
  });

  it('have other hashes with another key', () => {
    const other = wordCursor([1, 3]);
    other.open('Müller');
    other.next();
    expect(other.hash.join()).not.toBe(hashesOf('Müller')[0]);
  });

  it('may be longer than any memory that was there for them', () => {
    const long = 'x'.repeat(100_001);
    expect(wordsOf(`${long} y`)).toEqual([long, 'y']);
    const [first, second] = hashesOf(`${long} ${long}y`);
    expect(first).not.toBe(second);
  });
});

describe('the hash of words', () => {
  it('spreads: of a hundred thousand words, no half of 32 bits has more equal ones than chance', () => {
    const halves = [new Set<number>(), new Set<number>()];
    for (let number = 0; number < 100_000; number += 1) {
      CURSOR.open(String(number));
      CURSOR.next();
      halves[0]?.add(CURSOR.hash[0] ?? 0);
      halves[1]?.add(CURSOR.hash[1] ?? 0);
    }
    // Of 100,000 random numbers, 1.2 pairs are equal on average.
    for (const half of halves) expect(half.size).toBeGreaterThan(100_000 - 10);
  });
});
