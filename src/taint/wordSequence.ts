/** Keyed hashes of sequences of words, each made from the one of the sequence that is a word shorter. */

import { copyHash, halfSipHash, type Key } from './halfSipHash.ts';

/** A longer value counts as its first words and {@link MORE}. */
export const MAX_WORDS = 16;

/** Stands for the words after the first ones; no word has this hash but by chance. */
export const MORE: Int32Array = new Int32Array(2);

export interface WordSequence {
  /** Hash of the sequence: two words of 32 bits. */
  readonly hash: Int32Array;
  /** Begins a sequence with the hash of its first word. */
  begin(word: Int32Array): void;
  add(word: Int32Array): void;
}

export function wordSequence(key: Key): WordSequence {
  const hash = new Int32Array(2);
  const blocks = new Int32Array(4);
  return {
    hash,
    begin(word) {
      copyHash(word, 0, hash, 0);
    },
    add(word) {
      copyHash(hash, 0, blocks, 0);
      copyHash(word, 0, blocks, 2);
      halfSipHash(blocks, 8, key, hash);
    },
  };
}
