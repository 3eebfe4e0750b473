/** Which users get the new version: the same ones always, more of them at a larger percentage, a fair share. */

import { existsSync, readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isInRollout, placeOf } from '../../src/cohort/cohort.ts';

const ROLLOUT = 'full-pass-v2';
const USERS = 100_000;

const text = fc.string({ unit: 'binary', minLength: 1 });
const name = text.filter((one) => !one.includes('\0'));
const percent = fc.double({ min: 0, max: 100, noNaN: true });

/** Ids as applications have them. */
const KINDS: readonly (readonly [string, (at: number) => string])[] = [
  ['sequential ids', (at) => String(at + 1)],
  ['ids that are e-mail addresses', (at) => `user${at}@example.com`],
  ['ids that are UUIDs of a counter', (at) => `${at.toString(16).padStart(8, '0')}-0000-4000-8000`],
  ['ids that differ at their beginning', (at) => `${at}-of-the-same-tenant-and-the-same-region`],
];

/** How far counts are from being equal: Pearson's statistic. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Counts of places by equal parts of 0 to 100. */
function countsOf(places: readonly number[], parts: number): number[] {
  const counts = Array.from({ length: parts }, () => 0);
  for (const place of places) {
    const at = Math.floor((place * parts) / 100);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/**
 * Quantiles of chi-square for 99 and 999 degrees of freedom at 0.00005 and 0.99995. What is more equal than
 * the lower one is no draw either.
 */
const BOUNDS = { 100: [53.4, 163.4], 1000: [834.4, 1182.4] } as const;

function isFair(places: readonly number[]): boolean {
  return ([100, 1000] as const).every((parts) => {
    const [least, most] = BOUNDS[parts];
    const seen = chiSquare(countsOf(places, parts));
    return seen > least && seen < most;
  });
}

describe('sealift/cohort', () => {
  it('is what package.json exports', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      exports: Record<string, unknown>;
    };
    expect(exports['./cohort']).toEqual({
      types: './dist/cohort/cohort.d.ts',
      default: './dist/cohort/cohort.js',
    });
    expect(existsSync('src/cohort/cohort.ts')).toBe(true);
  });
});

describe('the place of a user', () => {
  it('is one of a million, from 0 to less than 100, and always the same', () => {
    fc.assert(
      fc.property(text, name, (user, rollout) => {
        const place = placeOf(user, rollout);
        expect(place >= 0 && place < 100).toBe(true);
        expect(Math.round(place * 10_000) / 10_000).toBe(place);
        expect(placeOf(user, rollout)).toBe(place);
      }),
    );
  });

  it('does not mix up what belongs to the name and what to the id', () => {
    const whole = 'full-pass-v2:1042';
    const cuts = Array.from({ length: whole.length - 1 }, (_, at) => at + 1);
    const places = cuts.map((at) => placeOf(whole.slice(at), whole.slice(0, at)));
    expect(new Set(places).size).toBe(cuts.length);
  });

  it.each(KINDS)('is fairly drawn for %s', (_, idOf) => {
    const places = Array.from({ length: USERS }, (__, at) => placeOf(idOf(at), ROLLOUT));
    expect(isFair(places)).toBe(true);
    const share = places.filter((place) => place < 10).length / USERS;
    expect(share).toBeGreaterThan(0.096);
    expect(share).toBeLessThan(0.104);
  });

  it('would be found to be unfair (negative control)', () => {
    const ids = Array.from({ length: USERS }, (_, at) => at);
    const places = ids.map((at) => placeOf(String(at), ROLLOUT));
    // One byte modulo 100 favours its first 56 remainders; a counter modulo 100 is no draw at all.
    expect(isFair(places.map((place) => Math.floor((place * 256) / 100) % 100))).toBe(false);
    expect(isFair(ids.map((at) => at % 100))).toBe(false);
    // 1 % of the users moved into the first hundredth.
    expect(isFair(places.map((place, at) => (at % 100 === 0 ? 0 : place)))).toBe(false);
  });

  it('in one rollout tells nothing about that in another one', () => {
    const ids = Array.from({ length: USERS }, (_, at) => String(at));
    const cells = [0, 0, 0, 0];
    for (const id of ids) {
      const [one, other] = [isInRollout(id, 10, 'first'), isInRollout(id, 10, 'second')];
      const at = Number(one) * 2 + Number(other);
      cells[at] = (cells[at] ?? 0) + 1;
    }
    // Three deviations of a binomial: sqrt(100,000 × 0.01 × 0.99) is 31.
    expect(Math.abs((cells[3] ?? 0) - 1000)).toBeLessThan(95);
    expect(Math.abs((cells[0] ?? 0) - 81_000)).toBeLessThan(375);
  });
});

