/**
 * Seeded randomness for generated test data: the same seed gives the same values on every machine.
 * Not for anything secret.
 */

export interface Random {
  /** A double in [0, 1). */
  fraction(): number;
  /** An integer from `low` to `high`, both included; the span is below 2^32. */
  integer(low: number, high: number): number;
  /** True with the probability `p`. */
  chance(p: number): boolean;
  /** One of the values, which must not be empty. */
  pick<T>(values: readonly T[]): T;
  /** `count` decimal digits; the first may be 0. */
  digits(count: number): string;
}

/** A stream of its own for each purpose, so that more rows of one table do not change another. */
export function randomOf(seed: number, purpose: string): Random {
  const next = mulberry32(hash(`${seed}/${purpose}`));
  const fraction = (): number => next() / 0x1_0000_0000;
  const integer = (low: number, high: number): number =>
    low + Math.floor(fraction() * (high - low + 1));
  return {
    fraction,
    integer,
    chance: (p) => fraction() < p,
    pick: <T>(values: readonly T[]): T => values[integer(0, values.length - 1)] as T,
    digits: (count) => digitsOf(integer, count),
  };
}

/** Fisher-Yates; the given array is left alone. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

function digitsOf(integer: (low: number, high: number) => number, count: number): string {
  let digits = '';
  for (let left = count; left > 0; left -= 8) {
    const some = Math.min(left, 8);
    digits += String(integer(0, 10 ** some - 1)).padStart(some, '0');
  }
  return digits;
}

/** Mulberry32: 32 bits of state, good enough to spread values. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** FNV-1a over UTF-16 code units. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  return state;
}
