/** The level of a rollout is divided by all that its looks judge, and by nothing else. */

import { describe, expect, it } from 'vitest';

import { levelOf, ROLLOUT_ALPHA } from '../../../src/cutover/rollout/levels.ts';
import { openStageJudge } from '../../../src/cutover/rollout/judgeStage.ts';
import type { Figure, Figures } from '../../../src/cutover/rollout/figures.ts';
import { judgePlanOf } from '../../../src/cutover/rollout/stageOfStep.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { GRADUAL } from '../runbooks.ts';

const share = { part: 97, of: 100 };
const FIGURES: Figures = new Map<string, Figure>([
  ['%split', { fresh: { part: 10, of: 100 } }],
  ['success', { fresh: share, base: share }],
  ['stuck', { number: 0 }],
  ['p99', { bounds: [1], fresh: [99, 1], base: [99, 1] }],
  ['errors', { kinds: {}, of: 100, baseKinds: [] }],
  ['v1_calls', { number: 0 }],
]);

describe('the level of a hypothesis', () => {
  it('is that of the rollout, divided by the estimates that its stages judge', () => {
    const { runbook } = parseRunbook(GRADUAL, 'a.yaml');
    const judged = runbook.stages.flatMap((stage) =>
      openStageJudge(judgePlanOf(runbook, stage, FIGURES)).add(FIGURES),
    );
    const estimates = judged.filter(({ of }) => of !== null);
    expect(estimates.length).toBeGreaterThan(12);
    expect(ROLLOUT_ALPHA / levelOf(runbook)).toBeCloseTo(estimates.length, 9);
  });
});
