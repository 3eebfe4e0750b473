/**
 * The live pointer of a project: a link to a sealed candidate, relative to the project, swapped in
 * one step. Whatever else stands in its place is somebody's, and is left alone.
 */

import { basename, dirname, join } from 'node:path';

import { linkState, swapLink } from '../disk/durable.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { removeFile, statOf } from '../disk/noLinks.ts';
import type { Failure } from '../outcome/failure.ts';
import { isSealedName, SEALED_FOLDER } from '../seal/sealedFolders.ts';
import { CANDIDATES_FOLDER } from './paths.ts';

const TARGET = `${CANDIDATES_FOLDER}/${SEALED_FOLDER}/`;

/** Name of the candidate that the link leads to, be it there or not; null where there is no link. */
export function readLivePointer(link: string): string | null {
  const state = linkState(link);
  if (state === 'absent') return null;
  if (state === 'occupied') throw foreign(link, 'a file or folder stands where the live link goes');
  const name = state.target.startsWith(TARGET) ? state.target.slice(TARGET.length) : '';
  if (isSealedName(name)) return name;
  throw foreign(link, 'the live link does not lead to a sealed candidate of this project');
}

/** Points the link to a candidate. Durable when it returns. */
export function swapLivePointer(link: string, name: string): void {
  clearHalfSwap(link);
  swapLink(link, `${TARGET}${name}`);
}

/** Removes the new link of a swap that was killed before it took the old one's place. */
export function clearHalfSwap(link: string): void {
  const half = join(dirname(link), `.${basename(link)}.new`);
  const stat = statOf(half);
  if (stat === undefined) return;
  if (!stat.isSymbolicLink()) throw foreign(half, 'a file or folder is in the way');
  removeFile(half);
}

function foreign(path: string, what: string): Failure {
  return inTheWay('CANDIDATE', `${what}, nothing was changed`, path);
}
