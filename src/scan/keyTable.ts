/**
 * A packed table of hashed keys: 16 bytes a key and a payload of 32-bit words, in open addressing.
 * Equal keys may be stored more than once. It neither grows nor spills: what does not fit is split
 * into partitions by the keys' bits, and read again for each ({@link partitionsFor}).
 */

import { hash } from 'node:crypto';

import { canonicalJson } from '../record/canonical.ts';

/** 16 bytes of SHA-256 over a text, as four 32-bit words. */
export type KeyHash = readonly [number, number, number, number];

const KEY_WORDS = 4;
const WORD = 4;

/** The hash of what `module` calls this key; parts as {@link partText} writes them. */
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
 * Factors for {@link uuidKey}. With a salt that depends on the ids, such as the seal id, ids cannot be chosen
 * so that their slots are near each other.
 */
export function factorsOf(salt: string): Factors {
  const digest = hash('sha256', salt, 'buffer');
  return Array.from({ length: 6 }, (_, at) => digest.readUInt32LE(at * WORD) | 1);
}

/** The key of a UUID whose 16 bytes are the four words at `at`; keys are equal where the ids are. */
export function uuidKey(words: Uint32Array, at: number, factors: Factors): KeyHash {
  const [f0 = 1, f1 = 1, f2 = 1, f3 = 1, f4 = 1, f5 = 1] = factors;
  const [w1, w2] = [words[at + 1] ?? 0, words[at + 2] ?? 0];
  const [w0, w3] = [words[at] ?? 0, words[at + 3] ?? 0];
  // Each of the two can be undone, as all that is mixed in is known then: nothing gets lost.
  const mixed = Math.imul(w1, f0) + Math.imul(w2, f1) + Math.imul(w3, f2);
  const first = scrambled(w0 ^ mixed);
  const last = scrambled(w3 ^ (Math.imul(w1, f3) + Math.imul(w2, f4) + Math.imul(first, f5)));
  return [first === 0 ? 1 : first, w1, w2, last];
}

/** A permutation of 32 bits that spreads each of them (the finalizer of MurmurHash3). */
function scrambled(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** One text for each value of a record: scalars that differ in kind differ. */
export function partText(value: unknown): string {
  return typeof value === 'object' ? canonicalJson(value) : JSON.stringify(value);
}

/** A part of all keys, told by their bits: partition `number` of `of`. */
export interface Partition {
  /** 0-based. */
  readonly number: number;
  readonly of: number;
}

/** Whether a key belongs to a partition; its bits for that are not those that find its slot. */
export function isIn({ number, of }: Partition, key: KeyHash): boolean {
  return key[3] % of === number;
}

/** The partitions of all keys that let tables of together so many bytes fit into `memory`, one after the other. */
export function partitionsFor(bytes: number, memory: number): Partition[] {
  const of = Math.max(1, Math.ceil(bytes / Math.max(memory, 1)));
  return Array.from({ length: of }, (_, number) => ({ number, of }));
}

/** How many of `keys` keys to expect in a partition: a little more than its share, as they are not quite even. */
export function keysIn({ of }: Partition, keys: number): number {
  return Math.ceil((keys / of) * 1.1);
}

/** Bytes of a table for `keys` keys. */
export function tableBytes(keys: number, payload: number): number {
  return slotsFor(keys) * (KEY_WORDS + payload) * WORD;
}

/** Half of the slots stay free, so that a probe is short. */
function slotsFor(keys: number): number {
  return 2 * Math.max(4, keys);
}

export interface KeyTable {
  /** Stores a key with its payload, also where it is there already. */
  add(key: KeyHash, payload?: readonly number[]): void;
  has(key: KeyHash): boolean;
  /** The payloads that are stored for a key, in the order in which they were. */
  payloads(key: KeyHash): number[][];
}

/** A table with room for `keys` keys and payloads of `payload` words each; it grows beyond it. */
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
  return {
    add(key, values = []) {
      // An estimate that was too low: the file is longer than when its lines were counted.
      if (used * 4 >= slots * 3) grow();
      const at = freeSlot(key);
      words.set(key, at);
      words.set(values, at + KEY_WORDS);
      used += 1;
    },
    has: (key) => find(key, () => true),
    payloads(key) {
      const found: number[][] = [];
      find(key, (at) => {
        found.push([...words.subarray(at + KEY_WORDS, at + width)]);
        return false;
      });
      return found;
    },
  };
}
