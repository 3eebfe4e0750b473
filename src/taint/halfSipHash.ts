/**
 * HalfSipHash-1-3 with 64 bits (Aumasson and Bernstein; the parameters of Linux's hsiphash): a keyed
 * hash of short inputs. Without the key, inputs of equal hash cannot be chosen. Needs only 32-bit
 * arithmetic. For tables in memory, not for anything that is stored or shown.
 */

const FINAL_ROUNDS = 3;

/** Two words of 32 bits. */
export type Key = readonly [number, number];

/**
 * Writes the hash of the first `units` units of 16 bits to `hash`, as two words of 32 bits. `blocks`
 * holds two units a word; the half of the last word after them is 0.
 */
export function halfSipHash(
  blocks: Int32Array,
  units: number,
  [key0, key1]: Key,
  hash: Int32Array,
): void {
  const whole = units >>> 1;
  const last = (units << 25) | ((units & 1) === 1 ? (blocks[whole] ?? 0) : 0);
  let [v0, v1, v2, v3] = [key0 | 0, key1 ^ 0xee, key0 ^ 0x6c796765, key1 ^ 0x74656462];
  const middle = whole + 1 + FINAL_ROUNDS;
  for (let round = 0; round < middle + FINAL_ROUNDS; round += 1) {
    const block = round < whole ? (blocks[round] ?? 0) : round === whole ? last : 0;
    if (round === whole + 1) {
      v2 ^= 0xee;
    } else if (round === middle) {
      hash[0] = v1 ^ v3;
      v1 ^= 0xdd;
    }
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
  hash[1] = v1 ^ v3;
}
