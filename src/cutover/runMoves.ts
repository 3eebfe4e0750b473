/**
 * The moves of a run: the state after an event, or why the event cannot happen. See runState.ts for what they
 * promise. Pure.
 */

import {
  isFinal,
  isOver,
  isUnderWay,
  type RunEvent,
  type RunState,
  type RunStatus,
  type RunStep,
  type StepStatus,
} from './runState.ts';
import { WITH_EFFECT } from './steps/stepType.ts';

/** Returns the state after an event, or why it cannot happen in this state, as a clause. */
export function afterEvent(
  steps: readonly RunStep[],
  state: RunState,
  event: RunEvent,
): RunState | string {
  if ('step' in event) {
    const at = steps.findIndex(({ id }) => id === event.step);
    const step = steps[at];
    if (step === undefined) return 'there is no such step';
    if (isFinal(state.status)) return 'the run is over';
    if (event.event === 'step-forced') return { ...state, effects: state.effects.with(at, true) };
    const status = state.steps[at] ?? 'PENDING';
    const next = stepAfter({ steps, state, at, step, status }, event);
    return isStatus(next) ? withStep(state, at, next) : next;
  }
  return runAfter(steps, state, event);
}

type ProbeEvent = Extract<RunEvent, { readonly event: 'step-probed' }>;
type StepEvent = Extract<RunEvent, { readonly step: string }>;
type StepMove = Exclude<StepEvent, { readonly event: 'step-forced' }>;

interface At {
  readonly steps: readonly RunStep[];
  readonly state: RunState;
  readonly at: number;
  readonly step: RunStep;
  readonly status: StepStatus;
}

/** Statuses are in capitals, clauses are not. */
function isStatus(next: string): next is StepStatus {
  return /^[A-Z_]+$/.test(next);
}

/** Holds the run where a step has not passed, so that a person or a trigger decides. */
function withStep(state: RunState, at: number, status: StepStatus): RunState {
  const gone = status === 'PENDING' || status === 'UNDONE';
  const effects = state.effects.with(
    at,
    !gone && (status === 'STARTED' || state.effects[at] === true),
  );
  const next = { ...state, steps: state.steps.with(at, status), effects };
  const fails = status === 'FAIL' || status === 'INCONCLUSIVE';
  const goes = state.status === 'RUNNING' || state.status === 'WAITING';
  return fails && goes ? { ...next, status: 'PAUSED', waitsFor: null } : next;
}

/** Returns the status of a step after an event, or a clause. */
function stepAfter(place: At, event: StepMove): string {
  const { state, step, status } = place;
  const undoes = event.event === 'undo-intended' || event.event === 'undo-ended';
  if (state.status === 'ROLLING_BACK' && !undoes) return 'the run is rolled back';
  switch (event.event) {
    case 'step-intended':
      return startOf(place);
    case 'step-left-out':
      if (!step.isConditional || step.kind === 'gate') return 'the step has no condition';
      return status === 'PENDING' ? (turnFault(place) ?? 'WAIVED') : 'the step has begun';
    case 'step-applied':
      return status === 'STARTED' ? 'VERIFYING' : 'the step has not started';
    case 'step-ended':
      if (status !== 'STARTED' && status !== 'VERIFYING') return 'the step is not under way';
      return step.kind === 'gate' && event.verdict === 'WARN'
        ? 'a gate is open or not'
        : event.verdict;
    case 'step-probed':
      return probed(place, event);
    case 'step-waived':
      if (step.kind === 'gate') return 'a gate cannot be waived';
      if (state.status !== 'PAUSED') return 'the run is not paused';
      if (!isHeld(status)) return 'there is nothing to waive';
      // The run could not go on past that step: a waiver does not count for it.
      return isRequired(place) ? 'a later step requires it to pass' : 'WAIVED';
    case 'undo-intended':
      return undoOf(place);
    default:
      if (status !== 'UNDOING') return 'the step is not being undone';
      return event.succeeded ? 'UNDONE' : 'UNDO_FAILED';
  }
}

