/** What the evidence of a candidate states, for the one who signs it: the seal in short, and its verdicts. Pure. */

import type { Journal } from '../journal/line.ts';
import { reconciles } from '../journal/reconciledEntry.ts';
import { lastScan } from '../journal/scanEntry.ts';
import { SUMS_FILE, type RunFile } from '../seal/format.ts';
import { CANDIDATE_PART } from './collect.ts';
import type { StatedVerdict } from './inTotoStatements.ts';

/** A candidate by its seal. */
export interface SealedCandidate {
  readonly sealId: string;
  readonly run: RunFile;
}

/** Returns a candidate in short, as canonical JSON values. */
export function candidateFacts({ sealId, run }: SealedCandidate): object {
  const records = run.modules.map(({ name, count, root }) => ({ module: name, count, root }));
  return { sealId, dataRoot: run.dataRoot, runId: run.runId, records };
}

/** Returns the verdicts of the last full scan, and of each reconcile with a target. */
export function candidateVerdicts(
  { sealId }: SealedCandidate,
  journal: Journal,
): readonly StatedVerdict[] {
  const subject = { name: `data/${CANDIDATE_PART}/${SUMS_FILE}`, sha256: sealId };
  const scan = lastScan(journal, sealId);
  const verdict = (
    check: string,
    policy: string,
    sha256: string,
    passed: boolean,
  ): StatedVerdict => ({ check, subject, policy: { name: policy, sha256 }, passed });
  return [
    ...(scan?.checks == null
      ? []
      : [verdict('scan-all', 'checks', scan.checks, scan.verdict !== 'FAIL')]),
    ...reconciles(journal).flatMap((one) => {
      if (one.sealId !== sealId || one.reading === undefined) return [];
      return [verdict('reconcile', 'reading', one.reading, one.verdict !== 'FAIL')];
    }),
  ];
}
