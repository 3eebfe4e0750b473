/**
 * Unpacks files of a verified snapshot into a folder of its own, on the disk of the project. They
 * are hashed again while they are written, and durable when it returns.
 */

import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { PRIVATE_FILE, PRIVATE_FOLDER, syncFolders, writeAll } from '../disk/durable.ts';
import { inPlace, openNoLinks, statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import type { SnapshotFile } from './manifest.ts';
import type { Snapshot } from './readSnapshot.ts';

/** Modes of what is unpacked: candidates are private, a mapping has the user's usual modes. */
export interface StageModes {
  readonly file: number;
  readonly folder: number;
}

export const PRIVATE: StageModes = { file: PRIVATE_FILE, folder: PRIVATE_FOLDER };
export const SHARED: StageModes = { file: 0o666, folder: 0o777 };

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** Unpacks files into `folder`, below which they have the paths of the archive. */
export function stageFiles(
  snapshot: Snapshot,
  files: readonly SnapshotFile[],
  folder: string,
  modes: StageModes,
): void {
  for (const { path, sha256 } of files) {
    const target = join(folder, path);
    makeFolders(dirname(target), modes.folder);
    const file = openNoLinks(target, NEW_FILE, modes.file);
    const digest = createHash('sha256');
    try {
      for (const piece of snapshot.content(path)) {
        writeAll(file, piece);
        digest.update(piece);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (digest.digest('hex') !== sha256) throw changedMeanwhile(snapshot.path);
  }
  if (files.length > 0) syncFolders(folder);
}

/** Creates a folder, parents included, with this mode. */
export function makeFolders(path: string, mode: number): void {
  if (statOf(path) !== undefined) return;
  makeFolders(dirname(path), mode);
  inPlace(path, (at) => mkdirSync(at, { mode }));
}

function changedMeanwhile(where: string): Failure {
  return new Failure('SNAPSHOT', {
    what: 'the snapshot changed while it was read, nothing was restored',
    where,
    hint: 'make sure nothing writes to it during the run, then run again',
  });
}
