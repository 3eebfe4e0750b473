/** The plan of a runbook: order, places, gates, ways back and times. */

import { describe, expect, it } from 'vitest';

import { planLines } from '../../src/cutover/planLines.ts';
import { planRunbook, type Plan } from '../../src/cutover/planRunbook.ts';
import { parseRunbook } from '../../src/cutover/readRunbook.ts';
import { GRADUAL, WIEN } from './runbooks.ts';

function planOf(text: string): Plan {
  return planRunbook(parseRunbook(text, 'a.yaml').runbook);
}

describe('the plan of a cutover', () => {
  const plan = planOf(WIEN);

  it('has the steps in the order of the file, each where it runs', () => {
    expect(plan.steps.map(({ number, id, where }) => [number, id, where])).toEqual([
      [1, 'tag', 'repository'],
      [2, 'window', 'clock'],
      [3, 'backup', 'db'],
      [4, 'freeze', 'app'],
      [5, 'migrate', 'db'],
      [6, 'verify', 'db'],
      [7, 'acl', 'db'],
      [8, 'auth', 'app'],
      [9, 'approve', 'approver'],
      [10, 'open', 'app'],
    ]);
  });

  it('has what approves, what is gated, and how to get back', () => {
    const [migrate, approve, open] = [4, 8, 9].map((at) => plan.steps[at]);
    expect(migrate).toMatchObject({ wayBack: 'undo', gates: ['window'], approval: null });
    expect(approve?.approval).toEqual({ role: 'approver', of: 1, operators: false });
    expect(approve?.requires).toEqual(['verify', 'acl', 'auth']);
    expect(open).toMatchObject({ wayBack: 'point of no return', gates: ['window', 'approve'] });
  });

  it('adds up the times that are known, and counts the others', () => {
    expect(plan.steps.map(({ startsAfter }) => startsAfter / 60_000)).toEqual([
      0, 0, 0, 20, 20, 35, 35, 35, 35, 35,
    ]);
    expect([plan.takes, plan.monitored, plan.unknown]).toEqual([2_100_000, 3_600_000, 6]);
  });

  it('takes at least what a check has to pass for', () => {
    const text = 'runbook: a\nsteps: [{ id: a, use: git.clean, until: { for: 5m, every: 1m } }]';
    expect(planOf(text).takes).toBe(300_000);
  });

  it('is shown with phases, conditions and triggers', () => {
    const text = `runbook: a
phases:
  - { id: before, steps: [{ id: clean, use: git.clean, takes: 90s }] }
  - { id: after, steps: [{ id: tag, use: git.tag, tag: v1, when: "clean.failed == 0" }] }
triggers: [{ when: "clean.failed > 0", for: 5m, severity: S1, action: page }]`;
    expect(planLines(planOf(text))).toEqual([
      'before:',
      '1  +0s      clean  git.clean  repository  1m 30s',
      'after:',
      '2  +1m 30s  tag    git.tag    repository  -       only when clean.failed == 0',
      'page when clean.failed > 0 for 5m',
      'expected   1m 30s, and 1 step of unknown time, without waiting for people',
    ]);
  });
});

describe('the plan of a rollout', () => {
  it('has its stages, and takes as long as they soak', () => {
    const plan = planOf(GRADUAL);
    expect(plan.stages.map(({ percent }) => percent)).toEqual([10, 50, 100, null]);
    expect(plan.takes / 86_400_000).toBe(17);
    const lines = planLines(plan);
    expect(lines).toContain('10 %           soak 1d  metrics at 1h, 6h, 1d');
    expect(lines.find((line) => line.includes('soak-50'))).toMatch(
      /rollout\.soak .* 2d .*requires percent-50$/,
    );
  });
});
