/**
 * Candidates that nobody needs any more: renamed into `.trash` first, so that none is ever seen
 * half, and removed there. What a killed run leaves in it goes with the next one. Links are removed
 * as links, never followed.
 */

import { join } from 'node:path';

import { makeFolder, syncFolder } from '../disk/durable.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { entriesOf, remove, rename, statOf } from '../disk/noLinks.ts';
import { sealedFolder, sealedPath } from '../seal/sealedFolders.ts';

const TRASH = '.trash';

/** Throws CANDIDATE where something foreign stands in the place of the trash. */
export function assertTrash(store: string): void {
  const path = join(store, TRASH);
  const stat = statOf(path);
  if (stat === undefined || stat.isDirectory()) return;
  const what = 'a file or link stands where removed candidates go, nothing was changed';
  throw inTheWay('CANDIDATE', what, path);
}

/** Takes candidates out of `sealed/`, by one rename each. */
export function moveToTrash(store: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const trash = join(store, TRASH);
  makeFolder(trash);
  for (const name of names) rename(sealedPath(store, name), freeName(trash, name));
  syncFolder(trash);
  syncFolder(sealedFolder(store));
}

/** A candidate of this name may lie there from a run that was killed. */
function freeName(trash: string, name: string): string {
  const taken = new Set(entriesOf(trash).map((entry) => entry.name));
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  return join(trash, free);
}

/** Removes the trash with all that is in it; bytes of the files that were in it. */
export function emptyTrash(store: string): number {
  const trash = join(store, TRASH);
  const bytes = bytesIn(trash);
  remove(trash);
  return bytes;
}

/** Bytes of the plain files in a folder; 0 where there is none. */
export function bytesIn(path: string): number {
  const stat = statOf(path);
  if (stat?.isFile() === true) return stat.size;
  if (stat?.isDirectory() !== true) return 0;
  return entriesOf(path).reduce((sum, { name }) => sum + bytesIn(join(path, name)), 0);
}
