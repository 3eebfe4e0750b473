/** What the evidence of a run states, for the one who signs it: the run in short, and the verdicts of its gates. Pure. */

import type { JournalEntry } from '../../journal/line.ts';
import { boundPlan } from '../engine/openRun.ts';
import { kindOf } from '../runbook.ts';
import type { RunEvidence } from './runEvidence.ts';

/** The verdict of a gate that people or a time opened. */
export interface GateVerdict {
  readonly step: string;
  readonly passed: boolean;
  /** SHA-256 of the journal before the gate, which its approvals are bound to. */
  readonly evidence: string;
  /** SHA-256 of the plan with the files that steps read. */
  readonly plan: string;
}

/** Returns the verdicts of gates, in the order of the runbook. */
export function gateVerdicts({ runbook, record }: RunEvidence): readonly GateVerdict[] {
  const { begun } = record;
  if (begun === null) return [];
  return runbook.steps.flatMap((step): GateVerdict[] => {
    const { verdict = null, evidence = null } = record.steps.get(step.id) ?? {};
    if (kindOf(step) !== 'gate' || verdict === null || evidence === null) return [];
    return [{ step: step.id, passed: verdict === 'PASS', evidence, plan: boundPlan(begun) }];
  });
}

/** Returns a run in short, as canonical JSON values. */
export function runFacts({ run, runbook, record, lines, head }: RunEvidence): object {
  const { begun, state, lastAt } = record;
  return {
    run,
    runbook: runbook.name,
    isRehearsal: begun?.isRehearsal ?? false,
    planHash: begun?.planHash ?? null,
    target: begun?.target ?? null,
    status: state.status,
    begunAt: begun?.at ?? null,
    endedAt: lastAt,
    journal: { lines: lines.length, head },
    people: peopleIn(lines),
    steps: runbook.steps.map(({ id, use }, at) => ({ id, use, status: state.steps[at] ?? '' })),
  };
}

/** Names of people in the lines, each once, ascending. */
function peopleIn(lines: readonly JournalEntry[]): readonly string[] {
  const names = lines.flatMap(({ who }) => (typeof who === 'string' ? [who] : []));
  return [...new Set(names)].toSorted();
}
