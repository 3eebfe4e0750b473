/**
 * The sealed candidates of a project by name: a folder in `sealed/` is called by its seal id, with a
 * number where a run has made the same before. Links are no candidates, wherever they lead.
 */

import { basename, join } from 'node:path';

import { linkState } from '../disk/durable.ts';
import { systemCode } from '../disk/errors.ts';
import { entriesOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { MAX_SEAL_FILE, readPlainFile } from './files.ts';
import { sealId, SUMS_FILE } from './format.ts';

const NAME = /^([0-9a-f]{64})(?:\.([1-9]\d{0,8}))?$/;
/** Enough digits of a seal id where no other candidate's begins with them. */
const ASKED = /^[0-9a-f]{8,64}(\.[1-9]\d{0,8})?$/;

/** Whether this is a name of a sealed candidate. */
export function isSealedName(name: string): boolean {
  return NAME.test(name);
}

/** The seal id in a candidate's name. */
export function sealIdOf(name: string): string {
  return NAME.exec(name)?.[1] ?? '';
}

/** The seal id that the name of a candidate's folder states; null where it is named otherwise. */
export function statedSealId(folder: string): string | null {
  const name = basename(folder);
  return isSealedName(name) ? sealIdOf(name) : null;
}

/** The seal id of what is in a folder, computed from its list of checksums; null where it has none. */
export function computedSealId(folder: string): string | null {
  const sums = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  return sums === null ? null : sealId(sums);
}

/** Whether another candidate is in the folder than its name states: changed, and sealed anew. */
export function isMisnamed(folder: string): boolean {
  const stated = statedSealId(folder);
  return stated !== null && computedSealId(folder) !== stated;
}

/** The folder of the sealed candidates, in that of the candidates. */
export const SEALED_FOLDER = 'sealed';

/** The link to what was built last. */
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

/** Names of the sealed candidates: ascending by seal id, those of one id as they were made. */
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

/** The candidate that a link in the folder of candidates leads to; null where it leads elsewhere. */
export function nameInTarget(target: string): string | null {
  const [folder, name = '', ...more] = target.split('/');
  return folder === SEALED_FOLDER && more.length === 0 && isSealedName(name) ? name : null;
}

/** The candidate that was built last: what `v1` links to, where that is there; else null. */
export function currentName(store: string): string | null {
  const link = linkState(currentPath(store));
  if (typeof link === 'string') return null;
  const name = nameInTarget(link.target);
  return name !== null && sealedNames(store).includes(name) ? name : null;
}

/**
 * The candidates that somebody means by a seal id or its first eight digits: all of that id, as they
 * were made. `where` is shown in failures.
 * @throws Failure USAGE, CANDIDATE
 */
export function sealedNamed(store: string, asked: string, where: string): string[] {
  if (!ASKED.test(asked)) {
    throw new Failure('USAGE', {
      what: 'a seal id is 64 hexadecimal digits in lower case, or the first eight or more of them',
      where,
      hint: 'sealift status shows those that there are',
    });
  }
  const names = sealedNames(store);
  if (names.includes(asked) && asked.includes('.')) return [asked];
  const found = names.filter((name) => sealIdOf(name).startsWith(asked));
  const ids = new Set(found.map(sealIdOf));
  if (ids.size > 1) {
    throw new Failure('USAGE', {
      what: `${ids.size} candidates have a seal id that begins like this`,
      where,
      hint: 'give more of its digits',
    });
  }
  if (found.length > 0) return found;
  throw new Failure('CANDIDATE', {
    what: 'this project has no candidate with that seal id',
    where,
    hint: 'sealift status shows those that there are',
  });
}
