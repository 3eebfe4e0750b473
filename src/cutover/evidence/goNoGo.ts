/**
 * The go/no-go form of a run, filled: a section for each phase, with what was run, a line for each step, what the
 * steps have left, and the decision. What was not reached stays open. Pure.
 */

import { stepsSeen, type SeenStep } from '../engine/stepsSeen.ts';
import type { StepStatus } from '../runState.ts';
import type { Runbook } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';
import { resultOwner, type Owner } from './stepOwner.ts';
import { commandsOf, type RunCommand } from './stepCommands.ts';
import { decisionsOf } from './approvalRecord.ts';
import { linesOf, outputsOfStep, type FoundOutput, type RunEvidence } from './runEvidence.ts';

export interface FormLine {
  readonly text: string;
  readonly isDone: boolean;
  /** Null for a step that was not reached, or is under way. */
  readonly status: StepStatus | null;
  /** What was seen, or why it was waived; '' for nothing. */
  readonly says: string;
  readonly owner: Owner;
  /** ISO 8601, UTC; null without a result. */
  readonly at: string | null;
}

export interface FormSection {
  readonly title: string;
  readonly commands: readonly RunCommand[];
  readonly lines: readonly FormLine[];
  readonly outputs: readonly FoundOutput[];
}

export interface Decision {
  /** Null until the run has ended. */
  readonly isGo: boolean | null;
  readonly owner: string;
  readonly at: string | null;
  readonly notes: string;
}

/** Returns the sections of a form, in the order of the phases. */
export function formSections(evidence: RunEvidence): readonly FormSection[] {
  const { runbook } = evidence;
  const byTitle = Map.groupBy(stepsSeen(evidence), ({ step }) => titleOf(runbook, step.phase));
  return [...byTitle].map(([title, steps]) => ({
    title,
    commands: steps.flatMap((seen) => commandsOf(evidence, seen)),
    lines: steps.map((seen) => lineOf(evidence, seen)),
    outputs: steps.flatMap(({ step }) => outputsOfStep(evidence, step)),
  }));
}

function titleOf({ titles, title, name }: Runbook, phase: string | null): string {
  return phase === null ? (title ?? name) : (titles.get(phase) ?? phase);
}

const TOLD: ReadonlySet<StepStatus> = new Set([
  'PASS',
  'WARN',
  'FAIL',
  'INCONCLUSIVE',
  'WAIVED',
  'UNKNOWN',
  'UNDONE',
  'UNDO_FAILED',
]);
const DONE: ReadonlySet<StepStatus> = new Set(['PASS', 'WARN', 'WAIVED']);

function lineOf(evidence: RunEvidence, one: SeenStep): FormLine {
  const { step, status, seen } = one;
  const isTold = TOLD.has(status);
  const says = seen.waived === null ? seen.says : `waived by ${seen.waived}`;
  return {
    text: step.title ?? textOf(step.members, 'text') ?? step.id,
    isDone: DONE.has(status),
    status: isTold ? status : null,
    says: isTold && !status.startsWith('UNDO') ? says : '',
    owner: resultOwner(evidence, one),
    at: isTold
      ? (linesOf(evidence, step).findLast(({ event }) => ENDS.has(event))?.at ?? null)
      : null,
  };
}

/** Lines after which a step has the status that it has. */
const ENDS: ReadonlySet<string> = new Set([
  'step-ended',
  'step-left-out',
  'step-waived',
  'step-probed',
  'undo-ended',
]);

/** A run that has come to its end is a go, one that was taken back or ended before is none. */
export function decisionOf(evidence: RunEvidence): Decision {
  const { record, runbook, lines } = evidence;
  const { status } = record.state;
  if (status === 'COMPLETED') {
    const gate = runbook.steps.findLast(({ use }) => use === 'gate.approval');
    const people = decisionsOf(evidence)
      .filter(({ step, counted }) => counted === true && step === gate?.id)
      .map(({ reviewer }) => reviewer);
    const owners = people.length > 0 ? people : [...record.operators];
    const notes = `all ${runbook.steps.length} steps are over`;
    return { isGo: true, owner: [...new Set(owners)].join(', '), at: record.lastAt, notes };
  }
  const turn = lines.findLast(({ event }) => event === 'rollback-begun' || event === 'aborted');
  if (turn === undefined || !/^(?:ROLL|ABORTED)/.test(status)) {
    return { isGo: null, owner: '', at: null, notes: '' };
  }
  const { who } = turn;
  const owner = typeof who === 'string' ? who : 'a trigger of the runbook';
  return {
    isGo: false,
    owner,
    at: turn.at,
    notes: `${status}: ${record.why ?? 'no reason given'}`,
  };
}
