/** Which files a bag may have: those of each part of the evidence, and no other. Pure. */

import { approvalPath } from '../journal/approvalFile.ts';
import type { Journal } from '../journal/line.ts';
import { eventOf } from '../journal/readEvent.ts';
import { FREEZE_FILE } from '../mapping/freezeFile.ts';
import type { Finding } from '../outcome/finding.ts';
import { ruleFinding } from '../outcome/rules.ts';
import type { SealedCandidate } from './candidateFacts.ts';
import { CANDIDATE_PART, JOURNAL_PART, REPORTS_PART, RUN_PART } from './collect.ts';
import { RECONCILES_PART } from './reconcilesOf.ts';
import { notePaths, SEAL_PART } from './sealNotes.ts';
import { JOURNAL } from './verifyCandidate.ts';

/** Files in no part of the evidence, by what is in the bag. */
export function unexpectedParts(
  payload: ReadonlyMap<string, string>,
  journal: Journal,
  sealed: SealedCandidate | null,
): readonly Finding[] {
  const known = knownFiles(journal, sealed);
  const reason = 'it belongs to no part of the evidence';
  return [...payload.keys()]
    .filter((path) => {
      const [, part = ''] = path.split('/');
      return !OWN_PARTS.has(part) && !known.has(path) && !REPORT.test(path);
    })
    .map((path) => ruleFinding('file-extra', path, reason));
}

/** Parts whose files are explained one by one where they are verified. */
const OWN_PARTS: ReadonlySet<string> = new Set([CANDIDATE_PART, RUN_PART, RECONCILES_PART]);
const REPORT = new RegExp(
  `^data/${REPORTS_PART}/[a-z][a-z-]*/(?:summary\\.json|findings\\.ndjson|report\\.html)$`,
);

function knownFiles(journal: Journal, sealed: SealedCandidate | null): ReadonlySet<string> {
  if (sealed === null) return new Set([JOURNAL]);
  const approvals = journal.entries.map(eventOf).flatMap((event) => {
    if (event.event !== 'approved') return [];
    const path = `data/${JOURNAL_PART}/${approvalPath(event.approval)}`;
    return [path, `${path}.sig`];
  });
  const notes = notePaths(sealed.run).map((path) => `data/${SEAL_PART}/${path}`);
  return new Set([JOURNAL, `data/${FREEZE_FILE}`, ...approvals, ...notes]);
}
