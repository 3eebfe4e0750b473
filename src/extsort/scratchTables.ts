/**
 * SQLite files for scratch: written by several threads in batches. Nothing of them has to survive the
 * process, so nothing is synced.
 */

import { closeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { createFile } from '../disk/durable.ts';

/** What a writer keeps before it takes the file for itself. */
const BATCH = 4096;
/** Another thread's batch takes milliseconds: a wait of this length has no end. */
const TIMEOUT_MS = 600_000;

/** Makes a file with the tables of `schema`. */
export function createTables(path: string, schema: string): void {
  closeSync(createFile(path));
  const database = openTables(path);
  database.exec(schema);
  database.close();
}

/** Opens a file that is there; `cacheKib` is what this connection may keep in memory. */
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
  /** Writes what is still in memory, and closes the file, whether that works or not. */
  finish(): void;
}

/** A writer that inserts one item by `insert`, and an item that is added twice in a batch once. */
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
