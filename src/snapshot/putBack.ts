/**
 * Puts what was unpacked into its place: single files and folders by one rename each. A file that
 * is replaced is copied aside first.
 */

import { closeSync, fsyncSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { createFile, makeFolder, syncFolder, syncFolders, writeAll } from '../disk/durable.ts';
import { entriesOf, removeFile, rename, statOf } from '../disk/noLinks.ts';
import { readPieces } from '../seal/files.ts';
import type { FolderPlan } from './restorePlan.ts';
import { makeFolders, type StageModes } from './stage.ts';

/** Puts files from `staged` into `folder`; `aside` keeps those that are replaced or taken away. */
export function putBackFiles(
  { missing, changed, added }: FolderPlan,
  {
    staged,
    folder,
    aside,
    modes,
  }: {
    readonly staged: string;
    readonly folder: string;
    readonly aside: string;
    readonly modes: StageModes;
  },
): void {
  for (const path of [...changed, ...added]) copyAside(join(folder, path), join(aside, path));
  if (changed.length + added.length > 0) syncFolders(aside);
  if (statOf(folder) === undefined && missing.length > 0) {
    // A folder that is missing as a whole appears as a whole.
    rename(staged, folder);
    syncFolder(dirname(folder));
    return;
  }
  for (const path of [...missing, ...changed]) {
    const target = join(folder, path);
    makeFolders(dirname(target), modes.folder);
    rename(join(staged, path), target);
  }
  for (const path of added) removeFile(join(folder, path));
  if (missing.length + changed.length + added.length > 0) syncFolders(folder);
}

/** Copies a file durably; folders are created. */
export function copyAside(from: string, to: string): void {
  makeFolder(dirname(to));
  const file = createFile(to);
  try {
    for (const piece of readPieces(from)) writeAll(file, piece);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Returns the path of a folder that does not exist yet, for what a restore replaces. */
export function asideFolder(snapshots: string): string {
  const taken = new Set(
    statOf(snapshots) === undefined ? [] : entriesOf(snapshots).map(({ name }) => name),
  );
  let number = 1;
  while (taken.has(`replaced-${number}`)) number += 1;
  return join(snapshots, `replaced-${number}`);
}
