/** Who answers for the result of a step: the role of the runbook, and the people who did it or said it. Pure. */

import type { SeenStep } from '../engine/stepsSeen.ts';
import { kindOf } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';
import { decisionsOf } from './approvalRecord.ts';
import { linesOf, type RunEvidence } from './runEvidence.ts';

export interface Owner {
  /** Null where the runbook names none, and nothing was done. */
  readonly role: string | null;
  readonly people: readonly string[];
}

/** Returns who answers for a step. What a runbook names no role for is the operator's. */
export function resultOwner(evidence: RunEvidence, { step, seen }: SeenStep): Owner {
  const lines = linesOf(evidence, step);
  const named = textOf(step.members, 'role');
  if (kindOf(step) === 'gate' && named !== null) {
    const people = decisionsOf(evidence)
      .filter((one) => one.step === step.id && one.counted === true)
      .map(({ reviewer }) => reviewer);
    return { role: named, people: [...new Set(people)] };
  }
  const last = lines.findLast(({ event }) => event === 'step-waived' || event === 'step-intended');
  const who = last?.['who'];
  const role = step.owner ?? (seen.begunAt === null ? null : 'operator');
  return { role, people: typeof who === 'string' ? [who] : [] };
}
