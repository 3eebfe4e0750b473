/**
 * promote: verifies a scanned candidate again, makes sure that its sources have not changed since it
 * was built, and makes it live by replacing one link.
 */

import { assertFrozenIfRequired, freezeInForce, freezeNotes } from '../project/freezeInForce.ts';
import { assertOperator } from '../project/operatorNeeded.ts';
import { CHECKS } from '../outcome/checks.ts';
import { readJournal } from '../journal/journal.ts';
import type { Freeze } from '../mapping/freezeFile.ts';
import { loadMapping, type LoadedMapping } from '../mapping/load.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { assertApproved } from '../promote/assertApproved.ts';
import {
  assertCurrent,
  sourceGoneBy,
  type Currency,
  type CurrencyOptions,
} from '../promote/assertCurrent.ts';
import { assertWindow } from '../promote/assertWindow.ts';
import { checksDigest } from '../promote/checksDigest.ts';
import { previousAfterPromote } from '../journal/pointerHistory.ts';
import { lastScan, refusal } from '../journal/scanEntry.ts';
import { sealedLast, isHeld } from '../journal/sealedEntry.ts';
import {
  currentName,
  isMisnamed,
  sealedNamed,
  sealedNames,
  sealIdOf,
  sealedPath,
  CURRENT,
  currentPath,
} from '../seal/sealedFolders.ts';
import type { RunFile } from '../seal/format.ts';
import type { Verification } from '../seal/verify.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
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
import { sealedSettings } from '../project/reviewSubject.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import type { Workers } from '../run/workers.ts';
import { tallyChanges } from '../scan/drift/recordDrift.ts';
import { sourceDrift, withRecordsAgain } from './scanDrift.ts';

export interface PromoteOptions extends PointerOptions, CurrencyOptions {
  /** Seal id of the candidate, or its first digits; null for the one built last. */
  readonly candidate: string | null;
  /** Seal id that was kept outside of the candidate; null for none. */
  readonly expectSeal: string | null;
  readonly allowWarnings: boolean;
  /** Agreed times, in addition to those of the project; see assertWindow.ts. */
  readonly window?: string;
  readonly workers: Workers;
  /** Bytes, if records have to be compared. */
  readonly memory: number;
}

/** Makes a candidate live. A failure changes nothing. */
export async function promote(options: PromoteOptions, env: Environment): Promise<Outcome> {
  assertSealId(options.expectSeal);
  // Fails at once for a missing name, not after minutes of verifying.
  sourceGoneBy(options, env);
  return withLivePointer('promote', options, env, async (pointer) => {
    const { paths, history } = pointer;
    const name = chosen(paths, options);
    assertExpected(name, options.expectSeal);
    if (options.expectSeal === null) assertSealedHere(paths, name);
    await assertScanned(pointer, name, options);
    const { project } = await loadMapping(paths.root);
    assertOperator(project, operatorOf(options.who, env), paths.root);
    assertWindow(project, options, paths.root, env);
    const frozen = await freezeInForce(paths.root);
    assertFrozenIfRequired(frozen, project, paths.root);
    const verified = await verifyWhole(paths.candidates, name, options.workers, env);
    assertNoSample(verified, name);
    // As they were sealed, too, so that an edit after the build cannot drop a requirement.
    const sealed = sealedSettings(sealedPath(paths.candidates, name)) ?? {};
    assertOperator(sealed, operatorOf(options.who, env), paths.root);
    assertFrozenIfRequired(frozen, sealed, paths.root);
    assertBuiltAsFrozen(verified, frozen, name);
    const already = history.byCommand && history.live === name;
    // Last of the slow checks, so that little time passes until the link is switched.
    const current = already ? null : await currencyOf(pointer, name, verified, options, env);
    // Checked again, since a scan may have ended meanwhile.
    const warnings = await assertScanned(pointer, name, options);
    const approved = await assertApproved(paths, name, verified, options.who, env);
    // Before the link is switched: nothing after that may fail.
    const changed = await mappingNotes(paths, verified);
    // Again, since to verify and to compare a large candidate takes a while.
    const closed = assertWindow(project, options, paths.root, env);
    const about = {
      from: history.live,
      dataRoot: verified.dataRoot,
      warningsAllowed: warnings,
      ...(options.expectSeal === null ? {} : { expected: true as const }),
      ...(current === null ? {} : { currency: current.proof }),
      ...(options.sources.size === 0 ? {} : { sourcesGiven: [...options.sources.keys()] }),
      ...(approved.approvals.length === 0 ? {} : { approvals: approved.approvals }),
    };
    if (current === null) {
      pointer.commit([]);
      const now = [...approved.notes, 'it was already live, nothing was changed'];
      return pointerOutcome('promote', pointer, name, verified, now);
    }
    const now = [
      ...movePointer(pointer, 'promote', name, about),
      ...changed,
      ...current.notes,
      ...closed,
      ...approved.notes,
      `live before: ${history.live ?? 'nothing'}`,
      ...wayBack(pointer, name),
    ];
    return pointerOutcome('promote', pointer, name, verified, now);
  });
}

