/** Holm's procedure, against the closed test that it abbreviates. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { holm } from '../../src/sequential/holm.ts';

/** Rejects a hypothesis if Bonferroni rejects each set of hypotheses that it is in. */
function closedTest(pValues: readonly number[], alpha: number): boolean[] {
  const sets = Array.from({ length: 2 ** pValues.length }, (_, bits) =>
    [...pValues.keys()].filter((index) => ((bits >> index) & 1) === 1),
  );
  const isRejected = (set: readonly number[]): boolean =>
    set.some((index) => (pValues[index] ?? NaN) <= alpha / set.length);
  return pValues.map((pValue, index) => {
    const rejected = sets.filter((set) => set.includes(index)).every(isRejected);
    return rejected && !Number.isNaN(pValue);
  });
}

describe('Holm', () => {
  it.each([
    [[], []],
    [[0.05], [true]],
    [[0.051], [false]],
    [
      [0.04, 0.01, 0.03, 0.005],
      [false, true, false, true],
    ],
    [
      [0.01, 0.02, 0.05],
      [true, true, true],
    ],
    [
      [0.02, 0.02, 0.02],
      [false, false, false],
    ],
    [
      [NaN, 0.025, NaN],
      [false, false, false],
    ],
    [
      [NaN, 0.016, Infinity],
      [false, true, false],
    ],
  ])('rejects of %j at 0.05: %j', (pValues, expected) => {
    expect(holm(pValues, 0.05)).toEqual(expected);
  });

  it('rejects what the closed test of all sets rejects', () => {
    const near = fc.integer({ min: 0, max: 12 }).map((step) => (step * 0.05) / 12);
    const pValues = fc.oneof(near, fc.double({ min: 0, max: 1 }), fc.constantFrom(NaN, 0, 5));
    let rejected = 0;
    fc.assert(
      fc.property(fc.array(pValues, { maxLength: 6 }), (values) => {
        const found = holm(values, 0.05);
        rejected += found.filter(Boolean).length;
        expect(found).toEqual(closedTest(values, 0.05));
      }),
      { numRuns: 2000 },
    );
    expect(rejected).toBeGreaterThan(100);
  });

  it('is not the same as no correction (negative control)', () => {
    expect(holm([0.04, 0.04], 0.05)).not.toEqual([true, true]);
  });
});
