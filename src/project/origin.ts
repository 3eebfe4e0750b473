/**
 * Facts about a candidate from outside its folder: whether a migrate of the project sealed it,
 * whether another was sealed after it, and whether a command made it live.
 */

import { dirname, join } from 'node:path';

import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import type { Finding } from '../outcome/finding.ts';
import { readLivePointer } from './liveLink.ts';
import { pointerHistory, recover, type PointerHistory } from '../journal/pointerHistory.ts';
import { sealedLast, isHeld } from '../journal/sealedEntry.ts';
import { SUMS_FILE } from '../seal/format.ts';
import { currentName, sealedNames, sealedPath, sealedFolder } from '../seal/sealedFolders.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths, type ProjectPaths } from './paths.ts';

export interface Questions {
  /** Whether to check that a migrate of the project sealed it. */
  readonly origin: boolean;
  /** Whether to check that a command made the live candidate live. */
  readonly live: boolean;
}

/**
 * Returns the findings of the requested checks.
 * @throws Failure JOURNAL if the journal is broken, CANDIDATE if the link is not one of Sealift
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
 * Returns a BLOCKER if the live link points to a candidate that no command made live.
 * @throws Failure JOURNAL if the journal is broken, CANDIDATE if the link is not one of Sealift
 */
export function liveLinkFindings(project: string, env: Environment): Finding[] {
  const paths = projectPaths(project);
  const before = historyOf(paths);
  const { history } = recover(before, readLivePointer(paths.live), env.now().toISOString());
  if (history.byCommand || history.live === null) return [];
  const was = before.byCommand
    ? `the journal says ${before.live ?? 'nothing'} is live`
    : 'the journal says that it was changed by hand';
  const reason = `storage_live points to ${history.live}, which no command has made live: ${was}`;
  return [{ rule: 'seal-unexpected', severity: 'BLOCKER', reason }];
}

/** Reads the history of the link in the journal. @throws Failure JOURNAL if it is broken */
export function historyOf({ journal }: ProjectPaths): PointerHistory {
  return pointerHistory(readJournal(journal), join(journal, JOURNAL_FILE));
}

/** A candidate of a project or a copy elsewhere. */
export interface Held {
  readonly folder: string;
  /** As computed from the candidate; null if it has none. */
  readonly sealId: string | null;
  readonly project: string;
}

/** Whether the candidate is in the project, rather than a copy elsewhere. */
function isOfProject({ folder, project }: Held): boolean {
  return dirname(folder) === sealedFolder(projectPaths(project).candidates);
}

/**
 * Whether the candidate is in the project and its journal records that a migrate sealed it.
 * @throws Failure JOURNAL if the journal is broken
 */
export function isSealedHere(held: Held): boolean {
  if (held.sealId === null || !isOfProject(held)) return false;
  return isHeld(readJournal(projectPaths(held.project).journal), held.sealId);
}

/**
 * Returns a BLOCKER if no migrate of the project sealed its candidate. A candidate that was changed
 * and sealed again verifies; only the journal shows that Sealift did not do it.
 * @throws Failure JOURNAL if the journal is broken
 */
function originFindings(held: Held): Finding[] {
  if (held.sealId === null || !isOfProject(held) || isSealedHere(held)) return [];
  const reason = `${NOT_SEALED_HERE}: the journal has no line of it`;
  return [{ rule: 'seal-unexpected', severity: 'BLOCKER', file: SUMS_FILE, reason }];
}

export const NOT_SEALED_HERE = 'this candidate was not sealed by a migrate of this project';

/** Returns a note if `v1` points to an older candidate than the one that was sealed last. */
export function olderNotes({ folder, project }: Held): string[] {
  const { candidates, journal } = projectPaths(project);
  const current = currentName(candidates);
  if (current === null || sealedPath(candidates, current) !== folder) return [];
  const last = sealedLast(readJournal(journal), sealedNames(candidates));
  return last === null || last === current ? [] : [olderNote(current, last)];
}

export function olderNote(current: string, last: string): string {
  return `storage_candidate/v1 points to ${current}, but ${last} was sealed after it`;
}