/** A person may also answer for a step that has not passed, as what was wrong may have been fixed by hand. */
function probed({ state, step, status }: At, event: ProbeEvent): string {
  const open = status === 'UNKNOWN' || (event.byPerson && isHeld(status) && step.kind !== 'gate');
  if (!open) return 'the step is not unknown';
  if (state.status !== 'PAUSED') return 'the run is not paused';
  if (event.presence === 'there') return 'VERIFYING';
  // What is there in part has to be undone, until the step has run again.
  if (event.presence === 'begun') return 'FAIL';
  return step.isRepeatable || event.byPerson ? 'PENDING' : 'FAIL';
}

function isHeld(status: StepStatus): boolean {
  return status === 'FAIL' || status === 'INCONCLUSIVE' || status === 'UNKNOWN';
}

function startOf(place: At): string {
  const { step, status } = place;
  const again = step.isRepeatable && (status === 'FAIL' || status === 'INCONCLUSIVE');
  if (status !== 'PENDING' && !again) return 'the step has begun';
  const fault = turnFault(place);
  if (fault !== null) return fault;
  const { steps, state } = place;
  const lacks = requiredNotPassed(steps, state, step).length > 0;
  return lacks ? 'a step that it requires has not passed' : 'STARTED';
}

/** Why it is not the turn of a step; null if it is. */
function turnFault({ state, at }: At): string | null {
  if (state.status !== 'RUNNING') return 'the run is not running';
  if (state.steps.some(isUnderWay)) return 'another step is under way';
  return state.steps.slice(0, at).every(isOver) ? null : 'an earlier step is not over';
}

/** Ids of steps that a step requires and that have not passed: a waiver, or to be left out, is no pass. */
export function requiredNotPassed(
  steps: readonly RunStep[],
  state: RunState,
  { id, requires }: RunStep,
): readonly string[] {
  const passed = new Set<string>();
  for (const [at, step] of steps.entries()) {
    if (step.id === id) break;
    if (/^(?:PASS|WARN)$/.test(state.steps[at] ?? '')) passed.add(step.id);
  }
  return requires.filter((required) => !passed.has(required));
}

function isRequired({ steps, at, step }: At): boolean {
  return steps.slice(at + 1).some(({ requires }) => requires.includes(step.id));
}

/** Steps are undone from the last to the first. */
function undoOf({ steps, state, at, step }: At): string {
  if (state.status !== 'ROLLING_BACK') return 'the run is not rolled back';
  if (!step.hasUndo) return 'the step has no way back';
  if (state.steps.some(isUnderWay)) return 'another step is under way';
  const [next] = stepsToUndo(steps, state);
  if (!isToUndo(step, state, at)) return 'there is nothing to undo';
  return next === step ? 'UNDOING' : 'a later step is to be undone before';
}

/** Whether a rollback has to undo the step at a place: its effect may be there. */
function isToUndo({ hasUndo }: RunStep, { effects }: RunState, at: number): boolean {
  return hasUndo && effects[at] === true;
}

/** Steps that a rollback has yet to undo, the next one first. */
export function stepsToUndo(steps: readonly RunStep[], state: RunState): readonly RunStep[] {
  return steps.filter((step, at) => isToUndo(step, state, at)).toReversed();
}

