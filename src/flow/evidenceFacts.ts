/** What a bag of evidence states, by its journals: made when it is built, and again when it is verified. */

import { JOURNAL_OF_RUN } from '../cutover/engine/runPlaces.ts';
import { gateVerdicts, runFacts } from '../cutover/evidence/runFacts.ts';
import type { RunEvidence } from '../cutover/evidence/runEvidence.ts';
import {
  candidateFacts,
  candidateVerdicts,
  type SealedCandidate,
} from '../evidence/candidateFacts.ts';
import { RUN_PART } from '../evidence/collect.ts';
import type { StatedBag, StatedVerdict } from '../evidence/inTotoStatements.ts';
import type { Journal } from '../journal/line.ts';

export interface EvidenceParts {
  readonly builtAt: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** The journal of the project. */
  readonly journal: Journal;
  /** Null for a bag without a candidate. */
  readonly sealed: SealedCandidate | null;
  /** Null for a bag without a run. */
  readonly run: RunEvidence | null;
}

/** Gathers what is stated. */
export function statedBag({ builtAt, tool, journal, sealed, run }: EvidenceParts): StatedBag {
  const { entries, head } = journal;
  return {
    builtAt,
    tool,
    verdicts: [
      ...(sealed === null ? [] : candidateVerdicts(sealed, journal)),
      ...(run === null ? [] : gatesOf(run)),
    ],
    cutover: {
      journal: { lines: entries.length, head },
      candidate: sealed === null ? null : candidateFacts(sealed),
      run: run === null ? null : runFacts(run),
    },
  };
}

function gatesOf(run: RunEvidence): readonly StatedVerdict[] {
  return gateVerdicts(run).map(({ step, passed, evidence, plan }) => ({
    check: `gate ${step}`,
    subject: { name: `data/${RUN_PART}/${JOURNAL_OF_RUN} before ${step}`, sha256: evidence },
    policy: { name: 'plan', sha256: plan },
    passed,
  }));
}
