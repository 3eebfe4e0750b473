/** Values that must be nowhere are found in texts wherever their words are, and nothing else is. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  estimatedBytes,
  taintBuilder,
  taintFinder,
  taintSeeds,
  type Taint,
  type TaintPartition,
} from '../../src/taint/taintSet.ts';

const SEEDS = taintSeeds(Uint8Array.from({ length: 16 }, (_, at) => at * 7));
const MEMORY = 2 ** 17;

interface Given {
  readonly values: readonly string[];
  readonly kept?: readonly string[];
  readonly partition?: TaintPartition;
}

/** Origins are 1, 2, … in the order of the values. */
function taintOf({ values, kept = [], partition }: Given): Taint {
  const builder = taintBuilder(SEEDS, values.length > 100 ? 2 ** 20 : MEMORY, partition);
  for (const [at, value] of values.entries()) builder.add(value, at + 1);
  for (const value of kept) builder.keep(value);
  return builder.finish();
}

/** The matches in a text as `origin:text`. */
function found(given: Given, text: string): string[] {
  const matches = taintFinder(taintOf(given))(text);
  return matches.map(({ of, start, end }) => `${of}:${text.slice(start, end)}`);
}

const LETTER = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Array.from('abcxyzABCXYZ0123456789')) },
  fc.constantFrom(
    ...Array.from('äöüßÄÖÜéçœŁšžñåøΣσςΐжЯ'),
    'ẞ',
    'ﬁ',
    'İ',
    '漢',
    '字',
    '가',
    '𝔘',
    '𞤀',
  ),
);
const WORD = fc.string({ unit: LETTER, minLength: 1, maxLength: 9 });
const SEPARATORS = fc.string({
  unit: fc.constantFrom(...Array.from(' \t\n.,;:-_/\\|"\'()[]{}<>@#&=+*–„“€😀\0')),
  minLength: 1,
  maxLength: 3,
});
const EDGE = fc.oneof(fc.constant(''), SEPARATORS);
const VALUE_WORDS = fc
  .array(WORD, { minLength: 1, maxLength: 20 })
  .filter((words) => Array.from(words.join('').normalize('NFC')).length >= 6);

