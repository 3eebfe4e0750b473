/**
 * The way back: steps are undone from the last to the first, each by its actions in their order. How far it has
 * come is in the journal, so that a way back that was cut off goes on, and no action is done twice that can tell
 * whether it was done.
 */

import { kindOf, type Action, type Step } from '../runbook.ts';
import { stepsToUndo } from '../runMoves.ts';
import type { RunRecord } from './runRecord.ts';
import type { StepResult } from '../steps/stepType.ts';
import { attempt, probe } from './attempt.ts';
import { isTriedOnly } from './triedOnly.ts';
import { attemptOrRepeat } from './repeat.ts';
import { underWay } from './attend.ts';
import { conditionHolds } from './conditions.ts';
import { isPassed, outputFacts, statusOf, type LiveRun } from './liveRun.ts';

/** Undoes the next step, or ends the way back if there is none. */
export async function goBackOne(run: LiveRun): Promise<void> {
  const { held, runbook, steps } = run;
  const [next] = stepsToUndo(steps, held.record.state);
  const step = runbook.steps.find(({ id }) => id === next?.id);
  if (step === undefined) {
    held.commit({ event: 'run-ended' });
    return;
  }
  held.commit({ event: 'undo-intended', step: step.id });
  for (const [at, action] of step.undo.entries()) {
    const result = await undo(run, step, at, action);
    if (result === null || statusOf(run, step.id) !== 'UNDOING') return;
    const { verdict, says } = result;
    run.say(`undo  ${step.id}  ${action.use}  ${verdict}  ${says}`.trimEnd());
    if (isPassed(result)) continue;
    held.commit({ event: 'undo-ended', step: step.id, succeeded: false }, { says });
    held.commit({ event: 'run-ended' }, { why: `${step.id} could not be undone, ${says}` });
    return;
  }
  held.commit({ event: 'undo-ended', step: step.id, succeeded: true });
}

async function undo(
  run: LiveRun,
  step: Step,
  at: number,
  action: Action,
): Promise<StepResult | null> {
  const { held } = run;
  const progress = held.record.undone.get(`${step.id}/${at}`);
  if (progress === 'done') return { verdict: 'PASS', says: 'done before' };
  const part = { event: 'undo-part', step: step.id, action: at } as const;
  if (isTriedOnly(run, step.id, action)) {
    held.commit({ ...part, progress: 'done' });
    return { verdict: 'PASS', says: 'not done in a rehearsal' };
  }
  if (action.when !== null && !conditionHolds(run, action.when, true)) {
    held.commit({ ...part, progress: 'done' });
    return { verdict: 'PASS', says: `left out, as ${action.when} does not hold` };
  }
  if (progress === 'begun') {
    const known = await afterCut(run, step, action);
    if (known !== 'absent') {
      if (known === 'there') held.commit({ ...part, progress: 'done' });
      return known === 'there'
        ? { verdict: 'PASS', says: 'done before' }
        : { verdict: 'FAIL', says: UNCLEAR };
    }
  }
  held.commit({ ...part, progress: 'begun' });
  const result = await done(run, step, action);
  if (result === null) return null;
  const facts = { says: result.says, ...outputFacts(run, step.id) };
  held.commit({ ...part, progress: isPassed(result) ? 'done' : 'failed' }, facts);
  return result;
}

const UNCLEAR =
  'it was cut off, and nothing tells whether it was done; find out, and say it with --done or --again';

/** Returns the action of a way back that has failed or was cut off, as members of a line; null for none. */
export function failedPart({ undone, state }: RunRecord, step: string): Part | null {
  const last = [...undone].findLast(([key]) => key.startsWith(`${step}/`));
  if (last === undefined || last[1] === 'done' || !state.steps.includes('UNDO_FAILED')) return null;
  return { event: 'undo-part', step, action: Number(last[0].slice(step.length + 1)) };
}

interface Part {
  readonly event: 'undo-part';
  readonly step: string;
  /** Number of the action, from 0. */
  readonly action: number;
}

/** Does an action of a way back, and reads its effect back. */
async function done(run: LiveRun, step: Step, action: Action): Promise<StepResult | null> {
  const result = await underWay(run, (signal) => attemptOrRepeat(run, step.id, action, signal));
  if (result === null || !isPassed(result)) return result;
  const verified = await underWay(run, (signal) => attempt(run, step.id, action, 'verify', signal));
  return verified === null || verified.says !== '' ? verified : result;
}

/** What is known of an action that was cut off. One that reads only, or may run again, is as if it was absent. */
async function afterCut(
  run: LiveRun,
  step: Step,
  action: Action,
): Promise<'there' | 'absent' | 'unclear'> {
  const { members } = action;
  if (kindOf(action) === 'check' || kindOf(action) === 'notice' || members['idempotent'] === true) {
    return 'absent';
  }
  const told = await underWay(run, (signal) => probe(run, step.id, action, signal));
  return told === 'begun' ? 'absent' : (told ?? 'unclear');
}
