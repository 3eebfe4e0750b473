/**
 * A check that belongs to a step or to a way back, and has to pass for some time: it is repeated in this process,
 * as the step is under way until then. A step that only waits has gates.ts instead.
 */

import { formatDuration } from '../../record/duration.ts';
import type { Action, Until } from '../runbook.ts';
import type { StepResult } from '../steps/stepType.ts';
import { attempt } from './attempt.ts';
import { isPassed, type LiveRun } from './liveRun.ts';

/** Does an action once, or, where it has to pass for some time, until it has, or is given up. */
export async function attemptOrRepeat(
  run: LiveRun,
  id: string,
  action: Action,
  signal: AbortSignal,
): Promise<StepResult> {
  const { until } = action;
  const look = (): Promise<StepResult> => attempt(run, id, action, 'apply', signal);
  return until === null ? look() : repeat(run, until, look, signal);
}

async function repeat(
  { world, rehearsal }: LiveRun,
  until: Until,
  look: () => Promise<StepResult>,
  signal: AbortSignal,
): Promise<StepResult> {
  const begun = world.now().getTime();
  const needed = rehearsal === null ? until.for : 0;
  let passesSince: number | null = null;
  for (;;) {
    const result = await look();
    const now = world.now().getTime();
    if (!isPassed(result)) passesSince = null;
    else passesSince ??= now;
    if (passesSince !== null && now - passesSince >= needed) return result;
    if (until.within !== null && now - begun >= until.within) {
      const says = `${result.says}; given up after ${formatDuration(now - begun)}`;
      return { ...result, verdict: isPassed(result) ? 'FAIL' : result.verdict, says };
    }
    await world.pause(until.every, signal);
  }
}
