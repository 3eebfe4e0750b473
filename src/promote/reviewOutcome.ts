/** The outcome of review: what would be approved, who built and scanned it, and which approvals count. */

import type { Journal } from '../journal/line.ts';
import { readFreeze } from '../mapping/freezeFile.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { participantsOf } from '../project/approvals.ts';
import { approvalNote, countPeople, type Participant } from '../project/reviewers.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { approvalsRequired, journaledApprovals, signersInForce } from '../project/reviewSubject.ts';
import type { Environment } from '../run/environment.ts';
import { comparedName } from '../run/personName.ts';
import { sealedPath } from '../seal/sealedFolders.ts';
import type { Reviewed } from './reviewed.ts';

/** Makes the outcome for a candidate as it stands. */
export async function reviewOutcome(
  paths: ProjectPaths,
  journal: Journal,
  reviewed: Reviewed,
  env: Environment,
): Promise<Outcome> {
  const { name, sealId, run, scan, checks } = reviewed;
  const required = await approvalsRequired(paths, name);
  const { text: signers } = await signersInForce(paths);
  const subject = { sealId, dataRoot: run.dataRoot, mapping: run.mapping.digest };
  const about = { journal, signers, promotes: null, at: env.now().toISOString() };
  const approvals =
    scan === null
      ? []
      : await journaledApprovals(paths, { ...about, subject: { ...subject, scan } }, env);
  const participants = participantsOf(journal, sealId);
  const valid = approvals.filter(({ refused }) => refused === null);
  const people = countPeople(valid);
  return actionOutcome({
    command: 'review',
    runId: run.runId,
    sealId,
    dataRoot: run.dataRoot,
    candidate: sealedPath(paths.candidates, name),
    facts: {
      scan,
      checksCurrent: scan?.checks === checks,
      participants,
      approvals,
      required,
      people,
    },
    notes: [
      `built by ${namesOf(participants, 'built')}`,
      ...scanNotes(reviewed, participants),
      `mapping ${run.mapping.digest}`,
      await freezeNote(paths, run.mapping.digest),
      ...approvals.map(approvalNote),
      `approvals: ${people}, required: ${required}`,
    ],
  });
}

function scanNotes({ scan, checks }: Reviewed, participants: readonly Participant[]): string[] {
  if (scan === null) return ['never scanned'];
  const { verdict, counts } = scan;
  const found = `${counts.BLOCKER} BLOCKER, ${counts.WARNING} WARNING, ${counts.INFO} INFO`;
  const same = scan.checks === checks ? '' : ', but the checks have changed since';
  return [
    `scanned by ${namesOf(participants, 'scanned')}: ${verdict}, ${found}${same}`,
    `checks ${scan.checks ?? 'none'}`,
  ];
}

function namesOf(participants: readonly Participant[], did: Participant['did']): string {
  const names = participants.filter((one) => one.did === did).map(({ name }) => name);
  const unique = new Map(names.map((name) => [comparedName(name), name]));
  return unique.size === 0 ? 'a person without a name' : [...unique.values()].join(', ');
}

async function freezeNote({ mapping }: ProjectPaths, digest: string): Promise<string> {
  const frozen = await readFreeze(mapping);
  if (frozen === null) return 'the mapping is not frozen';
  return frozen.digest === digest
    ? `frozen by ${frozen.who}: ${frozen.why}`
    : 'the frozen mapping is another one';
}
