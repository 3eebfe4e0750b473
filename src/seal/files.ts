/** The files of a candidate as they are on disk: plain files only, links are not followed. */

import { closeSync, constants, readFileSync, readSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

import { entriesOf, openNoLinks, statOf } from '../disk/noLinks.ts';
import { byUtf8 } from './format.ts';

export interface CandidateFiles {
  /** Paths of plain files, relative, with `/`, ascending by UTF-8 bytes. */
  readonly files: readonly string[];
  /** Paths of what does not belong in a candidate: links, devices, empty folders. */
  readonly unexpected: readonly string[];
}

/** Lists everything in a candidate, each list ascending by UTF-8 bytes. */
export function listCandidate(folder: string): CandidateFiles {
  const files: string[] = [];
  const unexpected: string[] = [];
  const visit = (relative: string): void => {
    const entries = entriesIn(join(folder, relative));
    if (entries.length === 0) unexpected.push(relative);
    for (const entry of entries) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else (entry.isFile() ? files : unexpected).push(path);
    }
  };
  visit('');
  return { files: files.sort(byUtf8), unexpected: unexpected.sort(byUtf8) };
}

/** Lists a folder; no entries if it cannot be read, such as one whose name is not UTF-8. */
function entriesIn(folder: string): Dirent[] {
  try {
    return entriesOf(folder);
  } catch {
    return [];
  }
}

/** Sums the bytes of the plain files in a folder, but no further than `limit`. */
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

/** Maximum bytes of a JSON file or list of checksums of a seal, far above any that is written. */
export const MAX_SEAL_FILE: number = 256 * 1024 * 1024;

/** Reads a plain file of at most `limit` bytes; null if absent, a link, larger or unreadable. */
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

/** Returns the size of a plain file in bytes; infinite if there is none. */
export function plainSize(path: string): number {
  try {
    const stat = statOf(path);
    return stat?.isFile() === true ? stat.size : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

const PIECE = 64 * 1024;

/** Yields the content of a plain file in pieces; a link is not followed. */
export function* readPieces(path: string): Generator<Buffer> {
  const file = openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const count = readSync(file, piece);
      if (count === 0) return;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}
