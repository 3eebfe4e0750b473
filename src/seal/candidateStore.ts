/**
 * The folder of candidates: `v1` links to the current one in `sealed/`; `.staging` holds the one
 * that is being built, and is removed whenever a run begins or ends. Publishing is one rename and
 * one link swap, so a reader of `v1` sees either the old candidate or the new one, complete.
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
import { makeReadOnly } from './sealedModes.ts';

/** Folder in which a run builds. */
export const STAGING = '.staging';
/** Name to which staging is renamed before it is removed. */
export const DROPPED_STAGING = '.staging.old';

/** Returns the folder of the candidate that is being built. */
export function stagedCandidate(folder: string): string {
  return join(folder, STAGING, 'candidate');
}

export interface Staging {
  /** Folder of the candidate that is being built. */
  readonly candidate: string;
  /** Folder for spills and copies of sources. */
  readonly scratch: string;
}

/** Creates the folder of candidates if missing. @throws Failure CANDIDATE if it is no folder */
export function openStore(folder: string): void {
  const stat = statOf(folder);
  if (stat === undefined) {
    makeFolder(folder);
    syncFolder(dirname(folder));
  } else if (!stat.isDirectory())
    throw unexpected(folder, 'a file or link is in place of the folder of candidates');
  assertReplaceable(folder);
}

/** @throws Failure CANDIDATE if publishing would destroy a file or folder of another origin */
function assertReplaceable(folder: string): void {
  const current = currentPath(folder);
  const link = linkState(current);
  if (link === 'occupied') throw unexpected(current, 'a file or folder is in the way');
  if (link !== 'absent') assertInside(current, link.target);
  for (const path of [sealedFolder(folder), join(folder, STAGING)]) {
    const stat = statOf(path);
    if (stat !== undefined && !stat.isDirectory()) {
      throw unexpected(path, 'a file or link is in the way');
    }
  }
}

function unexpected(path: string, what: string): Failure {
  return inTheWay('CANDIDATE', `${what}, nothing was changed`, path);
}

/** Creates an empty staging area. The caller holds the lock, so leftovers there are not in use. */
export function openStaging(folder: string): Staging {
  dropStaging(folder);
  const staging = join(folder, STAGING);
  makeNewFolder(staging);
  const [candidate, scratch] = [stagedCandidate(folder), join(staging, 'scratch')];
  makeNewFolder(candidate);
  makeNewFolder(scratch);
  return { candidate, scratch };
}

/** Renames staging, so that a running thread cannot write into it, then removes it. */
export function dropStaging(folder: string): void {
  const staging = join(folder, STAGING);
  const dead = join(folder, DROPPED_STAGING);
  remove(dead);
  if (statOf(staging) === undefined) return;
  rename(staging, dead);
  remove(dead);
}

/** Removes staging at the end of a run; an error of it does not change how the run ended. */
export function leaveStaging(folder: string): void {
  attempt(() => {
    dropStaging(folder);
  });
}

/** Returns a free name for a candidate: its seal id, with a number if that is taken. */
export function nameToPublish(folder: string, sealId: string): string {
  const taken = (name: string): boolean => statOf(sealedPath(folder, name)) !== undefined;
  let name = sealId;
  for (let count = 2; taken(name); count += 1) name = `${sealId}.${count}`;
  return name;
}

/**
 * Publishes the sealed candidate in staging: it moves to `sealed/<name>` and `v1` points to it.
 * Durable when it returns; if it throws, the candidate is in staging again.
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
      // If the link still points to it, another process may be reading it.
      if (!pointsTo(link, target)) rename(sealedPath(folder, name), staging.candidate);
    });
    throw error;
  }
  // Last, as only a writable folder can be moved; some file systems have no modes.
  attempt(() => {
    makeReadOnly(sealedPath(folder, name));
  });
}

function pointsTo(link: string, target: string): boolean {
  const state = linkState(link);
  return typeof state === 'object' && state.target === target;
}

/**
 * Returns the real folder of the current candidate, and the link to it for messages.
 * @throws Failure CANDIDATE if there is none, or `v1` points outside the folder of candidates
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
  throw unexpected(path, 'this link points outside the folder of candidates');
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

/** Returns `path` if it is a folder. @throws Failure CANDIDATE, with the hint, if it is not */
export function candidateAt(path: string, hint: string = BUILD_ONE): string {
  if (isFolder(path)) return path;
  throw new Failure('CANDIDATE', { what: 'there is no candidate', where: path, hint });
}
