/** The summary of a run: who, when, what came of each step, and the digests of all that it has left. Pure. */

import { jsonFile } from '../../seal/format.ts';
import { stepsSeen, type SeenStep } from '../engine/stepsSeen.ts';
import { hash } from 'node:crypto';

import { isFinal } from '../runState.ts';
import { outputsIn, type RunEvidence } from './runEvidence.ts';
import { historyOf } from './stepHistory.ts';
import { resultOwner } from './stepOwner.ts';

/** An artifact that the summary states. */
export interface StatedArtifact {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Makes `cutover_summary.json` of a run, its other artifacts, and its documents, which do not depend on it. */
export function cutoverSummary(
  evidence: RunEvidence,
  others: readonly StatedArtifact[],
  documents: readonly StatedArtifact[],
): Buffer {
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
      steps: stepsSeen(evidence).map((one) => stepIn(evidence, one)),
      artifacts: digestsOf(others),
      documents: digestsOf(documents),
      outputs: outputsIn(evidence),
      approvals: record.approvals.map(({ approval }) => approval),
      journal: { lines: lines.length, head },
    }),
  );
}

function digestsOf(files: readonly StatedArtifact[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files.map(({ name, content }) => [name, hash('sha256', content, 'hex')]),
  );
}

function stepIn(evidence: RunEvidence, one: SeenStep): object {
  const { step, status, seen } = one;
  const { ends, undone } = historyOf(evidence, step);
  const { people } = resultOwner(evidence, one, ends.at(-1) ?? null, null);
  const back = undone.at(-1);
  return {
    id: step.id,
    use: step.use,
    status,
    verdict: seen.verdict,
    says: seen.says,
    who: people.flatMap(({ name }) => (name === null ? [] : [name])),
    waived: seen.waived,
    begun: seen.begunAt,
    ended: seen.endedAt,
    undone: back === undefined ? null : { succeeded: back.succeeded, at: back.at, who: back.who },
  };
}
