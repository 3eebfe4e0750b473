/**
 * The gate of promote for stale data: what goes live is what its sources hold now. For each source
 * there is a proof: its writes are frozen since before the build; its files are those that the
 * candidate was built from; its records were compared; or it is gone, as the project declares or a
 * person states by name. Without a proof the candidate does not go live.
 */

import { join } from 'node:path';

import type { ProofOfCurrency } from '../journal/event.ts';
import { frozenSince } from '../journal/frozenWrites.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { sealedAs } from '../journal/sealedEntry.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { Failure } from '../outcome/failure.ts';
import { locateSources } from '../project/locateSources.ts';
import type { ProjectPaths } from '../project/paths.ts';
import type { SourceOverride } from '../project/sources.ts';
import { askSources, type Reached } from '../project/sourceStates.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';
import type { PreparedSource } from '../source/source.ts';
import { assertEqual, type Differences } from './differences.ts';

export interface CurrencyOptions {
  readonly project: string;
  /** Folder that paths on the command line are relative to. */
  readonly cwd: string;
  /** Locations by source name, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, SourceOverride>;
  /** Whether a source that cannot be reached is gone, as the operator states by name. */
  readonly sourceGone: boolean;
  readonly who: string | null;
}

/** The candidate in question. */
export interface Subject {
  readonly paths: ProjectPaths;
  /** Name of its folder. */
  readonly name: string;
  /** Its sealed mapping, and the project's of today. */
  readonly sealed: LoadedMapping;
  readonly current: LoadedMapping;
}

/** Compares the candidate's records with what its sources, which are at these places, hold now. */
export type CompareRecords = (sources: ReadonlyMap<string, SourceOverride>) => Promise<Differences>;

export interface Currency {
  /** The weakest proof of all sources. */
  readonly proof: ProofOfCurrency;
  /** The proofs, as sentences for the operator. */
  readonly notes: readonly string[];
}

/** From the strongest to the weakest. */
const BY_STRENGTH: readonly ProofOfCurrency[] = ['frozen', 'same-files', 'compared', 'gone'];

/**
 * Returns the proof that the candidate is current.
 * @throws Failure CANDIDATE if a source has changed, SOURCE_MISSING if one cannot be reached
 */
export async function assertCurrent(
  subject: Subject,
  options: CurrencyOptions,
  env: Environment,
  compare: CompareRecords,
): Promise<Currency> {
  const { sealed, current } = subject;
  const who = sourceGoneBy(options, env);
  const sources = locateSources(sealed, current, options, env);
  const found = await askSources(sealed, { ...options, sources }, env, proofFrom(subject));
  for (const [name, reached] of found)
    assertReached(name, reached, subject, { who, given: options.sources });
  const proofs = new Map([...found].map(([name, { answer }]) => [name, answer ?? 'gone'] as const));
  if ([...proofs.values()].includes('compared')) {
    assertComparable(subject, proofs);
    assertEqual(subject.name, await compare(sources));
  }
  assertStillFrozen(subject, proofs);
  const all = new Set(proofs.values());
  return {
    proof: BY_STRENGTH.findLast((proof) => all.has(proof)) ?? 'compared',
    notes: [...proofs].map(([name, proof]) => {
      const source = proofs.size === 1 ? 'the source' : `source ${quoteName(name)}`;
      const place = options.sources.has(name) ? `${source} at the place given by --source` : source;
      return noteOf(proof, place, isDeclaredGone(current, name), who);
    }),
  };
}

/**
 * Returns who states that a source is gone; null if nothing of the kind is stated.
 * @throws Failure USAGE if it is stated without a name
 */
export function sourceGoneBy(
  { sourceGone, who }: CurrencyOptions,
  env: Environment,
): string | null {
  if (!sourceGone) return null;
  const name = operatorOf(who, env);
  if (name !== null) return name;
  throw new Failure('USAGE', {
    what: 'that a source is gone needs the name of the person who states it',
    where: '--source-gone',
    hint: 'give your name with --who NAME; the journal keeps it',
  });
}

