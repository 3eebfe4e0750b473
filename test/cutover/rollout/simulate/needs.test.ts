/** What a plan needs is what the simulation shows: numbers of users, and faults that are seen and not seen. */

import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../../src/cutover/readRunbook.ts';
import { levelOf } from '../../../../src/cutover/rollout/levels.ts';
import { SPLIT } from '../../../../src/cutover/rollout/figures.ts';
import { needsOf, type Need } from '../../../../src/cutover/rollout/simulate/needs.ts';
import { missingIn, usualOf } from '../../../../src/cutover/rollout/simulate/scenarios.ts';
import { needLines } from '../../../../src/cutover/rollout/simulate/simulateLines.ts';
import type { Runbook } from '../../../../src/cutover/runbook.ts';
import { trialsToCompare, trialsToShow } from '../../../sequential/reach.ts';
import { GRADUAL } from '../../runbooks.ts';

function runbookOf(text: string): Runbook {
  return parseRunbook(text, 'gradual.yaml').runbook;
}

const runbook = runbookOf(GRADUAL);
const needs = needsOf(runbook);
const alpha = levelOf(runbook);

function need(percent: number, metric: string, among: readonly Need[] = needs): Need {
  const found = among.find((one) => one.percent === percent && one.metric === metric);
  if (found === undefined) throw new Error(`no need of ${metric} at ${percent} %`);
  return found;
}

/** Both are for 9 of 10 rollouts, by another approximation. */
function same(one: number | undefined, other: number | null): void {
  expect(Math.abs((one ?? 0) / (other ?? 0) - 1)).toBeLessThan(0.1);
}

describe('what a gate needs', () => {
  it('counts the users of the soak, by the traffic and the percentage', () => {
    expect(need(10, 'success').users).toBe(2000);
    expect(need(50, 'success').users).toBe(20_000);
    expect(need(10, SPLIT).users).toBe(20_000);
  });

  it('is what the tables of the statistics say', () => {
    const { passes, seen } = need(10, 'success');
    same(passes?.users, trialsToShow({ rate: 0.97, bound: 0.94, alpha }));
    same(seen?.users, trialsToCompare({ base: 0.03, fresh: 0.07, perFresh: 9, alpha }));
    same(need(10, 'errors').passes?.users, trialsToShow({ rate: 0, bound: 0.006, alpha }));
    same(need(10, SPLIT).seen?.users, trialsToShow({ rate: 0.13, bound: 0.1, alpha }));
  });

  it('sees the faults that the runbook names at its first stage, and not much smaller ones', () => {
    const { visible, seen } = need(10, 'success');
    expect(seen?.time).toBeLessThan(24 * 3_600_000);
    expect(visible).toBeGreaterThan(93);
    expect(visible).toBeLessThan(96);
    expect(need(10, 'p99').visible).toBeLessThan(2);
    expect(need(10, 'errors').visible).toBeLessThan(1);
  });

  it('sees less with fewer users', () => {
    const few = needsOf(runbookOf(GRADUAL.replace('traffic: 20000', 'traffic: 2000')));
    expect(need(10, 'success', few).visible).toBeLessThan(90);
    expect(needLines(few).join('\n')).toContain('success at 10 % of 93 % is seen after 4d');
  });

  it('says where a stage is too short for what it is compared with', () => {
    expect(needLines(needs).join('\n')).toContain(
      'success at 50 % is shown to be good after 3d 16h, later than its soak of 2d',
    );
    const wide = needsOf(runbookOf(GRADUAL.replace('<=2.5', '<=4')));
    expect(needLines(wide).join('\n')).not.toContain('success at 50 %');
    const narrow = needsOf(runbookOf(GRADUAL.replace('<=2.5', '<=1.2')));
    expect(needLines(narrow).join('\n')).toContain('success at 50 % is never shown to be good');
  });
});

describe('what a runbook has to say for that', () => {
  it.each([
    ['traffic: 20000', '', '/rollout'],
    ['usual: 97', '', '/metrics/0'],
    ['pass: "==0", rollback: ">10"', 'pass: ">=5"', '/metrics/1'],
  ])('is missing without %s', (part, other, pointer) => {
    expect(missingIn(runbookOf(GRADUAL.replace(part, other)))?.pointer).toBe(pointer);
  });

  it('is a fault at least', () => {
    const none = GRADUAL.replaceAll(/,? *sees: \d+/g, '');
    expect(missingIn(runbookOf(none))?.what).toBe('nothing says what the gates have to see');
    expect(missingIn(runbook)).toBeNull();
  });

  it('is not what follows from how a metric passes: a number that has to be 0 usually is', () => {
    const stuck = runbook.metrics.find(({ id }) => id === 'stuck');
    expect(stuck === undefined ? null : usualOf(stuck)).toBe(0);
  });
});
