/**
 * The values of a source that must be nowhere: a set of them, and a search of texts for them. A value is
 * found, whole or inside a text, wherever its words stand one after another, whatever their case and
 * whatever separates them; between the words of a match there is no other word. The set has keyed
 * hashes of 64 bits, not the values; without the seeds, texts that collide cannot be chosen.
 *
 * Of a value of more than 16 words, the first 16 are searched for, and it counts as kept if the first
 * 16 words of a kept value, which has more as well, are the same. A value inside a longer word is not
 * found, nor is one whose words are divided in another way, as in a number with other groups of digits
 * or a word with a soft hyphen.
 */

import { addBeginning, emptyFilter, foldedFilter, isBeginning } from './beginnings.ts';
import { copyHash, type Key } from './halfSipHash.ts';
import { originIn, originTable, tableBytes } from './originTable.ts';
import { wordCursor, type WordCursor } from './words.ts';
import { MAX_WORDS, MORE, wordSequence, type WordSequence } from './wordSequence.ts';

/** Four words of 32 bits, secret: the keys of words and of sequences of words. */
export interface TaintSeeds {
  readonly words: readonly number[];
}

const SEED_BYTES = 16;
/** Letters and digits that a value needs; with fewer, every text would have one. */
const LONG_ENOUGH = /(?:[\p{L}\p{N}][^\p{L}\p{N}]*){6}/u;
const MAX_ORIGIN = 0xffff;
/** Share of the memory of a set, as a divisor, that the filter may take, and its copy as well. */
const FILTER_SHARE = 8;
const MIN_BYTES = 64 * 1024;

/**
 * Takes the seeds from the first 16 bytes, which are random or derived from a key.
 * @throws RangeError if there are fewer
 */
