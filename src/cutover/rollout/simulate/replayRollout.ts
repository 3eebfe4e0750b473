/**
 * The looks of a run, judged again by the runbook as it is now: what would have been decided, and when. The clock is
 * that of the looks. Pure.
 */

import type { Runbook, Stage } from '../../runbook.ts';
import type { Figures } from '../figures.ts';
import { endOf, followStage, lastKnown } from '../followStage.ts';
import type { Judged } from '../judged.ts';
import { baselineOf } from '../stageOfStep.ts';

/** What a run has seen of a stage. Times are in ms since 1970. */
export interface RecordedStage {
  readonly begun: number;
  readonly looks: readonly { readonly at: number; readonly figures: Figures }[];
}

export interface ReplayedStage {
  readonly stage: Stage;
  readonly begun: number;
  /** Looks until it ended, of those that there are. */
  readonly looks: number;
  readonly recorded: number;
  /** `undecided`: the looks of the run have ended before. */
  readonly end: 'passed' | 'rolled back' | 'given up' | 'undecided';
  /** When it ended, or its last look. */
  readonly at: number;
  /** What has rolled it back, or keeps it open; empty where it has passed. */
  readonly by: readonly Judged[];
}

/** Replays the stages of which there are looks, up to one that does not pass. */
export function replayRollout(
  runbook: Runbook,
  recordOf: (stage: Stage) => RecordedStage | null,
): readonly ReplayedStage[] {
  const replayed: ReplayedStage[] = [];
  const known = new Map<Stage, Figures>();
  for (const stage of runbook.stages) {
    const recorded = recordOf(stage);
    if (recorded === null) continue;
    const baseline = baselineOf(runbook, stage);
    const before = baseline === null ? null : (known.get(baseline) ?? null);
    const one = replayStage(runbook, stage, recorded, before);
    replayed.push(one);
    known.set(stage, lastKnown(recorded.looks.slice(0, one.looks).map(({ figures }) => figures)));
    if (one.end !== 'passed') break;
  }
  return replayed;
}

function replayStage(
  runbook: Runbook,
  stage: Stage,
  { begun, looks }: RecordedStage,
  before: Figures | null,
): ReplayedStage {
  const followed = followStage(runbook, stage, { begun, before });
  const about = { stage, begun, recorded: looks.length };
  for (const [index, { at, figures }] of looks.entries()) {
    const { state } = followed.look(at, figures);
    const done = { ...about, looks: index + 1, at };
    if (state.rollback !== null) return { ...done, end: 'rolled back', by: [state.rollback] };
    const end = endOf(followed, stage.within, at);
    if (end !== null) return { ...done, end, by: state.open };
  }
  const at = looks.at(-1)?.at ?? begun;
  return { ...about, looks: looks.length, at, end: 'undecided', by: followed.state.open };
}
