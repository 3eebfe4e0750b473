/**
 * The artifacts of a run: a file for each name that the runbook gives, and two that every run leaves. An artifact
 * is the output of its step where that has left exactly one, and else a record of the step. Pure.
 */

import { stepsSeen } from '../engine/stepsSeen.ts';
import { APPROVAL_RECORD, CUTOVER_SUMMARY } from './artifactNames.ts';
import { approvalRecord } from './approvalRecord.ts';
import { cutoverSummary, type StatedArtifact } from './cutoverSummary.ts';
import { outputsOfStep, type RunEvidence } from './runEvidence.ts';
import { stepJson, stepLines } from './stepRecordFile.ts';

export interface Artifact extends StatedArtifact {
  /** Name of the output in the folder of the run whose bytes it has; null for one that is made here. */
  readonly output: string | null;
}

/** Makes the artifacts, ascending by name; the summary states the documents, too. @throws Failure JOURNAL */
export function artifactsOf(
  evidence: RunEvidence,
  documents: readonly StatedArtifact[],
): readonly Artifact[] {
  const steps = stepsSeen(evidence);
  const named = [...evidence.runbook.artifacts].flatMap(([name, id]): Artifact[] => {
    const seen = steps.find(({ step }) => step.id === id);
    if (seen === undefined) return [];
    const [only, ...more] = outputsOfStep(evidence, seen.step);
    if (only?.content != null && more.length === 0) {
      return [{ name, content: only.content, output: only.name }];
    }
    const make = name.endsWith('.txt') ? stepLines : stepJson;
    return [{ name, content: make(evidence, seen), output: null }];
  });
  const record = { name: APPROVAL_RECORD, content: approvalRecord(evidence), output: null };
  const others = [...named, record].toSorted(byName);
  const summary = {
    name: CUTOVER_SUMMARY,
    content: cutoverSummary(evidence, others, documents),
    output: null,
  };
  return [...others, summary].toSorted(byName);
}

function byName({ name: one }: Artifact, { name: other }: Artifact): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
