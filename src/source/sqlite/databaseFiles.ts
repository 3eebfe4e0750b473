/**
 * Whether the files of a database changed while it was read, and their digest (sqlite/filesDigest.ts).
 *
 * Closing a descriptor of the database drops all locks that SQLite holds on it in this process
 * (POSIX). So the one that is opened here stays open until `close`, which must come after the last
 * connection in any thread is closed.
 */

import { closeSync, openSync, statSync, type BigIntStats } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { DATABASE_FILES, digestInPlace } from '../../sqlite/filesDigest.ts';
import type { Access } from './connection.ts';

/** Longer than the system's clock for the times of files stands still. */
const TICK_MS = 20;

/** Returns what tells whether one of the files is another, or was written, by their metadata. */
export function stampOf(file: string): string {
  const stats = DATABASE_FILES.map((suffix) => {
    const stat = statSync(file + suffix, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return '-';
    return suffix === '' ? fingerprint(stat) : contentStamp(stat);
  });
  return stats.join(' ');
}

export function fingerprint(stat: BigIntStats): string {
  return `${contentStamp(stat)}:${stat.ctimeNs}`;
}

/** SQLite sets the owner of a log each time that root opens it, which changes its ctime. */
function contentStamp({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
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
