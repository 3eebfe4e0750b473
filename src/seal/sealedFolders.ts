/**
 * The sealed candidates of a project by name: a folder in `sealed/` has its seal id as its name,
 * with a number if the project has an equal candidate already. Links do not count as candidates.
 */

import { basename, join } from 'node:path';

import { linkState } from '../disk/durable.ts';
import { systemCode } from '../disk/errors.ts';
import { entriesOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { MAX_SEAL_FILE, readPlainFile } from './files.ts';
import { sealId, SUMS_FILE } from './format.ts';

const NAME = /^([0-9a-f]{64})(?:\.([1-9]\d{0,8}))?$/;
/** A name, or the first eight or more digits of a seal id. */
const REQUESTED = /^[0-9a-f]{8,64}(\.[1-9]\d{0,8})?$/;

/** Returns whether this is a name of a sealed candidate. */
export function isSealedName(name: string): boolean {
  return NAME.test(name);
}

/** Returns the seal id in a candidate's name; empty if it is not such a name. */
export function sealIdOf(name: string): string {
  return NAME.exec(name)?.[1] ?? '';
}

/** Returns the seal id in the name of a candidate's folder; null if it has another name. */
export function statedSealId(folder: string): string | null {
  const name = basename(folder);
  return isSealedName(name) ? sealIdOf(name) : null;
}

/** Computes the seal id of a folder from its list of checksums; null if it has none. */
export function computedSealId(folder: string): string | null {
  const sums = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  return sums === null ? null : sealId(sums);
}

/** Returns whether the content of a folder has another seal id than its name. */
export function isMisnamed(folder: string): boolean {
  const stated = statedSealId(folder);
  return stated !== null && computedSealId(folder) !== stated;
}

/** Name of the folder of sealed candidates. */
export const SEALED_FOLDER = 'sealed';

/** Name of the link to the candidate that was built last. */
export const CURRENT = 'v1';

export function currentPath(store: string): string {
  return join(store, CURRENT);
}

export function sealedFolder(store: string): string {
  return join(store, SEALED_FOLDER);
}

export function sealedPath(store: string, name: string): string {
  return join(sealedFolder(store), name);
}

/** Lists the names of the sealed candidates, ascending by seal id, then by number. */
export function sealedNames(store: string): string[] {
  try {
    return entriesOf(sealedFolder(store))
      .filter((entry) => entry.isDirectory() && isSealedName(entry.name))
      .map((entry) => entry.name)
      .sort(byIdAndNumber);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

function byIdAndNumber(a: string, b: string): number {
  const [idA, idB] = [sealIdOf(a), sealIdOf(b)];
  if (idA !== idB) return idA < idB ? -1 : 1;
  return numberOf(a) - numberOf(b);
}

function numberOf(name: string): number {
  return Number(NAME.exec(name)?.[2] ?? 1);
}

/** Returns the candidate that a link with this target points to; null if it is not one. */
export function nameInTarget(target: string): string | null {
  const [folder, name = '', ...more] = target.split('/');
  return folder === SEALED_FOLDER && more.length === 0 && isSealedName(name) ? name : null;
}

/** Returns the candidate that `v1` points to, the one built last; null if it does not exist. */
export function currentName(store: string): string | null {
  const link = linkState(currentPath(store));
  if (typeof link === 'string') return null;
  const name = nameInTarget(link.target);
  return name !== null && sealedNames(store).includes(name) ? name : null;
}

/**
 * Returns the candidates with a seal id that begins with the requested digits, or that have the
 * requested name; ascending by number. `where` names the option in failures.
 * @throws Failure USAGE if malformed or ambiguous, CANDIDATE if there is none
 */
export function sealedNamed(store: string, requested: string, where: string): string[] {
  if (!REQUESTED.test(requested)) {
    throw new Failure('USAGE', {
      what: 'a seal id is 64 hexadecimal digits in lower case, or the first eight or more of them',
      where,
      hint: 'sealift status lists the candidates',
    });
  }
  const names = sealedNames(store);
  if (names.includes(requested) && requested.includes('.')) return [requested];
  const found = names.filter((name) => sealIdOf(name).startsWith(requested));
  const ids = new Set(found.map(sealIdOf));
  if (ids.size > 1) {
    throw new Failure('USAGE', {
      what: `${ids.size} candidates have a seal id that begins with these digits`,
      where,
      hint: 'give more of its digits',
    });
  }
  if (found.length > 0) return found;
  throw new Failure('CANDIDATE', {
    what: 'this project has no candidate with that seal id',
    where,
    hint: 'sealift status lists the candidates',
  });
}
