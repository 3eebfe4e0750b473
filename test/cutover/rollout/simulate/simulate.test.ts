/**
 * What the gates of a rollout promise, by simulation: a healthy one is promoted, a fault that they have to see is
 * not. The rollout is that of the documentation, with a look every hour: 2,000 users of the new version and 18,000
 * of the old one in its first stage. SEALIFT_ROLLOUTS=10000 simulates so many of each, and prints the figures.
 */

import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../../src/cutover/readRunbook.ts';
import type { Tests } from '../../../../src/cutover/rollout/judged.ts';
import {
  HEALTHY,
  scenariosOf,
  type Scenario,
} from '../../../../src/cutover/rollout/simulate/scenarios.ts';
import {
  openSimulation,
  type Ended,
  type Tally,
} from '../../../../src/cutover/rollout/simulate/simulateScenario.ts';
import type { Runbook } from '../../../../src/cutover/runbook.ts';
import { formatDuration } from '../../../../src/record/duration.ts';
import { times } from '../../../kit/long.ts';
import { GRADUAL } from '../../runbooks.ts';
import { fixedSample } from './fixedSample.ts';

const HOUR = 3_600_000;
/** 24 h, 48 h, and a week twice. */
const PLANNED = (24 + 48 + 168 + 168) * HOUR;
const ROLLOUTS = times('SEALIFT_ROLLOUTS', 100, 10_000, 500);
const IS_MANY = ROLLOUTS >= 1000;
const TIMEOUT = { timeout: IS_MANY ? 7_200_000 : 60_000 };
const TEXT = GRADUAL.replaceAll(/soak: (\w+),/g, 'soak: $1, look: 1h,').replace('<=2.5', '<=4');

const runbook = runbookOf(TEXT);

function runbookOf(text: string): Runbook {
  return parseRunbook(text, 'gradual.yaml').runbook;
}

function scenario(name: string, from = 0): Scenario {
  const found = scenariosOf(runbook, from).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}

function simulated(
  about: Scenario,
  given: { readonly runbook?: Runbook; readonly rollouts?: number; readonly tests?: Tests } = {},
): Tally {
  const begun = performance.now();
  const { rollouts = ROLLOUTS, tests } = given;
  const simulation = openSimulation(given.runbook ?? runbook, {
    scenario: about,
    seed: 22,
    ...(tests === undefined ? {} : { tests }),
  });
  simulation.run(rollouts);
  const tally = simulation.tally();
  if (IS_MANY) process.stderr.write(figures(tally, performance.now() - begun));
  return tally;
}

function figures({ scenario: { name, says }, rollouts, ends, shown }: Tally, ms: number): string {
  const percent = (count: number): string => `${((count / rollouts) * 100).toFixed(2)} %`;
  const told = ({ rollouts: count, spent, by }: Ended): string => {
    const [median, most] = [spent.median, spent.most].map((time) => formatDuration(time ?? 0));
    const causes = by.map(
      (one) => `${one.metric} ${one.against ?? ''}@${one.stage} ${one.rollouts}`,
    );
    return `${percent(count)} (${median}, ${most}${causes.length === 0 ? '' : `; ${causes.join(', ')}`})`;
  };
  const parts = Object.entries(ends).map(([end, ended]) => `${end} ${told(ended)}`);
  const first = `shown ${percent(shown.rollouts)} (${formatDuration(shown.spent.median ?? 0)}, ${formatDuration(shown.spent.most ?? 0)})`;
  return `${name}, ${says}: ${parts.join('; ')}; ${first}; ${Math.round(ms / 1000)}s\n`;
}

function share({ ends, rollouts }: Tally, end: keyof Tally['ends']): number {
  return ends[end].rollouts / rollouts;
}

describe('a rollout in which nothing is wrong', () => {
  it('goes back in at most 1 of 100, and is promoted in about the planned time', TIMEOUT, () => {
    const tally = simulated(HEALTHY);
    expect(share(tally, 'rolled back')).toBeLessThanOrEqual(0.01);
    expect(share(tally, 'promoted')).toBeGreaterThanOrEqual(0.98);
    const { median, most } = tally.ends.promoted.spent;
    expect(median).toBeLessThan(PLANNED + 12 * HOUR);
    expect(most).toBeLessThan(PLANNED + 48 * HOUR);
  });

  it.each([
    ['at the level of 5 % that one look would have', 0.05, 0.05],
    ...(IS_MANY ? ([['at 1 %, as a whole rollout has it', 0.01, 0.02]] as const) : []),
  ] as const)(
    'goes back far more often by tests of a fixed sample %s (control)',
    TIMEOUT,
    (_, level, least) => {
      const rollouts = IS_MANY ? ROLLOUTS : 40;
      const tally = simulated(HEALTHY, { rollouts, tests: fixedSample(level) });
      expect(share(tally, 'rolled back')).toBeGreaterThan(least);
    },
  );
});

describe('a fault that the gates have to see', () => {
  it.each([
    ['success falls from 97 to 93 %', 'success'],
    ['15 an hour are stuck', 'stuck'],
    ['all takes twice as long', 'p99'],
    ['the slowest take twice as long', 'p99-tail'],
    ['1 % have an error of a new kind', 'errors'],
  ])('takes the rollout back: %s', TIMEOUT, (_, name) => {
    const tally = simulated(scenario(name));
    expect(share(tally, 'rolled back')).toBeGreaterThanOrEqual(0.99);
    expect(tally.ends['rolled back'].by[0]?.metric).toBe(name.replace('-tail', ''));
  });

  it.each([
    ['success', 'success falls at 50 %'],
    ['p99', 'all takes twice as long at 50 %'],
  ])('takes it back at the stage that has it: %s', TIMEOUT, (name) => {
    const tally = simulated(scenario(name, 1));
    expect(share(tally, 'rolled back')).toBeGreaterThanOrEqual(0.98);
    expect(tally.ends['rolled back'].by.find(({ stage }) => stage === '50')?.metric).toBe(name);
  });

  it.each([5000, 20_000])(
    'holds the rollout: 13 % of %d users a day have the new version instead of 10 %',
    TIMEOUT,
    (traffic) => {
      const text = TEXT.replace('traffic: 20000', `traffic: ${traffic}`);
      const tally = simulated(scenario('split'), { runbook: runbookOf(text) });
      expect(share(tally, 'held')).toBeGreaterThanOrEqual(0.99);
      expect(tally.ends.promoted.rollouts).toBe(0);
      expect(tally.shown.rollouts / tally.rollouts).toBeGreaterThanOrEqual(0.99);
    },
  );
});