/** Makes sure that the sources hold what the candidate was built from. */
async function currencyOf(
  { paths }: LivePointer,
  name: string,
  { run }: Verification,
  options: PromoteOptions,
  env: Environment,
): Promise<Currency> {
  if (run === null) throw new Error('a candidate that verifies has a run file');
  const folder = sealedPath(paths.candidates, name);
  const sealed = await loadMapping(folder, { sealed: true });
  const current = await loadMapping(paths.root);
  return assertCurrent({ paths, name, sealed, current }, options, env, async (sources) => {
    const located = { ...options, sources };
    const others = await changesOfSources(run, sealed, located, env);
    try {
      const compared = await withRecordsAgain(
        'promote',
        { run, folder },
        located,
        env,
        tallyChanges,
      );
      const records = [...compared.records].map(([module, { added, removed, changed }]) => {
        return [module, added + removed + changed] as const;
      });
      const declared = compared.declared.map((module) => `module ${module} is built differently`);
      return { records: new Map(records), others: [...others, ...declared] };
    } catch (error) {
      if (!(error instanceof Failure) || !MISFITS.has(error.code)) throw error;
      // A change of the schema that is known already explains it.
      const reasons = others.length > 0 ? others : [error.message];
      return { records: new Map(), others: reasons };
    }
  });
}

/** Codes of failures by which sources no longer fit the sealed mapping. */
const MISFITS: ReadonlySet<string> = new Set(['SOURCE_SCHEMA', 'EMPTY']);

/** Returns the changes of schemas and of numbers of rows, except of tables that no module reads. */
async function changesOfSources(
  run: RunFile,
  sealed: LoadedMapping,
  options: PromoteOptions,
  env: Environment,
): Promise<string[]> {
  const found = await sourceDrift(run, sealed, options, env);
  return found.filter(({ severity }) => severity !== 'INFO').map(({ reason }) => reason);
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

/** Names the way back, if there is a candidate to go back to, or why there is none. */
function wayBack({ history, paths }: LivePointer, name: string): string[] {
  const back = previousAfterPromote(history, name);
  if (back === null || !sealedNames(paths.candidates).includes(back)) return [];
  if (!isMisnamed(sealedPath(paths.candidates, back))) return ['to go back: sealift rollback'];
  return [`no way back: ${back} was changed or emptied; see sealift snapshot restore`];
}

/** Returns notes if the mapping or its freeze has changed: the candidate goes live as scanned. */
async function mappingNotes({ root }: ProjectPaths, { run }: Verification): Promise<string[]> {
  const { digest, project } = await loadMapping(root);
  const built = run?.mapping.digest ?? '';
  const frozen = await freezeNotes(root, { digest: built, project });
  return built === digest ? frozen : [MAPPING_CHANGED, ...frozen];
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
