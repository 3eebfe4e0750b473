/**
 * One rollout with a virtual clock: its stages, look by look, judged as a run judges them, to its end. What people
 * do takes no time in it. Pure.
 */

import type { Runbook, Stage } from '../../runbook.ts';
import type { Figures } from '../figures.ts';
import { endOf, followStage, type FollowedStage } from '../followStage.ts';
import type { Judged, Tests } from '../judged.ts';
import { ALWAYS_VALID } from '../judgeStage.ts';
import { baselineOf } from '../stageOfStep.ts';
import type { StageWorld } from './figuresOfWorld.ts';

/** A stage that does not say after how long it is given up is so after this many times its soak. */
const PATIENCE = 4;

export type RolloutEnd = 'promoted' | 'rolled back' | 'held';

/** A stage of a rollout that is over; times are in ms from the beginning of the rollout. */
export interface SimulatedStage {
  readonly stage: Stage;
  readonly begun: number;
  readonly ended: number;
  readonly looks: number;
  readonly restarts: number;
  readonly missed: number;
}

export interface SimulatedRollout {
  readonly end: RolloutEnd;
  /** Milliseconds from its beginning. */
  readonly at: number;
  /** What has rolled it back, or keeps it held; empty where it was promoted. */
  readonly by: readonly Judged[];
  /** When a metric was first shown not to pass, ms from the beginning; null for never. */
  readonly shownAt: number | null;
  readonly stages: readonly SimulatedStage[];
}

export function simulateRollout(
  runbook: Runbook,
  world: (stage: Stage) => StageWorld,
  tests: Tests = ALWAYS_VALID,
): SimulatedRollout {
  const stages: SimulatedStage[] = [];
  const known = new Map<Stage, Figures>();
  let shownAt: number | null = null;
  let begun = 0;
  for (const stage of runbook.stages) {
    const baseline = baselineOf(runbook, stage);
    const before = baseline === null ? null : (known.get(baseline) ?? null);
    const followed = followStage(runbook, stage, { begun, before }, tests);
    const { end, at, looks, figures, shown } = runStage(followed, world(stage));
    const { restarts, missed, rollback, open } = followed.state;
    stages.push({ stage, begun, ended: at, looks, restarts, missed });
    shownAt ??= shown;
    known.set(stage, figures);
    if (end === 'rolled back')
      return { end, at, by: rollback === null ? [] : [rollback], shownAt, stages };
    if (end === 'held') return { end, at, by: open, shownAt, stages };
    begun = at;
  }
  return { end: 'promoted', at: begun, by: [], shownAt, stages };
}

interface StageRun {
  readonly end: 'passed' | 'rolled back' | 'held';
  readonly at: number;
  readonly looks: number;
  readonly figures: Figures;
  readonly shown: number | null;
}

function runStage(followed: FollowedStage, world: StageWorld): StageRun {
  const { stage, begun } = followed;
  const within = stage.within ?? PATIENCE * stage.soak;
  let last = begun;
  let shown: number | null = null;
  for (let looks = 1; ; looks++) {
    const at = followed.state.dueAt;
    const figures = world.look(at - last);
    const { state } = followed.look(at, figures);
    const isBad = state.open.some(({ band }) => band === 'fail' || band === 'rollback');
    if (isBad) shown ??= at;
    if (state.rollback !== null) return { end: 'rolled back', at, looks, figures, shown };
    const end = endOf(followed, within, at);
    if (end !== null) return { end: end === 'passed' ? end : 'held', at, looks, figures, shown };
    last = at;
  }
}
