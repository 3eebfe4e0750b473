/**
 * Sets of keys on disk, in scratch. Several threads write them in batches; point lookups begin
 * after the last write. Memory does not grow with the number of keys. A set is an SQLite file of
 * one table.
 */

import { batchWriter, createTables, openTables, type BatchWriter } from './scratchTables.ts';

export interface KeyLookup {
  has(key: string): boolean;
  close(): void;
}

/** Creates an empty set. */
export function createKeySet(path: string): void {
  createTables(path, 'CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID');
}

/** Opens a writer of a set; other threads may have one on the same set. */
export function keySetWriter(path: string): BatchWriter<string> {
  const database = openTables(path);
  const insert = database.prepare<[string]>('INSERT OR IGNORE INTO keys VALUES (?)');
  return batchWriter(database, (key) => insert.run(key));
}

/** Opens a set for lookups; it must not be written meanwhile. */
export function openKeySet(path: string): KeyLookup {
  const database = openTables(path);
  const find = database.prepare('SELECT 1 FROM keys WHERE key = ?').pluck();
  // One transaction, so that lookups do not take a lock each.
  database.exec('BEGIN');
  return {
    has: (key) => find.get(key) !== undefined,
    close() {
      database.close();
    },
  };
}

/** Adds the keys of `from` that are not in `without` to `target`; returns how many were new. */
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
