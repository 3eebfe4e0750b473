/**
 * Separate process that reads the header of a database, or tries to write to it. Closing a file drops
 * all locks of its process on it (POSIX), so the header of a database that may be open is read here;
 * and a proof that writers are refused comes from a process that shares nothing with the one that
 * froze it. Reads one question from standard input, writes one answer to standard output.
 */

import { closeSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { HEADER_BYTES } from './frozenHeader.ts';

export type WriteQuestion =
  | { readonly kind: 'header'; readonly file: string }
  | { readonly kind: 'write'; readonly file: string; readonly lockMs: number };

export type WriteAnswer =
  /** Header, in hex, and bytes of the write-ahead log. */
  | { readonly kind: 'header'; readonly header: string; readonly logged: number }
  /** Error codes of SQLite, one for each attempt; null for one that was accepted. */
  | { readonly kind: 'write'; readonly attempts: readonly (string | null)[] }
  | { readonly kind: 'failed'; readonly code: string };

// Ctrl-C and the end of a terminal reach the whole group; the parent decides.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});

const question = JSON.parse(readFileSync(0, 'utf8')) as WriteQuestion;
writeSync(1, JSON.stringify(answer(question)));

function answer(task: WriteQuestion): WriteAnswer {
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