function runAfter(
  steps: readonly RunStep[],
  state: RunState,
  event: Exclude<RunEvent, StepEvent>,
): RunState | string {
  const { status } = state;
  const to = (next: RunStatus): RunState => ({ ...state, status: next, waitsFor: null });
  switch (event.event) {
    case 'run-begun':
      return status === 'PLANNED' ? to('RUNNING') : 'the run has begun';
    case 'recovered':
      return recovered(state);
    case 'wait-begun':
      return status === 'RUNNING'
        ? { ...state, status: 'WAITING', waitsFor: event.reason }
        : 'the run is not running';
    case 'wait-ended':
      return status === 'WAITING' ? to('RUNNING') : 'the run does not wait';
    case 'paused':
      return status === 'RUNNING' || status === 'WAITING' ? to('PAUSED') : 'the run is not running';
    case 'resumed':
      if (status !== 'PAUSED') return 'the run is not paused';
      return resumeFault(steps, state) ?? to('RUNNING');
    case 'aborted':
      if (isFinal(status) || status === 'ROLLING_BACK') return 'the run is over, or rolled back';
      return changeFault(steps, state) ?? cutOff(to('ABORTED'));
    case 'rollback-begun':
      return rollbackFault(steps, state, event.lossAccepted) ?? cutOff(to('ROLLING_BACK'));
    default:
      return ended(steps, state);
  }
}

/** A change that is under way has to end before the run can; null if there is none. */
function changeFault(steps: readonly RunStep[], state: RunState): string | null {
  const changes = steps.some(
    ({ kind }, at) => WITH_EFFECT.has(kind) && isUnderWay(state.steps[at] ?? 'PENDING'),
  );
  return changes ? 'a change is under way' : null;
}

/** A check or gate that is under way at the end of a run has no result. */
function cutOff(state: RunState): RunState {
  const steps = state.steps.map((status) => (isUnderWay(status) ? 'INCONCLUSIVE' : status));
  return { ...state, steps };
}

/** What was under way is UNKNOWN; a way back that was cut off has failed, and can begin again. */
function recovered(state: RunState): RunState | string {
  if (!state.steps.some(isUnderWay)) return 'no step is under way';
  const steps = state.steps.map((status): StepStatus => {
    if (status === 'UNDOING') return 'UNDO_FAILED';
    return isUnderWay(status) ? 'UNKNOWN' : status;
  });
  if (state.status === 'ROLLING_BACK') return { ...state, steps };
  return { ...state, status: 'PAUSED', waitsFor: null, steps };
}

/** A step that is held has to be waived or run again; one that is unknown has to be probed. */
function resumeFault(steps: readonly RunStep[], state: RunState): string | null {
  if (state.steps.includes('UNKNOWN')) return 'nothing is known of a step';
  const stuck = steps.some(
    ({ isRepeatable }, at) => isHeld(state.steps[at] ?? 'PENDING') && !isRepeatable,
  );
  return stuck ? 'a step has not passed, and cannot run again' : null;
}

function rollbackFault(
  steps: readonly RunStep[],
  state: RunState,
  lossAccepted: boolean,
): string | null {
  const { status } = state;
  // A person may go back after the end, too, or try again after a rollback that failed.
  if (status === 'PLANNED') return 'the run has not begun';
  if (status === 'ROLLED_BACK') return 'the run was rolled back';
  if (status === 'ROLLING_BACK') return 'the run is rolled back';
  const change = changeFault(steps, state);
  if (change !== null) return change;
  const passed = steps.some(
    ({ isPointOfNoReturn }, at) => isPointOfNoReturn && state.effects[at] === true,
  );
  const loses = stepsToUndo(steps, state).some(({ undoLosesWrites }) => undoLosesWrites);
  return passed && loses && !lossAccepted ? 'later writes would be lost' : null;
}

function ended(steps: readonly RunStep[], state: RunState): RunState | string {
  if (state.steps.some(isUnderWay)) return 'a step is under way';
  if (state.status === 'RUNNING') {
    return state.steps.every(isOver) ? { ...state, status: 'COMPLETED' } : 'a step is not over';
  }
  if (state.status !== 'ROLLING_BACK') return 'the run is not running';
  if (stepsToUndo(steps, state).length === 0) return { ...state, status: 'ROLLED_BACK' };
  const failed = state.steps.includes('UNDO_FAILED');
  return failed ? { ...state, status: 'ROLLBACK_FAILED' } : 'a step is not undone';
}
