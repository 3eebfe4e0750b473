/**
 * The live pointer of a project: a link to a sealed candidate, relative to the project, replaced
 * atomically. Any other file in its place is left unchanged.
 */

import { linkState, swapLink } from '../disk/durable.ts';
import { removeHalfSwap } from '../disk/halfSwap.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import type { Failure } from '../outcome/failure.ts';
import { isSealedName, SEALED_FOLDER } from '../seal/sealedFolders.ts';
import { CANDIDATES_FOLDER } from './paths.ts';

const TARGET = `${CANDIDATES_FOLDER}/${SEALED_FOLDER}/`;

/**
 * Returns the name of the candidate that the link points to, whether or not it exists; null if
 * there is no link.
 * @throws Failure CANDIDATE if the path is not a link to a sealed candidate of the project
 */
export function readLivePointer(link: string): string | null {
  const state = linkState(link);
  if (state === 'absent') return null;
  if (state === 'occupied') throw unexpected(link, 'a file or folder is in place of the live link');
  const name = state.target.startsWith(TARGET) ? state.target.slice(TARGET.length) : '';
  if (isSealedName(name)) return name;
  throw unexpected(link, 'the live link does not point to a sealed candidate of this project');
}

/** Points the link to a candidate. The change is durable when it returns. */
export function swapLivePointer(link: string, name: string): void {
  clearHalfSwap(link);
  swapLink(link, `${TARGET}${name}`);
}

/** Removes the temporary link of a swap that was killed before it replaced the old link. */
export function clearHalfSwap(link: string): void {
  removeHalfSwap('CANDIDATE', link);
}

function unexpected(path: string, what: string): Failure {
  return inTheWay('CANDIDATE', `${what}; nothing was changed`, path);
}
