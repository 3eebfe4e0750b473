/**
 * Decides how a SQLite database can be read without a change to it: no side file is left in its
 * folder and none of its bytes change, whatever its journal mode and whichever processes have it
 * open. Opening a write-ahead database the ordinary way creates `-wal` and `-shm` files that stay.
 *
 * File format: https://www.sqlite.org/fileformat2.html §1.3
 */

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { createFile, writeAll } from '../../disk/durable.ts';
import { isForbidden, readFailure } from '../../disk/errors.ts';
import { makeTemporary, openNoLinks, removeFile } from '../../disk/noLinks.ts';
import { assertFreeSpace } from '../../disk/freeSpace.ts';
import { Failure } from '../../outcome/failure.ts';
import {
  DATABASE_FILES,
  digestOfFiles,
  fileHash,
  type HashedFile,
} from '../../sqlite/filesDigest.ts';
import { HEADER_BYTES, refusesWrites, WRITE_VERSION } from '../../sqlite/frozenHeader.ts';
import type { PrepareOptions } from '../source.ts';
import { asFailure, understandsUris, type Access, type Connection } from './connection.ts';
import { fingerprint, stampOf } from './databaseFiles.ts';
import { isHot, isLogHeader, orphans, sideFileNotes } from './sideFiles.ts';

const MAGIC = 'SQLite format 3\0';
const COPY_ATTEMPTS = 3;
const COPY_BYTES = 1024 * 1024;

/** Decides how to read `location`; makes a copy only if it cannot be read in place. */
export function chooseAccess(location: string, options: PrepareOptions): Access {
  const file = resolveFile(location);
  const header = readHeader(file, location);
  const notes = sideFileNotes(file, header, location);
  const frozen = refusesWrites(header);
  const access = { file, shown: location, lockTimeoutMs: options.timeouts.lockMs, notes, frozen };
  const kind = kindOf(file, header);
  if (kind === 'copy') return copyAside(access, options.scratch);
  return { ...access, kind };
}

/** Replaces an access in place that SQLite rejected because of a crashed writer's journal. */
export function fallBackToCopy(access: Access, options: PrepareOptions): Access {
  return copyAside(access, options.scratch);
}

/** Returns the path of a database file, links resolved. @throws Failure if it is no file */
export function resolveFile(location: string): string {
  let file: string;
  try {
    file = realpathSync(location);
  } catch (cause) {
    if (isForbidden(cause)) throw readFailure(cause, location);
    throw new Failure('SOURCE_MISSING', {
      what: 'there is no such database',
      where: location,
      hint: orphans(location) ?? 'check the path',
      cause,
    });
  }
  if (!statSync(file).isFile()) {
    throw new Failure('SOURCE_FORMAT', {
      what: 'a SQLite source must be a file, but this is not one',
      where: location,
      hint: 'name the database file itself',
    });
  }
  return file;
}

/** Reads the first 100 bytes; an empty file is a database without tables. */
function readHeader(file: string, shown: string): Buffer {
  const header = readStart(file, HEADER_BYTES, shown);
  assertDatabase(header, shown);
  return header;
}

/** Rejects a file whose first bytes are not those of a database, unless it is empty. */
export function assertDatabase(header: Buffer, shown: string): void {
  if (header.length === 0) return;
  const magic = Buffer.from(MAGIC, 'latin1');
  if (!header.subarray(0, 16).equals(magic.subarray(0, header.length))) {
    if (isLogHeader(header)) throw logForDatabase(shown);
    throw new Failure('SOURCE_FORMAT', {
      what: 'the file is not a SQLite database, or it is encrypted',
      where: shown,
      hint: 'name a SQLite 3 file, or decrypt it first',
    });
  }
  if (header.length < HEADER_BYTES) throw truncated(shown);
}

function logForDatabase(shown: string): Failure {
  return new Failure('SOURCE_FORMAT', {
    what: 'this is the write-ahead log of a database, not the database',
    where: shown,
    hint: 'name the database, with the log next to it',
  });
}

function readStart(file: string, bytes: number, shown: string): Buffer {
  try {
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(bytes);
      return buffer.subarray(0, readSync(fd, buffer, 0, bytes, 0));
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new Failure('SOURCE_MISSING', {
      what: 'the database cannot be read',
      where: shown,
      hint: 'check its permissions',
      cause,
    });
  }
}

function kindOf(file: string, header: Buffer): Access['kind'] {
  // better-sqlite3 trims names: it would open another file than this.
  const nameable = file.trim() === file;
  const wal = sizeOf(`${file}-wal`);
  // SQLite deletes the journals of an empty database, and opens a log beside any other.
  if (header.length === 0) return 'copy';
  if (header[18] !== 2 && header[19] !== 2) {
    return nameable && wal === null ? 'shared' : 'copy';
  }
  if (isHot(`${file}-journal`)) return 'copy';
  const shm = sizeOf(`${file}-shm`);
  if (wal !== null && shm !== null && nameable && isHeldOpen(file)) return 'live';
  return (wal ?? 0) === 0 && understandsUris() ? 'immutable' : 'copy';
}

/** Returns the bytes of a database and of its log. */
export function bytesOf({ file }: Access): number {
  return (sizeOf(file) ?? 0) + (sizeOf(`${file}-wal`) ?? 0);
}

function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null;
}

