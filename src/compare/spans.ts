/**
 * Finds where two lists of ranges differ. Range ends depend on content, so they differ around a
 * change. Where two ranges end at the same key, the records before and after it can be compared
 * separately. Pure.
 */

/** A range's digest, and the encoded key of its last record. */
export interface Bounded {
  readonly last: Uint8Array;
  readonly digest: string;
}

/** Ranges [from, to) of A against those of B; one of the two may be empty. */
export interface SpanPair {
  readonly a: readonly [from: number, to: number];
  readonly b: readonly [from: number, to: number];
}

/**
 * Yields the shortest spans, ascending by key, that contain every difference between A and B. Both
 * lists have to ascend strictly by `last`. Ranges outside of the spans have equal digests.
 */
export function* differingSpans(a: readonly Bounded[], b: readonly Bounded[]): Generator<SpanPair> {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [fromA, fromB] = [i, j];
    // Advances to the next key at which ranges of both lists end.
    for (let order = compareAt(a, i, b, j); order !== 0; order = compareAt(a, i, b, j)) {
      if (order < 0) i += 1;
      else j += 1;
    }
    const alone = i === fromA && j === fromB;
    const ended = i >= a.length && j >= b.length;
    const equal = alone && !ended && a[i]?.digest === b[j]?.digest;
    if (!ended) [i, j] = [i + 1, j + 1];
    if (!equal) yield { a: [fromA, Math.min(i, a.length)], b: [fromB, Math.min(j, b.length)] };
  }
}

/** Compares the ends of two ranges; the end of a list comes last. */
function compareAt(a: readonly Bounded[], i: number, b: readonly Bounded[], j: number): number {
  const [left, right] = [a[i], b[j]];
  if (left === undefined || right === undefined) {
    if (left === right) return 0;
    return left === undefined ? 1 : -1;
  }
  return Buffer.compare(left.last, right.last);
}
