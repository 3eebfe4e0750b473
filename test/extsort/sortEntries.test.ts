/** A sort whose arrays were used before gives what a sort with new ones gives. */

import { describe, expect, it } from 'vitest';

import { writeHeader } from '../../src/extsort/entry.ts';
import { indexEntries, keptArrays, sortEntries } from '../../src/extsort/sortEntries.ts';
import { ENTRY_HEADER } from '../../src/extsort/spill.ts';

/** A bucket of entries with these keys and nothing else. */
function bucketOf(keys: readonly string[]): Buffer {
  return Buffer.concat(
    keys.map((key, row) => {
      const end = ENTRY_HEADER + key.length;
      const entry = Buffer.alloc(end);
      entry.write(key, ENTRY_HEADER);
      const ends = { keyEnd: end, recordEnd: end, lineageEnd: end, end };
      writeHeader(entry, 0, { start: 0, ...ends }, row);
      return entry;
    }),
  );
}

interface Sorted {
  readonly keys: string[];
  readonly equal: number[];
  readonly memory: ArrayBufferLike;
}

function sorted(keys: readonly string[], take = keptArrays()): Sorted {
  const bucket = bucketOf(keys);
  const { order, equal } = sortEntries(bucket, indexEntries(bucket, keys.length, take));
  return {
    keys: [...order].map((entry) => keys[entry] ?? ''),
    equal: [...equal],
    memory: order.buffer,
  };
}

const SAME = Array.from({ length: 300 }, () => 'the same');
const ALL_BUT_SAME = Array.from({ length: 257 }, (_, n) => `key ${(n * 31) % 257}`);

describe('sorting with arrays that were used before', () => {
  it('gives the order and the equal keys of this bucket alone', () => {
    const take = keptArrays();
    const first = sorted(SAME, take);
    expect(first.equal.filter((one) => one === 1)).toHaveLength(299);
    const { keys, equal, memory } = sorted(ALL_BUT_SAME, take);
    expect(memory).toBe(first.memory);
    expect(keys).toEqual(ALL_BUT_SAME.toSorted());
    expect(equal).toEqual(ALL_BUT_SAME.map(() => 0));
    expect(sorted(ALL_BUT_SAME).memory).not.toBe(memory);
  });

  it('takes memory for the largest bucket at once', () => {
    const take = keptArrays();
    const small = take(10, 5000).order.buffer;
    expect(take(5000).order.buffer).toBe(small);
    expect(take(6000).order.buffer).not.toBe(small);
  });

  it('does not keep memory of an unusual size', () => {
    const take = keptArrays();
    const kept = take(10).order.buffer;
    expect(take(3_000_000).order.buffer).not.toBe(kept);
    expect(take(10).order.buffer).toBe(kept);
  });
});
