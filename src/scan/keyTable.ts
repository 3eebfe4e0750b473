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

/** One text for each value of a record: scalars that differ in kind differ. */
export function partText(value: unknown): string {
  return typeof value === 'object' ? canonicalJson(value) : JSON.stringify(value);
}

/** The partition that a key belongs to; its bits are not those that find its slot. */
export function partitionOf(key: KeyHash, partitions: number): number {
  return key[3] % partitions;
}

/** How many partitions let tables of together so many bytes fit into `memory`. */
export function partitionsFor(bytes: number, memory: number): number {
  return Math.max(1, Math.ceil(bytes / Math.max(memory, 1)));
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
