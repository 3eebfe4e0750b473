/**
 * A filter of how values begin: their first word, their first two words, and so on, by hash. It has two
 * bits of one word of 32 for each, so that most words of a text cost one read of memory. It may take
 * others for beginnings, but misses none.
 */

const BITS_EACH = 16;
const MIN_WORDS = 256;

/** Whether the filter, of 2^n words, has the bits of a hash. */
export function isBeginning(filter: Int32Array, hash: Int32Array): boolean {
  const bits = bitsOf(hash[0] ?? 0);
  return ((filter[placeOf(filter, hash[1] ?? 0)] ?? 0) & bits) === bits;
}

/** Sets the bits of the hash at `from`; returns whether one of them is new. */
export function addBeginning(filter: Int32Array, hashes: Int32Array, from: number): boolean {
  const at = placeOf(filter, hashes[from + 1] ?? 0);
  const before = filter[at] ?? 0;
  filter[at] = before | bitsOf(hashes[from] ?? 0);
  return filter[at] !== before;
}

function placeOf(filter: Int32Array, high: number): number {
  return high & (filter.length - 1);
}

/** Shifts take the low five bits. Slots of the table have others of this word, as do partitions. */
function bitsOf(low: number): number {
  return (1 << low) | (1 << (low >>> 5));
}

/** Makes an empty filter of at most `bytes`, but of a kilobyte at least. */
export function emptyFilter(bytes: number): Int32Array {
  let words = MIN_WORDS;
  while (words * 2 * Int32Array.BYTES_PER_ELEMENT <= bytes) words *= 2;
  return new Int32Array(words);
}

/** Returns a filter of the same beginnings, no larger than `count` of them need, in shared memory. */
export function foldedFilter(filter: Int32Array, count: number): SharedArrayBuffer {
  let words = MIN_WORDS;
  while (words * 32 < count * BITS_EACH && words < filter.length) words *= 2;
  const shared = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
  const folded = new Int32Array(shared);
  for (let at = 0; at < filter.length; at += 1) {
    const to = at & (words - 1);
    folded[to] = (folded[to] ?? 0) | (filter[at] ?? 0);
  }
  return shared;
}