export function taintSeeds(bytes: Uint8Array): TaintSeeds {
  if (bytes.length < SEED_BYTES) throw new RangeError(`seeds take ${SEED_BYTES} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEED_BYTES);
  return { words: [0, 4, 8, 12].map((at) => view.getInt32(at, true)) };
}

/** A part of all values, selected by their hashes: partition `number`, 0-based, of `of`. */
export interface TaintPartition {
  readonly number: number;
  readonly of: number;
}

export interface TaintBuilder {
  /**
   * Adds a value with its origin, an integer from 1 to 65535; a value that was added before keeps its
   * first one. Returns whether it was taken: false if it has fewer than 6 letters and digits, or
   * belongs to another partition.
   * @throws RangeError if the origin is none, or the set would take more than its memory
   */
  add(value: string, of: number): boolean;
  /**
   * Marks a value that a column which stays has as a whole: it no longer counts, even if it is added
   * again. Returns its origin, 0 if it is not in the set; so all values are added first.
   */
  keep(value: string): number;
  /** Number of values that count. */
  readonly size: number;
  /** Returns the set; the builder is not used afterwards. */
  finish(): Taint;
}

/** A finished set: plain data, of which threads that are given it share the memory. */
export interface Taint {
  readonly words: SharedArrayBuffer;
  readonly filter: SharedArrayBuffer;
  /** Bit n is set if a value has n words; 17 for {@link MAX_WORDS} and more. */
  readonly lengths: number;
  readonly seeds: TaintSeeds;
}

/** A value in a text, in UTF-16 units: [start, end); `of` is its origin. */
export interface TaintMatch {
  readonly of: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Returns bytes that suffice to build a set of `values` different values. With partitions, give the
 * values of one, and a tenth more, as they are not equally large.
 */
export function estimatedBytes(values: number): number {
  return Math.ceil((tableBytes(values) * 3 * FILTER_SHARE) / (2 * (FILTER_SHARE - 2))) + MIN_BYTES;
}

/** Collects values in at most `maxBytes`; only those of the partition, if there is one. */
export function taintBuilder(
  seeds: TaintSeeds,
  maxBytes: number,
  partition: TaintPartition = { number: 0, of: 1 },
): TaintBuilder {
  const hashing = hashingWith(seeds);
  const table = originTable(maxBytes - (2 * maxBytes) / FILTER_SHARE);
  const filter = emptyFilter(maxBytes / FILTER_SHARE);
  const beginnings = new Int32Array(2 * (MAX_WORDS + 1));
  let [count, lengths] = [0, 0];
  const { hash } = hashing.sequence;
  return {
    get size() {
      return table.size;
    },
    add(value, of) {
      if (!Number.isInteger(of) || of < 1 || of > MAX_ORIGIN) throw new RangeError('no origin');
      if (!LONG_ENOUGH.test(value.normalize('NFC'))) return false;
      const length = hashValue(hashing, value, (words) => {
        copyHash(hash, 0, beginnings, 2 * (words - 1));
        return true;
      });
      if (!isIn(partition, hash)) return false;
      table.add(hash, of);
      lengths |= 1 << length;
      for (let words = 0; words < length; words += 1) {
        if (addBeginning(filter, beginnings, 2 * words)) count += 1;
      }
      return true;
    },
    keep(value) {
      const length = hashValue(hashing, value, () => isBeginning(filter, hash));
      return length === 0 ? 0 : table.keep(hash);
    },
    finish: () => ({ words: table.shared, filter: foldedFilter(filter, count), lengths, seeds }),
  };
}

interface Hashing {
  readonly words: WordCursor;
  readonly sequence: WordSequence;
}

function hashingWith(seeds: TaintSeeds): Hashing {
  const [word0 = 0, word1 = 0, sequence0 = 0, sequence1 = 0] = seeds.words;
  const ofSequences: Key = [sequence0, sequence1];
  return { words: wordCursor([word0, word1]), sequence: wordSequence(ofSequences) };
}

/**
 * Hashes the words of a value; calls `goesOn` after each, and for all after the 16th at once, with the
 * number of words. Returns that number; 0 if there are none, or `goesOn` returned false.
 */
function hashValue(
  { words, sequence }: Hashing,
  value: string,
  goesOn: (length: number) => boolean,
): number {
  words.open(value);
  let length = 0;
  while (length <= MAX_WORDS && words.next()) {
    if (length === 0) sequence.begin(words.hash);
    else sequence.add(length === MAX_WORDS ? MORE : words.hash);
    length += 1;
    if (!goesOn(length)) return 0;
  }
  return length;
}

/** Takes the high bits of the first word; slots and filter take its low ones. */
function isIn({ number, of }: TaintPartition, hash: Int32Array): boolean {
  return Math.floor((((hash[0] ?? 0) >>> 0) / 2 ** 32) * of) === number;
}

/**
 * Returns a search for values in a text. It returns them in ascending order; they do not overlap, and
 * of several at a place it is the longest.
 */
export function taintFinder(taint: Taint): (text: string) => TaintMatch[] {
  const { words, sequence } = hashingWith(taint.seeds);
  const filter = new Int32Array(taint.filter);
  const longest = longestMatch(taint, filter, sequence);
  return (text) => {
    const matches: TaintMatch[] = [];
    words.open(text);
    while (words.next()) {
      if (!isBeginning(filter, words.hash)) continue;
      const match = longest(text, words);
      if (match === null) continue;
      matches.push(match);
      words.open(text, match.end);
    }
    return matches;
  };
}

/** Returns a search for the longest value that begins with the word of a cursor. */
function longestMatch(
  { words, lengths, seeds }: Taint,
  filter: Int32Array,
  sequence: WordSequence,
): (text: string, first: WordCursor) => TaintMatch | null {
  const { words: others } = hashingWith(seeds);
  const table = new Int32Array(words);
  const longest = 31 - Math.clz32(lengths);
  return (text, { start, end, hash }) => {
    let best: TaintMatch | null = null;
    sequence.begin(hash);
    others.open(text, end);
    for (let [length, last] = [1, end]; ; length += 1) {
      const of = (lengths & (1 << length)) === 0 ? 0 : originIn(table, sequence.hash);
      if (of !== 0) best = { of, start, end: last };
      if (length >= longest) return best;
      if (length === MAX_WORDS) {
        sequence.add(MORE);
      } else {
        if (!others.next()) return best;
        sequence.add(others.hash);
        last = others.end;
      }
      if (!isBeginning(filter, sequence.hash)) return best;
    }
  };
}
