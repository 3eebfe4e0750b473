/**
 * Which approvals of a candidate count: each is bound to its seal id, to the result and the checks of
 * its last full scan, to its mapping and to the journal, and made by another person than those who
 * built and scanned it. An approval that cannot be verified does not count.
 */

import { parseApproval, type CandidateSubject } from '../journal/approval.ts';
import type { KeptApproval } from '../journal/approvalFile.ts';
import { eventOf } from '../journal/readEvent.ts';
import type { Journal } from '../journal/line.ts';
import { lastScan, type JournaledScan } from '../journal/scanEntry.ts';
import {
  judgeReviewer,
  refuse,
  type Judged,
  type JudgingPeople,
  type Participant,
} from './reviewers.ts';

/** What approvals of a candidate are bound to. */
export interface ApprovalSubject {
  readonly sealId: string;
  readonly dataRoot: string;
  /** Digest of its sealed mapping. */
  readonly mapping: string;
  /** Its last full scan. */
  readonly scan: JournaledScan;
}

/** Tools and facts for judging approvals. */
export interface Judging extends JudgingPeople {
  readonly journal: Journal;
  readonly subject: ApprovalSubject;
}

/** Returns who built and scanned a candidate, by the journal. */
export function participantsOf({ entries }: Journal, sealId: string): Participant[] {
  return entries.flatMap((entry): Participant[] => {
    const event = eventOf(entry);
    const { who: name } = entry;
    if (typeof name !== 'string') return [];
    if (event.event === 'sealed' && event.sealId === sealId) return [{ name, did: 'built' }];
    if (event.event === 'scan' && event.sealId === sealId) return [{ name, did: 'scanned' }];
    return [];
  });
}

/** Judges an approval. `before` is the number of lines in the journal before its own. */
export async function judgeApproval(
  kept: KeptApproval,
  before: number,
  judging: Judging,
): Promise<Judged> {
  const approval = parseApproval(kept.bytes, 'approve-candidate');
  if (approval === null) return refuse('?', 'its file is not an approval, or was edited');
  const { reviewer } = approval;
  const unbound = unboundReason(approval.subject, before, judging);
  if (unbound !== null) return refuse(reviewer, unbound);
  return judgeReviewer(reviewer, kept, judging);
}

/** Returns why an approval is not one of this candidate as it was scanned last; null if it is. */
function unboundReason(
  approved: CandidateSubject,
  before: number,
  judging: Judging,
): string | null {
  const { subject, journal } = judging;
  if (approved.sealId !== subject.sealId) return 'it is an approval of another candidate';
  if (approved.dataRoot !== subject.dataRoot || approved.mapping !== subject.mapping) {
    return 'it states another data root or mapping than the candidate has';
  }
  if (approved.checks !== subject.scan.checks) return 'the checks have changed since';
  if (!isSameResult(approved, subject.scan)) return 'a later scan had another result';
  const lines = linesUpTo(journal, approved.journalHead);
  if (lines === null || lines > before) return 'it was made for another journal';
  const seen = lastScan({ ...journal, entries: journal.entries.slice(0, lines) }, approved.sealId);
  if (seen === null || !isSameResult(approved, seen)) return 'it was made before the scan';
  return null;
}

function isSameResult({ scan }: CandidateSubject, { verdict, counts }: JournaledScan): boolean {
  const severities = ['BLOCKER', 'WARNING', 'INFO'] as const;
  return scan.verdict === verdict && severities.every((one) => scan.counts[one] === counts[one]);
}

/** Returns the number of lines of a journal whose last one has this digest; null if it has none. */
function linesUpTo({ entries, head }: Journal, digest: string): number | null {
  if (digest === head) return entries.length;
  const next = entries.findIndex(({ prev }) => prev === digest);
  return next > 0 ? next : null;
}
