/** The steps of a runbook, each with what is known of it by the record of a run. Pure. */

import type { Runbook, Step } from '../runbook.ts';
import type { StepStatus } from '../runState.ts';
import { UNSEEN_STEP, type RunRecord, type StepRecord } from './runRecord.ts';

/** A step with what is known of it. */
export interface SeenStep {
  readonly step: Step;
  readonly status: StepStatus;
  readonly seen: StepRecord;
}

/** Returns the steps of a run in their order. */
export function stepsSeen({
  runbook,
  record,
}: {
  readonly runbook: Runbook;
  readonly record: RunRecord;
}): readonly SeenStep[] {
  return runbook.steps.map((step, at) => ({
    step,
    status: record.state.steps[at] ?? 'PENDING',
    seen: record.steps.get(step.id) ?? UNSEEN_STEP,
  }));
}
