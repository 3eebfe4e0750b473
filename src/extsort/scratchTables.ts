/**
 * SQLite files in scratch, written by several threads in batches. They need not survive the
 * process, so they are never synced.
 */

import { closeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { createFile } from '../disk/durable.ts';

/** Items that a writer buffers before it locks the file. */
const BATCH = 4096;
/** Upper bound for another thread's batch, which takes milliseconds; beyond it is a deadlock. */
const TIMEOUT_MS = 600_000;

/** Creates a file with the tables of `schema`. */
export function createTables(path: string, schema: string): void {
  closeSync(createFile(path));
  const database = openTables(path);
  database.exec(schema);
  database.close();
}

/** Opens an existing file; `cacheKib` is the size of this connection's cache in KiB. */
export function openTables(path: string, cacheKib = 4096): Database.Database {
  const database = new Database(path, { fileMustExist: true, timeout: TIMEOUT_MS });
  database.pragma('journal_mode = off');
  database.pragma('synchronous = off');
  database.pragma(`cache_size = -${cacheKib}`);
  return database;
}

/** Adds to a file in batches; other threads may do the same. */
export interface BatchWriter<T> {
  add(item: T): void;
  /** Writes the buffered items and closes the file, even if the write fails. */
  finish(): void;
}

/** Makes a writer that inserts items by `insert`, each distinct item of a batch once. */
export function batchWriter<T>(
  database: Database.Database,
  insert: (item: T) => void,
): BatchWriter<T> {
  const pending = new Set<T>();
  const write = database.transaction(() => {
    for (const item of pending) insert(item);
  });
  const flush = (): void => {
    if (pending.size > 0) write.immediate();
    pending.clear();
  };
  return {
    add(item) {
      pending.add(item);
      if (pending.size >= BATCH) flush();
    },
    finish() {
      try {
        flush();
      } finally {
        database.close();
      }
    },
  };
}
