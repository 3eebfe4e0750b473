/** Who answers for the result of a step: the role of the runbook, and the people who did it or said it. Pure. */

import { kindOf, type Step } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';
import { decisionsOf } from './approvalRecord.ts';
import type { SeenStep } from '../engine/stepsSeen.ts';
import type { RunEvidence } from './runEvidence.ts';
import type { StepEnd, Waiver } from './stepHistory.ts';

export interface Owner {
  readonly role: string;
  readonly people: readonly Person[];
}

export interface Person {
  /** Null for a process without a person. */
  readonly name: string | null;
  /** When it ended, or when the approval was recorded; ISO 8601, UTC. */
  readonly at: string;
  /** Fingerprint of the key of an approval, `null` for one that no key has signed; undefined for no approval. */
  readonly signer: string | null | undefined;
}

/** Returns the role of a step. What a runbook names no role for is the operator's. */
export function roleOf({ step }: Pick<SeenStep, 'step'>): string {
  const named = kindOf(step) === 'gate' ? textOf(step.members, 'role') : null;
  return named ?? step.owner ?? 'operator';
}

/**
 * Returns who answers for how a step has ended: of a gate those with whose approvals it was opened, of a step that
 * was waived who did that.
 */
export function resultOwner(
  evidence: RunEvidence,
  one: SeenStep,
  end: StepEnd | null,
  waiver: Waiver | null,
): Owner {
  const role = roleOf(one);
  if (waiver !== null)
    return { role, people: [{ name: waiver.who, at: waiver.at, signer: undefined }] };
  if (end === null) return { role, people: [] };
  const people = end.verdict === 'PASS' ? approversOf(evidence, one.step) : [];
  const own = { name: end.who, at: end.at, signer: undefined };
  return { role, people: people.length > 0 ? people : [own] };
}

/** Returns the people with whose approvals a gate was opened, each once. */
export function approversOf(
  evidence: RunEvidence,
  { id }: Step,
): readonly (Person & { readonly name: string })[] {
  const counted = decisionsOf(evidence).filter((one) => one.step === id && one.counted === true);
  const byName = new Map(counted.map((one) => [one.reviewer, one] as const));
  return [...byName].map(([name, { recorded, signer }]) => ({ name, at: recorded, signer }));
}
