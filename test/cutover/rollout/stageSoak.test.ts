/** The soak of a stage by its looks alone: what counts as its time, what begins it anew, and what is not known. */

import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import type { RolloutBand } from '../../../src/cutover/rollout/bands.ts';
import type { Judged } from '../../../src/cutover/rollout/judged.ts';
import { openSoak, type SoakState } from '../../../src/cutover/rollout/stageSoak.ts';
import { metricsOf } from '../../../src/cutover/rollout/stageOfStep.ts';
import { HOUR } from './playedRollout.ts';

/** Looks at a stage at hours of it, each with the band of a metric; returns the state after each. */
function soaked(
  { stage: text, metric }: { readonly stage: string; readonly metric: string },
  looks: readonly (readonly [hour: number, band: RolloutBand])[],
): readonly SoakState[] {
  const { runbook } = parseRunbook(
    `runbook: soaked
rollout:
  set: { key: percent, file: flags.json }
  stages:
    - { percent: 100, ${text} }
metrics:
  - { id: stuck, sql: q.sql, pass: "==0", rollback: ">10"${metric} }
onRollback: { percent: 0, restartAt: 100 }
`,
    'a.yaml',
  );
  const [stage] = runbook.stages;
  if (stage === undefined) throw new Error('no stage');
  const soak = openSoak({ stage, metrics: metricsOf(runbook, stage) }, 0);
  return looks.map(([hour, band]) => soak.add({ at: hour * HOUR, judged: [judgedAs(band)] }));
}

function judgedAs(band: RolloutBand): Judged {
  return { metric: 'stuck', against: null, band, says: '', seen: 0, low: 0, high: 0, of: null };
}

describe('a failure within its grace', () => {
  const rare = { stage: 'soak: 48h, every: 12h', metric: ', grace: 2h' };

  it('is looked at again within it, however rare the checkpoints are', () => {
    const [state] = soaked(rare, [[12, 'fail']]);
    expect(state?.dueAt).toBeLessThan(14 * HOUR);
  });

  it('is over if a look within it says so', () => {
    const states = soaked(rare, [
      [12, 'fail'],
      [13, 'pass'],
    ]);
    expect(states.at(-1)).toMatchObject({ passed: 13 * HOUR, restarts: 0 });
  });

  it('counts as one that lasted longer if no look within it says that it is over', () => {
    const states = soaked(rare, [
      [12, 'fail'],
      [24, 'pass'],
    ]);
    expect(states.at(-1)).toMatchObject({ passed: 0, restarts: 1 });
  });
});

describe('a breach that has not lasted yet', () => {
  it('begins the soak anew, as a failure does', () => {
    const states = soaked({ stage: 'soak: 24h, every: 6h', metric: ', for: 6h' }, [
      [6, 'pass'],
      [12, 'rollback'],
    ]);
    expect(states.at(-1)).toMatchObject({ passed: 0, restarts: 1, rollback: null });
  });

  it('does not within a grace, and is looked at when it has lasted', () => {
    const states = soaked({ stage: 'soak: 24h, every: 12h', metric: ', for: 6h, grace: 8h' }, [
      [12, 'rollback'],
    ]);
    expect(states.at(-1)).toMatchObject({ restarts: 0, rollback: null });
    expect(states.at(-1)?.dueAt).toBeLessThanOrEqual(18 * HOUR);
  });
});

describe('a look that knows nothing', () => {
  it('does not end a breach', () => {
    const states = soaked({ stage: 'soak: 24h, every: 6h', metric: ', for: 6h' }, [
      [6, 'rollback'],
      [9, 'unknown'],
      [12, 'rollback'],
    ]);
    expect(states.at(-1)?.rollback).not.toBeNull();
  });

  it('does not end a failure, or begin its grace anew', () => {
    const states = soaked({ stage: 'soak: 24h, every: 6h', metric: ', grace: 2h' }, [
      [6, 'fail'],
      [7, 'unknown'],
      [9, 'fail'],
    ]);
    expect(states.at(-1)).toMatchObject({ passed: 0, restarts: 1 });
  });
});

describe('a number that has to be zero', () => {
  const zero = { stage: 'soak: 24h, every: 12h, zero: stuck, zeroFor: 12h', metric: '' };

  it('is so for the time between its looks', () => {
    const states = soaked(zero, [
      [12, 'pass'],
      [24, 'pass'],
    ]);
    expect(states.at(-1)?.isDone).toBe(true);
  });

  it('is not known to be in time that nothing has looked at', () => {
    const states = soaked(zero, [
      [12, 'pass'],
      [24, 'fail'],
      [25, 'pass'],
      [9000, 'pass'],
      [9001, 'pass'],
    ]);
    expect(states.map(({ isDone }) => isDone)).toEqual([false, false, false, false, false]);
  });
});
