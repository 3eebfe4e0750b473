/**
 * Sets of keys on disk, for scratch: written by several threads in batches, read by point look-ups
 * once nobody writes any more. Memory does not grow with the number of keys.
 *
 * A set is an SQLite file of one table. Nothing of it has to survive the process, so nothing is
 * synced.
 */

import { closeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { createFile } from '../disk/durable.ts';

/** Keys that a writer keeps before it takes the file for itself. */
const BATCH = 4096;
/** Another thread's batch takes milliseconds; who waits this long waits for nothing. */
const TIMEOUT_MS = 600_000;
/** Of each connection. */
const CACHE_KIB = 4096;

export interface KeySetWriter {
  add(key: string): void;
  /** Writes what is still in memory, and closes. */
  finish(): void;
}

export interface KeyLookup {
  has(key: string): boolean;
  close(): void;
}

/** Makes an empty set. */
export function createKeySet(path: string): void {
  const database = open(path, false);
  database.exec('CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID');
  database.close();
}

/** Adds to a set; other threads may do the same. */
export function keySetWriter(path: string): KeySetWriter {
  const database = open(path, true);
  const insert = database.prepare('INSERT OR IGNORE INTO keys VALUES (?)');
  const write = database.transaction((keys: ReadonlySet<string>) => {
    for (const key of keys) insert.run(key);
  });
  const pending = new Set<string>();
  const flush = (): void => {
    if (pending.size > 0) write.immediate(pending);
    pending.clear();
  };
  return {
    add(key) {
      pending.add(key);
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

/** Look-ups in a set that nobody writes meanwhile. */
export function openKeySet(path: string): KeyLookup {
  const database = open(path, true);
  const find = database.prepare('SELECT 1 FROM keys WHERE key = ?').pluck();
  // One transaction, so that not each look-up takes a lock of its own.
  database.exec('BEGIN');
  return {
    has: (key) => find.get(key) !== undefined,
    close() {
      database.close();
    },
  };
}

/**
 * Adds the keys of `from`, less those of `without` if there is one, to `target`; how many were new
 * there.
 */
export function addKeys(target: string, from: string, without: string | null = null): number {
  const database = open(target, true);
  try {
    database.prepare('ATTACH ? AS source').run(from);
    let sql = 'INSERT OR IGNORE INTO main.keys SELECT key FROM source.keys';
    if (without !== null) {
      database.prepare('ATTACH ? AS other').run(without);
      sql += ' WHERE key NOT IN (SELECT key FROM other.keys)';
    }
    return database.prepare(sql).run().changes;
  } finally {
    database.close();
  }
}

function open(path: string, mustExist: boolean): Database.Database {
  if (!mustExist) closeSync(createFile(path));
  const database = new Database(path, { fileMustExist: true, timeout: TIMEOUT_MS });
  database.pragma('journal_mode = off');
  database.pragma('synchronous = off');
  database.pragma(`cache_size = -${CACHE_KIB}`);
  return database;
}
