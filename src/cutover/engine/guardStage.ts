/**
 * The stage of a rollout that users are in, while its soak is not what the run is at: it waits for people, or is
 * held. Its metrics are read all the same, and a bad version goes back; nothing is promoted by that.
 */

import { isFinal } from '../runState.ts';
import type { Step } from '../runbook.ts';
import type { LiveRun } from './liveRun.ts';
import { figuresNow, goBackBy, standIn, writeLook } from './stageLook.ts';

/** Looks at it if that is due; `stop` ends what is under way when the run goes back. */
export async function guardStage(run: LiveRun, stop: AbortController | null): Promise<void> {
  const { world, rehearsal } = run;
  const step = rehearsal === null ? guarded(run) : null;
  if (step === null) return;
  const before = standIn(run, step);
  // A process may have been killed between the look that rolls back and the way back.
  if (before.state.rollback !== null) goBackBy(run, step, before, stop);
  if (guarded(run) === null || world.now().getTime() < before.state.dueAt) return;
  const figures = await figuresNow(run, step, new AbortController().signal);
  goBackBy(run, step, writeLook(run, step, figures), stop);
}

/** When the next look of it is due, in ms since 1970; null where there is none. */
export function guardDueAt(run: LiveRun): number | null {
  const step = run.rehearsal === null ? guarded(run) : null;
  return step === null ? null : standIn(run, step).state.dueAt;
}

/** The soak of the stage that users are in, unless the run reads it itself, goes back, or is about to change it. */
function guarded({ runbook, held }: LiveRun): Step | null {
  const { state, steps } = held.record;
  if (runbook.rollout === null || isFinal(state.status) || state.status === 'ROLLING_BACK')
    return null;
  const begun = (step: Step): boolean => steps.get(step.id)?.begunAt != null;
  const at = runbook.steps.findLastIndex((step) => step.use === 'rollout.soak' && begun(step));
  const step = runbook.steps[at];
  if (step === undefined) return null;
  const isAtIt = state.steps[at] === 'STARTED' && state.status !== 'PAUSED';
  const changes = runbook.steps
    .slice(at + 1)
    .some((one) => one.id.startsWith('percent-') && begun(one));
  return isAtIt || changes ? null : step;
}
