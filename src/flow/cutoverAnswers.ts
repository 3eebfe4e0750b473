/** What a person answers for: steps of a run that is held, and ways back that nothing tells of. */

import type { LiveRun } from '../cutover/engine/liveRun.ts';
import { failedPart } from '../cutover/engine/wayBack.ts';
import { afterEvent } from '../cutover/runMoves.ts';
import { kindOf, type Runbook } from '../cutover/runbook.ts';
import { isFinal, type RunEvent, type RunState, type StepStatus } from '../cutover/runState.ts';
import { Failure } from '../outcome/failure.ts';

/** What a person says of a step that is held. */
export interface Answer {
  readonly step: string;
  readonly kind: 'done' | 'again' | 'waive';
}

/** Writes down what a person says of steps: all of it, or nothing. @throws Failure USAGE */
export function answer(
  { steps, held, runbook }: LiveRun,
  answers: readonly Answer[],
  who: string,
  why: string | null,
): void {
  let { state } = held.record;
  const events = answers.map((one) => {
    const event = eventOf(one);
    const next = afterEvent(steps, state, event);
    if (why === null) throw withoutReason(one);
    if (typeof next === 'string') throw unfitting(one, whyNot(one, runbook, state, next));
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
    if (part === null)
      throw unfitting(
        one,
        `--${one.kind} of a rollback is for a way back that failed or was cut off, and that of ${one.step} was not`,
      );
    return { ...part, progress: one.kind === 'done' ? 'done' : 'failed' } as const;
  });
  for (const part of parts) held.commit(part, { who, why });
}

function withoutReason({ step, kind }: Answer): Failure {
  return new Failure('USAGE', {
    what: `${kind === 'waive' ? 'a waiver' : 'an answer'} needs a reason`,
    where: `--${kind} ${step}`,
    hint: 'give it with --why',
  });
}

/** What each answer is for. */
const MEANS: Readonly<Record<Answer['kind'], string>> = {
  done: 'although its effect is there',
  again: 'and may run again',
  waive: 'and that the run goes on without',
};

/** Says what an answer is for, and what the step is instead. */
function whyNot(
  { step: id, kind }: Answer,
  { steps }: Runbook,
  state: RunState,
  refused: string,
): string {
  const at = steps.findIndex((step) => step.id === id);
  const step = steps[at];
  if (step === undefined || isFinal(state.status)) return `nothing is recorded, as ${refused}`;
  if (kindOf(step) === 'gate') {
    return `a gate opens by its approvals, its time or its metrics, and not by --${kind}`;
  }
  const status = state.steps[at] ?? 'PENDING';
  const isHeld = HELD.has(status);
  return `--${kind} is for a step that failed, or of which nothing is known, ${MEANS[kind]}; ${id} is ${status}${isHeld ? `, but ${refused}` : ''}`;
}

const HELD: ReadonlySet<StepStatus> = new Set<StepStatus>(['FAIL', 'INCONCLUSIVE', 'UNKNOWN']);

function unfitting({ step, kind }: Answer, what: string): Failure {
  return new Failure('USAGE', {
    what,
    where: `--${kind} ${step}`,
    hint: 'see what is held with sealift cutover status',
  });
}
