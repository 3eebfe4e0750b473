/** What a rollout has to notice, by simulation: a fall of the success, and a slower tail. */

import { describe, expect, it } from 'vitest';

import { openOddsTest } from '../../src/sequential/oddsTest.ts';
import { quantileInterval, quotient } from '../../src/sequential/spread.ts';
import type { Spread } from '../../src/sequential/spread.ts';
import type { Random } from '../dogschool/random.ts';
import { randomOf } from '../dogschool/random.ts';
import { times } from '../kit/long.ts';
import { sampleNormal, sampleShare } from './samples.ts';

/** 1 % of a rollout, by Bonferroni for the first of twelve hypotheses. */
const ALPHA = 0.01 / 12;
const ROLLOUTS = times('SEALIFT_ROLLOUTS', 200, 5000, 1000);

/** In how many of the rollouts a day of 2,000 fresh and 18,000 base users shows that fresh fails more. */
function shownFall(fresh: number): number {
  const random = randomOf(2, `fall ${fresh}`);
  let shown = 0;
  for (let rollout = 0; rollout < ROLLOUTS; rollout++) {
    const test = openOddsTest();
    for (let hour = 0; hour < 24; hour++) {
      // 83 users an hour, and 84 in eight hours: 2,000.
      const of = hour % 3 === 0 ? 84 : 83;
      const base = sampleShare(random, of * 9, 0.03);
      test.add({ fresh: sampleShare(random, of, 1 - fresh), base });
    }
    if (test.interval(ALPHA).low > 1) shown++;
  }
  return shown / ROLLOUTS;
}

/** A histogram with buckets 5 % wide, of values that are lognormal with sigma 0.5. */
function sampleSpread(random: Random, of: number, median: number): Spread {
  const bounds = Array.from({ length: 300 }, (_, index) => 0.01 * 1.05 ** index);
  const counts = [...bounds, 0].map(() => 0);
  for (let trial = 0; trial < of; trial++) {
    const value = median * Math.exp(0.5 * sampleNormal(random));
    const bucket = Math.ceil(Math.log(value / 0.01) / Math.log(1.05));
    const index = Math.min(300, Math.max(0, bucket));
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return { bounds, counts };
}

function shownSlower(times: number): number {
  const random = randomOf(3, `slower ${times}`);
  let shown = 0;
  for (let rollout = 0; rollout < ROLLOUTS; rollout++) {
    const fresh = quantileInterval(sampleSpread(random, 2000, times), 0.99, ALPHA);
    const base = quantileInterval(sampleSpread(random, 18_000, 1), 0.99, ALPHA);
    if (quotient(fresh, base).low > 1) shown++;
  }
  return shown / ROLLOUTS;
}

describe('2,000 fresh users beside 18,000, in a day of hourly looks', () => {
  it('show that 93 % instead of 97 % succeed, in at least 99 of 100 rollouts', () => {
    expect(shownFall(0.93)).toBeGreaterThanOrEqual(0.99);
  });

  it('do not show it where nothing has changed (negative control)', () => {
    expect(shownFall(0.97)).toBeLessThanOrEqual(0.01);
  });

  it('show that the P99 has doubled, in at least 99 of 100 rollouts', () => {
    expect(shownSlower(2)).toBeGreaterThanOrEqual(0.99);
  });

  it('do not show it where it has not (negative control)', () => {
    expect(shownSlower(1)).toBeLessThanOrEqual(0.01);
  });
});
