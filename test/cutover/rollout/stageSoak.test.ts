/** The soak of a stage by its looks alone: what counts as its time, what begins it anew, and what is not known. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import type { RolloutBand } from '../../../src/cutover/rollout/bands.ts';
import type { Judged } from '../../../src/cutover/rollout/judged.ts';
import {
  openSoak,
  tickTime,
  type Soak,
  type SoakState,
} from '../../../src/cutover/rollout/stageSoak.ts';
import { metricsOf } from '../../../src/cutover/rollout/stageOfStep.ts';
import type { Stage } from '../../../src/cutover/runbook.ts';
import { HOUR } from './playedRollout.ts';

interface Written {
  readonly stage: string;
  readonly metric: string;
}

/** Looks at a stage at hours of it, each with the band of a metric; returns the state after each. */
function soaked(
  written: Written,
  looks: readonly (readonly [hour: number, band: RolloutBand])[],
): readonly SoakState[] {
  const { soak } = opened(written);
  return looks.map(([hour, band]) => soak.add({ at: hour * HOUR, judged: [judgedAs(band)] }));
}

/** A stage that begins at 0. */
function opened({ stage: text, metric }: Written): { readonly stage: Stage; readonly soak: Soak } {
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
  return { stage, soak: openSoak({ stage, metrics: metricsOf(runbook, stage) }, 0) };
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

/** Ticks from a time on until the stage is done, or for a hundred days; all looks are good. */
function ticked(text: string, every: number, from: number): SoakState {
  const { soak } = opened({ stage: text, metric: '' });
  for (let at = from; at < 2400 * HOUR && !soak.state.isDone; at += every) {
    if (at >= soak.state.dueAt) soak.add({ at, judged: [judgedAs('pass')] });
  }
  return soak.state;
}

describe('a scheduler', () => {
  const stages = [
    'soak: 24h, checkAt: [1h, 6h, 24h]',
    'soak: 48h, every: 12h',
    'soak: 7d, every: 1d, look: 1h',
  ];

  it.each(stages)('that ticks as often as it is told misses nothing: %s', (text) => {
    const most = tickTime(opened({ stage: text, metric: '' }).stage);
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1, noNaN: true }), fc.nat(most), (part, from) => {
        expect(ticked(text, most * part, from)).toMatchObject({ missed: 0, isDone: true });
      }),
    );
  });

  it('that ticks just before each checkpoint never gets to its end (negative control)', () => {
    const state = ticked('soak: 48h, every: 12h', 0.98 * 12 * HOUR, 0.98 * 12 * HOUR);
    expect(state.missed).toBeGreaterThan(10);
    expect(state.isDone).toBe(false);
  });
});
