/**
 * The files of an SQLite target: the database, and the one beside it in which it is made. Only a
 * complete database gets the name of the target; the other stays for the next load to go on with.
 */

import { closeSync, constants, fsyncSync } from 'node:fs';
import { dirname } from 'node:path';

import Database from 'better-sqlite3';

import { createFile, syncFolder } from '../../disk/durable.ts';
import { diskFailure, systemCode } from '../../disk/errors.ts';
import { openNoLinks, rename, statOf } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import type { LoadState, Progress } from '../target.ts';
import { LEDGER } from './tables.ts';

/** Returns the path of the database that is being made. */
export function draftOf(path: string): string {
  return `${path}.sealift-loading`;
}

/** @throws Failure TARGET if the folder for the database is not there */
export function assertFolder(path: string): void {
  if (statOf(dirname(path))?.isDirectory() === true) return;
  throw new Failure('TARGET', {
    what: 'the folder for the database does not exist',
    where: dirname(path),
    hint: 'create it, or name another file with --target',
  });
}

interface Found {
  readonly sealId: string;
  readonly state: string;
  readonly completedAt: string | null;
  readonly progress: string;
}

/**
 * Returns what a database holds of this seal. A draft is never complete: at least its name is missing.
 * @throws Failure TARGET if it is not made by the load of this seal
 */
export function foundIn(
  db: Database.Database,
  path: string,
  sealId: string,
  isDraft: boolean,
): LoadState {
  const isTable = db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`);
  if (isTable.get(LEDGER) === undefined) throw taken(path, 'another database or file');
  const found = db
    .prepare<[], Found>(
      `SELECT seal_id AS sealId, state, completed_at AS completedAt, progress FROM ${LEDGER}`,
    )
    .all();
  const own = found.find((row) => row.sealId === sealId);
  const [other] = found;
  if (own === undefined) throw taken(path, `the load of another seal, ${other?.sealId ?? ''}`);
  if (own.state === 'complete' && !isDraft) return { kind: 'complete', at: own.completedAt ?? '' };
  const progress = JSON.parse(own.progress) as Record<string, Progress>;
  return { kind: 'begun', progress: new Map(Object.entries(progress)) };
}

function taken(path: string, what: string): Failure {
  return new Failure('TARGET', {
    what: `the file is there already, with ${what}`,
    where: path,
    hint: 'name another file with --target, or move this one away',
  });
}

/** Reads what a file that is there holds. @throws Failure TARGET */
export function foundAt(path: string, sealId: string, isDraft: boolean): LoadState {
  return onSqlite(path, () => {
    const stat = statOf(path);
    if (stat?.isFile() !== true) throw taken(path, 'a folder, link or device');
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      return foundIn(db, path, sealId, isDraft);
    } finally {
      db.close();
    }
  });
}

const CACHE_KIB = 65_536;

/** Opens the draft for this process alone; creates it. @throws Failure BUSY, TARGET or DISK */
export function openDraft(path: string): Database.Database {
  const draft = draftOf(path);
  return onSqlite(draft, () => {
    if (statOf(draft) === undefined) closeSync(createFile(draft));
    const db = new Database(draft, { fileMustExist: true, timeout: 0 });
    try {
      db.pragma('locking_mode = EXCLUSIVE');
      db.pragma('journal_mode = TRUNCATE');
      db.pragma('foreign_keys = OFF');
      db.pragma(`cache_size = -${CACHE_KIB}`);
      // Takes the lock, which stays.
      db.exec('BEGIN EXCLUSIVE; COMMIT');
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Gives a complete draft, closed, its name. @throws Failure TARGET if the name is taken meanwhile */
export function publishDraft(path: string): void {
  const draft = draftOf(path);
  try {
    const file = openNoLinks(draft, constants.O_RDONLY);
    fsyncSync(file);
    closeSync(file);
    if (statOf(path) !== undefined) throw taken(path, 'another database or file');
    rename(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw diskFailure(error, path);
  }
}

/** Runs `work`; turns errors of SQLite into Failures that name the file, and never a value. */
export function onSqlite<T>(path: string, work: () => T, place: string = ''): T {
  try {
    return work();
  } catch (error) {
    throw sqliteFailure(error, place === '' ? path : `${path}, ${place}`);
  }
}

/** Turns errors of SQLite and of the system into Failures; returns others as they are. */
export function sqliteFailure(error: unknown, where: string): unknown {
  const code = systemCode(error) ?? '';
  const refuse = (what: string, hint: string): Failure => {
    return new Failure('TARGET', { what, where, hint, cause: error });
  };
  if (error instanceof Failure || !code.startsWith('SQLITE_')) return diskFailure(error, where);
  if (code.startsWith('SQLITE_BUSY')) {
    return new Failure('BUSY', {
      what: 'another load is at work on this file',
      where,
      hint: 'wait until it has ended, then run again',
      cause: error,
    });
  }
  if (code === 'SQLITE_FULL' || code.startsWith('SQLITE_IOERR')) {
    const what = code === 'SQLITE_FULL' ? 'the disk is full' : 'the disk returned an error';
    return refuse(what, 'free space or check the disk; nothing is lost, run it again to go on');
  }
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
    return refuse('the file is no database, or is damaged', 'move it away, then run again');
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN')) {
    return refuse('the file cannot be written', 'give this user write access to its folder');
  }
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    const hint = 'see sealift scan-all; leave the constraint out with --without NAME';
    return refuse('a record does not hold what the table requires', hint);
  }
  if (code === 'SQLITE_TOOBIG') {
    return refuse('a record is larger than SQLite can hold', 'leave the field out of the mapping');
  }
  return refuse(`SQLite refused it (${code})`, 'report this with the form of the module');
}
