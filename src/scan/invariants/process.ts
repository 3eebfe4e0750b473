/**
 * Runs invariants in a separate process, since a query of SQLite can be stopped only with its
 * process. Opens the file read-only, runs queries one at a time, and writes the resulting ordinals
 * to a file, as doubles (NaN for null).
 */

import Database from 'better-sqlite3';
import { closeSync } from 'node:fs';

import { createFile, writeAll } from '../../disk/durable.ts';
import { defineDates } from '../../sql/dates.ts';

export interface Question {
  readonly database: string;
  readonly query: string;
  readonly asOf: string | null;
  /** Path of the file to create. */
  readonly answer: string;
}

export type Answer = { readonly done: true } | { readonly reason: string };

const BATCH = 8192;
const CLOCK = 'a date function was given an argument that depends on the clock or the time zone';

process.on('message', (question: Question) => {
  process.send?.(answer(question));
});

function answer({ database, query, asOf, answer: path }: Question): Answer {
  const db = new Database(database, { readonly: true, fileMustExist: true });
  const file = createFile(path);
  try {
    db.exec('PRAGMA query_only = ON; PRAGMA trusted_schema = OFF');
    // Replaces SQLite's own date functions; the database has no views or triggers that need them.
    defineDates(db, new Database(':memory:'), '', () => new Error(CLOCK));
    const statement = db.prepare(query);
    if (!statement.reader || !statement.readonly) return { reason: 'it is not a query' };
    const rows = statement.pluck().iterate(query.includes(':as_of') ? { as_of: asOf } : {});
    let batch: number[] = [];
    for (const ordinal of rows as Iterable<number | null>) {
      batch.push(ordinal ?? Number.NaN);
      if (batch.length === BATCH) {
        writeAll(file, bytesOf(batch));
        batch = [];
      }
    }
    writeAll(file, bytesOf(batch));
    return { done: true };
  } catch (error) {
    return { reason: reasonOf(error) };
  } finally {
    closeSync(file);
    db.close();
  }
}

function bytesOf(ordinals: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(ordinals).buffer);
}

/** Returns the reason of an error. SQLite's messages may contain values, so only codes are used. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  if (error.message === CLOCK) return CLOCK;
  if (error.message === 'integer overflow') return 'a number in it exceeds 64 bits';
  return error instanceof Database.SqliteError ? `SQLite says ${error.code}` : 'it failed';
}
