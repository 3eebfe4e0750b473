/**
 * snapshot restore: puts back what is missing or damaged in a project, from a verified snapshot. All
 * of it is unpacked and verified before anything changes; then candidates, mapping, journal and
 * links are put in their places, in this order, so that a restore that is killed can be repeated.
 */

import { dirname, join } from 'node:path';

import { attempt, linkState, makeFolder, swapLink, syncFolder } from '../disk/durable.ts';
import { onDisk } from '../disk/errors.ts';
import { assertFreeSpace } from '../disk/freeSpace.ts';
import { acquireLock, type Lock } from '../disk/lock.ts';
import { rename, statOf } from '../disk/noLinks.ts';
import { signed } from '../journal/event.ts';
import { appendToJournal, JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { pointerHistory } from '../journal/pointerHistory.ts';
import { sealedLast } from '../journal/sealedEntry.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { readLivePointer, swapLivePointer } from '../project/liveLink.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { checksumProgress } from '../run/progress.ts';
import { withHashers, type Workers } from '../run/workers.ts';
import { leaveStaging, openStaging, openStore, type Staging } from '../seal/candidateStore.ts';
import {
  currentName,
  currentPath,
  SEALED_FOLDER,
  sealedFolder,
  sealedNames,
  sealedPath,
  sealIdOf,
} from '../seal/sealedFolders.ts';
import { makeReadOnly } from '../seal/sealedModes.ts';
import { assertTrash, moveToTrash } from '../seal/trash.ts';
import { verifyAt } from '../seal/verify.ts';
import { CANDIDATES, JOURNAL, MAPPING, namesOf, type SnapshotFile } from '../snapshot/manifest.ts';
import { asideFolder, copyAside, putBackFiles } from '../snapshot/putBack.ts';
import { replaceJournal } from '../snapshot/replaceJournal.ts';
import { openSnapshot, type Snapshot } from '../snapshot/readSnapshot.ts';
import {
  assertReplaceable,
  planLines,
  planRestore,
  wholePlan,
  type CandidateState,
  type WholePlan,
} from '../snapshot/restorePlan.ts';
import { PRIVATE, SHARED, stageFiles } from '../snapshot/stage.ts';

export interface RestoreOptions {
  readonly project: string;
  readonly file: string;
  /** SHA-256 that was kept outside of the snapshot; null to check consistency only. */
  readonly expect: string | null;
  /** Whether files that differ are replaced; they are kept aside. */
  readonly replace: boolean;
  /** Whether files of the mapping that differ stay as they are. */
  readonly keepMapping: boolean;
  readonly dryRun: boolean;
  readonly who: string | null;
  readonly workers: Workers;
}

/** Restores a snapshot. A failure before the first change leaves everything as it was. */
export async function restoreSnapshot(options: RestoreOptions, env: Environment): Promise<Outcome> {
  const who = operatorOf(options.who, env);
  const paths = realPaths(options.project);
  assertFolder(paths.root);
  const snapshot = openSnapshot(options.file, options.expect, env.cwd);
  try {
    return await onDisk(paths.candidates, () =>
      withStore(paths, options, env, () => restore({ paths, snapshot, options, who, env })),
    );
  } finally {
    snapshot.close();
  }
}

/** Returns the paths of a project, of which none contains a link. */
function realPaths(project: string): ProjectPaths {
  const paths = projectPaths(project);
  return { ...paths, mapping: join(dirname(paths.candidates), 'mapping') };
}

function assertFolder(root: string): void {
  const real = dirname(projectPaths(root).candidates);
  if (statOf(real)?.isDirectory() === true) return;
  throw new Failure('USAGE', {
    what: 'the folder of the project does not exist',
    where: root,
    hint: 'create it, or name another one with --project',
  });
}

/** Runs `work` with the lock of the candidates; a dry run does not create their folder for it. */
async function withStore<T>(
  { candidates }: ProjectPaths,
  { dryRun }: RestoreOptions,
  env: Environment,
  work: () => Promise<T>,
): Promise<T> {
  if (dryRun && statOf(candidates) === undefined) return work();
  openStore(candidates);
  assertTrash(candidates);
  const since = env.now().toISOString();
  const lock: Lock = acquireLock(candidates, { command: 'snapshot', pid: env.pid, since });
  const forget = env.onInterrupt(() => {
    leaveStaging(candidates);
    lock.release();
  });
  try {
    return await work();
  } finally {
    forget();
    lock.release();
  }
}

interface Restore {
  readonly paths: ProjectPaths;
  readonly snapshot: Snapshot;
  readonly options: RestoreOptions;
  readonly who: string | null;
  readonly env: Environment;
}

async function restore(work: Restore): Promise<Outcome> {
  const { paths, snapshot, options } = work;
  // Fails before anything is written if another kind of file is in place of the link.
  readLivePointer(paths.live);
  const planned = await planRestore(paths, snapshot);
  assertReplaceable(planned, options);
  const plan = wholePlan(planned, await candidatesToRestore(work), options);
  const aside = asideFolder(paths.snapshots);
  const lines = planLines(plan, aside, paths.candidates);
  if (options.dryRun) {
    const notes = [...lines, 'dry run: nothing was changed'];
    return actionOutcome({ command: 'snapshot restore', notes });
  }
  if (lines.length > 0) await carryOut(work, plan, aside);
  // Left over by a restore that was killed at its end.
  else leaveStaging(paths.candidates);
  const linked = restoreLinks(paths);
  const notes = [...lines, ...linked];
  if (notes.length === 0)
    notes.push('nothing that the snapshot has is missing or damaged, nothing was changed');
  if (planned.mapping !== plan.mapping) notes.push('files of the mapping that differ were left');
  return actionOutcome({ command: 'snapshot restore', notes });
}

/** Verifies the candidates that the snapshot has. */
async function candidatesToRestore({
  paths,
  snapshot,
  options,
  env,
}: Restore): Promise<Map<string, CandidateState>> {
  const found = new Map<string, CandidateState>();
  for (const name of namesOf(snapshot.manifest)) {
    const folder = sealedPath(paths.candidates, name);
    if (statOf(folder) === undefined) found.set(name, 'missing');
    else if (!(await verifies(folder, sealIdOf(name), options.workers, env))) {
      found.set(name, 'damaged');
    }
  }
  return found;
}

async function verifies(
  folder: string,
  sealId: string,
  workers: Workers,
  env: Environment,
): Promise<boolean> {
  const shown = checksumProgress(env.progress);
  const { findings } = await withHashers(folder, workers, env, (pool) =>
    verifyAt(folder, sealId, pool, shown),
  );
  return findings.length === 0;
}

/** Unpacks and verifies, then changes the project without a pause in which Ctrl-C could end it. */
async function carryOut(work: Restore, plan: WholePlan, aside: string): Promise<void> {
  const { paths, snapshot, options, who, env } = work;
  const { manifest, sha256 } = snapshot;
  const store = paths.candidates;
  const needed = neededFiles(manifest.files, plan);
  const bytes = needed.reduce((sum, { size }) => sum + size, 0);
  const hint = 'free some space, then run again';
  assertFreeSpace(store, bytes, { what: 'the snapshot does not fit on the disk', hint });
  const staging = openStaging(store);
  try {
    unpack(snapshot, needed, staging);
    for (const name of plan.candidates.keys()) {
      const folder = join(staging.candidate, CANDIDATES, name);
      if (await verifies(folder, sealIdOf(name), options.workers, env)) continue;
      throw new Failure('SNAPSHOT', {
        what: 'a candidate in the snapshot does not verify, nothing was restored',
        where: name,
        hint: 'take another copy of the snapshot, or an earlier one',
      });
    }
    const event = { event: 'restored', snapshot: sha256, head: manifest.head } as const;
    const writer = { command: 'snapshot', pid: env.pid, at: env.now().toISOString() };
    if (plan.journal === 'kept') appendToJournal(paths.journal, writer, [signed(event, who)]);
    putBack(paths, plan, staging, aside);
    if (plan.journal !== 'kept') {
      const staged = join(staging.candidate, JOURNAL, JOURNAL_FILE);
      replaceJournal(paths.journal, staged, writer, signed(event, who));
    }
  } finally {
    leaveStaging(store);
  }
}

/** Returns the files of the archive that are unpacked. */
function neededFiles(files: readonly SnapshotFile[], plan: WholePlan): SnapshotFile[] {
  const single = new Set([
    ...[...plan.mapping.missing, ...plan.mapping.changed].map((path) => `${MAPPING}${path}`),
    ...[...plan.beside.missing, ...plan.beside.changed].map((path) => `${JOURNAL}${path}`),
    ...(plan.journal === 'kept' ? [] : [`${JOURNAL}${JOURNAL_FILE}`]),
  ]);
  return files.filter(({ path }) => {
    return single.has(path) || plan.candidates.has(path.split('/')[1] ?? '');
  });
}

function isMapping({ path }: SnapshotFile): boolean {
  return path.startsWith(MAPPING);
}

function unpack(
  snapshot: Snapshot,
  files: readonly SnapshotFile[],
  { candidate: folder }: Staging,
): void {
  stageFiles(
    snapshot,
    files.filter((file) => !isMapping(file)),
    folder,
    PRIVATE,
  );
  stageFiles(snapshot, files.filter(isMapping), folder, SHARED);
}

/** Puts candidates, mapping, and the files beside the journal in their places. */
function putBack(
  { candidates: store, mapping, journal }: ProjectPaths,
  plan: WholePlan,
  { candidate: staged }: Staging,
  aside: string,
): void {
  makeFolder(sealedFolder(store));
  for (const [name, state] of plan.candidates) {
    if (state === 'damaged') moveToTrash(store, [name]);
    rename(join(staged, CANDIDATES, name), sealedPath(store, name));
    attempt(() => {
      makeReadOnly(sealedPath(store, name));
    });
  }
  syncFolder(sealedFolder(store));
  syncFolder(store);
  const [mappingAside, journalAside] = [join(aside, 'mapping'), join(aside, 'storage_journal')];
  const ofMapping = { staged: join(staged, MAPPING), folder: mapping, aside: mappingAside };
  putBackFiles(plan.mapping, { ...ofMapping, modes: SHARED });
  if (plan.journal === 'other' || plan.journal === 'broken') {
    copyAside(join(journal, JOURNAL_FILE), join(journalAside, JOURNAL_FILE));
  }
  makeFolder(journal);
  const ofJournal = { staged: join(staged, JOURNAL), folder: journal, aside: journalAside };
  putBackFiles(plan.beside, { ...ofJournal, modes: PRIVATE });
}

/** Restores the links that are missing, as the journal has them; returns notes. */
function restoreLinks(paths: ProjectPaths): string[] {
  const { candidates: store, live: link } = paths;
  const journal = readJournal(paths.journal);
  const { live, open } = pointerHistory(journal, join(paths.journal, JOURNAL_FILE));
  const names = sealedNames(store);
  const notes: string[] = [];
  const last = sealedLast(journal, names);
  if (currentName(store) === null && last !== null) {
    swapLink(currentPath(store), `${SEALED_FOLDER}/${last}`);
    notes.push(`storage_candidate/v1 points to ${last} again`);
  }
  const state = linkState(link);
  if (live !== null && !names.includes(live)) {
    notes.push(`${live} is live according to the journal, but missing and not in this snapshot`);
  } else if (live !== null && state === 'absent') {
    swapLivePointer(link, live);
    notes.push(`storage_live points to ${live} again`);
  } else if (open === null && readLivePointer(link) !== live) {
    notes.push(`storage_live is not as the journal states, and was left as it is`);
  }
  return notes;
}
