/**
 * What a run would do, without an effect: checks are made up to the first change, as those after it would see
 * what is not there yet; of what makes or changes something, its type tells whether it could be done now.
 */

import { kindOf, type Step } from '../runbook.ts';
import type { StepResult } from '../steps/stepType.ts';
import { attempt } from './attempt.ts';
import type { LiveRun } from './liveRun.ts';
import { planOf } from './planOf.ts';

export interface DryStep {
  readonly number: number;
  readonly id: string;
  readonly use: string;
  /** What it would do, as a clause. */
  readonly plan: string;
  /** What was seen; null for a step that was not tried. */
  readonly result: StepResult | null;
}

/** Tries the steps in their order. */
export async function tryRun(run: LiveRun, signal: AbortSignal): Promise<readonly DryStep[]> {
  const tried: DryStep[] = [];
  let changed = false;
  for (const [at, step] of run.runbook.steps.entries()) {
    const shown = run.shows(`${step.id}  ${step.use}`);
    try {
      const isCheck = kindOf(step) === 'check';
      const result = isCheck && changed ? null : await tryStep(run, step, signal);
      const plan = planOf(run.types, run.runbook, run.world, step);
      tried.push({ number: at + 1, id: step.id, use: step.use, plan, result });
    } finally {
      shown();
    }
    changed ||= kindOf(step) === 'change' || kindOf(step) === 'artifact';
  }
  return tried;
}

async function tryStep(run: LiveRun, step: Step, signal: AbortSignal): Promise<StepResult | null> {
  const kind = kindOf(step);
  if (kind === 'gate' || kind === 'notice') return null;
  const type = run.types[step.use];
  if ('dryRun' in type && type.dryRun !== undefined) {
    return attempt(run, step.id, step, 'dryRun', signal);
  }
  return kind === 'check' ? attempt(run, step.id, step, 'apply', signal) : null;
}
