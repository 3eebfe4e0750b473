/** The checklist of a run: each step with what was seen of it, and who decided. Pure. */

import type { Checklist, ChecklistItem } from '../import/checklistMarkdown.ts';
import { kindOf, type Runbook, type Step } from '../runbook.ts';
import type { StepStatus } from '../runState.ts';
import { textOf } from '../steps/stepMembers.ts';
import type { RunRecord } from './runRecord.ts';

/** Fills the checklist of a run. */
export function checklistOf(run: string, runbook: Runbook, record: RunRecord): Checklist {
  const { title, name, steps } = runbook;
  return {
    title: title ?? name,
    run,
    items: steps.map((step, at) =>
      itemOf(step, record.state.steps[at] ?? 'PENDING', runbook, record),
    ),
    decision: decisionOf(runbook, record),
  };
}

function itemOf(
  step: Step,
  status: StepStatus,
  { name, titles }: Runbook,
  { steps }: RunRecord,
): ChecklistItem {
  const { says = '', waived = null, endedAt = null, outputs = [] } = steps.get(step.id) ?? {};
  const verdicts = ['PASS', 'WARN', 'FAIL', 'INCONCLUSIVE', 'WAIVED'] as const;
  return {
    section: titles.get(step.phase ?? '') ?? step.phase ?? name,
    text: step.title ?? textOf(step.members, 'text') ?? step.id,
    verdict: verdicts.find((verdict) => verdict === status) ?? null,
    says: status === 'UNDONE' ? 'undone' : (waived ?? says),
    owner: step.owner,
    at: endedAt,
    output: outputs[0] ?? null,
  };
}

/** The last gate that was decided decides the run; without one, no person has. */
function decisionOf(
  { steps }: Runbook,
  { state, steps: records, why }: RunRecord,
): Checklist['decision'] {
  const at = steps.findLastIndex((step, index) => {
    return kindOf(step) === 'gate' && step.use === 'gate.approval' && state.steps[index] === 'PASS';
  });
  const step = steps[at];
  const record = step === undefined ? undefined : records.get(step.id);
  const { status } = state;
  if (/^(?:ROLL|ABORTED)/.test(status)) {
    return { go: false, owner: '', at: '', notes: `${status}: ${why ?? 'no reason was given'}` };
  }
  if (step === undefined || record === undefined || record.endedAt === null) return null;
  const { says, endedAt } = record;
  return {
    go: true,
    owner: says.replace(/^approved by /, ''),
    at: endedAt,
    notes: step.title ?? '',
  };
}
