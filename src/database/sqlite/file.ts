/**
 * The file of an application's SQLite database: opened where it is, with the journal mode that it has,
 * and SQLite's errors as Failures, which hold no value.
 */

import { realpathSync, statSync } from 'node:fs';

import Database from 'better-sqlite3';

import { diskFailure, systemCode } from '../../disk/errors.ts';
import { Failure } from '../../outcome/failure.ts';
import type { OpenDatabase } from '../database.ts';
import { refused } from '../refusals.ts';

export interface OpenFile {
  readonly db: Database.Database;
  /** The path as given, for messages. */
  readonly shown: string;
  /** The file itself, with symbolic links resolved. */
  readonly path: string;
  /** The bytes of a text, in the encoding of the database. */
  readonly encode: (text: string) => Buffer;
}

/** Opens a database. @throws Failure TARGET, BUSY or DISK */
export function openFile(shown: string, { writes, lockMs }: OpenDatabase): OpenFile {
  return onSqlite(shown, () => {
    const path = existing(shown);
    const db = new Database(path, { readonly: !writes, fileMustExist: true, timeout: lockMs });
    try {
      if (!writes) db.pragma('query_only = ON');
      // Reads the header: a file that is no database is refused here.
      db.pragma('schema_version');
      db.defaultSafeIntegers(true);
      return { db, shown, path, encode: encoder(String(db.pragma('encoding', { simple: true }))) };
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function existing(shown: string): string {
  const stat = statSync(shown, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw refused('there is no such file', shown, 'check the path of the database');
  }
  if (!stat.isFile()) throw refused('this is no file', shown, 'name the file of the database');
  if (stat.size === 0) throw refused('the file is empty', shown, 'name the file of the database');
  return realpathSync(shown);
}

function encoder(encoding: string): (text: string) => Buffer {
  if (encoding === 'UTF-8') return (text) => Buffer.from(text);
  if (encoding === 'UTF-16le') return (text) => Buffer.from(text, 'utf16le');
  return (text) => Buffer.from(text, 'utf16le').swap16();
}

/** Runs `work`; turns errors of SQLite into Failures that name the place, and never a value. */
export function onSqlite<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteFailure(error, where);
  }
}

type Text = readonly [what: string, hint: string];

/** By the beginning of SQLite's code. */
const CODES: readonly (readonly [code: string, text: Text])[] = [
  ['SQLITE_FULL', ['the disk is full', 'free space there; the batch was undone, run it again']],
  ['SQLITE_IOERR', ['the disk returned an error', 'check the disk, then run again']],
  ['SQLITE_NOTADB', ['the file is no SQLite database, or is encrypted', 'name another file']],
  ['SQLITE_CORRUPT', ['the database is damaged', 'restore a backup of it, then run again']],
  [
    'SQLITE_READONLY',
    ['the database may only be read', 'give this user write access to the file and its folder'],
  ],
  [
    'SQLITE_CANTOPEN',
    ['the database cannot be opened', 'give this user access to the file and its folder'],
  ],
  [
    'SQLITE_CONSTRAINT',
    [
      'a constraint or trigger of the table refused a change',
      'the batch was undone; see what the table requires, then run again',
    ],
  ],
  [
    'SQLITE_MISMATCH',
    ['a cell is not of the type of its column', 'the batch was undone; change the column'],
  ],
  ['SQLITE_TOOBIG', ['a cell is larger than SQLite can hold', 'the batch was undone']],
];

function sqliteFailure(error: unknown, where: string): unknown {
  const code = systemCode(error) ?? '';
  if (error instanceof Failure || !code.startsWith('SQLITE_')) return diskFailure(error, where);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new Failure('BUSY', {
      what: 'another process holds the lock of the database',
      where,
      hint: 'the batch was undone; wait until that has ended, or allow more time, then run again',
      cause: error,
    });
  }
  const text = CODES.find(([prefix]) => code.startsWith(prefix))?.[1];
  if (text !== undefined) return refused(text[0], where, text[1], error);
  const hint = 'the schema may need a function or collation that only the application has';
  return refused(`SQLite refused a statement (${code})`, where, hint, error);
}
