/** The candidate that a reviewer approves: which one it is, and whether it can be approved at all. */

import { CHECKS } from '../outcome/checks.ts';
import type { Journal } from '../journal/line.ts';
import { lastScan, refusal, type JournaledScan } from '../journal/scanEntry.ts';
import { isHeld, sealedLast } from '../journal/sealedEntry.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import type { ApprovalSubject } from '../project/approvals.ts';
import { NOT_SEALED_HERE } from '../project/origin.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { sealedRun } from '../project/reviewSubject.ts';
import type { RunFile } from '../seal/format.ts';
import {
  currentName,
  currentPath,
  sealedNamed,
  sealedNames,
  sealIdOf,
} from '../seal/sealedFolders.ts';
import { checksDigest } from './checksDigest.ts';

/** A candidate under review. */
export interface Reviewed {
  readonly name: string;
  readonly sealId: string;
  readonly run: RunFile;
  /** Its last full scan; null if there was none. */
  readonly scan: JournaledScan | null;
  /** Digest of the checks of the mapping as it is now. */
  readonly checks: string;
}

/** Finds the candidate of this seal id, or the one that was sealed last. */
export async function candidateToReview(
  paths: ProjectPaths,
  journal: Journal,
  requested: string | null,
  now: Date,
): Promise<Reviewed> {
  const { candidates } = paths;
  const name =
    requested === null
      ? (sealedLast(journal, sealedNames(candidates)) ?? currentName(candidates))
      : sealedNamed(candidates, requested, requested).at(-1);
  if (name === null || name === undefined) {
    throw new Failure('CANDIDATE', {
      what: 'there is no candidate to review',
      where: currentPath(candidates),
      hint: 'build one with sealift migrate, or name the project folder with --project',
    });
  }
  const sealId = sealIdOf(name);
  const checks = checksDigest(await loadMapping(paths.root), CHECKS, now);
  const scan = lastScan(journal, sealId);
  return { name, sealId, run: sealedRun(paths, name), scan, checks };
}

/**
 * Returns what an approval of the candidate is bound to.
 * @throws Failure CANDIDATE if it could not go live whatever is approved
 */
export function approvableSubject(journal: Journal, reviewed: Reviewed): ApprovalSubject {
  const { sealId, run, scan, checks } = reviewed;
  const refuse = (what: string): Failure => {
    const hint = 'an approval comes after a full scan that did not fail, see sealift status';
    return new Failure('CANDIDATE', { what, where: `seal id ${sealId}`, hint });
  };
  if (!isHeld(journal, sealId)) throw refuse(NOT_SEALED_HERE);
  const rejection = refusal(scan, { sealId, current: true, checks, allowWarnings: true });
  if (rejection !== null) throw refuse(rejection.message);
  if (scan === null) throw new Error('a candidate without a scan is refused');
  return { sealId, dataRoot: run.dataRoot, mapping: run.mapping.digest, scan };
}
