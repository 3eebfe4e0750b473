/**
 * Writes the header of a SQLite database that others may have open, with all writers locked out: so
 * that every writer is refused by SQLite from then on, also that of root, and connections that were
 * open before; or so that they get in again.
 *
 * The header is written beside SQLite, by a descriptor that is opened before the connection and
 * closed after it: closing any descriptor of a file drops the locks of the process on it (POSIX).
 * All of it is synchronous, so that no interrupt comes in between.
 *
 * Errors are those of the system and of SQLite, `Busy`, and `HeaderKept`; adapters make failures of them.
 */

import { closeSync, constants, fstatSync, fsyncSync, readSync, statSync, writeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { systemCode } from '../disk/errors.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import {
  CHANGED_BYTES,
  frozenHeader,
  HEADER_BYTES,
  headerFound,
  isLogged,
  notFreezable,
  type FrozenVersion,
} from './frozenHeader.ts';

/** Time for one attempt to get a lock, in ms: SQLite waits ever longer, and a busy writer is faster. */
const ATTEMPT_MS = 40;
/** Time between attempts, if a writer came between the steps of one. */
const PAUSE_MS = 2;

/** Another process holds a lock. */
export class Busy extends Error {}

/** The header was not touched; the message is a clause that says why. */
export class HeaderKept extends Error {}

/** A database whose header is about to be read or written. */
export interface HeaderFile {
  readonly file: string;
  /** Stays open until `close`, which must come after the last connection of the process is closed. */
  readonly fd: number;
  /** Opens a connection, which waits a moment for a lock. */
  connect(): Database.Database;
  /** Runs `work` with a connection of its own, which is closed after it. */
  connected<T>(work: (db: Database.Database) => T): T;
  close(): void;
}

/** Opens the file of a database for its header. No link is followed. */
export function openHeader(file: string): HeaderFile {
  // better-sqlite3 trims names: it would open another file than this.
  if (file.trim() !== file) throw new HeaderKept('the name of the file ends in whitespace');
  const fd = openNoLinks(file, constants.O_RDWR);
  const opened: HeaderFile = {
    file,
    fd,
    connect: () => new Database(file, { fileMustExist: true, timeout: ATTEMPT_MS }),
    connected(use) {
      const db = opened.connect();
      try {
        return use(db);
      } finally {
        db.close();
      }
    },
    close: () => closeSync(fd),
  };
  try {
    assertSameFile(opened);
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** Repeats an attempt that returns false or meets a lock, for up to `lockMs`. @throws Busy */
export function patiently(lockMs: number, attempt: () => boolean): void {
  for (let waited = 0; ;) {
    try {
      if (attempt()) return;
      waited += PAUSE_MS;
    } catch (error) {
      if (!isBusy(error)) throw error;
      waited += ATTEMPT_MS;
    }
    if (waited > lockMs) throw new Busy();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

export function isBusy(error: unknown): boolean {
  return error instanceof Busy || (systemCode(error) ?? '').startsWith('SQLITE_BUSY');
}

/**
 * Freezes a database, or finishes a freeze that noted `before`. Passes the header, in hex, to `intend`
 * with all writers locked out; again if a writer came first after all.
 */
export function freezeHeader(
  database: HeaderFile,
  version: FrozenVersion,
  lockMs: number,
  before: string | null,
  intend: (before: string) => void,
): void {
  let noted = before;
  const note = (header: string): void => {
    intend(header);
    noted = header;
  };
  patiently(lockMs, () => freezeOnce(database, version, noted, note));
}

/** Freezes a database that no writer changes meanwhile; returns false if one did. */
function freezeOnce(
  database: HeaderFile,
  version: FrozenVersion,
  noted: string | null,
  intend: (before: string) => void,
): boolean {
  const { file, fd } = database;
  return database.connected((db) => {
    const logged = isLogged(headerIn(fd));
    if (logged) emptyLog(db);
    const found = headerFound(headerIn(fd), logSize(file), noted, version);
    if (found.kind === 'frozen') return true;
    if (found.kind === 'unfinished' && noted !== null) {
      const header = frozenHeader(Buffer.from(noted, 'hex'), version);
      if (!headerIn(fd).equals(header)) writeHeader(fd, header);
      return false;
    }
    db.exec(logged ? 'BEGIN IMMEDIATE' : 'BEGIN EXCLUSIVE');
    const before = headerIn(fd);
    const changed = isLogged(before) !== logged || (logged && logSize(file) > 0);
    if (changed) return false;
    const why = notFreezable(before);
    if (why !== null) throw new HeaderKept(why);
    assertSameFile(database);
    intend(before.toString('hex'));
    writeHeader(fd, frozenHeader(before, version));
    db.exec('ROLLBACK');
    if (!logged) return true;
    // Open connections read the header again only if the index of the log has changed.
    emptyLog(db);
    return headerIn(fd).equals(frozenHeader(before, version)) && logSize(file) === 0;
  });
}

/**
 * Writes the header that `writable` makes of what is there. A read lock keeps others from changing the
 * header: no writer exists, and no checkpoint can run.
 */
export function allowWrites(
  database: HeaderFile,
  lockMs: number,
  writable: (header: Buffer, logged: number) => Buffer,
): void {
  const { file, fd } = database;
  patiently(lockMs, () =>
    database.connected((db) => {
      db.exec('BEGIN');
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
      const header = writable(headerIn(fd), logSize(file));
      if (logSize(file) > 0) throw new HeaderKept('its write-ahead log is not empty');
      assertSameFile(database);
      writeHeader(fd, header);
      db.exec('ROLLBACK');
      return true;
    }),
  );
}

/** Writes the log into the database and begins it anew. @throws Busy */
export function emptyLog(db: Database.Database): void {
  const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
  if (result?.busy !== 0) throw new Busy();
}

/** All changed bytes are in one sector, and written by one call. */
function writeHeader(fd: number, header: Buffer): void {
  const [from, to] = CHANGED_BYTES;
  const written = writeSync(fd, header, from, to - from, from);
  if (written !== to - from) throw new Error('a part of the header was written');
  fsyncSync(fd);
}

/** Returns the first 100 bytes, or as many as there are. */
export function headerIn(fd: number): Buffer {
  const buffer = Buffer.alloc(HEADER_BYTES);
  return buffer.subarray(0, readSync(fd, buffer, 0, HEADER_BYTES, 0));
}

/** Returns the bytes in the write-ahead log of a database. */
export function logSize(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** The file may be replaced while it is opened twice. */
function assertSameFile({ file, fd }: Pick<HeaderFile, 'file' | 'fd'>): void {
  const [opened, named] = [fstatSync(fd), statSync(file, { throwIfNoEntry: false })];
  if (named?.dev === opened.dev && named.ino === opened.ino) return;
  throw new HeaderKept('it was replaced by another file meanwhile');
}
