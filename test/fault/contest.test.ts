/** One holder of the lock at a time, with the real command line, and holders that are killed and stopped. */

import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { contest } from '../torture/contest.ts';

const EVERYBODY_HOLDS: string = fileURLToPath(
  new URL('../torture/sabotage/everybodyHolds.ts', import.meta.url),
);

it('8 contenders, 2 rounds each: never two hold the lock, whoever is killed or stopped', async () => {
  const { violations, ...counts } = await contest({ contenders: 8, rounds: 2, seed: 1 });
  expect(violations).toEqual([]);
  expect(counts.runs).toBeGreaterThanOrEqual(16);
  // Otherwise nobody contended, and nothing was shown.
  expect(counts.refused).toBeGreaterThan(0);
  expect(counts.stopped).toBeGreaterThan(0);
  expect(counts.killed).toBeGreaterThan(0);
});

it('two holders would be seen: a lock that everybody gets is found out', async () => {
  const broken = { contenders: 4, rounds: 1, seed: 1, sabotage: EVERYBODY_HOLDS };
  const { violations } = await contest(broken);
  expect(violations.join('\n')).toMatch(/held \S+ while \d+ did/);
});
