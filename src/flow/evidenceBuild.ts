/**
 * evidence build: gathers what proves a cutover in a bag of files, for people who do not have the project: a
 * candidate with its scan, review and promotion, a run of a runbook, or both. What states it is signed.
 */

import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { draftBeside } from '../disk/durable.ts';
import { onDisk } from '../disk/errors.ts';
import { acquireLock, type Lock } from '../disk/lock.ts';
import { realFolder, remove, statOf } from '../disk/noLinks.ts';
import { attestationsOf } from '../evidence/attestations.ts';
import { ABOUT, AGENT, minisigned, RUN, signatureInfo } from '../evidence/bagSignature.ts';
import { collect, projectFiles } from '../evidence/collect.ts';
import { sealNotes } from '../evidence/sealNotes.ts';
import { writeBag, type BagContent, type PayloadFile } from '../evidence/writeBag.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/line.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { candidateNamed } from '../project/candidateNamed.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import { sealedRun } from '../project/reviewSubject.ts';
import { verifyWhole } from '../promote/pointerSession.ts';
import type { Environment } from '../run/environment.ts';
import { allWorkers, type Workers } from '../run/workers.ts';
import { plainSize } from '../seal/files.ts';
import { sealedFolder, sealIdOf } from '../seal/sealedFolders.ts';
import type { SealedCandidate } from '../evidence/candidateFacts.ts';
import { signersOf } from './cutoverParts.ts';
import { statedBag } from './evidenceFacts.ts';
import { collectRun, runCalled, type CollectedRun } from './evidenceRun.ts';
import { signersOfBag, type BagSigners } from './evidenceSigners.ts';

export interface BuildEvidenceOptions {
  readonly project: string;
  /** The folder to make. */
  readonly target: string;
  /** A candidate by seal id, or `v1`; null for the live one, or for none if a run is given. */
  readonly candidate: string | null;
  /** A run of a cutover by name; null for none. */
  readonly run: string | null;
  /** Who signs with the SSH key. */
  readonly who: string | null;
  /** SSH key to sign the bag with; null for none. */
  readonly key: string | null;
  /** Ed25519 key as PEM to sign statements and seal with; null for none. */
  readonly signingKey: string | null;
  readonly workers: Workers;
}

/** What goes into a bag. */
interface Collected {
  readonly journal: Journal;
  readonly sealed: SealedCandidate | null;
  readonly run: CollectedRun | null;
  readonly payload: readonly PayloadFile[];
}

/** Writes the evidence of a candidate, of a run, or of both to a new folder. A failure leaves nothing. */
export async function buildEvidence(
  options: BuildEvidenceOptions,
  env: Environment,
): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const path = targetPath(options.target, paths, env);
  const signers = signersOfBag({ ...options, signers: () => signersOf(paths) }, env);
  if (options.run !== null) runCalled(paths, options.run);
  const isOfRun = options.run !== null && options.candidate === null;
  const name = isOfRun ? null : candidateOf(paths, options, env);
  return onDisk(path, async () => {
    const builtAt = env.now().toISOString();
    const locks = locksOf(paths, name, options.run, builtAt, env);
    const release = (): void => {
      for (const lock of locks) lock.release();
    };
    const forget = env.onInterrupt(() => {
      release();
      remove(draftBeside(path));
    });
    try {
      if (name !== null) await verifyWhole(paths.candidates, name, options.workers, env);
      const collected = await collectAll(paths, name, options.run, signers, env);
      const content = contentOf(collected, signers, builtAt, env);
      const files = await written(path, content, options.workers, env);
      return built(files, collected, signers, options);
    } finally {
      forget();
      release();
    }
  });
}

/** Keeps what the evidence is of from changing meanwhile. @throws Failure BUSY */
function locksOf(
  paths: ProjectPaths,
  name: string | null,
  run: string | null,
  since: string,
  { pid }: Environment,
): readonly Lock[] {
  const holder = { command: 'evidence', pid, since };
  const folders = [
    ...(name === null ? [] : [paths.candidates]),
    ...(run === null ? [] : [paths.cutovers]),
  ];
  return folders.map((folder) => acquireLock(folder, holder));
}

