/**
 * A digest of the files of a database: of the database itself, its write-ahead log and its rollback
 * journal, each with its size. As long as it is equal, no byte of them has changed.
 *
 * Some bytes of the header do not count, and are hashed as zeros: the format's write version (offset
 * 18) and the change counter (24 to 27, and its copy at 92 to 95). Freezing the writes of a database
 * changes them, and they hold nothing of its content: another change of the counter comes with other
 * bytes that differ, unless the same values were written again.
 *
 * File format: https://www.sqlite.org/fileformat2.html §1.3
 */

import { createHash, hash } from 'node:crypto';
import { closeSync, openSync, read, statSync } from 'node:fs';
import { promisify } from 'node:util';

import { systemCode } from '../disk/errors.ts';

const readAt = promisify(read);

/** Suffixes of the files that belong to a database. */
export const DATABASE_FILES: readonly string[] = ['', '-wal', '-journal'];

/** Offsets in the header that do not count. */
const UNCOUNTED: readonly number[] = [18, 24, 25, 26, 27, 92, 93, 94, 95];
const CHUNK_BYTES = 2 ** 20;

/** A file of a database, as the digest has it. */
export interface HashedFile {
  readonly bytes: number;
  /** Suffix of its name. */
  readonly name: string;
  readonly sha256: string;
}

export interface FileHash {
  push(chunk: Uint8Array): void;
  end(): HashedFile;
}

/** Hashes the file with this suffix, in order. */
export function fileHash(name: string): FileHash {
  const sum = createHash('sha256');
  let bytes = 0;
  return {
    push(chunk) {
      const isHeader = name === '' && bytes < 100;
      sum.update(isHeader ? withoutUncounted(chunk, bytes) : chunk);
      bytes += chunk.length;
    },
    end: () => ({ bytes, name, sha256: sum.digest('hex') }),
  };
}

function withoutUncounted(chunk: Uint8Array, from: number): Uint8Array {
  const copy = Buffer.from(chunk);
  for (const offset of UNCOUNTED) {
    const at = offset - from;
    if (at >= 0 && at < copy.length) copy[at] = 0;
  }
  return copy;
}

/** Returns the digest of the files; an empty one beside the database counts as missing. */
export function digestOfFiles(files: readonly HashedFile[]): string {
  const present = files.filter(({ name, bytes }) => name === '' || bytes > 0);
  // The members are in the order of their names, so that this is canonical JSON.
  return hash('sha256', JSON.stringify(present), 'hex');
}

/**
 * Reads the files of a database; `open` opens the database itself, as closing a descriptor of it drops the
 * locks that SQLite holds on it in this process (POSIX). Null if one cannot be read, or it was stopped.
 */
export async function digestInPlace(
  file: string,
  open: () => number,
  goesOn: () => boolean,
  suffixes: readonly string[] = DATABASE_FILES,
): Promise<string | null> {
  const hashed: HashedFile[] = [];
  try {
    hashed.push(await hashFrom(open(), '', goesOn));
    for (const suffix of suffixes.slice(1)) {
      if (statSync(file + suffix, { throwIfNoEntry: false }) === undefined) continue;
      const beside = openSync(file + suffix, 'r');
      try {
        hashed.push(await hashFrom(beside, suffix, goesOn));
      } finally {
        closeSync(beside);
      }
    }
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return null;
  }
  return goesOn() ? digestOfFiles(hashed) : null;
}

async function hashFrom(
  descriptor: number,
  name: string,
  goesOn: () => boolean,
): Promise<HashedFile> {
  const sum = fileHash(name);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; goesOn();) {
    const { bytesRead } = await readAt(descriptor, chunk, 0, chunk.length, at);
    if (bytesRead === 0) break;
    sum.push(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
  return sum.end();
}
