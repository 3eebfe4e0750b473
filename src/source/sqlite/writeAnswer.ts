/**
 * Reads the header of a database, or tries to write to it. Opens the file and closes it, which drops
 * all locks of the process on it (POSIX): a command asks in another process (writeProcess.ts).
 */

import { closeSync, openSync, readSync, statSync } from 'node:fs';

import Database from 'better-sqlite3';

import { HEADER_BYTES } from '../../sqlite/frozenHeader.ts';

export type WriteQuestion =
  | { readonly kind: 'header'; readonly file: string }
  | { readonly kind: 'write'; readonly file: string; readonly lockMs: number };

export type WriteAnswer =
  /** Header, in hex, and bytes of the write-ahead log. */
  | { readonly kind: 'header'; readonly header: string; readonly logged: number }
  /** Error codes of SQLite, one for each attempt; null for one that was accepted. */
  | { readonly kind: 'write'; readonly attempts: readonly (string | null)[] }
  | { readonly kind: 'failed'; readonly code: string };

/** Answers a question about the writes of a database. Never throws. */
export function answerWrites(task: WriteQuestion): WriteAnswer {
  try {
    if (task.kind === 'header') return headerOf(task.file);
    return { kind: 'write', attempts: attemptsOn(task.file, task.lockMs) };
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) };
  }
}

function headerOf(file: string): WriteAnswer {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(HEADER_BYTES);
    const header = buffer.subarray(0, readSync(fd, buffer, 0, HEADER_BYTES, 0)).toString('hex');
    const logged = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    return { kind: 'header', header, logged };
  } finally {
    closeSync(fd);
  }
}

/** A connection that has seen the header begins no write transaction, so each attempt is its first. */
function attemptsOn(file: string, lockMs: number): (string | null)[] {
  return ['BEGIN IMMEDIATE', 'BEGIN'].map((begin) => {
    const db = new Database(file, { fileMustExist: true, timeout: lockMs });
    try {
      db.exec(begin);
      const version = Number(db.pragma('user_version', { simple: true }));
      db.exec(`PRAGMA user_version = ${version}`);
      db.exec('ROLLBACK');
      return null;
    } catch (error) {
      return codeOf(error);
    } finally {
      db.close();
    }
  });
}

function codeOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'UNKNOWN';
}
