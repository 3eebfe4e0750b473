/**
 * A process of its own for invariants: SQLite cannot be stopped from within, a process can. It opens
 * the file read-only, answers one query after the other, and writes the ordinals that come out, as
 * doubles (NaN for none), to a file.
 */

import Database from 'better-sqlite3';
import { closeSync } from 'node:fs';

import { createFile, writeAll } from '../../disk/durable.ts';
import { defineDates } from '../../sql/dates.ts';

export interface Question {
  readonly database: string;
  readonly query: string;
  readonly asOf: string | null;
  /** A file that is not there yet. */
  readonly answer: string;
}

export type Answer = { readonly done: true } | { readonly reason: string };

const BATCH = 8192;
const CLOCK = 'a date function was given a word for the clock or the time zone';

process.on('message', (question: Question) => {
  process.send?.(answer(question));
});

function answer({ database, query, asOf, answer: path }: Question): Answer {
  const db = new Database(database, { readonly: true, fileMustExist: true });
  const file = createFile(path);
  try {
    db.exec('PRAGMA query_only = ON; PRAGMA trusted_schema = OFF');
    // In place of their own: nothing but the query is in this database.
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

/** SQLite's messages may hold values: only what is known not to is passed on. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  if (error.message === CLOCK) return CLOCK;
  if (error.message === 'integer overflow') return 'a number in it exceeds 64 bits';
  return error instanceof Database.SqliteError ? `SQLite says ${error.code}` : 'it failed';
}
