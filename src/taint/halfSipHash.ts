/**
 * A keyed hash of short inputs: HalfSipHash-1-3 (Aumasson and Bernstein; the rounds of Linux's hsiphash).
 * Without the key, inputs of equal hash cannot be chosen. Both words of the hash are taken from the
 * state after the last round, where the reference does further rounds for the second one: this is for
 * tables in memory, and no hash is stored or shown. Takes only 32-bit arithmetic.
 */

const FINAL_ROUNDS = 3;

/** Two words of 32 bits. */
export type Key = readonly [number, number];

/**
 * Writes the hash of the first `units` units of 16 bits to `hash`, as two words of 32 bits. `blocks`
 * holds two units a word; the half of the last word after them is 0.
 */
export function halfSipHash(blocks: Int32Array, units: number, key: Key, hash: Int32Array): void {
  const whole = units >>> 1;
  const end = whole + 1 + FINAL_ROUNDS;
  let v0 = key[0] | 0;
  let v1 = key[1] ^ 0xee;
  let v2 = key[0] ^ 0x6c796765;
  let v3 = key[1] ^ 0x74656462;
  for (let at = 0; at < end; at += 1) {
    let block = 0;
    if (at < whole) block = blocks[at] ?? 0;
    else if (at === whole) block = (units << 25) | ((units & 1) === 1 ? (blocks[at] ?? 0) : 0);
    else if (at === whole + 1) v2 ^= 0xee;
    v3 ^= block;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= block;
  }
  hash[0] = v1 ^ v3;
  hash[1] = v0 ^ v2;
}

/** Copies a hash, from one offset to another; much faster than `set` for two words. */
export function copyHash(from: Int32Array, at: number, to: Int32Array, toAt: number): void {
  to[toAt] = from[at] ?? 0;
  to[toAt + 1] = from[at + 1] ?? 0;
}