describe('a rollout', () => {
  it('takes the new version from no one when the percentage is raised', () => {
    fc.assert(
      fc.property(text, name, percent, percent, (user, rollout, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        if (isInRollout(user, less, rollout)) expect(isInRollout(user, more, rollout)).toBe(true);
      }),
    );
    const users = Array.from({ length: 2000 }, (_, at) => `u${at}`);
    let before = new Set<string>();
    for (let at = 0; at <= 100; at += 1) {
      const now = new Set(users.filter((user) => isInRollout(user, at, ROLLOUT)));
      expect([...before].every((user) => now.has(user))).toBe(true);
      before = now;
    }
    expect(before.size).toBe(users.length);
  });

  it('is for no user at 0, and for all at 100', () => {
    fc.assert(
      fc.property(text, name, (user, rollout) => {
        expect(isInRollout(user, 0, rollout)).toBe(false);
        expect(isInRollout(user, 100, rollout)).toBe(true);
      }),
    );
  });

  it('is for the users whose place is less than the percentage', () => {
    fc.assert(
      fc.property(text, name, percent, (user, rollout, at) => {
        expect(isInRollout(user, at, rollout)).toBe(placeOf(user, rollout) < at);
      }),
    );
    const place = placeOf('1042', ROLLOUT);
    expect(isInRollout('1042', place, ROLLOUT)).toBe(false);
    expect(isInRollout('1042', place + 0.0001, ROLLOUT)).toBe(true);
  });
});

describe('what cannot be judged', () => {
  it.each([Number.NaN, -0.0001, -1, 100.0001, 1000, Infinity, -Infinity])(
    'is an error: a percentage of %d',
    (value) => {
      expect(() => isInRollout('1', value, ROLLOUT)).toThrow(
        new RangeError(
          `the percentage of a rollout is ${value}: give a number from 0 to 100, such as the last valid one`,
        ),
      );
    },
  );

  it.each([['10'], [undefined], [null], [true], [[10]], [{}]])(
    'is an error: a percentage that is no number, %j',
    (value) => {
      expect(() => isInRollout('1', value as unknown as number, ROLLOUT)).toThrow(TypeError);
    },
  );

  it.each([[''], [undefined], [null], [1042], [['1']], [{ id: '1' }]])(
    'is an error at every percentage: the id %j',
    (value) => {
      for (const at of [0, 10, 100]) {
        expect(() => isInRollout(value as string, at, ROLLOUT)).toThrow(
          /^the id of a user is (?:empty|not a text): write a number as a text, and send users without an id to the old version$/,
        );
      }
    },
  );

  it.each([[''], [undefined], [2], ['a\0b']])('is an error: the name %j', (value) => {
    expect(() => placeOf('1', value as string)).toThrow(/^the name of a rollout (?:is|has) .*: /);
    expect(() => placeOf('1', value as string)).toThrow(TypeError);
  });

  it('is an error that does not show the id', () => {
    const id = 'ada@example.com\ud800';
    expect(() => placeOf(id, ROLLOUT)).toThrow(
      new TypeError('the id of a user has half of a surrogate pair: pass on the whole text'),
    );
    expect(() => placeOf('1', '\udc00')).toThrow('the name of a rollout has half of a surrogate');
  });
});
