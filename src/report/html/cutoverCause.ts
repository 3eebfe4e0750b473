/** What ended a run or held it, in words: the first step that did not pass, or the trigger with its number. Pure. */

import type { RunStory, StoryFiring, StoryStep } from '../../outcome/runStory.ts';
import { numberText } from './sampleChart.ts';

interface FailedStep {
  readonly id: string;
  /** When it was known. */
  readonly at: number;
  /** That it failed, and what it said, as a clause. */
  readonly says: string;
}

const WORDS: Readonly<Record<string, string>> = {
  FAIL: 'failed',
  INCONCLUSIVE: 'told nothing',
  UNKNOWN: 'was cut off',
};

/** Returns the first step that did not pass, whatever became of it later; null if all have, or were waived. */
export function firstFailure({ steps, waysBack, status, lastAt }: RunStory): FailedStep | null {
  const end = waysBack[0]?.from ?? (status === 'ABORTED' ? lastAt : Infinity);
  const failed = steps.flatMap((step): FailedStep[] => {
    const last = lastAttempt(step);
    const words = WORDS[last?.ended ?? ''];
    if (last?.to == null || words === undefined || step.waived !== null) return [];
    // What a way back or an abort has cut off did not fail.
    if (last.ended !== 'FAIL' && last.to >= end) return [];
    return [{ id: step.id, at: last.to, says: `${words}${saysOf(last.says)}` }];
  });
  return failed.toSorted((one, other) => one.at - other.at)[0] ?? null;
}

function saysOf(says: string): string {
  return says === '' ? '' : `: ${says}`;
}

/** The last time that a step was done, or read back. */
function lastAttempt({ attempts }: StoryStep): StoryStep['attempts'][number] | undefined {
  return attempts.findLast(({ kind }) => kind !== 'undo');
}

/** Whether a step has failed, also if it was undone or waived later. */
export function hasFailed(step: StoryStep): boolean {
  return step.status === 'FAIL' || lastAttempt(step)?.ended === 'FAIL';
}

/** Says with which number a trigger fired that gave a reason; empty if none did, or it had no number. */
export function withNumber({ triggers }: RunStory, why: string): string {
  const firings = triggers.flatMap((trigger) => trigger.firings);
  const last = firings.findLast((firing) => firing.why === why);
  return last === undefined ? '' : numberOf(last);
}

/** Says with which number a trigger has fired. */
export function numberOf({ value }: StoryFiring): string {
  return value === null ? '' : `, with the value ${numberText(value)}`;
}
