/**
 * Rows by their keys and the keys that they lead to, on disk, for scratch: what falls with a set of
 * keys is found by walking each link once, however long the chains are. Written by several threads
 * in batches, walked by one; memory does not grow with the number of rows.
 */

import { setImmediate } from 'node:timers/promises';

import type Database from 'better-sqlite3';

import { batchWriter, createTables, openTables, type BatchWriter } from './scratchTables.ts';

const CACHE_KIB = 16_384;
/** Keys that are walked at a time; Ctrl-C is heard in between. */
const STRIDE = 4096;

/** A row of a key, which falls with any of its parents. */
export interface LinkedRow {
  readonly key: string;
  readonly parents: readonly string[];
}

/** Makes a file without rows. */
export function createKeyLinks(path: string): void {
  createTables(
    path,
    'CREATE TABLE rows (id INTEGER PRIMARY KEY, key TEXT); CREATE TABLE links (parent TEXT, row INTEGER)',
  );
}

/** Adds rows; other threads may do the same. */
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
 * Adds to the key set `keys` every key all rows of which fall with it: those that lead to a key of
 * the set, also by way of what was added. Takes away what it needs: a file is walked once.
 */
export async function addFallenKeys(path: string, keys: string): Promise<void> {
  const database = openTables(path, CACHE_KIB);
  try {
    database.prepare('ATTACH ? AS target').run(keys);
    database.exec(`
      CREATE INDEX by_parent ON links (parent);
      CREATE TABLE open (key TEXT PRIMARY KEY, rows INTEGER) WITHOUT ROWID;
      INSERT INTO open SELECT key, count(*) FROM rows GROUP BY key;
      CREATE TABLE fallen (id INTEGER PRIMARY KEY, key TEXT);
      INSERT INTO fallen (key) SELECT key FROM target.keys`);
    const walk = walker(database);
    for (let at = 1; walk(at, at + STRIDE); at += STRIDE) await setImmediate();
    database.exec('INSERT OR IGNORE INTO target.keys SELECT key FROM fallen');
  } finally {
    database.close();
  }
}

/** Walks the fallen keys from `first` on, before `end`; whether all of these were there. */
function walker(database: Database.Database): (first: number, end: number) => boolean {
  const keyAt = database.prepare<[number], string>('SELECT key FROM fallen WHERE id = ?').pluck();
  const rowsOf = database.prepare<[string], { id: number; key: string }>(
    'SELECT DISTINCT rows.id, rows.key FROM links JOIN rows ON rows.id = links.row WHERE parent = ?',
  );
  const drop = database.prepare<[number]>('DELETE FROM rows WHERE id = ?');
  const close = database
    .prepare<[string], number>('UPDATE open SET rows = rows - 1 WHERE key = ? RETURNING rows')
    .pluck();
  const fall = database.prepare<[string]>('INSERT INTO fallen (key) VALUES (?)');
  return database.transaction((first: number, end: number) => {
    for (let at = first; at < end; at += 1) {
      const parent = keyAt.get(at);
      if (parent === undefined) return false;
      for (const { id, key } of rowsOf.all(parent)) {
        drop.run(id);
        if (close.get(key) === 0) fall.run(key);
      }
    }
    return true;
  });
}
