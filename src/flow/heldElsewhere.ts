/**
 * What is known of a candidate outside of its folder: whether a command of Sealift made it live, or
 * the link was changed by hand, and since when the journal knows its seal id.
 */

import { dirname, join } from 'node:path';

import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import type { Finding } from '../outcome/finding.ts';
import { readLivePointer } from '../promote/livePointer.ts';
import { pointerHistory, settle, type PointerHistory } from '../promote/pointerHistory.ts';
import type { Environment } from './environment.ts';
import { projectPaths, type ProjectPaths } from './project.ts';

/**
 * A BLOCKER where the live link leads to a candidate that no command has made live.
 * @throws Failure JOURNAL where the journal does not hold, CANDIDATE where the link is foreign
 */
export function liveLinkFindings(project: string, env: Environment): Finding[] {
  const paths = projectPaths(project);
  const before = historyOf(paths);
  const { history } = settle(before, readLivePointer(paths.live), env.now().toISOString());
  if (history.byCommand || history.live === null) return [];
  const was = before.byCommand
    ? `the journal says ${before.live ?? 'nothing'} is live`
    : 'the journal says that it was changed by hand';
  const reason = `storage_live leads to ${history.live}, which no command has made live: ${was}`;
  return [{ rule: 'seal-unexpected', severity: 'BLOCKER', reason }];
}

/** What the journal tells of the link. @throws Failure JOURNAL where it does not hold */
export function historyOf({ journal }: ProjectPaths): PointerHistory {
  return pointerHistory(readJournal(journal), join(journal, JOURNAL_FILE));
}

/**
 * Since when the journal of the project has the seal id of its candidate in `folder`, ISO 8601; null
 * where it has not, or the candidate is not in the project.
 * @throws Failure JOURNAL where the journal does not hold
 */
export function journaledSince(folder: string, sealId: string, project: string): string | null {
  const { candidates, journal } = projectPaths(project);
  if (dirname(folder) !== join(candidates, 'sealed')) return null;
  const { entries } = readJournal(journal);
  return entries.find((entry) => entry['sealId'] === sealId)?.at ?? null;
}