/** Returns the question for the proof of a source that is there. */
function proofFrom({
  paths,
  name: candidate,
}: Subject): (name: string, source: PreparedSource) => Promise<ProofOfCurrency> {
  const entry = sealedAs(readJournal(paths.journal), candidate);
  const noted = new Map((entry?.sources ?? []).map(({ name, state }) => [name, state]));
  return async (name, source) => {
    const before = noted.get(name) ?? null;
    const now = before === null ? null : ((await source.state?.()) ?? null);
    // The build may have read another file than the frozen one, so its state decides where it is known.
    if (now !== before) return 'compared';
    // The journal tells what was done; a file that was replaced since can be written.
    const refusesWrites = (await source.isFrozen?.()) ?? true;
    if (refusesWrites && isFrozenSinceBuild(paths, candidate, name)) return 'frozen';
    return before === null ? 'compared' : 'same-files';
  };
}

/** Whether the journal has the writes of the source frozen since before the candidate was built. */
function isFrozenSinceBuild({ journal }: ProjectPaths, candidate: string, source: string): boolean {
  const now = readJournal(journal);
  const begunAfter = sealedAs(now, candidate)?.begunAfter ?? 0;
  const since = frozenSince(now, source, join(journal, JOURNAL_FILE));
  return since !== null && since <= begunAfter;
}

/** Fails for a source that is not there, unless it is declared or stated to be gone. */
function assertReached(
  name: string,
  { missing }: Reached<ProofOfCurrency>,
  { current }: Subject,
  { who, given }: { readonly who: string | null; readonly given: CurrencyOptions['sources'] },
): void {
  if (missing === null) return;
  const isGone = who !== null || isDeclaredGone(current, name);
  // That nothing is at a place of the command line does not tell what is at that of the mapping.
  if (isGone && given.has(name)) throw missingWhereGiven(name, missing);
  if (isGone) return;
  throw new Failure('SOURCE_MISSING', {
    what: `source ${quoteName(name)} cannot be reached, ${missing.message}, so it may have changed since the build`,
    ...(missing.where === undefined ? {} : { where: missing.where }),
    hint: 'tell where it is with --source; if it no longer exists, declare it as "gone" in mapping/project.json, or promote with --source-gone --who NAME',
  });
}

function missingWhereGiven(name: string, { message, where }: Failure): Failure {
  return new Failure('SOURCE_MISSING', {
    what: `source ${quoteName(name)} cannot be reached where --source says, ${message}`,
    ...(where === undefined ? {} : { where }),
    hint: 'correct that place; for a source that no longer exists, leave out its --source',
  });
}

/** Whether the mapping declares that a source no longer exists. */
function isDeclaredGone({ project: { sources } }: LoadedMapping, name: string): boolean {
  return Object.hasOwn(sources, name) && sources[name]?.gone === true;
}

/** Fails if records should be compared and a source that they come from is gone. */
function assertComparable(
  { name: candidate }: Subject,
  proofs: ReadonlyMap<string, ProofOfCurrency>,
): void {
  const [gone] = [...proofs].find(([, proof]) => proof === 'gone') ?? [];
  if (gone === undefined) return;
  const [open = ''] = [...proofs].find(([, proof]) => proof === 'compared') ?? [];
  throw new Failure('CANDIDATE', {
    what: `source ${quoteName(open)} may have changed since the build, and records cannot be compared without source ${quoteName(gone)}, which is gone`,
    where: `seal id ${sealIdOf(candidate)}`,
    hint: `restore source ${quoteName(open)} as it was when the candidate was built, or tell with --source where a copy of source ${quoteName(gone)} is`,
  });
}

/** Fails if writes were allowed again while other sources were compared. */
function assertStillFrozen(
  { paths, name: candidate }: Subject,
  proofs: ReadonlyMap<string, ProofOfCurrency>,
): void {
  for (const [name, proof] of proofs) {
    if (proof !== 'frozen' || isFrozenSinceBuild(paths, candidate, name)) continue;
    throw new Failure('SOURCE_CHANGED', {
      what: `the writes of source ${quoteName(name)} were allowed again meanwhile`,
      where: `seal id ${sealIdOf(candidate)}`,
      hint: 'promote again',
    });
  }
}

/** Says of a source how it is known to be current. */
function noteOf(
  proof: ProofOfCurrency,
  source: string,
  declaredGone: boolean,
  who: string | null,
): string {
  if (proof === 'frozen') return `${source} was frozen before the build, and still is`;
  if (proof === 'same-files') return `the files of ${source} are the same as in the build`;
  if (proof === 'compared') return `every record was compared with what ${source} holds now`;
  const how = declaredGone ? 'mapping/project.json declares' : `${who} states`;
  return `${source} is gone, as ${how}: nothing was compared with it`;
}
