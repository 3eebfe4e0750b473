/**
 * The plan of a runbook: its steps in the order of the file, which is the order of the run, where each
 * runs, what it waits for, and how long it is expected to take. Planning runs nothing. Pure.
 */

import {
  inputOf,
  kindOf,
  type BreachAction,
  type Runbook,
  type Stage,
  type Step,
} from './runbook.ts';
import type { StepKind } from './steps/stepType.ts';
import { numberOf } from './steps/stepMembers.ts';
import { STEP_TYPES } from './steps/stepTypes.ts';

export interface Approval {
  readonly role: string;
  /** How many people have to approve. */
  readonly of: number;
  /** Whether operators count. */
  readonly operators: boolean;
}

/** How a run gets back after a step. */
export type WayBack = 'nothing to undo' | 'undo' | 'none' | 'point of no return';

export interface PlannedStep {
  /** From 1. */
  readonly number: number;
  readonly id: string;
  readonly use: string;
  readonly kind: StepKind;
  readonly phase: string | null;
  /** Input, role, or a word such as `repository`. */
  readonly where: string;
  readonly requires: readonly string[];
  /** Gates before it, all of which have to be open. */
  readonly gates: readonly string[];
  /** Null for a step that is no approval. */
  readonly approval: Approval | null;
  /** The step is left out unless this holds; null for one that always runs. */
  readonly when: string | null;
  readonly wayBack: WayBack;
  /** Milliseconds; null if not known. */
  readonly takes: number | null;
  /** Milliseconds that the steps before take, as far as known. */
  readonly startsAfter: number;
}

export interface Plan {
  readonly runbook: string;
  readonly steps: readonly PlannedStep[];
  readonly stages: readonly Stage[];
  readonly window: Runbook['window'];
  readonly triggers: readonly {
    readonly when: string;
    /** Milliseconds; null for at once. */
    readonly for: number | null;
    readonly action: BreachAction;
  }[];
  /** Milliseconds of all steps, as far as known, and after them of the longest monitor. */
  readonly takes: number;
  readonly monitored: number;
  /** Number of steps whose time is not known, gates left out: these take as long as people take. */
  readonly unknown: number;
}

/** Plans a runbook; times that were measured, in ms by step, go before those that it states. */
export function planRunbook(
  runbook: Runbook,
  measured: ReadonlyMap<string, number> = new Map(),
): Plan {
  const steps: PlannedStep[] = [];
  const gates: string[] = [];
  let elapsed = 0;
  for (const [at, step] of runbook.steps.entries()) {
    // People take as long as they take, whatever they took before.
    const known = kindOf(step) === 'gate' ? undefined : measured.get(step.id);
    const takes = known ?? timeOf(runbook, step);
    steps.push({
      number: at + 1,
      id: step.id,
      use: step.use,
      kind: kindOf(step),
      phase: step.phase,
      where: whereOf(step),
      requires: step.requires,
      gates: [...gates],
      approval: approvalOf(step),
      when: step.when,
      wayBack: wayBackOf(step),
      takes,
      startsAfter: elapsed,
    });
    elapsed += takes ?? 0;
    if (kindOf(step) === 'gate') gates.push(step.id);
  }
  return {
    runbook: runbook.name,
    steps,
    stages: runbook.stages,
    window: runbook.window,
    triggers: runbook.triggers.map(({ when, for: during, action }) => ({
      when,
      for: during,
      action,
    })),
    takes: elapsed,
    monitored: Math.max(0, ...runbook.monitor.map((one) => one.for)),
    unknown: steps.filter(({ takes, kind }) => takes === null && kind !== 'gate').length,
  };
}

/** A check that has to pass for some time takes at least that, and a stage its soak. */
function timeOf({ stages }: Runbook, step: Step): number | null {
  const { takes, until, use, members } = step;
  if (use === 'rollout.soak') return stages[numberOf(members, 'stage') ?? 0]?.soak ?? null;
  return takes ?? until?.for ?? null;
}

function whereOf(step: Step): string {
  const { place } = STEP_TYPES[step.use];
  const role = step.members['role'] ?? step.members['to'];
  return inputOf(step) ?? (place === 'person' && typeof role === 'string' ? role : place);
}

function approvalOf({ use, members }: Step): Approval | null {
  if (use !== 'gate.approval') return null;
  const { role, of, notOperator } = members;
  return {
    role: String(role),
    of: typeof of === 'number' ? of : 1,
    operators: notOperator === false,
  };
}

function wayBackOf(step: Step): WayBack {
  if (step.pointOfNoReturn) return 'point of no return';
  if (step.undo.length > 0) return 'undo';
  return kindOf(step) === 'change' ? 'none' : 'nothing to undo';
}
