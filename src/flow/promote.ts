/** promote: a candidate that was scanned goes live, verified once more, by one swap of a link. */

import { freezeInForce } from '../project/freezeInForce.ts';
import { CHECKS } from '../outcome/checks.ts';
import { readJournal } from '../journal/journal.ts';
import type { Freeze } from '../mapping/freezeFile.ts';
import { loadMapping } from '../mapping/load.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
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
  /** Seal id of the candidate, or its first digits; null for what was built last. */
  readonly candidate: string | null;
  /** A seal id that was kept outside of the candidate. */
  readonly expectSeal: string | null;
  readonly allowWarnings: boolean;
  readonly workers: Workers;
}

/** Makes a candidate the live one; nothing has changed where it fails. */
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
    // Once more: verifying takes its time, and a scan may have ended meanwhile.
    const warnings = await assertScanned(pointer, name, options);
    const already = history.byCommand && history.live === name;
    const about = {
      from: history.live,
      dataRoot: verified.dataRoot,
      warningsAllowed: warnings,
      ...(options.expectSeal === null ? {} : { expected: true as const }),
    };
    if (already) {
      pointer.commit([]);
      const now = ['it was live already, nothing was changed'];
      return pointerOutcome('promote', pointer, name, verified, now);
    }
    const now = [
      ...movePointer(pointer, 'promote', name, about),
      ...(await mappingNotes(paths, verified)),
      `live before: ${history.live ?? 'nothing'}`,
      'to go back: sealift rollback',
    ];
    return pointerOutcome('promote', pointer, name, verified, now);
  });
}

function chosen(
  { candidates, journal }: ProjectPaths,
  { candidate: asked, expectSeal }: PromoteOptions,
): string {
  const current = currentName(candidates);
  if (asked === null || asked === CURRENT) {
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
  const names = sealedNamed(candidates, asked, asked);
  if (current !== null && names.includes(current)) return current;
  return names.at(-1) ?? asked;
}

/** What is meant by "what was built last" is not for a link to say that a hand may have moved. */
function older(current: string, last: string): Failure {
  return new Failure('CANDIDATE', {
    what: olderNote(current, last),
    where: 'changed by hand, or a migrate was killed',
    hint: `name the one that is meant, such as sealift promote ${sealIdOf(last).slice(0, 8)}`,
  });
}

/** A candidate that was changed and sealed anew verifies as any other does. */
function assertSealedHere({ journal }: ProjectPaths, name: string): void {
  if (isHeld(readJournal(journal), sealIdOf(name))) return;
  throw new Failure('CANDIDATE', {
    what: NOT_SEALED_HERE,
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build it here with sealift migrate; if it was brought here, scan and promote it with --expect-seal and the seal id that migrate has printed where it was built',
  });
}

function assertExpected(name: string, expected: string | null): void {
  if (expected === null || sealIdOf(name) === expected) return;
  throw new Failure('CANDIDATE', {
    what: 'this is not the candidate that --expect-seal names',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'see sealift status, and name the candidate that is meant',
  });
}

/** How many warnings of the scan are accepted with it. */
async function assertScanned(
  { paths }: LivePointer,
  name: string,
  { allowWarnings }: PromoteOptions,
): Promise<number> {
  const checks = checksDigest(await loadMapping(paths.root), CHECKS);
  const sealId = sealIdOf(name);
  const scan = lastScan(readJournal(paths.journal), sealId);
  const current = currentName(paths.candidates) === name;
  const refused = refusal(scan, { sealId, current, checks, allowWarnings });
  if (refused !== null) throw refused;
  return scan?.counts.WARNING ?? 0;
}

/** For a person: what was scanned goes live, whatever the mapping says by now. */
async function mappingNotes({ root }: ProjectPaths, { run }: Verification): Promise<string[]> {
  const { digest } = await loadMapping(root);
  return run?.mapping.digest === digest ? [] : [MAPPING_CHANGED];
}

const MAPPING_CHANGED =
  'the mapping was changed since this candidate was built, which is as the mapping was then';

/** A sample proves nothing about the rows that it left out. */
function assertNoSample({ run }: Verification, name: string): void {
  if (run === null || !('sample' in run)) return;
  throw new Failure('CANDIDATE', {
    what: 'this candidate holds a sample of the rows, so it can never be live',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build all of it with sealift migrate, without --sample',
  });
}

/** What was agreed upon goes live, and nothing that was built before somebody agreed to it. */
function assertBuiltAsFrozen({ run }: Verification, frozen: Freeze | null, name: string): void {
  if (frozen === null || run?.mapping.digest === frozen.digest) return;
  throw new Failure('CANDIDATE', {
    what: 'this candidate was built with another mapping than the one that is frozen',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build it again with sealift migrate, or freeze the mapping that it was built with',
  });
}
