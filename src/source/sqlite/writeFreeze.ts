/**
 * Freezes the writes of a SQLite database by its header (frozenHeader.ts), with all writers locked
 * out, and allows them again. Every writer is then refused by SQLite: that of root, and connections
 * that were open before; readers go on.
 *
 * The header is written beside SQLite, by a descriptor that is opened before the connection and
 * closed after it: closing any descriptor of a file drops the locks of the process on it (POSIX).
 * All of it is synchronous, so that no interrupt comes in between.
 */

import { closeSync, constants, fstatSync, fsyncSync, readSync, statSync, writeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { diskFailure, isForbidden, systemCode } from '../../disk/errors.ts';
import { openNoLinks } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { pathOf } from '../files/path.ts';
import type { WriteControl } from '../writeControl.ts';
import { assertDatabase, resolveFile } from './access.ts';
import { asFailure, sqliteCode, type Connection } from './connection.ts';
import {
  CHANGED_BYTES,
  frozenHeader,
  HEADER_BYTES,
  isLogged,
  notFreezable,
  writableHeader,
  writesFound,
} from './frozenHeader.ts';
import { isHot, sideFileNotes } from './sideFiles.ts';
import { askProcess, probeHeader, probeWrite, type AskWrites } from './writeProbe.ts';

/** Time for one attempt to get a lock, in ms: SQLite waits ever longer, and a busy writer is faster. */
const ATTEMPT_MS = 40;
/** Time between attempts, if a writer came between the steps of one. */
const PAUSE_MS = 2;

/** Controls the writes of a database; `ask` asks about them in another process. */
export function writesAskedBy(ask: AskWrites): WriteControl {
  return {
    proof: {
      refused: 'another process tried to write and was refused',
      accepted: 'another process tried to write and could',
    },
    async state(location, before) {
      const shown = pathOf(location);
      const { header, logged } = probeHeader(ask, resolveFile(shown), shown);
      assertDatabase(header, shown);
      return writesFound(header, logged, before);
    },
    async freeze(location, before, intend, { timeouts }) {
      const shown = pathOf(location);
      onDatabase(shown, timeouts.lockMs, (database) => {
        assertOwnFiles(database);
        let noted = before;
        const note = (header: string): void => {
          intend(header);
          noted = header;
        };
        patiently(timeouts.lockMs, () => freezeOnce(database, noted, note));
      });
      return {};
    },
    async unfreeze(location, before, { timeouts }) {
      const shown = pathOf(location);
      onDatabase(shown, timeouts.lockMs, (database) => {
        patiently(timeouts.lockMs, () => allowWrites(database, before));
      });
    },
    async tryWrite(location, { timeouts }) {
      const shown = pathOf(location);
      return probeWrite(ask, resolveFile(shown), shown, timeouts.lockMs);
    },
  };
}

export const sqliteWrites: WriteControl = writesAskedBy(askProcess);

/** A database whose header is about to be written. */
interface Opened {
  readonly file: string;
  readonly shown: string;
  readonly fd: number;
  readonly lockMs: number;
  /** Runs `work` with a connection of its own, which is closed after it. */
  readonly connected: <T>(work: (db: Connection) => T) => T;
}

/** Repeats an attempt that returns false or meets a lock, for up to `lockMs`. */
function patiently(lockMs: number, attempt: () => boolean): void {
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

function isBusy(error: unknown): boolean {
  return error instanceof Busy || sqliteCode(error).startsWith('SQLITE_BUSY');
}

function onDatabase(shown: string, lockMs: number, work: (database: Opened) => void): void {
  const file = resolveFile(shown);
  const fd = openToWrite(file, shown);
  try {
    assertSameFile(file, fd, shown);
    work({
      file,
      shown,
      fd,
      lockMs,
      connected(use) {
        const db = new Database(file, { fileMustExist: true, timeout: ATTEMPT_MS });
        try {
          return use(db);
        } finally {
          db.close();
        }
      },
    });
  } catch (error) {
    throw failureOf(error, shown);
  } finally {
    closeSync(fd);
  }
}

function openToWrite(file: string, shown: string): number {
  // better-sqlite3 trims names: it would open another file than this.
  if (file.trim() !== file) throw refused(shown, 'the name of the file ends in whitespace');
  try {
    return openNoLinks(file, constants.O_RDWR);
  } catch (error) {
    if (!isForbidden(error) && systemCode(error) !== 'EROFS') throw diskFailure(error, shown);
    throw notPermitted(shown, error);
  }
}

/** Rejects journals of another database, and one that a killed writer left to be undone. */
function assertOwnFiles({ file, shown, fd, lockMs }: Opened): void {
  const header = headerIn(fd);
  assertDatabase(header, shown);
  if (header.length === 0) throw empty(shown);
  sideFileNotes(file, header, shown);
  if (!isHot(`${file}-journal`)) return;
  // A journal of a living writer is not in the way of a reader; one that has to be undone is.
  const reader = new Database(file, { readonly: true, fileMustExist: true, timeout: lockMs });
  try {
    reader.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    throw /^SQLITE_(?:READONLY|CANTOPEN)/.test(sqliteCode(error)) ? unfinished(shown) : error;
  } finally {
    reader.close();
  }
}

/** Freezes a database that no writer changes meanwhile; returns false if one did. */
function freezeOnce(
  { file, shown, fd, connected }: Opened,
  noted: string | null,
  intend: (before: string) => void,
): boolean {
  return connected((db) => {
    const logged = isLogged(headerIn(fd));
    if (logged) emptyLog(db);
    const found = writesFound(headerIn(fd), logSize(file), noted);
    if (found.kind === 'frozen') return true;
    if (found.kind === 'unfinished' && noted !== null) {
      const header = frozenHeader(Buffer.from(noted, 'hex'));
      if (!headerIn(fd).equals(header)) writeHeader(fd, header);
      return false;
    }
    db.exec(logged ? 'BEGIN IMMEDIATE' : 'BEGIN EXCLUSIVE');
    const before = headerIn(fd);
    const changed = isLogged(before) !== logged || (logged && logSize(file) > 0);
    if (changed) return false;
    const why = notFreezable(before);
    if (why !== null) throw refused(shown, why);
    assertSameFile(file, fd, shown);
    intend(before.toString('hex'));
    writeHeader(fd, frozenHeader(before));
    db.exec('ROLLBACK');
    if (!logged) return true;
    // Open connections read the header again only if the index of the log has changed.
    emptyLog(db);
    return headerIn(fd).equals(frozenHeader(before)) && logSize(file) === 0;
  });
}

/** A read lock keeps others from changing the header: no writer exists, and no checkpoint can run. */
function allowWrites({ file, shown, fd, connected }: Opened, before: string): boolean {
  return connected((db) => {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    const found = writesFound(headerIn(fd), logSize(file), before);
    if (found.kind !== 'frozen' && found.kind !== 'unfinished') {
      throw refused(shown, found.kind === 'other' ? found.why : 'it can be written already');
    }
    if (logSize(file) > 0) throw refused(shown, 'its write-ahead log is not empty');
    assertSameFile(file, fd, shown);
    writeHeader(fd, writableHeader(Buffer.from(before, 'hex')));
    db.exec('ROLLBACK');
    return true;
  });
}

/** Writes the log into the database and begins it anew. @throws Failure SOURCE_LOCKED */
function emptyLog(db: Connection): void {
  const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
  if (result?.busy !== 0) throw new Busy();
}

class Busy extends Error {}

/** All changed bytes are in one sector, and written by one call. */
function writeHeader(fd: number, header: Buffer): void {
  const [from, to] = CHANGED_BYTES;
  const written = writeSync(fd, header, from, to - from, from);
  if (written !== to - from) throw new Error('a part of the header was written');
  fsyncSync(fd);
}

function headerIn(fd: number): Buffer {
  const buffer = Buffer.alloc(HEADER_BYTES);
  return buffer.subarray(0, readSync(fd, buffer, 0, HEADER_BYTES, 0));
}

function logSize(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** The file may be replaced while it is opened twice. */
function assertSameFile(file: string, fd: number, shown: string): void {
  const [opened, named] = [fstatSync(fd), statSync(file, { throwIfNoEntry: false })];
  if (named?.dev === opened.dev && named.ino === opened.ino) return;
  throw refused(shown, 'it was replaced by another file meanwhile');
}

function failureOf(error: unknown, shown: string): unknown {
  const code = sqliteCode(error);
  if (isBusy(error)) return inUse(shown);
  if (/^SQLITE_(?:READONLY|CANTOPEN)/.test(code)) return notPermitted(shown, error);
  return code === '' ? diskFailure(error, shown) : asFailure(error, shown, null);
}

function inUse(shown: string): Failure {
  return new Failure('SOURCE_LOCKED', {
    what: 'another process is using the database, which must be at rest for a moment',
    where: shown,
    hint: 'wait until it has finished, or stop it, then run the same command again',
  });
}

function notPermitted(shown: string, cause: unknown): Failure {
  return new Failure('SOURCE_WRITES', {
    what: 'this user may not write to the database or its folder',
    where: shown,
    hint: 'run the command as the owner of the database',
    cause,
  });
}

function unfinished(shown: string): Failure {
  return new Failure('SOURCE_WRITES', {
    what: 'a writer was killed and left a transaction that is to be undone',
    where: shown,
    hint: 'open the database once with its application, which undoes it, then run the same command again',
  });
}

function empty(shown: string): Failure {
  return new Failure('SOURCE_WRITES', {
    what: 'an empty file has no header that could refuse writes',
    where: shown,
    hint: 'check that it is the right file, or let its application write its tables first',
  });
}

function refused(shown: string, why: string): Failure {
  return new Failure('SOURCE_WRITES', {
    what: `the header of the database was not touched, as ${why}`,
    where: shown,
    hint: 'find out what changed the file; sealift status shows what the journal says',
  });
}
