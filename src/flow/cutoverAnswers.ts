/** What a person answers for: steps of a run that is held, and ways back that nothing tells of. */

import type { LiveRun } from '../cutover/engine/liveRun.ts';
import { failedPart } from '../cutover/engine/wayBack.ts';
import { afterEvent } from '../cutover/runMoves.ts';
import type { RunEvent } from '../cutover/runState.ts';
import { Failure } from '../outcome/failure.ts';

/** What a person says of a step that is held. */
export interface Answer {
  readonly step: string;
  readonly kind: 'done' | 'again' | 'waive';
}

/** Writes down what a person says of steps: all of it, or nothing. @throws Failure USAGE */
export function answer(
  { steps, held }: LiveRun,
  answers: readonly Answer[],
  who: string,
  why: string | null,
): void {
  let { state } = held.record;
  const events = answers.map((one) => {
    const event = eventOf(one);
    const next = afterEvent(steps, state, event);
    if (why === null) throw withoutReason(one);
    if (typeof next === 'string') throw unfitting(one, next);
    state = next;
    return event;
  });
  for (const event of events) held.commit(event, { who, why });
}

function eventOf({ step, kind }: Answer): RunEvent {
  if (kind === 'waive') return { event: 'step-waived', step };
  const presence = kind === 'done' ? 'there' : 'absent';
  return { event: 'step-probed', step, presence, byPerson: true };
}

/** Writes down what a person says of ways back that have failed, or were cut off; a way back then goes on by that. @throws Failure USAGE */
export function answerForUndo(
  { held }: LiveRun,
  answers: readonly Answer[],
  who: string,
  why: string | null,
): void {
  const parts = answers.map((one) => {
    const part = failedPart(held.record, one.step);
    if (why === null) throw withoutReason(one);
    if (part === null) throw unfitting(one, 'no way back of it has failed');
    return { ...part, progress: one.kind === 'done' ? 'done' : 'failed' } as const;
  });
  for (const part of parts) held.commit(part, { who, why });
}

function withoutReason({ step, kind }: Answer): Failure {
  return new Failure('USAGE', {
    what: 'who answers for a step says why',
    where: `--${kind} ${step}`,
    hint: 'give the reason with --why',
  });
}

function unfitting({ step, kind }: Answer, refused: string): Failure {
  return new Failure('USAGE', {
    what: `that cannot be said of this step, as ${refused}`,
    where: `--${kind} ${step}`,
    hint: 'see what is held with sealift cutover status',
  });
}
