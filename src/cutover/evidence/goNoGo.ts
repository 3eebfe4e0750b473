/**
 * The go/no-go form of a run, filled: a section for each phase, with what was run, a line for each step, and what
 * the steps have left. What was not reached stays open, and what has failed stays told. Pure.
 */

import { stepsSeen, type SeenStep } from '../engine/stepsSeen.ts';
import { inputOf, actionsOf, type Runbook } from '../runbook.ts';
import { isFinal, type StepStatus } from '../runState.ts';
import { textOf } from '../steps/stepMembers.ts';
import { commandsOf, type RunCommand } from './stepCommands.ts';
import { outputsOfStep, type FoundOutput, type RunEvidence } from './runEvidence.ts';
import { hasFailed, historyOf, type StepEnd, type Undone, type Waiver } from './stepHistory.ts';
import { resultOwner, type Owner } from './stepOwner.ts';

export interface FormLine {
  readonly text: string;
  readonly isPointOfNoReturn: boolean;
  readonly isDone: boolean;
  /** What came of it at last; null if it was not reached, or is under way. */
  readonly end: StepEnd | null;
  /** Who has waived that; null if that was not done. */
  readonly waiver: Waiver | null;
  readonly owner: Owner;
  /** Attempts before that one, which had not passed. */
  readonly before: readonly StepEnd[];
  readonly undone: readonly Undone[];
  /** Whether the run is over, so that what was not reached will not be. */
  readonly isOver: boolean;
}

export interface FormSection {
  readonly title: string;
  readonly commands: readonly RunCommand[];
  readonly lines: readonly FormLine[];
  readonly outputs: readonly FoundOutput[];
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

/** Returns the inputs with databases and applications that the steps name or take by default, ascending. */
export function placesIn({ steps, monitor, inputs }: Runbook): readonly string[] {
  const named = [...steps.flatMap(actionsOf), ...monitor].map(inputOf);
  const known = named.filter((name) => name !== null).filter((name) => inputs.has(name));
  return [...new Set(known)].toSorted();
}

const DONE: ReadonlySet<StepStatus> = new Set(['PASS', 'WARN', 'WAIVED']);

function lineOf(evidence: RunEvidence, one: SeenStep): FormLine {
  const { step, status } = one;
  const { ends, waivers, undone } = historyOf(evidence, step);
  // A person may have said that it may run again: then nothing has come of it yet.
  const isOpen = OPEN_STATES.has(status);
  const end = isOpen ? null : (ends.at(-1) ?? null);
  const waiver = waivers.findLast(({ index }) => end !== null && index > end.index) ?? null;
  return {
    text: step.title ?? textOf(step.members, 'text') ?? step.id,
    isPointOfNoReturn: step.pointOfNoReturn,
    isDone: DONE.has(status),
    end,
    waiver,
    owner: resultOwner(evidence, one, end, waiver),
    before: (isOpen ? ends : ends.slice(0, -1)).filter(hasFailed),
    undone,
    isOver: isFinal(evidence.record.state.status),
  };
}

const OPEN_STATES: ReadonlySet<StepStatus> = new Set(['PENDING', 'STARTED', 'VERIFYING']);
