/** Random numbers that a seed repeats, on every machine. Not for secrets. Pure. */

/** Uniform in [0, 1), in steps of 2^-53. */
export type Random = () => number;

const GOLDEN = 0x9e37_79b9;
const UPPER = 2 ** 26;
const STEP = 2 ** -53;

/**
 * xoshiro128** (Blackman, Vigna 2021, Scrambled linear pseudorandom number generators), its state from the seed by
 * the finalizer of MurmurHash3, so that neighbouring seeds have nothing to do with each other.
 */
export function randomNumbers(seed: number): Random {
  let [a, b, c, d] = [1, 2, 3, 4].map((place) => mixed(mixed(seed) + Math.imul(place, GOLDEN)));
  a = (a ?? 0) | 1;
  let [x, y, z, w] = [a, b ?? 0, c ?? 0, d ?? 0];
  const next = (): number => {
    const times = Math.imul(y, 5);
    const result = Math.imul((times << 7) | (times >>> 25), 9) >>> 0;
    const shifted = y << 9;
    z ^= x;
    w ^= y;
    y ^= z;
    x ^= w;
    z ^= shifted;
    w = (w << 11) | (w >>> 21);
    return result;
  };
  return () => ((next() >>> 5) * UPPER + (next() >>> 6)) * STEP;
}

function mixed(number: number): number {
  let hash = Math.trunc(number) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
