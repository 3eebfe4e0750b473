/**
 * Sets of keys on disk, for scratch: written by several threads in batches, read by point look-ups
 * once nobody writes any more. Memory does not grow with the number of keys.
 * A set is an SQLite file of one table.
 */

import { batchWriter, createTables, openTables, type BatchWriter } from './scratchTables.ts';

export interface KeyLookup {
  has(key: string): boolean;
  close(): void;
}

/** Makes an empty set. */
export function createKeySet(path: string): void {
  createTables(path, 'CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID');
}

/** Adds to a set; other threads may do the same. */
export function keySetWriter(path: string): BatchWriter<string> {
  const database = openTables(path);
  const insert = database.prepare<[string]>('INSERT OR IGNORE INTO keys VALUES (?)');
  return batchWriter(database, (key) => insert.run(key));
}

/** Look-ups in a set that nobody writes meanwhile. */
export function openKeySet(path: string): KeyLookup {
  const database = openTables(path);
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
  const database = openTables(target);
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
