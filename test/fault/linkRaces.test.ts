/** Names that are swapped for links while a command is at work: nothing outside is written or taken in. */

import { expect, it } from 'vitest';

import { BROKEN_RACE, raceForLinks } from '../torture/linkRaces.ts';
import { times } from '../kit/long.ts';

/** More on demand: `SEALIFT_RACES=1000`. */
const ROUNDS = times('SEALIFT_RACES', 3, 20);

it(`a planted link is never followed, ${ROUNDS} races`, { timeout: 3_600_000 }, async () => {
  const { races, swaps } = await raceForLinks({ rounds: ROUNDS, seed: 1 });
  expect(races.flatMap(({ violations }) => violations)).toEqual([]);
  // Otherwise nobody raced, or nothing was at stake.
  expect(swaps).toBeGreaterThan(10 * ROUNDS);
  expect(races.some(({ code }) => code === 0)).toBe(true);
  expect(races.some(({ code }) => code !== 0)).toBe(true);
});

it('a link that is followed would be seen: a command that does is found out', async () => {
  const { races } = await raceForLinks({ ...BROKEN_RACE, rounds: 6, seed: 1 });
  expect(races.flatMap(({ violations }) => violations).join('\n')).toMatch(/^changed: /);
});