async function collectAll(
  paths: ProjectPaths,
  name: string | null,
  runName: string | null,
  { key }: BagSigners,
  env: Environment,
): Promise<Collected> {
  const run = runName === null ? null : await collectRun(paths, runName, env);
  const journal = readJournal(paths.journal);
  const whole = readFileSync(join(paths.journal, JOURNAL_FILE)).subarray(0, journal.length);
  const sealed = name === null ? null : { sealId: sealIdOf(name), run: sealedRun(paths, name) };
  return {
    journal,
    sealed,
    run,
    payload: [
      ...projectFiles(paths, whole),
      ...(name === null ? [] : collect(paths, name, journal)),
      ...(sealed === null || key === null ? [] : sealNotes(sealed, key)),
      ...(run?.files ?? []),
    ],
  };
}

function contentOf(
  { payload, journal, sealed, run }: Collected,
  { who, key, sign }: BagSigners,
  builtAt: string,
  { tool }: Environment,
): BagContent {
  const about = sealed?.sealId ?? run?.evidence.run ?? '';
  const parts = { builtAt, tool, journal, sealed, run: run?.evidence ?? null };
  return {
    payload,
    info: new Map([
      ['Bagging-Date', builtAt.slice(0, 10)],
      [AGENT, `${tool.name} ${tool.version}`],
      [ABOUT, about],
      ...(run === null ? [] : [[RUN, run.evidence.run] as const]),
      ...signatureInfo(who, key?.verifying ?? null),
    ]),
    secrets: run?.secrets ?? [],
    attest: (manifest) => {
      if (key === null) return [];
      const files = new Map(manifest.map(({ path, sha256 }) => [path, sha256]));
      return [attestationsOf(statedBag(parts), files, key)];
    },
    sign: async (tagManifest) => [
      ...(await sign(tagManifest)),
      ...(key === null ? [] : [minisigned(tagManifest, `evidence of ${about}`, key)]),
    ],
  };
}

/** Up to this many files, one thread is done before a second one has started. */
const FEW = 2000;
const SMALL = 8 * 2 ** 20;

async function written(
  path: string,
  content: BagContent,
  workers: Workers,
  env: Environment,
): Promise<number> {
  const { payload } = content;
  const isSmall = payload.length <= FEW && sizeOf(payload) <= SMALL;
  const pool = env.startWorkers(isSmall && workers === null ? 0 : allWorkers(workers, env), null);
  try {
    return (await writeBag(path, content, pool)).length;
  } finally {
    await pool.close();
  }
}

function sizeOf(payload: readonly PayloadFile[]): number {
  return payload.reduce((sum, { from }) => {
    return sum + (typeof from === 'string' ? plainSize(from) : from.length);
  }, 0);
}

function built(
  files: number,
  { journal, sealed, run }: Collected,
  signers: BagSigners,
  { target }: BuildEvidenceOptions,
): Outcome {
  const heads = run === null ? '' : `, of the run ${run.evidence.head}`;
  return actionOutcome({
    command: 'evidence build',
    ...(sealed === null
      ? {}
      : { runId: sealed.run.runId, sealId: sealed.sealId, dataRoot: sealed.run.dataRoot }),
    notes: [
      `${counted(files, 'file')} in ${target}`,
      `journal head ${journal.head}${heads}`,
      ...(run === null ? [] : run.notes),
      ...signers.notes,
      sealed === null
        ? 'keep the heads elsewhere, for --expect-head'
        : 'it holds no record; keep the seal id and the head elsewhere, to compare them later',
    ],
  });
}

/** @throws Failure USAGE if the folder cannot be made there */
function targetPath(target: string, paths: ProjectPaths, { cwd }: Environment): string {
  const path = resolve(cwd, target);
  const parent = realFolder(dirname(path));
  if (statOf(parent)?.isDirectory() !== true) {
    throw new Failure('USAGE', {
      what: 'there is no folder to make the evidence in',
      where: dirname(path),
      hint: 'create it, or name another place',
    });
  }
  const { root: _, live, ...folders } = paths;
  const own = [live, ...Object.values(folders).map((folder) => realFolder(folder))];
  const full = join(parent, basename(path));
  if (own.some((folder) => full === folder || full.startsWith(`${folder}/`))) {
    throw new Failure('USAGE', {
      what: 'the evidence would be in a folder that it is made of',
      where: target,
      hint: 'name a place outside of the folders of the project',
    });
  }
  return full;
}

function candidateOf(
  paths: ProjectPaths,
  { candidate, project }: BuildEvidenceOptions,
  { cwd }: Environment,
): string {
  const folder = candidateNamed(candidate ?? 'live', project, cwd);
  if (dirname(folder) === sealedFolder(paths.candidates)) return basename(folder);
  throw new Failure('CANDIDATE', {
    what: 'this is not a candidate of the project',
    where: `--candidate ${candidate ?? ''}`,
    hint: 'name one of the project by its seal id',
  });
}
