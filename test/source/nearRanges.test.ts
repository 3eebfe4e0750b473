/** Ranges that hold positions: all of them, few others, and few ranges. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { nearRanges } from '../../src/source/nearRanges.ts';

const positions = fc
  .uniqueArray(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 40 })
  .map((all) => all.toSorted((a, b) => (a < b ? -1 : 1)));

describe('ranges of positions', () => {
  it('hold every position, ascend, and lie further apart than the gap', () => {
    fc.assert(
      fc.property(positions, fc.bigInt({ min: 0n, max: 2n ** 62n }), (all, gap) => {
        const ranges = nearRanges(all, gap);
        for (const one of all) {
          expect(ranges.filter(([first, last]) => first <= one && one <= last)).toHaveLength(1);
        }
        for (const [at, [first, last]] of ranges.entries()) {
          expect(all).toContain(first);
          expect(all).toContain(last);
          if (at > 0) expect(first - (ranges[at - 1]?.[1] ?? 0n)).toBeGreaterThan(gap);
        }
      }),
    );
  });

  it('are at most a thousand, however many positions lie far from each other', () => {
    const far = Array.from({ length: 50_000 }, (_, at) => BigInt(at) * 1000n);
    const ranges = nearRanges(far, 2n);
    expect(ranges.length).toBeLessThanOrEqual(1000);
    expect(ranges.length).toBeGreaterThan(0);
    expect([ranges[0]?.[0], ranges.at(-1)?.[1]]).toEqual([0n, 49_999_000n]);
  });

  it('are none of no positions, and one of equal ones', () => {
    expect(nearRanges([], 2n)).toEqual([]);
    expect(nearRanges([7n, 7n, 8n], 0n)).toEqual([
      [7n, 7n],
      [8n, 8n],
    ]);
  });
});
