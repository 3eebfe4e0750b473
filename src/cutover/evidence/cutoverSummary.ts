/** The summary of a run: who, when, what came of each step, and the digests of all that it has left. Pure. */

import { hash } from 'node:crypto';

import { jsonFile } from '../../seal/format.ts';
import { stepsSeen } from '../engine/stepsSeen.ts';
import { isFinal } from '../runState.ts';
import { outputsIn, type RunEvidence } from './runEvidence.ts';

/** An artifact that the summary states. */
export interface StatedArtifact {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Makes `cutover_summary.json` of a run and its other artifacts. */
export function cutoverSummary(evidence: RunEvidence, others: readonly StatedArtifact[]): Buffer {
  const { run, runbook, record, head, lines } = evidence;
  const { begun, state, operators, why, lastAt } = record;
  return Buffer.from(
    jsonFile({
      format: 1,
      run,
      runbook: runbook.name,
      title: runbook.title,
      target: runbook.target,
      isRehearsal: begun?.isRehearsal ?? false,
      planHash: begun?.planHash ?? null,
      targetFingerprint: begun?.target ?? null,
      files: begun?.files ?? {},
      operators: [...operators],
      begun: begun?.at ?? null,
      ended: isFinal(state.status) ? lastAt : null,
      status: state.status,
      why,
      steps: stepsSeen(evidence).map(({ step, status, seen }) => ({
        id: step.id,
        use: step.use,
        status,
        verdict: seen.verdict,
        waived: seen.waived,
        begun: seen.begunAt,
        ended: seen.endedAt,
      })),
      artifacts: Object.fromEntries(
        others.map(({ name, content }) => [name, hash('sha256', content, 'hex')]),
      ),
      outputs: outputsIn(evidence),
      approvals: record.approvals.map(({ approval }) => approval),
      journal: { lines: lines.length, head },
    }),
  );
}
