/**
 * A digest of the files of a database: of the database itself, its write-ahead log and its rollback
 * journal, each with its size. As long as it is equal, no byte of them has changed.
 *
 * Some bytes of the header do not count, and are hashed as zeros: the format's write version (offset
 * 18) and the change counter (24 to 27, and its copy at 92 to 95). Freezing the writes of a database
 * changes them, and they hold nothing of its content: another change of the counter comes with other
 * bytes that differ, unless the same values were written again.
 *
 * Closing a descriptor of the database drops all locks that SQLite holds on it in this process
 * (POSIX). So the one that is opened here stays open until `close`, which must come after the last
 * connection in any thread is closed.
 *
 * File format: https://www.sqlite.org/fileformat2.html §1.3
 */

import { createHash, hash } from 'node:crypto';
import { closeSync, openSync, read, statSync, type BigIntStats } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

import { systemCode } from '../../disk/errors.ts';
import { canonicalJson } from '../../record/canonical.ts';
import type { Access } from './connection.ts';

const readAt = promisify(read);

/** Suffixes of the files that belong to a database. */
export const DATABASE_FILES: readonly string[] = ['', '-wal', '-journal'];

/** Offsets in the header that do not count. */
const UNCOUNTED: readonly number[] = [18, 24, 25, 26, 27, 92, 93, 94, 95];
const CHUNK_BYTES = 2 ** 20;
/** Longer than the system's clock for the times of files stands still. */
const TICK_MS = 20;

/** A file of a database, as the digest has it. */
export interface HashedFile {
  /** Suffix of its name. */
  readonly name: string;
  readonly bytes: number;
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
    end: () => ({ name, bytes, sha256: sum.digest('hex') }),
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
  return hash('sha256', canonicalJson(present), 'hex');
}

/** Returns what tells whether one of the files is another, or was written, by their metadata. */
export function stampOf(file: string): string {
  const stats = DATABASE_FILES.map((suffix) =>
    statSync(file + suffix, { bigint: true, throwIfNoEntry: false }),
  );
  return stats.map((stat) => (stat === undefined ? '-' : fingerprint(stat))).join(' ');
}

export function fingerprint(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

export interface DatabaseFiles {
  /** Notes how the files are; to be called before the snapshot begins. */
  begin(): Promise<void>;
  /** Returns the digest of the files since `begin`; null if they changed, or cannot be read. */
  digest(): Promise<string | null>;
  /** Ends a digest that is being made. */
  close(): Promise<void>;
}

/** Watches the files of a database that is read in place, or knows those of which it is a copy. */
export function databaseFiles(access: Access, signal: AbortSignal): DatabaseFiles {
  const { file, kind, copied = null } = access;
  let before = kind === 'copy' ? '' : stampOf(file);
  let database: number | null = null;
  let closed = false;
  let making: Promise<string | null> | null = null;
  const open = (): number => (database ??= openSync(file, 'r'));
  const goesOn = (): boolean => !closed && !signal.aborted;
  return {
    async begin() {
      if (kind === 'copy') return;
      before = stampOf(file);
      making = null;
      // A later write then has another time: nothing else tells in a log that is written over.
      if (kind === 'live') await setTimeout(TICK_MS);
    },
    digest() {
      if (kind === 'copy') return Promise.resolve(copied);
      making ??= digestInPlace(file, open, goesOn).then((digest) =>
        stampOf(file) === before ? digest : null,
      );
      return making;
    },
    async close() {
      closed = true;
      await making;
      if (database !== null) closeSync(database);
      database = null;
    },
  };
}

/** Reads the files; `open` opens the database. Null if one cannot be read, or it was stopped. */
async function digestInPlace(
  file: string,
  open: () => number,
  goesOn: () => boolean,
): Promise<string | null> {
  const hashed: HashedFile[] = [];
  try {
    hashed.push(await hashFrom(open(), '', goesOn));
    for (const suffix of DATABASE_FILES.slice(1)) {
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