/** Another way to write a word. */
const REWRITE = fc.constantFrom<(word: string) => string>(
  (word) => word,
  (word) => word.toUpperCase(),
  (word) => word.toLowerCase(),
  (word) => word.normalize('NFD'),
  (word) => word.toUpperCase().normalize('NFD'),
  (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase(),
);

function joined(words: readonly string[], separators: readonly string[]): string {
  return words.map((word, at) => (at === 0 ? word : `${separators[at - 1]}${word}`)).join('');
}

describe('a value', () => {
  it('is found in any text that has its words, in any case, with any separators', () => {
    const gaps = fc.array(SEPARATORS, { minLength: 19, maxLength: 19 });
    const around = fc.record({ before: fc.array(WORD, { maxLength: 3 }), left: SEPARATORS });
    fc.assert(
      fc.property(
        fc.tuple(VALUE_WORDS, gaps, gaps, REWRITE, around, EDGE, fc.array(WORD, { maxLength: 2 })),
        ([words, stored, written, rewrite, { before, left }, right, after]) => {
          const taint = taintOf({ values: [joined(words, stored)] });
          const middle = joined(words.map(rewrite), written);
          const prefix = before.length === 0 ? left : `${before.join(' ')}${left}`;
          const suffix = right === '' ? '' : `${right}${after.join(' ')}`;
          const matches = taintFinder(taint)(`${prefix}${middle}${suffix}`);
          expect(matches.length).toBeGreaterThan(0);
          // The words before it may be a first occurrence; one occurrence reaches the middle.
          const last = matches.at(-1);
          expect(last?.of).toBe(1);
          expect(last?.end ?? 0).toBeGreaterThan(prefix.length);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is found only where its words are, as a list of words shows', () => {
    const small = fc.constantFrom('anna', 'bert', 'Müller', 'meier', '12', 'x');
    const phrase = fc.array(small, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(
        fc.array(phrase, { maxLength: 6 }),
        fc.array(phrase, { maxLength: 2 }),
        fc.array(small, { maxLength: 12 }),
        (values, kept, words) => {
          const text = words.join(', ');
          const matches = taintFinder(taintOf({ values, kept }))(text);
          const texts = matches.map(({ start, end }) => text.slice(start, end));
          expect(texts).toEqual(expectedMatches(values, kept, words));
          for (const { of, start, end } of matches) {
            expect(values[of - 1]).toBe(text.slice(start, end).replaceAll(',', ''));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is found in no text of other words (negative control)', () => {
    const values = ['Anna Müller', 'anna.mueller@example.com', '079 123 45 67', 'Müllerei'];
    const text = 'Anna B. Müller, Müllerin, anna.mueller@example.org, 079 123 45 68, Annamüller';
    expect(found({ values }, text)).toEqual([]);
    expect(found({ values: [] }, text)).toEqual([]);
  });

  it.each<[string, string, readonly string[]]>([
    ['Anna Müller', 'Frau ANNA MÜLLER.', ['1:ANNA MÜLLER']],
    ['Anna Müller', '{"n":"anna\u00a0mu\u0308ller"}', ['1:anna\u00a0mu\u0308ller']],
    ['a.mueller@example.com', '<A.Mueller@Example.Com>', ['1:A.Mueller@Example.Com']],
    ['Hauptstraße 5', 'HAUPTSTRASSE 5', ['1:HAUPTSTRASSE 5']],
    ['😀Anna-Lena😀', '😀😀Anna Lena, anna lena', ['1:Anna Lena', '1:anna lena']],
    ['渋谷区神宮前一', '東京都、渋谷区神宮前一。', ['1:渋谷区神宮前一']],
  ])('%j in %j is %j', (value, text, matches) => {
    expect(found({ values: [value] }, text)).toEqual(matches);
  });

  it('is not one if it has fewer than six letters and digits', () => {
    const builder = taintBuilder(SEEDS, MEMORY);
    expect(
      ['', 'Bern', 'a-b-c-d-e', '12.45', 'e\u0301'.repeat(5)].map((v) => builder.add(v, 1)),
    ).toEqual([false, false, false, false, false]);
    expect(['a-b-c-d-e-f', '123456', 'Zürich'].map((value) => builder.add(value, 1))).toEqual([
      true,
      true,
      true,
    ]);
    expect(builder.size).toBe(3);
  });

  it('of more than sixteen words is found by the first sixteen', () => {
    const words = Array.from({ length: 20 }, (_, at) => `w${at}`);
    const [long, exact] = [words.join(' '), words.slice(0, 16).join(' ')];
    expect(found({ values: [long] }, `so: ${exact} end`)).toEqual([`1:${exact}`]);
    expect(found({ values: [long] }, words.slice(0, 15).join(' '))).toEqual([]);
    expect(found({ values: [long], kept: [exact] }, long)).toHaveLength(1);
    expect(found({ values: [exact], kept: [long] }, exact)).toHaveLength(1);
    expect(found({ values: [long], kept: [`${exact} and others`] }, long)).toEqual([]);
  });

  it('has the first origin that it was added with', () => {
    expect(
      found({ values: ['Anna Müller', 'anna müller', 'Müller'] }, 'Anna Müller, Müller'),
    ).toEqual(['1:Anna Müller', '3:Müller']);
    const builder = taintBuilder(SEEDS, MEMORY);
    for (const of of [0, -1, 65_536, 1.5])
      expect(() => builder.add('Müller', of)).toThrow(RangeError);
    expect(builder.add('Müller', 65_535)).toBe(true);
    expect(builder.keep('MÜLLER')).toBe(65_535);
  });
});

/** The texts that match, found by comparing the words one by one. */
function expectedMatches(
  values: readonly string[],
  kept: readonly string[],
  words: readonly string[],
): string[] {
  const long = values.filter((value) => value.replaceAll(' ', '').length >= 6);
  const counting = long.filter((value) => !kept.includes(value)).map((value) => value.split(' '));
  const texts: string[] = [];
  for (let at = 0; at < words.length;) {
    const here = counting.filter((value) => value.every((word, k) => word === words[at + k]));
    const longest = Math.max(0, ...here.map((value) => value.length));
    if (longest > 0) texts.push(words.slice(at, at + longest).join(', '));
    at += Math.max(1, longest);
  }
  return texts;
}

describe('a value that a column keeps', () => {
  it('no longer counts, even if it is added again', () => {
    const builder = taintBuilder(SEEDS, MEMORY);
    builder.add('Winterthur', 7);
    builder.add('Müller Winterthur', 8);
    expect(builder.keep('winterthur!')).toBe(7);
    expect(builder.keep('winterthur')).toBe(7);
    expect(builder.keep('Schaffhausen')).toBe(0);
    expect(builder.keep('Müller')).toBe(0);
    expect(builder.keep('')).toBe(0);
    builder.add('Winterthur', 9);
    expect(builder.size).toBe(1);
    const find = taintFinder(builder.finish());
    expect(find('In Winterthur: Müller, Winterthur')).toEqual([{ of: 8, start: 15, end: 33 }]);
  });
});

describe('a set', () => {
  const many = Array.from({ length: 5000 }, (_, at) => `Person ${at} Nummer ${at * 31}`);

  it('is shared with threads as plain data', () => {
    const taint = structuredClone(taintOf({ values: ['Anna Müller'] }));
    expect(taintFinder(taint)('Anna Müller')).toHaveLength(1);
  });

  it('finds all of many values, and in partitions each in one of them', () => {
    const text = many.join('. ');
    expect(found({ values: many }, text)).toHaveLength(many.length);
    const parts = [0, 1, 2].map((number) =>
      found({ values: many, partition: { number, of: 3 } }, text),
    );
    expect(parts.flat()).toHaveLength(many.length);
    for (const part of parts) expect(part.length).toBeGreaterThan(many.length / 4);
  });

  it('takes the values that its memory was estimated for, and refuses many more', () => {
    for (const count of [1, 100, 3073, 5000]) {
      const builder = taintBuilder(SEEDS, estimatedBytes(count));
      for (const value of many.slice(0, count)) builder.add(value, 1);
      expect(builder.size).toBe(count);
      const { words, filter } = builder.finish();
      expect(words.byteLength + filter.byteLength).toBeLessThan(estimatedBytes(count));
    }
    const builder = taintBuilder(SEEDS, estimatedBytes(100));
    expect(() => many.forEach((value) => builder.add(value, 1))).toThrow(RangeError);
  });

  it('does not take seeds that are too short', () => {
    expect(() => taintSeeds(new Uint8Array(15))).toThrow(RangeError);
  });
});
