/**
 * Dependency edges between rows on disk, in scratch: the key of each row and the keys of its
 * parents. Finds the keys that are removed in a cascade with a set of keys, following each edge
 * once. Written by several threads in batches, walked by one; memory does not grow with the number
 * of rows.
 */

import { setImmediate } from 'node:timers/promises';

import type Database from 'better-sqlite3';

import { batchWriter, createTables, openTables, type BatchWriter } from './scratchTables.ts';

const CACHE_KIB = 16_384;
/** Keys walked per transaction; interrupts are handled in between. */
const STRIDE = 4096;

/** A row, which is removed with any of its parents. */
export interface LinkedRow {
  readonly key: string;
  readonly parents: readonly string[];
}

/** Creates a file without rows. */
export function createKeyLinks(path: string): void {
  createTables(
    path,
    'CREATE TABLE rows (id INTEGER PRIMARY KEY, key TEXT); CREATE TABLE links (parent TEXT, row INTEGER)',
  );
}

/** Opens a writer of rows; other threads may have one on the same file. */
export function keyLinksWriter(path: string): BatchWriter<LinkedRow> {
  const database = openTables(path, CACHE_KIB);
  const insertRow = database.prepare<[string]>('INSERT INTO rows (key) VALUES (?)');
  const insertLink = database.prepare<[string, number | bigint]>('INSERT INTO links VALUES (?, ?)');
  return batchWriter(database, ({ key, parents }) => {
    const { lastInsertRowid } = insertRow.run(key);
    for (const parent of parents) insertLink.run(parent, lastInsertRowid);
  });
}

/**
 * Adds to the key set `keys` each key whose rows all have a parent in the set, including parents
 * added by this call. Consumes the file at `path`, which can be walked only once.
 */
export async function addCascadedKeys(path: string, keys: string): Promise<void> {
  const database = openTables(path, CACHE_KIB);
  try {
    database.prepare('ATTACH ? AS target').run(keys);
    database.exec(`
      CREATE INDEX by_parent ON links (parent);
      CREATE TABLE open (key TEXT PRIMARY KEY, rows INTEGER) WITHOUT ROWID;
      INSERT INTO open SELECT key, count(*) FROM rows GROUP BY key;
      CREATE TABLE cascaded (id INTEGER PRIMARY KEY, key TEXT);
      INSERT INTO cascaded (key) SELECT key FROM target.keys`);
    const walk = walker(database);
    for (let at = 1; walk(at, at + STRIDE); at += STRIDE) await setImmediate();
    database.exec('INSERT OR IGNORE INTO target.keys SELECT key FROM cascaded');
  } finally {
    database.close();
  }
}

/** Walks the cascaded keys with ids in [first, end); returns whether all of them exist. */
function walker(database: Database.Database): (first: number, end: number) => boolean {
  const keyAt = database.prepare<[number], string>('SELECT key FROM cascaded WHERE id = ?').pluck();
  const rowsOf = database.prepare<[string], { id: number; key: string }>(
    'SELECT DISTINCT rows.id, rows.key FROM links JOIN rows ON rows.id = links.row WHERE parent = ?',
  );
  const drop = database.prepare<[number]>('DELETE FROM rows WHERE id = ?');
  const close = database
    .prepare<[string], number>('UPDATE open SET rows = rows - 1 WHERE key = ? RETURNING rows')
    .pluck();
  const cascade = database.prepare<[string]>('INSERT INTO cascaded (key) VALUES (?)');
  return database.transaction((first: number, end: number) => {
    for (let at = first; at < end; at += 1) {
      const parent = keyAt.get(at);
      if (parent === undefined) return false;
      for (const { id, key } of rowsOf.all(parent)) {
        drop.run(id);
        if (close.get(key) === 0) cascade.run(key);
      }
    }
    return true;
  });
}
