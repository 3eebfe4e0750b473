/**
 * The folder of candidates: `v1` links to the current one in `sealed/`; `.staging` holds what is
 * being built and is thrown away whenever a run begins or ends. Publishing is one rename and one
 * link swap: whoever reads `v1` sees the old candidate or the new one, whole.
 */

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import {
  attempt,
  linkState,
  makeFolder,
  makeNewFolder,
  swapLink,
  syncFolder,
} from '../disk/durable.ts';
import { isForbidden, readFailure } from '../disk/errors.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { remove, rename, statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import {
  currentPath,
  nameInTarget,
  SEALED_FOLDER,
  sealedFolder,
  sealedPath,
} from './sealedFolders.ts';

/** Where a run builds; what is renamed to the second is about to be removed. */
export const STAGING = '.staging';
export const DROPPED_STAGING = '.staging.old';

/** The candidate that is being built. */
export function stagedCandidate(folder: string): string {
  return join(folder, STAGING, 'candidate');
}

export interface Staging {
  /** The candidate that is being built. */
  readonly candidate: string;
  /** Spills and copies of sources. */
  readonly scratch: string;
}

/** Makes the folder of candidates where it is missing; refuses anything foreign in its place. */
export function openStore(folder: string): void {
  const stat = statOf(folder);
  if (stat === undefined) {
    makeFolder(folder);
    syncFolder(dirname(folder));
  } else if (!stat.isDirectory())
    throw foreign(folder, 'a file or link stands where candidates go');
  assertOurs(folder);
}

/** Throws CANDIDATE when `v1` is something that publishing would destroy. */
function assertOurs(folder: string): void {
  const current = currentPath(folder);
  const link = linkState(current);
  if (link === 'occupied') throw foreign(current, 'a file or folder is in the way');
  if (link !== 'absent') assertInside(current, link.target);
  for (const path of [sealedFolder(folder), join(folder, STAGING)]) {
    const stat = statOf(path);
    if (stat !== undefined && !stat.isDirectory()) {
      throw foreign(path, 'a file or link is in the way');
    }
  }
}

function foreign(path: string, what: string): Failure {
  return inTheWay('CANDIDATE', `${what}, nothing was changed`, path);
}

/** An empty staging area. The caller holds the lock, so what is left there is nobody's. */
export function openStaging(folder: string): Staging {
  dropStaging(folder);
  const staging = join(folder, STAGING);
  makeNewFolder(staging);
  const [candidate, scratch] = [stagedCandidate(folder), join(staging, 'scratch')];
  makeNewFolder(candidate);
  makeNewFolder(scratch);
  return { candidate, scratch };
}

/** Removes staging: renamed first, so that a thread still at work cannot put anything into it. */
export function dropStaging(folder: string): void {
  const staging = join(folder, STAGING);
  const dead = join(folder, DROPPED_STAGING);
  remove(dead);
  if (statOf(staging) === undefined) return;
  rename(staging, dead);
  remove(dead);
}

/** Removes staging at the end of a run, which is done or has failed whether that works or not. */
export function leaveStaging(folder: string): void {
  attempt(() => {
    dropStaging(folder);
  });
}

/** The name that a candidate will have: its seal id, with a number where a run has made the same before. */
export function nameToPublish(folder: string, sealId: string): string {
  const taken = (name: string): boolean => statOf(sealedPath(folder, name)) !== undefined;
  let name = sealId;
  for (let count = 2; taken(name); count += 1) name = `${sealId}.${count}`;
  return name;
}

/**
 * Publishes the sealed candidate in staging: it moves to `sealed/<name>` and `v1` points to it.
 * Durable when it returns; where it throws, the candidate is in staging again.
 */
export function publishCandidate(folder: string, staging: Staging, name: string): void {
  const sealed = sealedFolder(folder);
  makeFolder(sealed);
  const [link, target] = [currentPath(folder), `${SEALED_FOLDER}/${name}`];
  rename(staging.candidate, sealedPath(folder, name));
  try {
    syncFolder(sealed);
    syncFolder(folder);
    swapLink(link, target);
  } catch (error) {
    attempt(() => {
      // Where the swap could not be taken back, somebody may read it.
      if (!leadsTo(link, target)) rename(sealedPath(folder, name), staging.candidate);
    });
    throw error;
  }
}

function leadsTo(link: string, target: string): boolean {
  const state = linkState(link);
  return typeof state === 'object' && state.target === target;
}

/**
 * The real folder of the current candidate, and the link to it for people. Whoever has led the link out of
 * the folder of candidates leads nobody there.
 * @throws Failure CANDIDATE where there is none
 */
export function currentCandidate(folder: string): { real: string; shown: string } {
  const shown = currentPath(folder);
  candidateAt(shown);
  const link = linkState(shown);
  if (typeof link === 'string') return { real: shown, shown };
  assertInside(shown, link.target);
  return { real: join(folder, link.target), shown };
}

function assertInside(path: string, target: string): void {
  if (nameInTarget(target) !== null) return;
  throw foreign(path, 'this link leads out of the folder of candidates');
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (isForbidden(error)) throw readFailure(error, path);
    return false;
  }
}

const BUILD_ONE = 'build one with sealift migrate, or name the project folder with --project';

/** The folder of a candidate, whichever that is; a failure with a hint where there is none. */
export function candidateAt(path: string, hint: string = BUILD_ONE): string {
  if (isFolder(path)) return path;
  throw new Failure('CANDIDATE', { what: 'there is no candidate', where: path, hint });
}
