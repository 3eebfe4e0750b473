/**
 * An exclusive lock, held as a transaction on a small SQLite file. The operating system releases it
 * when the process ends, in whatever way; no timeout can lose it during a long computation.
 */

import { closeSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { Failure } from '../outcome/failure.ts';
import { attempt, createFile, writeAll } from './durable.ts';
import { diskFailure, systemCode } from './errors.ts';
import { openNoLinks, removeFile, rename, statOf } from './noLinks.ts';

export interface Lock {
  release(): void;
}

export interface Holder {
  readonly command: string;
  readonly pid: number;
  /** ISO 8601, for people; nothing depends on it. */
  readonly since: string;
}

/**
 * Takes the lock of a folder, or of what else the name of its file says. Throws BUSY, with the holder, if it
 * is taken; never waits.
 */
export function acquireLock(folder: string, holder: Holder, name: string = '.lock'): Lock {
  const path = join(folder, name);
  const about = `${path}.json`;
  // The lock file is always empty: a file with content is not ours.
  refuseUnexpected(path, 0);
  refuseUnexpected(about, 65_536);
  const database = exclusive(path, about);
  try {
    // The path may have been replaced before it was locked: check again.
    refuseUnexpected(path, 0);
    removeFile(`${about}.new`);
    const file = createFile(`${about}.new`);
    try {
      writeAll(file, Buffer.from(`${JSON.stringify(holder)}\n`));
    } finally {
      closeSync(file);
    }
    rename(`${about}.new`, about);
  } catch (error) {
    database.close();
    throw diskFailure(error, folder);
  }
  return {
    release() {
      // If this fails, the next holder replaces the file.
      attempt(() => {
        removeFile(about);
      });
      database.close();
    },
  };
}

const PAUSE_MS = 10;

/** Takes a lock that is only held briefly; waits up to `patience` milliseconds before BUSY. */
export function acquireLockPatiently(folder: string, holder: Holder, patience: number): Lock {
  for (let waited = 0; ; waited += PAUSE_MS) {
    try {
      return acquireLock(folder, holder);
    } catch (error) {
      const busy = error instanceof Failure && error.code === 'BUSY';
      if (!busy || waited >= patience) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/**
 * Returns the holder of a folder's lock; null if it is free or the holder is unknown. Changes
 * nothing. A shared lock is tried to detect the file of a killed holder.
 */
export function lockHolder(folder: string): Holder | null {
  const holder = readHolder(join(folder, '.lock.json'));
  const path = join(folder, '.lock');
  if (holder === null || statOf(path)?.isFile() !== true) return null;
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true, timeout: 0 });
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return null;
  } catch (error) {
    return (systemCode(error) ?? '').startsWith('SQLITE_BUSY') ? holder : null;
  } finally {
    database?.close();
  }
}

function exclusive(path: string, about: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    makeEmptyFile(path);
    database = new Database(path, { fileMustExist: true, timeout: 0 });
    database.pragma('journal_mode = memory');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    const code = systemCode(error) ?? '';
    if (code.startsWith('SQLITE_BUSY')) throw busy(path, about);
    if (code.startsWith('SQLITE_') && code !== 'SQLITE_FULL') {
      throw new Failure('DISK', {
        what: 'the lock file cannot be written',
        where: path,
        hint: 'give this user write access to the folder, then run again',
        cause: error,
      });
    }
    throw diskFailure(error, path);
  }
}

function busy(path: string, about: string): Failure {
  const holder = readHolder(about);
  const who =
    holder === null
      ? 'another run'
      : `sealift ${holder.command} (process ${holder.pid}, since ${holder.since})`;
  return new Failure('BUSY', {
    what: `${who} is at work in this project`,
    where: path,
    hint: 'wait until it has ended, then run again',
  });
}

/** Reads the holder from its file; null if that is missing or invalid. */
function readHolder(about: string): Holder | null {
  try {
    const holder = JSON.parse(textOf(about)) as Holder;
    const valid = /^[a-z][a-z -]{0,31}$/.test(holder.command) && Number.isSafeInteger(holder.pid);
    return valid && /^[\dTZ:.+-]{1,40}$/.test(holder.since) ? holder : null;
  } catch {
    return null;
  }
}

function textOf(path: string): string {
  const file = openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Creates the lock file privately; SQLite would follow a link, and let other users read it. */
function makeEmptyFile(path: string): void {
  try {
    closeSync(createFile(path));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** Fails if the path is a link, a folder, or a file larger than `largest` bytes. */
function refuseUnexpected(path: string, largest: number): void {
  const stat = statOf(path);
  if (stat === undefined || (stat.isFile() && stat.size <= largest)) return;
  throw new Failure('CANDIDATE', {
    what: 'an unexpected file or link is in the place of the lock file',
    where: path,
    hint: 'move it away, then run again',
  });
}
