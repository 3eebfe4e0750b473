/**
 * Which candidate a command takes, and whether it may leave the project: sealed here or expected, whole,
 * and with a scan that has passed. Promote and load ask for the same.
 */

import { readJournal } from '../journal/journal.ts';
import { lastScan, refusal } from '../journal/scanEntry.ts';
import { isHeld, sealedLast } from '../journal/sealedEntry.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { CHECKS } from '../outcome/checks.ts';
import { Failure } from '../outcome/failure.ts';
import { NOT_SEALED_HERE, olderNote } from '../project/origin.ts';
import type { ProjectPaths } from '../project/paths.ts';
import {
  CURRENT,
  currentName,
  currentPath,
  sealedNamed,
  sealedNames,
  sealIdOf,
} from '../seal/sealedFolders.ts';
import type { Verification } from '../seal/verify.ts';
import { checksDigest } from './checksDigest.ts';

export interface Chosen {
  /** Seal id of the candidate, or its first digits; null for the one built last. */
  readonly candidate: string | null;
  /** Seal id that was kept outside of the candidate; null for none. */
  readonly expectSeal: string | null;
  readonly allowWarnings: boolean;
}

/**
 * Returns the name of the candidate that is meant: the requested one, else the one that was built last.
 * @throws Failure CANDIDATE, USAGE
 */
export function chosen(
  { candidates, journal }: ProjectPaths,
  { candidate: requested, expectSeal }: Pick<Chosen, 'candidate' | 'expectSeal'>,
): string {
  const current = currentName(candidates);
  if (requested === null || requested === CURRENT) {
    const last = sealedLast(readJournal(journal), sealedNames(candidates)) ?? current;
    if (current !== null && last !== null && last !== current && expectSeal === null) {
      throw older(current, last);
    }
    if (current !== null) return current;
    throw new Failure('CANDIDATE', {
      what: 'there is no candidate',
      where: currentPath(candidates),
      hint: 'build one with sealift migrate, or name one by its seal id',
    });
  }
  const names = sealedNamed(candidates, requested, requested);
  if (current !== null && names.includes(current)) return current;
  return names.at(-1) ?? requested;
}

/**
 * The v1 link may have been moved by hand, so it does not decide which candidate was built last.
 */
function older(current: string, last: string): Failure {
  return new Failure('CANDIDATE', {
    what: olderNote(current, last),
    where: 'v1 was changed by hand, or a migrate was killed',
    hint: `name the candidate that you mean, such as sealift promote ${sealIdOf(last).slice(0, 8)}`,
  });
}

/** Fails unless the journal has the seal: a candidate changed and sealed anew verifies, too. */
export function assertSealedHere({ journal }: ProjectPaths, name: string): void {
  if (isHeld(readJournal(journal), sealIdOf(name))) return;
  throw new Failure('CANDIDATE', {
    what: NOT_SEALED_HERE,
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build it in this project with sealift migrate; if it was built elsewhere, scan and promote it with --expect-seal and the seal id that migrate printed there',
  });
}

/** @throws Failure CANDIDATE if this is not the seal id that was kept outside */
export function assertExpected(name: string, expected: string | null): void {
  if (expected === null || sealIdOf(name) === expected) return;
  throw new Failure('CANDIDATE', {
    what: 'this is not the candidate that --expect-seal names',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'run sealift status, and name the candidate that you mean',
  });
}

/** Returns the number of warnings that are accepted with the scan. */
export async function assertScanned(
  paths: ProjectPaths,
  name: string,
  { allowWarnings }: Pick<Chosen, 'allowWarnings'>,
  now: Date,
): Promise<number> {
  const checks = checksDigest(await loadMapping(paths.root), CHECKS, now);
  const sealId = sealIdOf(name);
  const scan = lastScan(readJournal(paths.journal), sealId);
  const current = currentName(paths.candidates) === name;
  const rejection = refusal(scan, { sealId, current, checks, allowWarnings });
  if (rejection !== null) throw rejection;
  return scan?.counts.WARNING ?? 0;
}

/** Rejects a sample, which proves nothing about the rows that it left out. */
export function assertNoSample({ run }: Pick<Verification, 'run'>, name: string): void {
  if (run === null || !('sample' in run)) return;
  throw new Failure('CANDIDATE', {
    what: 'this candidate holds a sample of the rows, so it can never go live',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build all rows with sealift migrate, without --sample',
  });
}
