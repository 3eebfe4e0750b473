/**
 * export: writes a plain copy of a candidate, or a tar of it, to hand over: handing over the link
 * `v1` or `storage_live` hands over a link. The candidate is verified before, and the copy after.
 */

import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import {
  createFile,
  draftBeside,
  makeFolder,
  syncFolder,
  syncFolders,
  writeAll,
} from '../disk/durable.ts';
import { onDisk } from '../disk/errors.ts';
import { assertFreeSpace } from '../disk/freeSpace.ts';
import { assertFree } from '../disk/newFile.ts';
import { openNoLinks, realFolder, remove, rename, statOf } from '../disk/noLinks.ts';
import { piecesOf, readTar } from '../disk/tarReader.ts';
import { writeTar, type TarMember } from '../disk/tarWriter.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { candidateNamed } from '../project/candidateNamed.ts';
import { readLivePointer } from '../project/liveLink.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { checksumProgress } from '../run/progress.ts';
import { withHashers, type Workers } from '../run/workers.ts';
import { computedSealId, statedSealId, CURRENT } from '../seal/sealedFolders.ts';
import { MAX_SEAL_FILE, plainSize, readPieces, readPlainFile } from '../seal/files.ts';
import { byUtf8, parseSums, SUMS_FILE, type SumLine } from '../seal/format.ts';
import { verifyAt } from '../seal/verify.ts';

export interface ExportOptions {
  readonly project: string;
  /** A name for candidateNamed; null for what is live, else what was built last. */
  readonly candidate: string | null;
  /** A folder that does not exist yet, or a file that ends with `.tar`. */
  readonly out: string;
  readonly workers: Workers;
}

/** Writes the copy. A failure leaves nothing. */
export async function exportCandidate(options: ExportOptions, env: Environment): Promise<Outcome> {
  const target = realFolder(resolve(env.cwd, options.out));
  assertFree(target, '--out');
  const folder = candidateNamed(
    options.candidate ?? usual(options.project),
    options.project,
    env.cwd,
  );
  const sealId = await verifiedSealId(folder, statedSealId(folder), options.workers, env);
  const draft = draftBeside(target);
  const asTar = target.endsWith('.tar');
  return onDisk(target, async () => {
    remove(draft);
    const forget = env.onInterrupt(() => {
      remove(draft);
    });
    try {
      const files = filesOf(folder);
      const bytes = files.reduce((sum, { path }) => sum + plainSize(join(folder, path)), 0);
      assertFreeSpace(dirname(target), bytes, NO_SPACE);
      if (asTar) await packCandidate(draft, folder, sealId, files);
      else {
        copyCandidate(draft, folder, files);
        await verifiedSealId(draft, sealId, options.workers, env);
      }
      assertFree(target, '--out');
      rename(draft, target);
      syncFolder(dirname(target));
      return outcome(target, sealId, files.length, asTar);
    } finally {
      forget();
      remove(draft);
    }
  });
}

const NO_SPACE = {
  what: 'the copy does not fit on the disk, nothing was written',
  hint: 'free some space, or name another folder with --out',
};

function usual(project: string): string {
  return readLivePointer(projectPaths(project).live) === null ? CURRENT : 'live';
}

/** Verifies a candidate, and returns its seal id. @throws Failure CANDIDATE */
async function verifiedSealId(
  folder: string,
  expected: string | null,
  workers: Workers,
  env: Environment,
): Promise<string> {
  const shown = checksumProgress(env.progress);
  const { findings, records, sealId } = await withHashers(folder, workers, env, (pool) =>
    verifyAt(folder, expected, pool, shown),
  );
  const [first] = findings;
  if (first === undefined && records > 0 && sealId !== null) return sealId;
  throw new Failure('CANDIDATE', {
    what: `the candidate does not verify, rule ${first?.rule ?? 'empty'}`,
    where: join(folder, first?.file ?? ''),
    hint: 'run sealift verify-checksums --candidate DIR for details; nothing was written',
  });
}

/** Lists the files of a candidate as its seal does, and the list itself. */
function filesOf(folder: string): SumLine[] {
  const sums = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  const lines = parseSums(sums?.toString('utf8') ?? '');
  const own = { path: SUMS_FILE, sha256: computedSealId(folder) ?? '' };
  if (lines === null) throw changedFile(join(folder, SUMS_FILE));
  return [...lines, own].sort((a, b) => byUtf8(a.path, b.path));
}

function changedFile(where: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'a file of the candidate changed while it was copied, nothing was written',
    where,
    hint: 'find out what writes to it, then run again',
  });
}

function copyCandidate(target: string, folder: string, files: readonly SumLine[]): void {
  for (const { path } of files) {
    makeFolder(dirname(join(target, path)));
    const file = createFile(join(target, path));
    try {
      for (const piece of readPieces(join(folder, path))) writeAll(file, piece);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
  syncFolders(target);
}

/** Packs a candidate below a folder that has its seal id as its name, and verifies the archive. */
async function packCandidate(
  target: string,
  folder: string,
  sealId: string,
  files: readonly SumLine[],
): Promise<void> {
  const file = createFile(target);
  try {
    const members = files.map(({ path }): TarMember => ({
      path: `${sealId}/${path}`,
      size: statOf(join(folder, path))?.size ?? 0,
      content: () => readPieces(join(folder, path)),
    }));
    await writeTar(file, members);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  assertPacked(target, sealId, files);
}

/** Reads the archive again, and compares each file with the seal. */
function assertPacked(target: string, sealId: string, files: readonly SumLine[]): void {
  const file = openNoLinks(target, constants.O_RDONLY);
  try {
    const members = readTar(file);
    const same = members.every(({ path, size, offset }, at) => {
      const digest = createHash('sha256');
      for (const piece of piecesOf(file, offset, size)) digest.update(piece);
      const line = files[at];
      return path === `${sealId}/${line?.path ?? ''}` && digest.digest('hex') === line?.sha256;
    });
    if (!same || members.length !== files.length) throw changedFile(target);
  } finally {
    closeSync(file);
  }
}

function outcome(target: string, sealId: string, files: number, asTar: boolean): Outcome {
  const inside = asTar ? `unpack it, and in ${sealId}` : 'in that folder';
  return actionOutcome({
    command: 'export',
    sealId,
    candidate: target,
    notes: [
      `${counted(files, 'file')}, verified before and after`,
      `to verify it: ${inside} run sha256sum -c checksums/SHA256SUMS`,
    ],
  });
}
