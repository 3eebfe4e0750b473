/**
 * snapshot: keeps in one archive what a way back needs: the live candidate, the one before it, the
 * one built last, the mapping with its registries and its freeze, and the journal.
 */

import { constants, closeSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { draftBeside, makeFolder, syncFolder } from '../disk/durable.ts';
import { assertFreeSpace } from '../disk/freeSpace.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { openNoLinks, realFolder, removeFile, rename, statOf } from '../disk/noLinks.ts';
import { readApproval } from '../journal/approvalFile.ts';
import { eventOf } from '../journal/readEvent.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { freezeInForce, freezeNotes } from '../project/freezeInForce.ts';
import { previousOf } from '../journal/pointerHistory.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { parseJournal, type Journal } from '../journal/line.ts';
import { isHeld, isPruned, sealedLast } from '../journal/sealedEntry.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { NOT_SEALED_HERE } from '../project/origin.ts';
import type { ProjectPaths } from '../project/paths.ts';
import {
  verifyWhole,
  withLivePointer,
  type LivePointer,
  type PointerOptions,
} from '../promote/pointerSession.ts';
import type { Environment } from '../run/environment.ts';
import type { Workers } from '../run/workers.ts';
import { currentName, sealedNames, sealedPath, sealIdOf } from '../seal/sealedFolders.ts';
import { namesOf, type Parts } from '../snapshot/manifest.ts';
import {
  candidateMembers,
  journalMembers,
  mappingMembers,
  type SnapshotMember,
} from '../snapshot/members.ts';
import { snapshotName } from '../snapshot/snapshotName.ts';
import { writeSnapshot } from '../snapshot/writeSnapshot.ts';

export interface SnapshotOptions extends Omit<PointerOptions, 'dryRun'> {
  /** A file that does not exist yet, or a folder; null for the project's own folder. */
  readonly out: string | null;
  readonly workers: Workers;
}

/** Makes a snapshot. A failure leaves nothing. */
export async function snapshot(options: SnapshotOptions, env: Environment): Promise<Outcome> {
  const session = { ...options, dryRun: false };
  return withLivePointer('snapshot', session, env, async (pointer) => {
    const { paths } = pointer;
    const target = targetOf(options.out, paths, env.cwd);
    const { parts, notes } = partsOf(pointer, readJournal(paths.journal));
    for (const name of namesOf(parts))
      await verifyWhole(paths.candidates, name, options.workers, env);
    // What is missing in the journal belongs into the snapshot, too.
    pointer.commit([]);
    const { bytes, journal } = readLines(paths);
    const members = [
      ...namesOf(parts).flatMap((name) => candidateMembers(paths.candidates, name)),
      ...mappingMembers(paths),
      ...journalMembers(paths, bytes),
    ];
    const doubts = [...(await doubtsOfMapping(paths)), ...doubtsOfApprovals(paths, journal)];
    const disk = statOf(target.folder) === undefined ? dirname(target.folder) : target.folder;
    assertFreeSpace(disk, bytesOf(members), NO_SPACE);
    if (target.file === null) makeFolder(target.folder);
    const draft = draftBeside(join(target.folder, target.file ?? 'snapshot'));
    const forget = env.onInterrupt(() => {
      removeFile(draft);
    });
    try {
      const sha256 = await writeSnapshot(draft, journal.head, parts, members);
      const path = join(target.folder, target.file ?? snapshotName(journal.entries.length, sha256));
      assertFree(path);
      // The journal comes first, so that no snapshot is there without an entry.
      pointer.commit([{ event: 'snapshot', snapshot: sha256, head: journal.head }]);
      rename(draft, path);
      syncFolder(target.folder);
      const all = [...pointer.notes, ...notes, ...doubts];
      return outcome({ path, sha256, members, parts, notes: all });
    } finally {
      forget();
      removeFile(draft);
    }
  });
}

/** Says that the mapping, which is kept as it is, is not as it was frozen, or cannot be used. */
async function doubtsOfMapping({ root }: ProjectPaths): Promise<string[]> {
  try {
    await freezeInForce(root);
    return await freezeNotes(root, await loadMapping(root));
  } catch (error) {
    if (error instanceof Failure) return [`kept as it is: ${error.line()}`];
    throw error;
  }
}

/** Names the approvals of the journal that are not kept, as their files are not there. */
function doubtsOfApprovals({ journal: folder }: ProjectPaths, { entries }: Journal): string[] {
  const approvals = entries.map(eventOf).flatMap((event) => {
    return event.event === 'approved' ? [event.approval] : [];
  });
  return [...new Set(approvals)]
    .filter((approval) => readApproval(folder, approval) === null)
    .map((approval) => {
      return `not in the snapshot: approval ${approval}, whose file is missing or was changed`;
    });
}

const NO_SPACE = {
  what: 'the snapshot does not fit on the disk, nothing was written',
  hint: 'free some space, or name another folder with --out',
};

function bytesOf(members: readonly SnapshotMember[]): number {
  return members.reduce((sum, { size }) => sum + size, 0);
}

interface Target {
  readonly folder: string;
  /** Name of the file; null for the name that holds the digest. */
  readonly file: string | null;
}

/** @throws Failure USAGE if the folder of the file does not exist, SNAPSHOT if the file does */
function targetOf(out: string | null, paths: ProjectPaths, cwd: string): Target {
  if (out === null) {
    const stat = statOf(paths.snapshots);
    if (stat === undefined || stat.isDirectory()) return { folder: paths.snapshots, file: null };
    throw inTheWay('SNAPSHOT', 'a file or link is in place of the snapshots', paths.snapshots);
  }
  const path = realFolder(resolve(cwd, out));
  if (statOf(path)?.isDirectory() === true) return { folder: path, file: null };
  assertFree(path);
  if (statOf(dirname(path))?.isDirectory() === true) {
    return { folder: dirname(path), file: basename(path) };
  }
  throw new Failure('USAGE', {
    what: 'the folder for the snapshot does not exist',
    where: dirname(path),
    hint: 'create it, or name another one with --out',
  });
}

function assertFree(path: string): void {
  if (statOf(path) === undefined) return;
  throw new Failure('SNAPSHOT', {
    what: 'this file exists already, and no snapshot is overwritten',
    where: path,
    hint: 'name another file with --out',
  });
}

/** Decides which candidates go in. @throws Failure CANDIDATE if one of them is missing */
function partsOf(
  { history, paths }: LivePointer,
  journal: Journal,
): { parts: Parts; notes: string[] } {
  const names = sealedNames(paths.candidates);
  const built = currentName(paths.candidates) ?? sealedLast(journal, names);
  const last = previousOf(history);
  const isGone = last !== null && !names.includes(last) && isPruned(journal, last);
  const parts = { live: history.live, previous: isGone ? null : last, built };
  const all = namesOf(parts);
  if (all.length === 0) {
    throw new Failure('CANDIDATE', {
      what: 'nothing is live and nothing is built, so there is nothing to keep',
      where: paths.candidates,
      hint: 'build a candidate with sealift migrate',
    });
  }
  for (const name of all) {
    const where = sealedPath(paths.candidates, name);
    if (!names.includes(name)) {
      const hint = 'run sealift status, and restore it from an earlier snapshot';
      throw new Failure('CANDIDATE', { what: 'a candidate to keep is missing', where, hint });
    }
    if (!isHeld(journal, sealIdOf(name))) {
      const hint = 'run sealift status, and find out where it comes from';
      throw new Failure('CANDIDATE', { what: NOT_SEALED_HERE, where, hint });
    }
  }
  return { parts, notes: isGone ? [`${last} was pruned, so it is not in the snapshot`] : [] };
}

/** Reads the whole lines of the journal; a scan may append others meanwhile. */
function readLines({ journal: folder }: ProjectPaths): { bytes: Buffer; journal: Journal } {
  const path = join(folder, JOURNAL_FILE);
  const file = openNoLinks(path, constants.O_RDONLY);
  try {
    const all = readFileSync(file);
    const journal = parseJournal(all, path);
    const bytes = all.subarray(0, journal.length);
    return { bytes, journal };
  } finally {
    closeSync(file);
  }
}

interface Made {
  readonly path: string;
  readonly sha256: string;
  readonly members: readonly SnapshotMember[];
  readonly parts: Parts;
  readonly notes: readonly string[];
}

function outcome({ path, sha256, members, parts, notes }: Made): Outcome {
  const { live, previous, built } = parts;
  return actionOutcome({
    command: 'snapshot',
    facts: { snapshot: path, sha256, live, previous, built },
    notes: [
      ...notes,
      `live       ${live ?? 'nothing'}`,
      `before it  ${previous ?? 'nothing'}`,
      `built      ${built ?? 'nothing'}`,
      `snapshot   ${path}`,
      `sha256     ${sha256}`,
      `${counted(members.length, 'file')}, ${byteCount(bytesOf(members))}`,
      'keep the snapshot and its sha256 on another disk, the sha256 also outside of both',
    ],
  });
}
