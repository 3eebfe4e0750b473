/** What a look says of figures that a rollout has: the split, and kinds of errors. */

import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { SPLIT, type Figure } from '../../../src/cutover/rollout/figures.ts';
import type { Judged } from '../../../src/cutover/rollout/judged.ts';
import { openStageJudge } from '../../../src/cutover/rollout/judgeStage.ts';
import { judgePlanOf, metricsOf } from '../../../src/cutover/rollout/stageOfStep.ts';
import { GRADUAL } from '../runbooks.ts';

const { runbook } = parseRunbook(GRADUAL, 'gradual.yaml');

function stageOf(name: string): (typeof runbook.stages)[number] {
  const stage = runbook.stages.find((one) => one.name === name);
  if (stage === undefined) throw new Error(`no stage ${name}`);
  return stage;
}

/** Judges the one figure of a look. */
function judged(
  stage: string,
  metric: string,
  figure: Figure,
  before: Figure | null = null,
): Judged | undefined {
  const known = new Map(before === null ? [] : [[metric, before] as const]);
  const judge = openStageJudge(judgePlanOf(runbook, stageOf(stage), known));
  return judge.add(new Map([[metric, figure]])).find((one) => one.metric === metric);
}

describe('the split', () => {
  it.each([
    ['10', 500, 5000, 'hold'],
    ['10', 2000, 20_000, 'pass'],
    ['10', 650, 5000, 'fail'],
    ['10', 39, 390, 'hold'],
    ['50', 2500, 5000, 'pass'],
    ['100', 20_000, 20_000, 'pass'],
    // Who came while the percentage was being set, and not again.
    ['100', 19_990, 20_000, 'pass'],
    ['100', 19_000, 20_000, 'fail'],
  ] as const)('at %s %% with %d of %d users is judged: %4$s', (stage, part, of, band) => {
    expect(judged(stage, SPLIT, { fresh: { part, of } })?.band).toBe(band);
  });
});

describe('kinds of errors', () => {
  const figure = { kinds: { timeout: 200 }, of: 20_000 };

  it.each(['50', '100', 'v1'])('are known at %s if the stage before had them', (stage) => {
    expect(judged(stage, 'errors', figure, figure)?.band).toBe('pass');
  });

  it.each(['50', '100', 'v1'])('roll back at %s if it had not (negative control)', (stage) => {
    expect(judged(stage, 'errors', figure, { kinds: {}, of: 2000 })?.band).toBe('rollback');
  });

  it.each(['10', '50', 'v1'])('are not known at %s without any to compare with', (stage) => {
    expect(judged(stage, 'errors', figure)?.band).toBe('unknown');
  });
});

describe('the metrics of a stage', () => {
  it('have those that roll back, also where they tell when a way back is complete', () => {
    const names = metricsOf(runbook, stageOf('10')).map(({ id }) => id);
    expect(names).toEqual(['success', 'stuck', 'p99', 'errors']);
    const only = parseRunbook(
      GRADUAL.replace('rollback: ">10", grace: 2h, sees: 15', 'sees: 15'),
      'a',
    );
    const stage = only.runbook.stages[0];
    if (stage === undefined) throw new Error('no stage');
    expect(metricsOf(only.runbook, stage).map(({ id }) => id)).not.toContain('stuck');
  });
});
