/** A run at work: what the parts of the engine have in common. */

import type { GateSubject } from '../../journal/approval.ts';
import type { KeptApproval } from '../../journal/approvalFile.ts';
import type { Judged } from '../../project/reviewers.ts';
import { kindOf, type Runbook, type Step } from '../runbook.ts';
import { isUnderWay, type RunStep, type StepStatus } from '../runState.ts';
import { WITH_EFFECT, type StepResult, type StepType } from '../steps/stepType.ts';
import type { StepName } from '../steps/stepTypes.ts';
import type { KeptOutput, World } from '../world/world.ts';
import type { HeldRun } from './heldRun.ts';
import type { Stand } from './stageLook.ts';
import type { Watch } from './watches.ts';

export type StepTypes = Readonly<Record<StepName, StepType>>;

export interface LiveRun {
  readonly runbook: Runbook;
  readonly steps: readonly RunStep[];
  readonly types: StepTypes;
  readonly watches: readonly Watch[];
  /** Stages of a rollout that this process follows, by their soaks; see stageLook.ts. */
  readonly stands: Map<string, Stand>;
  readonly held: HeldRun;
  readonly world: World;
  /** Takes the outputs that were kept since the call before, of what has this id. */
  readonly outputsOf: (id: string) => readonly KeptOutput[];
  /** Says why another operator could be at work on its databases, as a clause; null if none can. */
  readonly othersAtWork: () => Promise<string | null>;
  /** Who works on it now; null for a scheduler. */
  readonly who: string | null;
  readonly approvals: ApprovalsOfRun;
  /** What a rehearsal does otherwise; null for the real thing. */
  readonly rehearsal: Rehearsal | null;
  /** Shows what a person should see at once. */
  readonly say: (line: string) => void;
  /** Shows that something is under way, until the function that it returns is called. */
  readonly shows: (label: string) => () => void;
  /** Aborts when the process is told to stop: what is under way ends, and nothing else begins. */
  readonly stopping: AbortSignal;
}

/** Gates are passed by, soaks need one look, and numbers of watches may be given, to see what they do. */
export interface Rehearsal {
  /** Whether it ends with the way back, so that the next one finds what this one found. */
  readonly goesBack: boolean;
  readonly breaches: ReadonlyMap<string, number>;
}

/** Approvals of the gates of a run. */
export interface ApprovalsOfRun {
  /** What an approval of a gate has to be bound to now. */
  subjectOf(step: string): GateSubject;
  /** Reads an approval that was recorded; null if its file is not there, or has other bytes. */
  read(digest: string): KeptApproval | null;
  /** Judges who made it, which `excluded` may not have; the same approval is judged once. */
  judge(
    reviewer: string,
    digest: string,
    kept: KeptApproval,
    excluded: readonly string[],
  ): Promise<Judged>;
}

/** Returns the status of a step. */
export function statusOf({ runbook, held }: LiveRun, id: string): StepStatus {
  const at = runbook.steps.findIndex((step) => step.id === id);
  return held.record.state.steps[at] ?? 'PENDING';
}

/** Whether a change is under way, which nothing but a panic cuts off. */
export function isChanging({ steps, held }: LiveRun): boolean {
  const { state } = held.record;
  return steps.some(
    ({ kind }, at) => WITH_EFFECT.has(kind) && isUnderWay(state.steps[at] ?? 'PENDING'),
  );
}

/** Whether a step only waits, so that nothing of it is in flight between two looks. */
export function waits(step: Step): boolean {
  return kindOf(step) === 'gate' || step.until !== null;
}

export function isPassed({ verdict }: StepResult): boolean {
  return verdict === 'PASS' || verdict === 'WARN';
}

/** Members of a line about what has an id: the outputs that it left, if there are any. */
export function outputFacts(run: LiveRun, id: string): Record<string, unknown> {
  const outputs = run.outputsOf(id);
  return outputs.length === 0 ? {} : { outputs };
}

/** The members of the line that ends a step. */
export function endFacts({ says, results = {}, kept = {} }: StepResult): Record<string, unknown> {
  return { says, results, kept };
}

/** Says what became of a step: `3/9  migrate  sql.migrate  PASS  7 files applied`. */
export function sayEnd(run: LiveRun, step: Step, { verdict, says }: StepResult): void {
  const { steps } = run.runbook;
  const number = `${steps.indexOf(step) + 1}/${steps.length}`;
  run.say([number, step.id, step.use, verdict, says].join('  ').trimEnd());
}
