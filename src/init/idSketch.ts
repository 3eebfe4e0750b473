/**
 * Sketches of the values of a column, by which it is seen whether all of them may be among those of another
 * one: the smallest of their hashes. They take little memory, hold no value, and depend on the values alone.
 */

export interface IdSketch {
  /** Ascending, each once. */
  readonly hashes: readonly number[];
  /** Whether there are no others. */
  readonly complete: boolean;
}

export interface SketchTally {
  /** Takes what {@link hashOf} gives for a value. */
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
 * How many of the values that can be told about are among those of `others`; null where one is not. Beyond
 * the last hash that `others` keeps nothing is known.
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

/** 53 bits of two multiplicative hashes. Nothing hangs on it but a hint: it need not be hard to collide. */
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
