/**
 * A database that is put aside: SQLite refuses every writer of it, also those that have it open, until it
 * goes live again. What shows it is in its header alone (sqlite/frozenHeader.ts), so that nothing has to
 * be kept beside it, and every later command knows whose doing it is.
 */

import { closeSync, constants } from 'node:fs';

import { isForbidden, systemCode } from '../../disk/errors.ts';
import { openNoLinks } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { DATABASE_FILES, digestInPlace } from '../../sqlite/filesDigest.ts';
import {
  isLogged,
  isPutAside,
  PUT_ASIDE,
  refusesWrites,
  thawedHeader,
} from '../../sqlite/frozenHeader.ts';
import {
  allowWrites,
  Busy,
  emptyLog,
  freezeHeader,
  headerIn,
  HeaderKept,
  isBusy,
  logSize,
  openHeader,
  patiently,
  type HeaderFile,
} from '../../sqlite/headerSwitch.ts';
import { sqliteFailure } from './file.ts';

/** Whether a file can be written, is put aside, or refuses writes for another reason. */
export type WriteState = 'writable' | 'aside' | 'frozen';

/** Reads it without SQLite. @throws Failure */
export function writeStateOf(file: string): WriteState {
  return reading(file, (fd) => {
    const header = headerIn(fd);
    if (isPutAside(header)) return 'aside';
    return refusesWrites(header) ? 'frozen' : 'writable';
  });
}

/**
 * Digest of the files of a database, as a reconcile notes it; null if they cannot be read, or it was
 * stopped. No connection of this process may hold a lock on the database.
 */
export async function digestOf(file: string, signal: AbortSignal): Promise<string | null> {
  const fd = opened(file);
  try {
    return await digestInPlace(
      file,
      () => fd,
      () => !signal.aborted,
    );
  } finally {
    closeSync(fd);
  }
}

function opened(file: string): number {
  try {
    return openNoLinks(file, constants.O_RDONLY);
  } catch (error) {
    throw failureOf(error, file);
  }
}

function reading<T>(file: string, work: (fd: number) => T): T {
  const fd = opened(file);
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Puts a database aside; false if it refuses writes already. It can be written as before if this fails.
 * @throws Failure BUSY if its clients do not let go of it for `lockMs`
 */
export function putAside(file: string, lockMs: number): boolean {
  if (writeStateOf(file) !== 'writable') return false;
  try {
    onHeader(file, (database) => freezeHeader(database, PUT_ASIDE, lockMs, null, () => {}));
    return true;
  } catch (error) {
    bringBack(file, lockMs);
    throw error;
  }
}

/** Lets a database that was put aside be written again; leaves any other alone. @throws Failure */
export function bringBack(file: string, lockMs: number): void {
  if (writeStateOf(file) !== 'aside') return;
  onHeader(file, (database) => {
    patiently(lockMs, () => {
      const header = headerIn(database.fd);
      // A writer that came before the freeze was over may have written over it.
      if (!isPutAside(header)) return true;
      if (isLogged(header)) database.connected(emptyLog);
      allowWrites(database, 0, (now, logged) => {
        if (logged > 0) throw new Busy();
        return thawedHeader(now);
      });
      return true;
    });
  });
}

/**
 * Returns the digest that a database has once its log is written into it, if it holds what was seen; null
 * if it does not. Without a log it is what was seen. Writers wait meanwhile; what they write
 * later makes another digest. @throws Failure BUSY
 */
export async function digestWithoutLog(
  file: string,
  seen: string,
  lockMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  if (logSize(file) === 0) return seen;
  try {
    const database = openHeader(file);
    try {
      return await writtenDigest(database, seen, lockMs, signal);
    } finally {
      database.close();
    }
  } catch (error) {
    throw failureOf(error, file);
  }
}

async function writtenDigest(
  database: HeaderFile,
  seen: string,
  lockMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  const { file, fd } = database;
  const digest = (suffixes: readonly string[]): Promise<string | null> =>
    digestInPlace(
      file,
      () => fd,
      () => !signal.aborted,
      suffixes,
    );
  const db = database.connect();
  try {
    patiently(lockMs, () => {
      db.exec('BEGIN IMMEDIATE');
      return true;
    });
    if ((await digest(DATABASE_FILES)) !== seen) return null;
    // A checkpoint needs no writer's lock, and nothing is added to the log meanwhile.
    patiently(lockMs, () => database.connected(writeLog));
    return await digest(DATABASE_FILES.filter((suffix) => suffix !== '-wal'));
  } finally {
    db.close();
  }
}

/** Writes the log into the database; false if a reader still needs a part of what was there. */
function writeLog(db: ReturnType<HeaderFile['connect']>): boolean {
  const [done] = db.pragma('wal_checkpoint(PASSIVE)') as {
    readonly log: number;
    readonly checkpointed: number;
  }[];
  return done?.log === done?.checkpointed;
}

function onHeader(file: string, work: (database: HeaderFile) => void): void {
  try {
    const database = openHeader(file);
    try {
      work(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw failureOf(error, file);
  }
}

function failureOf(error: unknown, where: string): unknown {
  if (isBusy(error)) {
    return new Failure('BUSY', {
      what: 'the database could not be locked in time, as another process is using it',
      where,
      hint: 'nothing was changed; wait until that has ended, or stop it, then run again, or wait longer with --max-wait',
      cause: error,
    });
  }
  if (error instanceof HeaderKept) {
    return new Failure('TARGET', {
      what: `its writes could not be stopped or allowed, as ${error.message}`,
      where,
      hint: 'find out what changed the file',
      cause: error,
    });
  }
  if (isForbidden(error) || systemCode(error) === 'EROFS') {
    return new Failure('TARGET', {
      what: 'this user may not write to the database or its folder',
      where,
      hint: 'run the command as the owner of the database',
      cause: error,
    });
  }
  return sqliteFailure(error, where);
}
