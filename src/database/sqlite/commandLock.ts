/**
 * One operator's command of a name at a time on a database: a transaction on a small SQLite file beside
 * it, which the operating system ends with the process. The file stays, empty.
 */

import { closeSync, constants, readFileSync, writeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { createFile } from '../../disk/durable.ts';
import { systemCode } from '../../disk/errors.ts';
import { openNoLinks, removeFile, statOf } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { refused } from '../refusals.ts';
import { onSqlite } from './file.ts';

export interface CommandLock {
  release(): void;
}

/** Takes the lock. @throws Failure BUSY, which tells who holds it */
export function takeCommandLock(database: string, name: string, pid: number): CommandLock {
  if (!/^[a-z0-9-]{1,40}$/.test(name))
    throw new TypeError('the name of a lock is that of a command');
  const path = `${database}.sealift-${name}.lock`;
  const about = `${path}.pid`;
  return onSqlite(path, () => {
    makeEmpty(path);
    if (statOf(path)?.isFile() !== true || statOf(path)?.size !== 0) {
      throw refused('an unexpected file is in the place of the lock', path, 'move it away');
    }
    const db = new Database(path, { fileMustExist: true, timeout: 0 });
    try {
      db.pragma('journal_mode = memory');
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      if ((systemCode(error) ?? '').startsWith('SQLITE_BUSY')) throw held(path, about, name);
      throw error;
    }
    removeFile(about);
    const file = createFile(about);
    writeSync(file, `${pid}\n`);
    closeSync(file);
    return {
      release() {
        removeFile(about);
        db.close();
      },
    };
  });
}

function makeEmpty(path: string): void {
  try {
    closeSync(createFile(path));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

function held(path: string, about: string, name: string): Failure {
  const pid = holder(about);
  return new Failure('BUSY', {
    what: `another ${name} is at work on this database${pid === null ? '' : ` (process ${pid})`}`,
    where: path,
    hint: 'wait until it has ended, then run again',
  });
}

function holder(about: string): string | null {
  try {
    const file = openNoLinks(about, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return /^\d{1,10}/.exec(readFileSync(file, 'utf8'))?.[0] ?? null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}
