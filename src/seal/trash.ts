/**
 * Removes candidates: renames them into `.trash` first, so that no reader sees an incomplete one,
 * then deletes them there. Leftovers of a killed run are deleted with the next. Links are not
 * followed.
 */

import { join } from 'node:path';

import { makeFolder, syncFolder } from '../disk/durable.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { entriesOf, remove, rename, statOf } from '../disk/noLinks.ts';
import { sealedFolder, sealedPath } from './sealedFolders.ts';
import { makeMovable } from './sealedModes.ts';

const TRASH = '.trash';

/** @throws Failure CANDIDATE if an unexpected file or link is in place of the trash */
export function assertTrash(store: string): void {
  const path = join(store, TRASH);
  const stat = statOf(path);
  if (stat === undefined || stat.isDirectory()) return;
  const what =
    'a file or link is in place of the folder for removed candidates, nothing was changed';
  throw inTheWay('CANDIDATE', what, path);
}

/** Moves candidates from `sealed/` to the trash, by one rename each. */
export function moveToTrash(store: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const trash = join(store, TRASH);
  makeFolder(trash);
  for (const name of names) {
    makeMovable(sealedPath(store, name));
    rename(sealedPath(store, name), freeName(trash, name));
  }
  syncFolder(trash);
  syncFolder(sealedFolder(store));
}

/** Returns a free path, as a killed run may have left a candidate of this name there. */
function freeName(trash: string, name: string): string {
  const taken = new Set(entriesOf(trash).map((entry) => entry.name));
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  return join(trash, free);
}

/** Removes the trash; returns the bytes of the files that were in it. */
export function emptyTrash(store: string): number {
  const trash = join(store, TRASH);
  const bytes = bytesIn(trash);
  remove(trash);
  return bytes;
}

/** Sums the bytes of the plain files in a folder; 0 if it is missing. */
export function bytesIn(path: string): number {
  const stat = statOf(path);
  if (stat?.isFile() === true) return stat.size;
  if (stat?.isDirectory() !== true) return 0;
  return entriesOf(path).reduce((sum, { name }) => sum + bytesIn(join(path, name)), 0);
}
