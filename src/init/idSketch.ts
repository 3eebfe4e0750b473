/**
 * Sketches of the values of a column: the smallest of their hashes. Two sketches show whether all
 * values of one column may be among those of another. They take little memory, hold no value, and
 * depend on the values alone.
 */

export interface IdSketch {
  /** Ascending, without duplicates. */
  readonly hashes: readonly number[];
  /** Whether these are the hashes of all values. */
  readonly complete: boolean;
}

export interface SketchTally {
  /** Adds the result of {@link hashOf} for a value. */
  add(hash: number): void;
  sketch(): IdSketch;
}

/** Keeps the `size` smallest hashes. */
export function sketchTally(size: number): SketchTally {
  let kept = new Set<number>();
  let limit = Infinity;
  let complete = true;
  const cut = (): number[] => {
    const sorted = [...kept].sort((a, b) => a - b);
    if (sorted.length <= size) return sorted;
    complete = false;
    const smallest = sorted.slice(0, size);
    kept = new Set(smallest);
    limit = smallest.at(-1) ?? Infinity;
    return smallest;
  };
  return {
    add(hash) {
      if (hash > limit) return;
      kept.add(hash);
      if (kept.size >= 2 * size) cut();
    },
    sketch: () => ({ hashes: cut(), complete }),
  };
}

/**
 * Returns how many of the values are among those of `others`, of those that can be judged; null if
 * one is not. Nothing is known beyond the last hash of `others`.
 */
export function within(values: IdSketch, others: IdSketch): number | null {
  const known = new Set(others.hashes);
  const limit = others.complete ? Infinity : (others.hashes.at(-1) ?? 0);
  let told = 0;
  for (const hash of values.hashes) {
    if (hash > limit) break;
    if (!known.has(hash)) return null;
    told += 1;
  }
  return told;
}

/**
 * Returns 53 bits of two multiplicative hashes. They serve a hint only and need not resist
 * collisions.
 */
export function hashOf(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b >>> 0) * 2 ** 21 + (a >>> 11);
}
