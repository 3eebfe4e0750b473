/** What a soak is judged by: the stage of its step, its metrics, and the stage that it is compared with. Pure. */

import type { Metric, Runbook, Stage, Step } from '../runbook.ts';
import { numberOf } from '../steps/stepMembers.ts';
import type { JudgePlan } from './judged.ts';
import type { Figures } from './figures.ts';
import { levelOf } from './levels.ts';

/** The stage of a `rollout.soak`. @throws TypeError for a step that is none, which lint refuses */
export function stageOfStep({ stages }: Runbook, step: Step): Stage {
  const stage = stages[numberOf(step.members, 'stage') ?? -1];
  if (stage === undefined) throw new TypeError('a soak without its stage');
  return stage;
}

/** Metrics that a look of a stage reads: not what people say, nor a zero of another stage. */
export function metricsOf(
  { metrics, stages, onRollback }: Runbook,
  stage: Stage,
): readonly Metric[] {
  const zeros = new Set(stages.map(({ zero }) => zero));
  return metrics.filter(({ id, attest, rollback }) => {
    if (attest !== null) return false;
    if (id === stage.zero) return true;
    // What only tells when a way back is complete does not hold a stage; what rolls back is not only that.
    return !zeros.has(id) && (id !== onRollback?.drained || rollback !== null);
  });
}

/** The stage that one is compared with; null at the first one, which has the old version beside it. */
export function baselineOf({ stages }: Runbook, stage: Stage): Stage | null {
  const earlier = stages.slice(0, stages.indexOf(stage)).filter(({ percent }) => percent !== null);
  if (stage.baseline === null) return earlier.at(-1) ?? null;
  return earlier.find(({ percent }) => percent === stage.baseline) ?? null;
}

/** Name of the step that soaks a stage. */
export function soakOf({ name }: Stage): string {
  return `soak-${name}`;
}

/** What the looks of a stage are judged by; `before` are the last figures of the stage that it is compared with. */
export function judgePlanOf(runbook: Runbook, stage: Stage, before: Figures | null): JudgePlan {
  const { rollout } = runbook;
  if (rollout === null) throw new TypeError('a stage without a rollout');
  const baseline = baselineOf(runbook, stage);
  return {
    metrics: metricsOf(runbook, stage),
    observe: stage.percent === null ? null : rollout.observe,
    percent: stage.percent,
    versions: rollout.versions,
    alpha: levelOf(runbook),
    before: baseline === null ? null : { name: `${baseline.name} %`, figures: before ?? new Map() },
  };
}
