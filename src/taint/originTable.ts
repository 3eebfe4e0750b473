/**
 * A table of hashed values and where each comes from, in open addressing over shared memory: per slot
 * the hash, as two words of 32 bits, and the origin, which is 0 in a free slot.
 */

import { copyHash } from './halfSipHash.ts';

const WIDTH = 3;
const MIN_SLOTS = 64;
/** Set in the origin of a value that does not count. */
const KEPT = 1 << 16;
const ORIGIN = KEPT - 1;

/** Bytes of a table that has just grown for `values` values, at most. */
export function tableBytes(values: number): number {
  return (
    Math.max(MIN_SLOTS, 2 * Math.ceil((values * 4) / 3)) * WIDTH * Int32Array.BYTES_PER_ELEMENT
  );
}

/** Returns the origin of a hash in the words of a table; 0 if it has none, or one that does not count. */
export function originIn(words: Int32Array, hash: Int32Array): number {
  const origin = words[slotOf(words, hash) + 2] ?? 0;
  return (origin & KEPT) === 0 ? origin : 0;
}

/** Returns the offset of the slot of a hash, or of a free slot for it. The number of slots is 2^n. */
function slotOf(words: Int32Array, hash: Int32Array): number {
  const [low, high] = [hash[0] ?? 0, hash[1] ?? 0];
  let at = (low & (words.length / WIDTH - 1)) * WIDTH;
  while (words[at + 2] !== 0 && (words[at] !== low || words[at + 1] !== high)) {
    at = at + WIDTH === words.length ? 0 : at + WIDTH;
  }
  return at;
}

export interface OriginTable {
  /** Number of values that count. */
  readonly size: number;
  readonly shared: SharedArrayBuffer;
  /** Adds a hash, unless it is there. */
  add(hash: Int32Array, origin: number): void;
  /** Marks a hash as one that does not count; returns its origin, 0 if it is not there. */
  keep(hash: Int32Array): number;
}

/**
 * Makes an empty table, which doubles when three of four slots are taken.
 * @throws RangeError from `add` if the old and the new table would take more than `maxBytes`
 */
export function originTable(maxBytes: number): OriginTable {
  let words = slots(MIN_SLOTS);
  let [used, kept] = [0, 0];

  const put = (at: number, hash: Int32Array, origin: number): void => {
    copyHash(hash, 0, words, at);
    words[at + 2] = origin;
  };
  const grow = (): void => {
    const old = words;
    if (old.byteLength * 3 > maxBytes) throw new RangeError('more values than were estimated');
    words = slots((old.length / WIDTH) * 2);
    const hash = new Int32Array(2);
    for (let at = 0; at < old.length; at += WIDTH) {
      const origin = old[at + 2] ?? 0;
      if (origin === 0) continue;
      copyHash(old, at, hash, 0);
      put(slotOf(words, hash), hash, origin);
    }
  };
  return {
    get size() {
      return used - kept;
    },
    get shared() {
      return words.buffer;
    },
    add(hash, origin) {
      if ((used + 1) * WIDTH * 4 > words.length * 3) grow();
      const at = slotOf(words, hash);
      if (words[at + 2] !== 0) return;
      put(at, hash, origin);
      used += 1;
    },
    keep(hash) {
      const at = slotOf(words, hash) + 2;
      const origin = words[at] ?? 0;
      if (origin !== 0 && (origin & KEPT) === 0) {
        words[at] = origin | KEPT;
        kept += 1;
      }
      return origin & ORIGIN;
    },
  };
}

function slots(count: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(count * WIDTH * Int32Array.BYTES_PER_ELEMENT));
}
