/**
 * A packed table of hashed keys: 16 bytes per key and a payload of 32-bit words, in open
 * addressing. Equal keys may be stored more than once. It does not spill: if the keys do not fit
 * into memory, they are split into partitions by their bits, and read again for each ({@link
 * partitionsFor}).
 */

import { hash } from 'node:crypto';

import { canonicalJson } from '../record/canonical.ts';

/** 16 bytes of SHA-256 over a text, as four 32-bit words. */
export type KeyHash = readonly [number, number, number, number];

const KEY_WORDS = 4;
const WORD = 4;

/** Hashes a key of `module`; parts as {@link partText} writes them. */
export function keyHash(module: string, parts: readonly string[]): KeyHash {
  const digest = hash('sha256', JSON.stringify([module, ...parts]), 'buffer');
  const first = digest.readUInt32LE(0);
  // A slot whose first word is 0 is free.
  return [
    first === 0 ? 1 : first,
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12),
  ];
}

/** Six odd multipliers derived from a salt. */
export type Factors = readonly number[];

/**
 * Derives factors for {@link uuidKey}. With a salt that depends on the ids, such as the seal id,
 * ids cannot be chosen so that their slots collide.
 */
export function factorsOf(salt: string): Factors {
  const digest = hash('sha256', salt, 'buffer');
  return Array.from({ length: 6 }, (_, at) => digest.readUInt32LE(at * WORD) | 1);
}

/** Returns the key of the UUID in the four words at `at`; equal ids have equal keys. */
export function uuidKey(words: Uint32Array, at: number, factors: Factors): KeyHash {
  const [f0 = 1, f1 = 1, f2 = 1, f3 = 1, f4 = 1, f5 = 1] = factors;
  const [w1, w2] = [words[at + 1] ?? 0, words[at + 2] ?? 0];
  const [w0, w3] = [words[at] ?? 0, words[at + 3] ?? 0];
  // Both steps are invertible, given the words that are mixed in, so no information is lost.
  const mixed = Math.imul(w1, f0) + Math.imul(w2, f1) + Math.imul(w3, f2);
  const first = scrambled(w0 ^ mixed);
  const last = scrambled(w3 ^ (Math.imul(w1, f3) + Math.imul(w2, f4) + Math.imul(first, f5)));
  return [first === 0 ? 1 : first, w1, w2, last];
}

/** Permutes 32-bit words so that each bit affects all others (the finalizer of MurmurHash3). */
function scrambled(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Returns a text for a value of a record; it differs between scalars of different kinds. */
export function partText(value: unknown): string {
  return typeof value === 'object' ? canonicalJson(value) : JSON.stringify(value);
}

/** A part of all keys, selected by their bits: partition `number` of `of`. */
export interface Partition {
  /** 0-based. */
  readonly number: number;
  readonly of: number;
}

/** Whether a key belongs to a partition. Uses other bits of the key than its slot does. */
export function isIn({ number, of }: Partition, key: KeyHash): boolean {
  return key[3] % of === number;
}

/** Returns partitions of keys such that tables of `bytes` in total fit into `memory` one by one. */
export function partitionsFor(bytes: number, memory: number): Partition[] {
  const of = Math.max(1, Math.ceil(bytes / Math.max(memory, 1)));
  return Array.from({ length: of }, (_, number) => ({ number, of }));
}

/** Estimates the keys in a partition of `keys` keys, with a margin for uneven partitions. */
export function keysIn({ of }: Partition, keys: number): number {
  return Math.ceil((keys / of) * 1.1);
}

/** Returns the bytes of a table for `keys` keys with payloads of `payload` words. */
export function tableBytes(keys: number, payload: number): number {
  return slotsFor(keys) * (KEY_WORDS + payload) * WORD;
}

/** Returns twice the number of keys, so that half of the slots stay free and probes are short. */
function slotsFor(keys: number): number {
  return 2 * Math.max(4, keys);
}

export interface KeyTable {
  /** Stores a key with its payload, even if the key is already stored. */
  add(key: KeyHash, payload?: readonly number[]): void;
  has(key: KeyHash): boolean;
  /** Returns the payloads of a key in the order in which they were added. */
  payloads(key: KeyHash): number[][];
  /**
   * Adds one to a count, the first word of the key's payload, unless it is `most` already. Returns the
   * count from before, 0 for a key that was not stored.
   */
  countUp(key: KeyHash, most: number): number;
}

/** Creates a table with capacity for `keys` keys with payloads of `payload` words; it grows. */
export function keyTable(keys: number, payload: number): KeyTable {
  const width = KEY_WORDS + payload;
  let slots = slotsFor(keys);
  let words = new Uint32Array(slots * width);
  let used = 0;

  const freeSlot = (key: KeyHash): number => {
    let at = (key[0] % slots) * width;
    while (words[at] !== 0) at = at + width === words.length ? 0 : at + width;
    return at;
  };
  const grow = (): void => {
    const old = words;
    slots *= 2;
    words = new Uint32Array(slots * width);
    for (let at = 0; at < old.length; at += width) {
      if (old[at] === 0) continue;
      words.set(old.subarray(at, at + width), freeSlot([old[at] ?? 0, 0, 0, 0]));
    }
  };
  /** Calls `visit` with the offset of each entry of the key, until it returns true. */
  const find = (key: KeyHash, visit: (at: number) => boolean): boolean => {
    let at = (key[0] % slots) * width;
    for (; words[at] !== 0; at = at + width === words.length ? 0 : at + width) {
      const same =
        words[at] === key[0] &&
        words[at + 1] === key[1] &&
        words[at + 2] === key[2] &&
        words[at + 3] === key[3];
      if (same && visit(at)) return true;
    }
    return false;
  };
  const add = (key: KeyHash, values: readonly number[] = []): void => {
    // The estimate was too low, or the file is longer than when its lines were counted.
    if (used * 4 >= slots * 3) grow();
    const at = freeSlot(key);
    words.set(key, at);
    words.set(values, at + KEY_WORDS);
    used += 1;
  };
  return {
    add,
    has: (key) => find(key, () => true),
    payloads(key) {
      const found: number[][] = [];
      find(key, (at) => {
        found.push([...words.subarray(at + KEY_WORDS, at + width)]);
        return false;
      });
      return found;
    },
    countUp(key, most) {
      let before = 0;
      find(key, (at) => {
        before = words[at + KEY_WORDS] ?? 0;
        words[at + KEY_WORDS] = Math.min(before + 1, most);
        return true;
      });
      if (before === 0) add(key, [1]);
      return before;
    },
  };
}
