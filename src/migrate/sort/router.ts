/**
 * Buckets of the key space: which bucket an encoded key belongs to. All keys of a bucket come
 * before all keys of the next; 48 bits after a common prefix decide, so routing is a few compares.
 */

const BITS = 2 ** 48;

export interface Router {
  /** Keys before it go to the first bucket, keys after all that start with it to the last. */
  readonly prefix: Uint8Array;
  /** Ascending; a key goes to the bucket after all splits that are not above it. */
  readonly splits: Float64Array;
}

/** Everything into one bucket. */
export const ONE_BUCKET: Router = { prefix: new Uint8Array(0), splits: new Float64Array(0) };

/** For keys whose leading bytes are uniform, such as UUIDs made from digests. */
export function uniformRouter(buckets: number): Router {
  const splits = Float64Array.from({ length: buckets - 1 }, (_, index) =>
    Math.floor(((index + 1) * BITS) / buckets),
  );
  return { prefix: new Uint8Array(0), splits };
}

/** Splits at the quantiles of a sample; fewer buckets than asked for where keys repeat. */
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
    // Nearly all keys look alike: they part from the others here, and from each other after the
    // longer prefix that they have in common.
    const other = sorted.find((key) => bits48(key, prefix.length, key.length) > lowest);
    if (other !== undefined) splits.add(bits48(other, prefix.length, other.length));
  }
  return { prefix, splits: Float64Array.from(splits).sort() };
}

export function bucketCount(router: Router): number {
  return router.splits.length + 1;
}

/** The bucket of the key in `buffer[start, end)`. */
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

/** The 48 bits from `start`, as a number; zeros after `end`. */
export function bits48(buffer: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < start + 6; index += 1) {
    value = value * 256 + (index < end ? (buffer[index] ?? 0) : 0);
  }
  return value;
}

/** Number of leading bytes that two keys share. */
export function commonLength(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length += 1;
  return length;
}
