/** Damaged databases: refused, or sound and as an independent reading finds them. More: npm run fuzz. */

import { describe, expect, it } from 'vitest';

import { damaged, KINDS, kindOf } from './damage.ts';
import { runTrials, type Ended } from './runTrials.ts';
import { times } from '../kit/long.ts';

/** More on demand: `SEALIFT_DAMAGED=2000`. */
const COUNT = times('SEALIFT_DAMAGED', 24, 400);

describe('a damaged database', () => {
  it(`is refused, or is sound and arrives as it is, ${COUNT} copies`, async () => {
    const trials: Ended[] = [];
    await runTrials({ seed: 11, first: 0, count: COUNT }, (ended) => trials.push(ended));
    const bad = trials.filter(({ result }) => result !== 'refused' && result !== 'equal');
    expect(bad).toEqual([]);
    expect(trials.map(({ number }) => number)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
    const of = (result: Ended['result']): Ended[] => trials.filter((one) => one.result === result);
    // Both ends were seen, and some of the refused got past the guards of the reading.
    expect(of('equal').length).toBeGreaterThan(COUNT / 10);
    expect(of('refused').filter(({ guarded }) => guarded).length).toBeGreaterThan(COUNT / 10);
    expect(of('refused').filter(({ guarded }) => !guarded).length).toBeGreaterThan(COUNT / 20);
    for (const { result, detail } of trials) {
      if (result === 'refused') expect(detail).toMatch(/^[A-Z_]+ [^\p{Cc}]+$/u);
      expect(detail).not.toContain('defect of Sealift');
    }
  }, 300_000);

  it('is damaged in the stated shares', () => {
    const numbers = Array.from({ length: 100 }, (_, number) => kindOf(number).name);
    for (const { name, share } of KINDS) {
      expect(numbers.filter((other) => other === name).length).toBe(share);
    }
    expect(numbers.slice(0, 20)).not.toEqual(Array.from({ length: 20 }, () => numbers[0]));
    expect(damaged(Buffer.alloc(1024), { name: '', share: 0, damage: () => {} }, () => 1)).toEqual(
      Buffer.alloc(1024),
    );
  });
});
