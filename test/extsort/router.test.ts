import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  bits48,
  bucketCount,
  commonLength,
  ONE_BUCKET,
  route,
  sampledRouter,
  uniformRouter,
  type Router,
} from '../../src/extsort/router.ts';
import { encodeKey } from '../../src/record/keyOrder.ts';

/** Texts as keys, often alike: encoded, because routing relies on keys that end themselves. */
const someKey = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ maxLength: 4 }).map((text) => `a common prefix ${text}`),
    fc.constantFrom('', '\0', '\0\0', 'a', 'a\0'),
  )
  .map((text) => encodeKey([{ kind: 'string' }], [text]));
const keys = fc.array(someKey, { minLength: 1, maxLength: 60 });

function bucketOf(router: Router, key: Uint8Array): number {
  // Neighbours of the key must not matter.
  const buffer = Buffer.concat([
    Buffer.from([255, 0]),
    key,
    Buffer.from([255, 255, 255, 255, 255]),
  ]);
  return route(router, buffer, 2, 2 + key.length);
}

/** Whether the buckets ascend where the keys do. */
function keepsOrder(bucket: (key: Buffer) => number, all: readonly Buffer[]): boolean {
  const sorted = [...all].sort((a, b) => Buffer.compare(a, b));
  const buckets = sorted.map(bucket);
  return buckets.every((of, at) => at === 0 || (buckets[at - 1] ?? 0) <= of);
}

function expectOrder(router: Router, all: readonly Buffer[]): void {
  const buckets = all.map((key) => bucketOf(router, key));
  expect(keepsOrder((key) => bucketOf(router, key), all)).toBe(true);
  for (const bucket of buckets) expect(bucket).toBeLessThan(bucketCount(router));
  expect(Math.min(...buckets)).toBeGreaterThanOrEqual(0);
}

describe('routing', () => {
  it('puts no key behind a larger one, whatever sample the splits come from', () => {
    const property = fc.property(
      keys,
      keys,
      fc.integer({ min: 1, max: 40 }),
      (some, all, wanted) => {
        const router = sampledRouter(some, wanted);
        expect(bucketCount(router)).toBeLessThanOrEqual(Math.max(1, wanted + (wanted > 1 ? 1 : 0)));
        expectOrder(router, [...some, ...all]);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('puts no key behind a larger one with uniform splits', () => {
    const uuids = fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { minLength: 1 });
    fc.assert(
      fc.property(uuids, fc.integer({ min: 1, max: 1024 }), (some, buckets) => {
        const router = uniformRouter(buckets);
        expect(bucketCount(router)).toBe(buckets);
        expectOrder(
          router,
          some.map((key) => Buffer.from(key)),
        );
      }),
    );
  });

  it('by the last byte would be noticed (negative control)', () => {
    const some = ['b1', 'a2', 'c1'].map((text) => Buffer.from(text));
    expect(keepsOrder((key) => key[1] ?? 0, some)).toBe(false);
    expect(keepsOrder((key) => key[0] ?? 0, some)).toBe(true);
  });

  it('spreads what the sample has seen', () => {
    const seen = Array.from({ length: 1000 }, (_, n) =>
      encodeKey([{ kind: 'integer' }], [n * 977]),
    );
    const router = sampledRouter(seen, 10);
    expect(bucketCount(router)).toBe(10);
    const sizes = Array.from({ length: 10 }, () => 0);
    for (const key of seen) sizes[bucketOf(router, key)] = (sizes[bucketOf(router, key)] ?? 0) + 1;
    for (const size of sizes) expect(size).toBeGreaterThan(50);
  });

  it.each(['high', 'low'])('parts keys that look alike from a few that are %s', (where) => {
    const alike = Array.from({ length: 999 }, (_, n) =>
      encodeKey([{ kind: 'string' }], [`a very long prefix of all ${n}`]),
    );
    const other = encodeKey([{ kind: 'string' }], [where === 'high' ? 'z' : 'A']);
    const router = sampledRouter([...alike, other], 8);
    expect(bucketCount(router)).toBeGreaterThan(1);
    expect(bucketOf(router, other)).not.toBe(bucketOf(router, alike[0] ?? other));
  });

  it('has one bucket where there is nothing to tell keys apart', () => {
    const key = encodeKey([{ kind: 'string' }], ['same']);
    expect(sampledRouter([], 8)).toBe(ONE_BUCKET);
    expect(bucketCount(sampledRouter([key, key, key], 8))).toBe(1);
    expect(bucketCount(sampledRouter([key, encodeKey([{ kind: 'string' }], ['x'])], 1))).toBe(1);
  });
});

describe('bits48', () => {
  it('reads six bytes, with zeros behind the end', () => {
    const buffer = Buffer.from([1, 2, 3, 4, 5, 6, 7]);
    expect(bits48(buffer, 0, 7)).toBe(0x010203040506);
    expect(bits48(buffer, 3, 5)).toBe(0x040500000000);
    expect(bits48(buffer, 5, 5)).toBe(0);
    expect(bits48(Buffer.alloc(6, 255), 0, 6)).toBe(2 ** 48 - 1);
  });
});

describe('commonLength', () => {
  it('counts the leading bytes that two keys share', () => {
    expect(commonLength(Buffer.from('abc'), Buffer.from('abd'))).toBe(2);
    expect(commonLength(Buffer.from('abc'), Buffer.from('abcd'))).toBe(3);
    expect(commonLength(Buffer.from(''), Buffer.from('a'))).toBe(0);
  });
});