/**
 * Whether a living process has the write-ahead database open and it can be shared. Its shared
 * memory is then locked; if the system cannot tell, it counts as open.
 */
function isHeldOpen(file: string): boolean {
  try {
    for (const path of [dirname(file), file, `${file}-wal`, `${file}-shm`]) {
      accessSync(path, constants.R_OK | constants.W_OK);
    }
  } catch {
    return false;
  }
  const { ino } = statSync(`${file}-shm`, { bigint: true });
  try {
    return readFileSync('/proc/locks', 'latin1').includes(`:${ino} `);
  } catch {
    return true;
  }
}

/** Copies the database with its journals into scratch, and recovers the copy into one file. */
function copyAside(access: Omit<Access, 'kind'>, scratch: string): Access {
  try {
    // Several sources of a run may share the folder.
    assertSpaceForCopy(access.file, scratch);
    const copy = join(makeTemporary(join(scratch, 'sqlite-')), 'source.db');
    let copied: string;
    for (let attempt = 1; ; attempt++) {
      const before = stampOf(access.file);
      copied = digestOfFiles(copyAll(access.file, copy));
      if (stampOf(access.file) === before) break;
      if (attempt === COPY_ATTEMPTS) throw changed(access.shown);
    }
    recoverCopy(copy);
    return { ...access, kind: 'copy', file: copy, copied };
  } catch (cause) {
    throw copyFailure(cause, access.shown);
  }
}

/** Checks that the copy fits on the disk. */
function assertSpaceForCopy(file: string, scratch: string): void {
  const bytes = DATABASE_FILES.reduce((sum, suffix) => sum + (sizeOf(file + suffix) ?? 0), 0);
  assertFreeSpace(scratch, bytes, {
    what: 'the database must be copied before it is read, but the disk does not have enough space',
    hint: 'free space there, then run again',
  });
}

function copyAll(file: string, copy: string): HashedFile[] {
  for (const suffix of ['', '-wal', '-shm', '-journal']) removeFile(copy + suffix);
  const present = DATABASE_FILES.filter((suffix) => existsSync(file + suffix));
  return present.map((suffix) => copyBytes(file, copy, suffix));
}

/** Copies a file into a private one: the system's copy would have the source's mode for a while. */
function copyBytes(from: string, to: string, suffix: string): HashedFile {
  const sum = fileHash(suffix);
  const source = openSync(from + suffix, 'r');
  try {
    const target = createFile(to + suffix);
    try {
      const chunk = Buffer.allocUnsafe(COPY_BYTES);
      for (let read = readSync(source, chunk); read > 0; read = readSync(source, chunk)) {
        sum.push(chunk.subarray(0, read));
        writeAll(target, chunk.subarray(0, read));
      }
      return sum.end();
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Allows writes of a private copy, whose original may be frozen. */
function thawCopy(copy: string): void {
  const file = openNoLinks(copy, constants.O_RDWR);
  try {
    const versions = Buffer.alloc(2);
    const read = readSync(file, versions, 0, 2, WRITE_VERSION);
    const [write = 0, readable = 0] = versions;
    if (read === 2 && write > 2 && readable <= 2)
      writeAll(file, versions.subarray(1), WRITE_VERSION);
  } finally {
    closeSync(file);
  }
}

/** Applies the journal or the log to the copy, so that it is complete in one file. */
function recoverCopy(copy: string): void {
  thawCopy(copy);
  const db = new Database(copy, { fileMustExist: true });
  try {
    db.pragma('journal_mode = DELETE');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  } finally {
    db.close();
  }
}

function copyFailure(cause: unknown, shown: string): unknown {
  if (cause instanceof Failure) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('SQLITE_')) return asFailure(cause, shown, null);
  // A side file vanished between two checks: another process is writing.
  if (code === 'ENOENT') return changed(shown);
  return new Failure('DISK', {
    what: `the database must be copied before it is read, but that failed with ${code}`,
    where: shown,
    hint: 'free space on the disk of the project folder, and check its permissions',
    cause,
  });
}

/**
 * Returns the value that `assertUnchanged` compares; empty if a lock, a log or a copy holds the
 * snapshot.
 */
export function fingerprintOf(access: Access): string {
  if (access.kind === 'copy') return '';
  const stat = statSync(access.file, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return 'missing';
  // Other processes may write a live database: the snapshot stays as long as it is the same file.
  return access.kind === 'live' ? `${stat.dev}:${stat.ino}` : fingerprint(stat);
}

/** Makes the Failure for a source that changed while it was read. */
export function changed(shown: string): Failure {
  return new Failure('SOURCE_CHANGED', {
    what: 'the database changed while it was read',
    where: shown,
    hint: 'stop what writes to it, or read a copy, and run again',
  });
}

/**
 * Throws if the file ends before its last page: SQLite reads zeros there. SQLite gives the number
 * of pages, because opening and closing the file here would drop its locks.
 */
export function assertWhole(db: Connection, access: Access): void {
  if (access.kind === 'live') return;
  const pages = db.pragma('page_count', { simple: true }) as number;
  const pageSize = db.pragma('page_size', { simple: true }) as number;
  if (pages * pageSize > statSync(access.file).size) throw truncated(access.shown);
}

function truncated(shown: string): Failure {
  return new Failure('SOURCE_FORMAT', {
    what: 'the database is truncated',
    where: shown,
    hint: 'fetch a complete copy',
  });
}
