/**
 * The states of a run of a runbook, as a function from events to states. Pure: it neither runs a step nor
 * reads a clock; the journal of the run holds the events, and replaying them gives the state again.
 *
 * Promises: at most one step is under way. A step begins only when all steps before it are over, and all
 * gates before it were opened: a gate is neither waived nor left out. What a step requires has passed: it is
 * not waived, and to be left out is no pass. What no result is known of is UNKNOWN, and holds the run. From
 * every state that is not final, an end can be reached.
 */

import type { StepKind } from './steps/stepType.ts';

/** Final are COMPLETED, ROLLED_BACK, ROLLBACK_FAILED and ABORTED. */
export type RunStatus =
  | 'PLANNED'
  | 'RUNNING'
  | 'WAITING'
  | 'PAUSED'
  | 'COMPLETED'
  | 'ROLLING_BACK'
  | 'ROLLED_BACK'
  | 'ROLLBACK_FAILED'
  | 'ABORTED';

export const VERDICTS = ['PASS', 'WARN', 'FAIL', 'INCONCLUSIVE'] as const;
export type StepVerdict = (typeof VERDICTS)[number];

export type StepStatus =
  | 'PENDING'
  | 'STARTED'
  | 'VERIFYING'
  | StepVerdict
  | 'UNKNOWN'
  | 'WAIVED'
  | 'UNDOING'
  | 'UNDONE'
  | 'UNDO_FAILED';

export const WAITS = ['approval', 'soak', 'window'] as const;
export type WaitReason = (typeof WAITS)[number];

/** What the states depend on of a step. */
export interface RunStep {
  readonly id: string;
  readonly kind: StepKind;
  /** Whether it may be left out, as it has a condition. */
  readonly isConditional: boolean;
  /** Steps that have to pass, not only to be over. */
  readonly requires: readonly string[];
  /** Whether it can run again without harm: a check, or declared so. */
  readonly isRepeatable: boolean;
  readonly hasUndo: boolean;
  /** Whether its way back loses data that was written meanwhile. */
  readonly undoLosesWrites: boolean;
  readonly isPointOfNoReturn: boolean;
}

export interface RunState {
  readonly status: RunStatus;
  /** What the run waits for; null unless it is WAITING. */
  readonly waitsFor: WaitReason | null;
  /** By step, in the order of the run. */
  readonly steps: readonly StepStatus[];
  /** Whether the effect of a step may be there, in the same order. */
  readonly effects: readonly boolean[];
}

/** What a probe, or a person, has told of an effect: as a whole, not at all, or in part. */
export const TOLD = ['there', 'absent', 'begun'] as const;
export type Told = (typeof TOLD)[number];

/** Something that happened in a run. */
export type RunEvent =
  | { readonly event: 'run-begun' }
  | { readonly event: 'step-intended'; readonly step: string }
  | { readonly event: 'step-applied'; readonly step: string }
  | { readonly event: 'step-ended'; readonly step: string; readonly verdict: StepVerdict }
  /** Its condition does not hold. */
  | { readonly event: 'step-left-out'; readonly step: string }
  /** A trigger does the step, whatever its status: its effect may be there from now on. */
  | { readonly event: 'step-forced'; readonly step: string }
  /** A person takes the responsibility for a step that has not passed. */
  | { readonly event: 'step-waived'; readonly step: string }
  /** After a crash: there is no result of what was under way. */
  | { readonly event: 'recovered' }
  /** The probe of an UNKNOWN step, or a person, has told whether its effect is there. */
  | {
      readonly event: 'step-probed';
      readonly step: string;
      readonly presence: Told;
      readonly byPerson: boolean;
    }
  | { readonly event: 'wait-begun'; readonly reason: WaitReason }
  | { readonly event: 'wait-ended' }
  | { readonly event: 'paused' }
  | { readonly event: 'resumed' }
  | { readonly event: 'aborted' }
  /** By a person or a trigger; `lossAccepted`: a person gives up later writes, by name. */
  | { readonly event: 'rollback-begun'; readonly lossAccepted: boolean }
  | { readonly event: 'undo-intended'; readonly step: string }
  | { readonly event: 'undo-ended'; readonly step: string; readonly succeeded: boolean }
  | { readonly event: 'run-ended' };

/** The state of a run that has not begun. */
export function plannedRun(steps: readonly RunStep[]): RunState {
  return {
    status: 'PLANNED',
    waitsFor: null,
    steps: steps.map(() => 'PENDING'),
    effects: steps.map(() => false),
  };
}

export function isFinal(status: RunStatus): boolean {
  return /^(?:COMPLETED|ROLLED_BACK|ROLLBACK_FAILED|ABORTED)$/.test(status);
}

/** Whether a step of this status is under way. */
export function isUnderWay(status: StepStatus): boolean {
  return status === 'STARTED' || status === 'VERIFYING' || status === 'UNDOING';
}

/** Whether a run can go on after a step of this status. */
export function isOver(status: StepStatus): boolean {
  return status === 'PASS' || status === 'WARN' || status === 'WAIVED';
}
