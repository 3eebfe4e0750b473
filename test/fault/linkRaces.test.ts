/** Names that are swapped for links while a command is at work: nothing outside is written or taken in. */

import { expect, it } from 'vitest';

import { BROKEN_RACE, raceForLinks, type LinkRace } from '../torture/linkRaces.ts';
import { times } from '../kit/long.ts';

/** More on demand: `SEALIFT_RACES=1000`. */
const ROUNDS = times('SEALIFT_RACES', 3, 20);

it(
  `a planted link is never followed, ${ROUNDS} races or more`,
  { timeout: 3_600_000 },
  async () => {
    const races: LinkRace[] = [];
    let swaps = 0;
    const ended = (well: boolean): boolean => races.some(({ code }) => (code === 0) === well);
    // Races go on until one was lost by each side, as otherwise nothing was at stake.
    for (let seed = 1; seed <= 20 && !(ended(true) && ended(false)); seed += 1) {
      const more = await raceForLinks({ rounds: ROUNDS, seed });
      races.push(...more.races);
      swaps += more.swaps;
    }
    expect(races.flatMap(({ violations }) => violations)).toEqual([]);
    expect(swaps).toBeGreaterThan(10 * races.length);
    expect([ended(true), ended(false)]).toEqual([true, true]);
  },
);

it('a link that is followed would be seen: a command that does is found out', async () => {
  const { races } = await raceForLinks({ ...BROKEN_RACE, rounds: 6, seed: 1 });
  expect(races.flatMap(({ violations }) => violations).join('\n')).toMatch(/^changed: /);
});
