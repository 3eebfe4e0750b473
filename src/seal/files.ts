/** The files of a candidate as they are on disk: plain files only, links are not followed. */

import { constants, lstatSync, openSync, closeSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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
    const entries = readdirSync(join(folder, relative), { withFileTypes: true });
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

/** Reads a plain file of at most `limit` bytes; null where it is absent, a link or larger. */
export function readPlainFile(path: string, limit: number): Buffer | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || stat.size > limit) return null;
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
