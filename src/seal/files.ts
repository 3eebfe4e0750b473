/** The files of a candidate as they are on disk: plain files only, links are not followed. */

import { closeSync, constants, readFileSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

import { entriesOf, openNoLinks, statOf } from '../disk/noLinks.ts';
import { byUtf8 } from './format.ts';

export interface CandidateFiles {
  /** Paths of plain files, relative, with `/`, ascending by UTF-8 bytes. */
  readonly files: readonly string[];
  /** Paths of what has no place in a candidate: links, devices, empty folders. */
  readonly strange: readonly string[];
}

/** Lists everything in a candidate. */
export function listCandidate(folder: string): CandidateFiles {
  const files: string[] = [];
  const strange: string[] = [];
  const visit = (relative: string): void => {
    const entries = entriesIn(join(folder, relative));
    if (entries.length === 0) strange.push(relative);
    for (const entry of entries) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else (entry.isFile() ? files : strange).push(path);
    }
  };
  visit('');
  return { files: files.sort(byUtf8), strange: strange.sort(byUtf8) };
}

/** Entries of a folder; none where it cannot be read, as one whose name is not UTF-8. */
function entriesIn(folder: string): Dirent[] {
  try {
    return entriesOf(folder);
  } catch {
    return [];
  }
}

/** Bytes of the plain files in a folder, counted no further than `limit`. */
export function bytesUpTo(folder: string, limit: number): number {
  let bytes = 0;
  for (const entry of entriesIn(folder)) {
    if (bytes >= limit) break;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += bytesUpTo(path, limit - bytes);
    else if (entry.isFile()) bytes += plainSize(path);
  }
  return Math.min(bytes, limit);
}

/** Bytes of a list of checksums, a run or a tree: none that Sealift writes comes near. */
export const MAX_SEAL_FILE: number = 256 * 1024 * 1024;

/** Reads a plain file of at most `limit` bytes; null where it is absent, a link, larger or unreadable. */
export function readPlainFile(path: string, limit: number): Buffer | null {
  try {
    if (plainSize(path) > limit) return null;
    const file = openNoLinks(path, constants.O_RDONLY);
    try {
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

/** Size of a plain file in bytes; infinite where there is none. */
export function plainSize(path: string): number {
  try {
    const stat = statOf(path);
    return stat?.isFile() === true ? stat.size : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
