/**
 * promote: verifies a scanned candidate again, makes sure that its sources have not changed since it
 * was built, and makes it live by replacing one link.
 */

import { assertFrozenIfRequired, freezeInForce, freezeNotes } from '../project/freezeInForce.ts';
import { assertOperator } from '../project/operatorNeeded.ts';
import type { PromotionBasis } from '../journal/event.ts';
import type { Freeze } from '../mapping/freezeFile.ts';
import { loadMapping, type LoadedMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import {
  assertExpected,
  assertNoSample,
  assertScanned,
  assertSealedHere,
  chosen,
  type Chosen,
} from '../promote/candidacy.ts';
import { assertApproved } from '../promote/assertApproved.ts';
import {
  assertCurrent,
  sourceGoneBy,
  type Currency,
  type CurrencyOptions,
} from '../promote/assertCurrent.ts';
import { assertWindow } from '../promote/assertWindow.ts';
import { previousAfterPromote } from '../journal/pointerHistory.ts';
import { isMisnamed, sealedNames, sealedPath, sealIdOf } from '../seal/sealedFolders.ts';
import type { RunFile } from '../seal/format.ts';
import type { Verification } from '../seal/verify.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
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

export interface PromoteOptions extends PointerOptions, CurrencyOptions, Chosen {
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
    const already = history.byCommand && history.live === name;
    const { verified, about, notes, approvals } = await assertFit(
      pointer,
      { name, already },
      options,
      env,
    );
    if (already) {
      pointer.commit([]);
      const now = [...approvals, 'it was already live, nothing was changed'];
      return pointerOutcome('promote', pointer, name, verified, now);
    }
    const { dataRoot } = verified;
    const now = [
      ...movePointer(pointer, 'promote', name, { from: history.live, dataRoot, ...about }),
      ...notes,
      `live before: ${history.live ?? 'nothing'}`,
      ...wayBack(pointer, name),
    ];
    return pointerOutcome('promote', pointer, name, verified, now);
  });
}

/** A candidate that may go live. */
export interface Fit {
  readonly verified: Verification;
  /** Members of the intent in the journal. */
  readonly about: PromotionBasis;
  readonly notes: readonly string[];
  /** Those of the notes that are about approvals. */
  readonly approvals: readonly string[];
}

/**
 * Makes sure of all that has to hold before a candidate goes live, wherever; of one that is live already,
 * the sources are not compared again. @throws Failure
 */
export async function assertFit(
  pointer: LivePointer,
  { name, already }: { readonly name: string; readonly already: boolean },
  options: PromoteOptions,
  env: Environment,
): Promise<Fit> {
  const { paths } = pointer;
  assertExpected(name, options.expectSeal);
  if (options.expectSeal === null) assertSealedHere(paths, name);
  await assertScanned(paths, name, options, env.now());
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
  // Last of the slow checks, so that little time passes until it goes live.
  const current = already ? null : await currencyOf(pointer, name, verified, options, env);
  // Checked again, since a scan may have ended meanwhile.
  const warnings = await assertScanned(paths, name, options, env.now());
  const approved = await assertApproved(paths, name, verified, options.who, env);
  // Before it goes live: nothing after that may fail.
  const changed = await mappingNotes(paths, verified);
  // Again, since to verify and to compare a large candidate takes a while.
  const closed = assertWindow(project, options, paths.root, env);
  return {
    verified,
    about: {
      warningsAllowed: warnings,
      ...(options.expectSeal === null ? {} : { expected: true as const }),
      ...(current === null ? {} : { currency: current.proof }),
      ...(options.sources.size === 0 ? {} : { sourcesGiven: [...options.sources.keys()] }),
      ...(approved.approvals.length === 0 ? {} : { approvals: approved.approvals }),
    },
    notes: [...changed, ...(current?.notes ?? []), ...closed, ...approved.notes],
    approvals: approved.notes,
  };
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

/** Rejects a candidate whose mapping is not the frozen one, which was approved. */
function assertBuiltAsFrozen({ run }: Verification, frozen: Freeze | null, name: string): void {
  if (frozen === null || run?.mapping.digest === frozen.digest) return;
  throw new Failure('CANDIDATE', {
    what: 'this candidate was not built with the frozen mapping',
    where: `seal id ${sealIdOf(name)}`,
    hint: 'build it again with sealift migrate, or freeze the mapping that it was built with',
  });
}
