/** What the states of a run depend on, of a runbook. Pure. */

import { kindOf, losesWrites, type Runbook, type Step } from './runbook.ts';
import type { RunStep } from './runState.ts';
import { STEP_TYPES } from './steps/stepTypes.ts';

/** Returns the steps of a runbook in their order. */
export function runStepsOf({ steps }: Runbook): readonly RunStep[] {
  return steps.map((step) => {
    const kind = kindOf(step);
    return {
      id: step.id,
      kind,
      isConditional: step.when !== null,
      requires: step.requires,
      isRepeatable: kind === 'check' || kind === 'gate' || kind === 'notice' || tellsItself(step),
      hasUndo: step.undo.length > 0,
      undoLosesWrites: step.undo.some(losesWrites),
      isPointOfNoReturn: step.pointOfNoReturn,
    };
  });
}

/** Whether a step can run again after it was cut off: harmless, or something tells if its effect is there. */
function tellsItself({ use, members, probe }: Step): boolean {
  return members['idempotent'] === true || STEP_TYPES[use].resumes === true || probe !== null;
}
