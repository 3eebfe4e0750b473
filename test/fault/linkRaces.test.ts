/** Names that are swapped for links while a command is at work: nothing outside is written or taken in. */

import { expect, it } from 'vitest';

import { BROKEN_RACE, raceForLinks, type LinkRace } from '../torture/linkRaces.ts';
import { times } from '../kit/long.ts';

/** More on demand: `SEALIFT_RACES=1000`. */
const ROUNDS = times('SEALIFT_RACES', 3, 20, 6);
/** Of races that go on until one was lost by each side. */
const MOST = ROUNDS + 60;
const BROKEN_ROUNDS = 12;

type Races = readonly LinkRace[];

function isWonAndLost(races: Races): boolean {
  const codes = races.map(({ code }) => code);
  return codes.includes(0) && codes.some((code) => code !== 0);
}

function isFoundOut(races: Races): boolean {
  return races.some(({ violations }) => violations.length > 0);
}

it(
  `a planted link is never followed, ${ROUNDS} races or more`,
  { timeout: 3_600_000 },
  async () => {
    // Otherwise nothing was at stake.
    const isEnough = (races: Races): boolean => races.length >= ROUNDS && isWonAndLost(races);
    const { races, swaps } = await raceForLinks({ rounds: MOST, seed: 1, isEnough });
    expect(races.flatMap(({ violations }) => violations)).toEqual([]);
    expect(swaps).toBeGreaterThan(10 * races.length);
    expect(isWonAndLost(races)).toBe(true);
  },
);

it('a link that is followed would be seen: a command that does is found out', async () => {
  const { races } = await raceForLinks({
    ...BROKEN_RACE,
    rounds: BROKEN_ROUNDS,
    seed: 1,
    isEnough: isFoundOut,
  });
  expect(races.flatMap(({ violations }) => violations).join('\n')).toMatch(/^changed: /);
});
