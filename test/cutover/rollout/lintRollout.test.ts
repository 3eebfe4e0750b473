/** What lint finds in a rollout that could not hold, could not be seen, or could not go back. */

import { describe, expect, it } from 'vitest';

import { lintRunbook } from '../../../src/cutover/lintRunbook.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { runStepsOf } from '../../../src/cutover/runSteps.ts';
import { GRADUAL } from '../runbooks.ts';

function findings(text: string): string[] {
  const loaded = parseRunbook(text, 'a.yaml');
  return lintRunbook(loaded, new Date('2026-11-30T00:00:00Z')).map(({ reason }) => reason);
}

/** The runbook with a text in place of another, which it has. */
function having(before: string, after: string): string {
  if (!GRADUAL.includes(before)) throw new Error(`there is no ${before}`);
  return GRADUAL.replace(before, after);
}

describe('a rollout', () => {
  it('without a defect has no finding (negative control)', () => {
    expect(findings(GRADUAL)).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ['percent: 50', 'percent: 10', /larger than that of the one before/],
    ['percent: 100', 'percent: 90', /not all users have left/],
    [
      '{ percent: 50, soak: 48h, every: 12h, baseline: 10 }',
      '{ soak: 48h, every: 12h }',
      /exactly one of "percent" and "deprecate"/,
    ],
    ['soak: 48h, every: 12h', 'soak: 48h', /it has no checkpoint before its end/],
    ['checkAt: [1h, 6h, 24h]', 'checkAt: [1h, 25h]', /the stage is over before that/],
    ['soak: 48h, every: 12h', 'soak: 48h, every: 3d', /the stage is over before that/],
    ['soak: 48h', 'soak: 48h, look: 1s', /more than 100,000 looks/],
    ['soak: 48h', 'soak: 48h, within: 24h', /given up before it can pass/],
    [
      'soak: 7d, every: 1d, zero: v1_calls, then',
      'soak: 7d, every: 1d, then',
      /whether it is still used/,
    ],
    ['url: /process-full, ', '', /whether it is gone/],
    ['log: route.log, ', '', /exactly one of "log" and "sql"/],
    [
      '  observe: { log: route.log, test: sample-ratio, minSamples: 400, sees: 13 }\n',
      '',
      /nothing observes/,
    ],
    ['restartAt: 10', 'restartAt: 50', /skip the first stage/],
    [', drained: stuck', '', /nothing tells when that is over/],
    ['drained: stuck', 'drained: success', /count what is under way/],
    ['drained: stuck', 'drained: stock', /no metric "stock"/],
    ['"v1==100%"', '"v1==90%"', /contradicts "percent"/],
    ['"v1==100%"', '"v3==100%"', /neither v1 nor v2/],
    ['pattern: DEPRECATED, ', '', /without a "pattern"/],
    ['sql: q2.sql', 'sql: q2.sql, http: /stuck', /exactly one of "sql", "http"/],
    ['sql: q2.sql, pass: "==0", ', 'sql: q2.sql, ', /nothing says when it passes/],
    ['measure: kinds, pass: "<=0.1"', 'measure: kinds, pass: "==0"', /never equal to it/],
    ['rollback: ">1" } # times', 'rollback: "<1" } # times', /has to begin with ">"/],
    ['margin: 1', 'margin: 95', /any share would pass/],
    ['pass: "<=0.1"', 'pass: "<=100"', /any share would pass/],
    ['margin: 0.5', 'margin: 99.9', /any share would pass/],
    ['pass: "==0", rollback: ">10"', 'pass: "v1_calls==0", rollback: ">10"', /names nothing/],
    ['rollback: ">10"', `rollback: ">'10'"`, /names nothing/],
    ['zero: v1_calls }', 'zero: complaints }', /shown to be 0/],
    ['zero: v1_calls }', 'zero: success }', /shown to be 0/],
    ['DEPRECATED, pass: "==0"', 'DEPRECATED, pass: "<=1000"', /shown to be 0/],
    ['every: 12h', 'every: 12h, look: 1s', /more than 100,000 looks/],
    ['soak: 48h, every: 12h', 'soak: 48h, every: 1s', /more than 100,000 looks/],
    ['grace: 2h', 'grace: 2h, baseline: { pass: "<=2" }', /a share or a quantile is compared/],
    ['sql: q3.sql', 'http: /p99', /a query has to give a quantile/],
    [
      'onRollback:',
      'triggers: [{ when: "success < 95", severity: S0, action: rollback }]\nonRollback:',
      /a trigger compares a number/,
    ],
    [
      'rollout:\n',
      'steps: [{ id: a, use: rollout.soak, stage: 0 }]\nrollout:\n',
      /belongs to a rollout/,
    ],
    [
      '{ percent: 10, soak: 24h, checkAt: [1h, 6h, 24h] }',
      '{ percent: 100, soak: 24h, every: 6h }',
      /leaves no old version/,
    ],
  ])('with %s as %s is not run', (before, after, reason) => {
    expect(findings(having(before, after)).join('\n')).toMatch(reason);
  });

  it('of two versions of one name is not run', () => {
    const text = having('verify: "v1==100%", ', '');
    expect(findings(text)).toEqual([]);
    const one = text.replace('rollout:\n', 'rollout:\n  versions: { old: v2, new: v2 }\n');
    expect(findings(one).join('\n')).toMatch(/nothing tells the versions apart/);
  });

  it('without a way back, or without what could hold it, is not run', () => {
    expect(findings(GRADUAL.replace(/onRollback:.*\n/, '')).join('\n')).toMatch(/how it goes back/);
    const said = GRADUAL.replace(
      /metrics:[^]*(?=onRollback)/,
      'metrics: [{ id: calm, attest: support, pass: "==0" }]\n',
    )
      .replaceAll(', zero: v1_calls', '')
      .replace(', drain: 30m, drained: stuck', '');
    expect(findings(said).join('\n')).toMatch(/nothing could hold the stage/);
  });

  it('that goes back to the stage before has no earlier step with a way back', () => {
    const step =
      'steps: [{ id: a, use: config.set, key: b, file: flags.json, set: 1, undo: { set: 0 } }]\nrollout:\n';
    const text = having('percent: 0, verify: "v1==100%"', 'percent: before').replace(
      'rollout:\n',
      step,
    );
    expect(findings(text).join('\n')).toMatch(/would take away what is in use/);
    expect(findings(having('rollout:\n', step))).toEqual([]);
  });

  it('uses the inputs that only its metrics are read from, and no other', () => {
    const text = having(', drain: 30m, drained: stuck', '').replace('inputs: {', 'inputs: { x: y,');
    const unused = findings(text).filter((reason) => reason.includes('nothing in the runbook'));
    expect(unused).toEqual(['nothing in the runbook uses "x"']);
  });

  it('has stages that none can skip', () => {
    const { runbook } = parseRunbook(GRADUAL, 'a.yaml');
    const steps = runStepsOf(runbook);
    const soaks = steps.filter(({ id }) => id.startsWith('soak-'));
    expect(soaks.map(({ id, kind }) => [id, kind])).toEqual([
      ['soak-10', 'gate'],
      ['soak-50', 'gate'],
      ['soak-100', 'gate'],
      ['soak-v1', 'gate'],
    ]);
    const required = new Map(steps.map(({ id, requires }) => [id, requires]));
    expect(required.get('percent-50')).toEqual(['soak-10', 'complaints-10']);
    expect(required.get('percent-100')).toEqual(['soak-50', 'complaints-50']);
    expect(required.get('announced-v1')).toEqual(['soak-100', 'complaints-100']);
    expect(required.get('gone-v1')).toEqual(['soak-v1']);
  });
});
