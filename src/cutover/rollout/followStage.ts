/**
 * A stage that is followed look by look: its judge, its soak, and what ends it. A run does so by the lines of its
 * journal, a simulation by figures that it makes, and both decide here. Pure.
 */

import type { Runbook, Stage } from '../runbook.ts';
import type { Figure, Figures } from './figures.ts';
import type { Judged, Tests } from './judged.ts';
import { ALWAYS_VALID, openStageJudge } from './judgeStage.ts';
import { openSoak, type SoakState } from './stageSoak.ts';
import { judgePlanOf, metricsOf } from './stageOfStep.ts';

/** A look, judged, and where its stage stands after it. */
export interface FollowedLook {
  readonly judged: readonly Judged[];
  readonly state: SoakState;
}

export interface FollowedStage {
  readonly stage: Stage;
  /** When it began, in ms since 1970. */
  readonly begun: number;
  readonly state: SoakState;
  /** What the last look has said; empty before the first. */
  readonly last: readonly Judged[];
  /** Judges the figures of the next look, which `add` then follows with its time, in ms since 1970. */
  judge(figures: Figures): readonly Judged[];
  add(at: number, judged: readonly Judged[]): SoakState;
  /** Both. */
  look(at: number, figures: Figures): FollowedLook;
}

/** Follows a stage from its beginning; `before` are the last figures of the stage that it is compared with. */
export function followStage(
  runbook: Runbook,
  stage: Stage,
  { begun, before }: { readonly begun: number; readonly before: Figures | null },
  tests: Tests = ALWAYS_VALID,
): FollowedStage {
  const judge = openStageJudge(judgePlanOf(runbook, stage, before), tests);
  const soak = openSoak({ stage, metrics: metricsOf(runbook, stage) }, begun);
  let last: readonly Judged[] = [];
  return {
    stage,
    begun,
    get state() {
      return soak.state;
    },
    get last() {
      return last;
    },
    judge: (figures) => judge.add(figures),
    add(at, judged) {
      last = judged;
      return soak.add({ at, judged });
    },
    look(at, figures) {
      last = judge.add(figures);
      return { judged: last, state: soak.add({ at, judged: last }) };
    },
  };
}

/** How a stage ends that does not go back: it has passed, or is given up `within` a time; null while it goes on. */
export function endOf(
  { begun, state }: Pick<FollowedStage, 'begun' | 'state'>,
  within: number | null,
  now: number,
): 'passed' | 'given up' | null {
  if (state.isDone) return 'passed';
  return within !== null && now - begun >= within ? 'given up' : null;
}

/** The last figures of a stage that are known, metric by metric. */
export function lastKnown(looks: Iterable<Figures>): Figures {
  const known = new Map<string, Figure>();
  for (const figures of looks) {
    for (const [id, figure] of figures) if (!('unknown' in figure)) known.set(id, figure);
  }
  return known;
}
