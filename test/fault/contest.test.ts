/** One holder of the lock at a time, with the real command line, and holders that are killed and stopped. */

import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { contest } from '../torture/contest.ts';

const EVERYBODY_HOLDS: string = fileURLToPath(
  new URL('../torture/sabotage/everybodyHolds.ts', import.meta.url),
);

const CONTENDERS = times('SEALIFT_CONTENDERS', 4, 8);
const ROUNDS = times('SEALIFT_CONTENDER_ROUNDS', 1, 2);

it(`${CONTENDERS} contenders: never two hold the lock, whoever is killed or stopped`, async () => {
  const all = { contenders: CONTENDERS, rounds: ROUNDS, seed: 1 };
  const { violations, ...counts } = await contest(all);
  expect(violations).toEqual([]);
  expect(counts.runs).toBeGreaterThanOrEqual(CONTENDERS * ROUNDS);
  // Otherwise nobody contended, and nothing was shown.
  expect(counts.refused).toBeGreaterThan(0);
  expect(counts.stopped).toBeGreaterThan(0);
  expect(counts.killed).toBeGreaterThan(0);
});

it('two holders would be seen: a lock that everybody gets is found out', async () => {
  const broken = { contenders: 3, rounds: 1, seed: 1, sabotage: EVERYBODY_HOLDS };
  const { violations } = await contest(broken);
  expect(violations.join('\n')).toMatch(/held \S+ while \d+ did/);
});
