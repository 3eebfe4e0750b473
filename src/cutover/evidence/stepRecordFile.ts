/** The record of a step, as the evidence where it has left no output of its own: JSON, or lines. Pure. */

import { printable } from '../../outcome/printable.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { jsonFile } from '../../seal/format.ts';
import type { SeenStep } from '../engine/stepsSeen.ts';
import { linesOf, outputsOfStep, type RunEvidence } from './runEvidence.ts';

/** Makes the record as canonical JSON and LF. */
export function stepJson(evidence: RunEvidence, seen: SeenStep): Buffer {
  return Buffer.from(jsonFile({ format: 1, ...recordOfStep(evidence, seen) }));
}

/** Makes the record as lines `name: value`, and each line of the journal about the step as it stands there. */
export function stepLines(evidence: RunEvidence, seen: SeenStep): Buffer {
  const { outputs, results, ...facts } = recordOfStep(evidence, seen);
  const lines = [
    ...Object.entries({ ...facts, ...results }).map(([name, value]) => {
      return `${name}: ${value === null ? '-' : printable(String(value))}`;
    }),
    ...outputs.map(({ name, bytes, sha256, found }) => {
      return `output: ${name}, ${bytes} bytes, SHA-256 ${sha256}, ${found}`;
    }),
    '',
    ...linesOf(evidence, seen.step).map((line) => printable(canonicalJson(line))),
  ];
  return Buffer.from(`${lines.join('\n')}\n`);
}

function recordOfStep(evidence: RunEvidence, { step, status, seen }: SeenStep) {
  const { begunAt, endedAt, verdict, says, results, waived } = seen;
  return {
    run: evidence.run,
    step: step.id,
    use: step.use,
    title: step.title,
    owner: step.owner,
    status,
    verdict,
    says,
    waived,
    begun: begunAt,
    ended: endedAt,
    results,
    outputs: outputsOfStep(evidence, step).map(({ name, bytes, sha256, found }) => {
      return { name, bytes, sha256, found };
    }),
  };
}
