/** Suggestions for names that do not exist. */

import { quoteName } from './quoteName.ts';

/** Longer names are only compared for equality, which bounds the cost of a hostile name. */
const MAX_LENGTH = 64;

/**
 * Returns the candidate at the smallest edit distance (insert, delete, replace, swap neighbours),
 * the first of equals, ignoring case; null if none is within a third of the name's length.
 */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let limit = wanted.length > MAX_LENGTH ? 0 : Math.floor(wanted.length / 3);
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    if (other === wanted) return candidate;
    if (Math.abs(other.length - wanted.length) > limit) continue;
    const distance = limit === 0 ? Infinity : editDistance(wanted, other);
    if (distance > limit) continue;
    best = candidate;
    limit = distance - 1;
  }
  return best;
}

/** Returns a clause for a hint: `did you mean "x"?`, or `otherwise` if no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>, otherwise: string): string {
  const near = nearest(name, candidates);
  return near === null ? otherwise : `did you mean ${quoteName(near)}?`;
}

/** Computes the optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last: number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
