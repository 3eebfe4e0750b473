/**
 * What is known of a candidate outside of its folder: whether a migrate of the project has sealed it,
 * whether another was sealed after it, and whether a command has made live what is live.
 */

import { dirname, join } from 'node:path';

import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import type { Finding } from '../outcome/finding.ts';
import { readLivePointer } from './liveLink.ts';
import { pointerHistory, settle, type PointerHistory } from '../journal/pointerHistory.ts';
import { sealedLast, isHeld } from '../journal/sealedEntry.ts';
import { SUMS_FILE } from '../seal/format.ts';
import { currentName, sealedNames, sealedPath, sealedFolder } from '../seal/sealedFolders.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths, type ProjectPaths } from './paths.ts';

export interface Questions {
  /** Whether a migrate of the project has sealed it: not where a seal id was given, or it does not verify. */
  readonly origin: boolean;
  /** Whether a command has made it live: where `live` was asked for. */
  readonly live: boolean;
}

/**
 * What the project knows against a candidate, to these questions.
 * @throws Failure JOURNAL where the journal does not hold, CANDIDATE where the live link is foreign
 */
export function outsideFindings(
  held: Held,
  { origin, live }: Questions,
  env: Environment,
): Finding[] {
  return [
    ...(origin ? originFindings(held) : []),
    ...(live ? liveLinkFindings(held.project, env) : []),
  ];
}

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

/** A candidate, and what is known of it by now. */
export interface Held {
  readonly folder: string;
  /** As computed from the candidate; null where it has none. */
  readonly sealId: string | null;
  readonly project: string;
}

/** Whether the candidate is one of the project's own, and no copy elsewhere. */
function isOfProject({ folder, project }: Held): boolean {
  return dirname(folder) === sealedFolder(projectPaths(project).candidates);
}

/**
 * Whether the candidate is in the project, and its journal knows that a migrate has sealed it.
 * @throws Failure JOURNAL where the journal does not hold
 */
export function isSealedHere(held: Held): boolean {
  if (held.sealId === null || !isOfProject(held)) return false;
  return isHeld(readJournal(projectPaths(held.project).journal), held.sealId);
}

/**
 * A BLOCKER where a candidate of the project is one that no migrate of it has sealed. What was changed
 * and sealed anew is consistent in itself, whatever its folder is called: only the journal tells.
 * @throws Failure JOURNAL where the journal does not hold
 */
function originFindings(held: Held): Finding[] {
  if (held.sealId === null || !isOfProject(held) || isSealedHere(held)) return [];
  const reason = `${NOT_SEALED_HERE}: the journal has no line of it`;
  return [{ rule: 'seal-unexpected', severity: 'BLOCKER', file: SUMS_FILE, reason }];
}

export const NOT_SEALED_HERE = 'no migrate of this project has sealed this candidate';

/** For a person, where `v1` leads to an older candidate than the one that was sealed last. */
export function olderNotes({ folder, project }: Held): string[] {
  const { candidates, journal } = projectPaths(project);
  const current = currentName(candidates);
  if (current === null || sealedPath(candidates, current) !== folder) return [];
  const last = sealedLast(readJournal(journal), sealedNames(candidates));
  return last === null || last === current ? [] : [olderNote(current, last)];
}

export function olderNote(current: string, last: string): string {
  return `storage_candidate/v1 leads to ${current}, but ${last} was sealed after it`;
}
