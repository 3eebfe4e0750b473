/** promote: verifies a scanned candidate again, and makes it live by replacing one link. */

import { freezeInForce } from '../project/freezeInForce.ts';
import { CHECKS } from '../outcome/checks.ts';
import { readJournal } from '../journal/journal.ts';
import type { Freeze } from '../mapping/freezeFile.ts';
import { loadMapping } from '../mapping/load.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { assertApproved } from '../promote/assertApproved.ts';
import { checksDigest } from '../promote/checksDigest.ts';
import { lastScan, refusal } from '../journal/scanEntry.ts';
import { sealedLast, isHeld } from '../journal/sealedEntry.ts';
import {
  currentName,
  sealedNamed,
  sealedNames,
  sealIdOf,
  CURRENT,
  currentPath,
} from '../seal/sealedFolders.ts';
import type { Verification } from '../seal/verify.ts';
import type { Environment } from '../run/environment.ts';
import { NOT_SEALED_HERE, olderNote } from '../project/origin.ts';
import {
  movePointer,
  verifyWhole,
  withLivePointer,
  type LivePointer,
  type PointerOptions,
} from '../promote/pointerSession.ts';
import { pointerOutcome } from '../promote/pointerOutcome.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import type { Workers } from '../run/workers.ts';

export interface PromoteOptions extends PointerOptions {
  /** Seal id of the candidate, or its first digits; null for the one built last. */
  readonly candidate: string | null;
  /** Seal id that was kept outside of the candidate; null for none. */
  readonly expectSeal: string | null;
  readonly allowWarnings: boolean;
  readonly workers: Workers;
}

/** Makes a candidate live. A failure changes nothing. */
export async function promote(options: PromoteOptions, env: Environment): Promise<Outcome> {
  assertSealId(options.expectSeal);
  return withLivePointer('promote', options, env, async (pointer) => {
    const { paths, history } = pointer;
    const name = chosen(paths, options);
    assertExpected(name, options.expectSeal);
    if (options.expectSeal === null) assertSealedHere(paths, name);
    await assertScanned(pointer, name, options);
    const frozen = await freezeInForce(paths.root);
    const verified = await verifyWhole(paths.candidates, name, options.workers, env);
    assertNoSample(verified, name);
    assertBuiltAsFrozen(verified, frozen, name);
    // Checked again, since a scan may have ended while the candidate was verified.
    const warnings = await assertScanned(pointer, name, options);
    const approved = await assertApproved(paths, name, verified, options.who, env);
    // Before the link is switched: nothing after that may fail.
    const changed = await mappingNotes(paths, verified);
    const already = history.byCommand && history.live === name;
    const about = {
      from: history.live,
      dataRoot: verified.dataRoot,
      warningsAllowed: warnings,
      ...(options.expectSeal === null ? {} : { expected: true as const }),
      ...(approved.approvals.length === 0 ? {} : { approvals: approved.approvals }),
    };
    if (already) {
      pointer.commit([]);
      const now = [...approved.notes, 'it was already live, nothing was changed'];
      return pointerOutcome('promote', pointer, name, verified, now);
    }
    const now = [
      ...movePointer(pointer, 'promote', name, about),
      ...changed,
      ...approved.notes,
      `live before: ${history.live ?? 'nothing'}`,
      'to go back: sealift rollback',
    ];
    return pointerOutcome('promote', pointer, name, verified, now);
  });
}

function chosen(
  { candidates, journal }: ProjectPaths,
  { candidate: requested, expectSeal }: PromoteOptions,
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
function assertSealedHere({ journal }: ProjectPaths, name: string): void {
  if (isHeld(readJournal(journal), sealIdOf(name))) return;
  throw new Failure('CANDIDATE', {
    what: NOT_SEALED_HERE,
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build it in this project with sealift migrate; if it was built elsewhere, scan and promote it with --expect-seal and the seal id that migrate printed there',
  });
}

function assertExpected(name: string, expected: string | null): void {
  if (expected === null || sealIdOf(name) === expected) return;
  throw new Failure('CANDIDATE', {
    what: 'this is not the candidate that --expect-seal names',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'run sealift status, and name the candidate that you mean',
  });
}

/** Returns the number of warnings that are accepted with the scan. */
async function assertScanned(
  { paths }: LivePointer,
  name: string,
  { allowWarnings }: PromoteOptions,
): Promise<number> {
  const checks = checksDigest(await loadMapping(paths.root), CHECKS);
  const sealId = sealIdOf(name);
  const scan = lastScan(readJournal(paths.journal), sealId);
  const current = currentName(paths.candidates) === name;
  const rejection = refusal(scan, { sealId, current, checks, allowWarnings });
  if (rejection !== null) throw rejection;
  return scan?.counts.WARNING ?? 0;
}

/** Returns a note if the mapping has changed: the candidate goes live as it was scanned. */
async function mappingNotes({ root }: ProjectPaths, { run }: Verification): Promise<string[]> {
  const { digest } = await loadMapping(root);
  return run?.mapping.digest === digest ? [] : [MAPPING_CHANGED];
}

const MAPPING_CHANGED =
  'the mapping has changed since this candidate was built; the candidate follows the earlier mapping';

/** Rejects a sample, which proves nothing about the rows that it left out. */
function assertNoSample({ run }: Verification, name: string): void {
  if (run === null || !('sample' in run)) return;
  throw new Failure('CANDIDATE', {
    what: 'this candidate holds a sample of the rows, so it can never go live',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build all rows with sealift migrate, without --sample',
  });
}

/** Rejects a candidate whose mapping is not the frozen one, which was approved. */
function assertBuiltAsFrozen({ run }: Verification, frozen: Freeze | null, name: string): void {
  if (frozen === null || run?.mapping.digest === frozen.digest) return;
  throw new Failure('CANDIDATE', {
    what: 'this candidate was not built with the frozen mapping',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build it again with sealift migrate, or freeze the mapping that it was built with',
  });
}
