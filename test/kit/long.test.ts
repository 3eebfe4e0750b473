import { afterEach, describe, expect, it, vi } from 'vitest';

import { isIn, seedOf, shareOf, times } from './long.ts';

const NAMES = Array.from({ length: 200 }, (_, number) => `test ${number}`);

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the long tests', () => {
  it('are left out, unless a share of them is asked for', () => {
    expect(shareOf({})).toBe('little');
    expect(shareOf({ SEALIFT_LONG: 'all' })).toBe('all');
    expect(() => shareOf({ SEALIFT_LONG: '1' })).toThrow('little, tenth or all');
    expect(NAMES.some((name) => isIn('little', 1, name))).toBe(false);
    expect(NAMES.every((name) => isIn('all', 1, name))).toBe(true);
  });

  it('have each been run once after ten days', () => {
    const days = Array.from({ length: 10 }, (_, day) => 20_000 + day);
    for (const name of NAMES) {
      expect(days.filter((day) => isIn('tenth', day, name)).length, name).toBe(1);
    }
    const sizes = days.map((day) => NAMES.filter((name) => isIn('tenth', day, name)).length);
    expect(Math.max(...sizes)).toBeLessThan(NAMES.length / 5);
  });

  it('are those of the day, or of the seed that is given', () => {
    const noon = Date.UTC(2025, 0, 31, 12);
    expect(seedOf({}, noon)).toBe(seedOf({}, noon + 3_600_000));
    expect(seedOf({}, noon + 86_400_000)).toBe(seedOf({}, noon) + 1);
    expect(seedOf({ SEALIFT_LONG_SEED: '7' }, noon)).toBe(7);
    expect(() => seedOf({ SEALIFT_LONG_SEED: 'x' }, noon)).toThrow('whole number');
  });

  it('try a name as often as was asked for, or as its share says', () => {
    vi.stubEnv('SEALIFT_LONG', 'all');
    expect(times('SEALIFT_OF_THIS_TEST', 2, 100, 10)).toBe(100);
    vi.stubEnv('SEALIFT_LONG', 'tenth');
    const counts = Array.from({ length: 10 }, (_, day) => {
      vi.stubEnv('SEALIFT_LONG_SEED', String(day));
      return times('SEALIFT_OF_THIS_TEST', 2, 100, 10);
    });
    expect(counts.toSorted((one, other) => one - other)).toEqual([...Array<number>(9).fill(2), 10]);
    vi.stubEnv('SEALIFT_OF_THIS_TEST', '7');
    expect(times('SEALIFT_OF_THIS_TEST', 2, 100, 10)).toBe(7);
  });
});
