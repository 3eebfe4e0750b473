import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { smallest, type Ranked } from '../../src/migrate/select/smallest.ts';

function ranked(number: number): Ranked {
  const key = String(number);
  return { key, rank: createHash('sha256').update(key).digest('hex') };
}

describe('the smallest of many', () => {
  it('are those of the sorted list, however many come, how often, and in which order', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 3000 }), {
      minLength: 1000,
      maxLength: 4000,
      size: 'max',
    });
    const property = fc.property(numbers, fc.integer({ min: 1, max: 50 }), (all, count) => {
      const kept = smallest(count);
      for (const number of all) kept.add(ranked(number));
      const ranks = [...new Set(all)].map((number) => ranked(number).rank).toSorted();
      expect(kept.take().map(({ rank }) => rank)).toEqual(ranks.slice(0, count));
    });
    fc.assert(property, { numRuns: 30 });
  });
});
