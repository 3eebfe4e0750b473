/**
 * Range partitioning of encoded keys into buckets. All keys of a bucket come before all keys of the
 * next. Only the 48 bits after a common prefix are compared, so routing takes few comparisons.
 */

const BITS = 2 ** 48;

/** Maximum number of buckets of a sort. */
export const MAX_BUCKETS = 1024;

export interface Router {
  /** Common prefix; keys less than it go to the first bucket, greater ones to the last. */
  readonly prefix: Uint8Array;
  /** Lower bounds of all buckets but the first, ascending. */
  readonly splits: Float64Array;
}

/** Routes all keys to one bucket. */
export const ONE_BUCKET: Router = { prefix: new Uint8Array(0), splits: new Float64Array(0) };

/** Splits uniformly, for keys with uniform leading bytes such as UUIDs made from digests. */
export function uniformRouter(buckets: number): Router {
  const splits = Float64Array.from({ length: buckets - 1 }, (_, index) =>
    Math.floor(((index + 1) * BITS) / buckets),
  );
  return { prefix: new Uint8Array(0), splits };
}

/** Splits at the quantiles of a sample; makes fewer buckets than requested if keys repeat. */
export function sampledRouter(sample: readonly Uint8Array[], buckets: number): Router {
  const sorted = [...sample].sort((a, b) => Buffer.compare(a, b));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return ONE_BUCKET;
  const prefix = first.subarray(0, commonLength(first, last));
  const splits = new Set<number>();
  for (let index = 1; index < buckets; index += 1) {
    const key = sorted[Math.floor((index * sorted.length) / buckets)] ?? last;
    splits.add(bits48(key, prefix.length, key.length));
  }
  const lowest = bits48(first, prefix.length, first.length);
  splits.delete(lowest);
  if (splits.size === 0 && buckets > 1) {
    // Nearly all keys share a longer prefix: this separates them from the others, and a later
    // split separates them from each other.
    const other = sorted.find((key) => bits48(key, prefix.length, key.length) > lowest);
    if (other !== undefined) splits.add(bits48(other, prefix.length, other.length));
  }
  return { prefix, splits: Float64Array.from(splits).sort() };
}

export function bucketCount(router: Router): number {
  return router.splits.length + 1;
}

/** Returns the index of the bucket for the key in `buffer[start, end)`. */
export function route(router: Router, buffer: Uint8Array, start: number, end: number): number {
  const { prefix, splits } = router;
  for (let index = 0; index < prefix.length; index += 1) {
    const difference =
      (start + index < end ? (buffer[start + index] ?? 0) : -1) - (prefix[index] ?? 0);
    if (difference !== 0) return difference < 0 ? 0 : splits.length;
  }
  const value = bits48(buffer, start + prefix.length, end);
  let low = 0;
  let high = splits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((splits[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Reads the 48 bits from `start` as a number, with zeros after `end`. */
export function bits48(buffer: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < start + 6; index += 1) {
    value = value * 256 + (index < end ? (buffer[index] ?? 0) : 0);
  }
  return value;
}

/** Returns the number of leading bytes that two keys share. */
export function commonLength(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length += 1;
  return length;
}
