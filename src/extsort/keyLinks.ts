/**
 * Rows by their keys and the keys that they lead to, on disk, for scratch: what falls with a set of
 * keys is found by walking each link once, however long the chains are. Written by several threads
 * in batches, walked by one; memory does not grow with the number of rows.
 */

import { closeSync } from 'node:fs';

import Database from 'better-sqlite3';

import { createFile } from '../disk/durable.ts';
import { setImmediate } from 'node:timers/promises';

/** Rows that a writer keeps before it takes the file for itself. */
const BATCH = 4096;
/** Another thread's batch takes milliseconds. */
const TIMEOUT_MS = 600_000;
const CACHE_KIB = 16_384;
/** Keys that are walked at a time; Ctrl-C is heard in between. */
const STRIDE = 4096;

export interface KeyLinksWriter {
  /** A row of this key, which falls with any of `parents`. */
  add(key: string, parents: readonly string[]): void;
  /** Writes what is still in memory, and closes. */
  finish(): void;
}

/** Makes a file without rows. */
export function createKeyLinks(path: string): void {
  const database = open(path, false);
  database.exec(
    'CREATE TABLE rows (id INTEGER PRIMARY KEY, key TEXT); CREATE TABLE links (parent TEXT, row INTEGER)',
  );
  database.close();
}

/** Adds rows; other threads may do the same. */
export function keyLinksWriter(path: string): KeyLinksWriter {
  const database = open(path, true);
  const insertRow = database.prepare('INSERT INTO rows (key) VALUES (?)');
  const insertLink = database.prepare('INSERT INTO links VALUES (?, ?)');
  let pending: (readonly [key: string, parents: readonly string[]])[] = [];
  const write = database.transaction(() => {
    for (const [key, parents] of pending) {
      const { lastInsertRowid } = insertRow.run(key);
      for (const parent of parents) insertLink.run(parent, lastInsertRowid);
    }
  });
  const flush = (): void => {
    if (pending.length > 0) write.immediate();
    pending = [];
  };
  return {
    add(key, parents) {
      pending.push([key, parents]);
      if (pending.length >= BATCH) flush();
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

/**
 * Adds to the key set `keys` every key all rows of which fall with it: those that lead to a key of
 * the set, also by way of what was added. Takes away what it needs: a file is walked once.
 */
export async function addFallenKeys(path: string, keys: string): Promise<void> {
  const database = open(path, true);
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

function open(path: string, mustExist: boolean): Database.Database {
  if (!mustExist) closeSync(createFile(path));
  const database = new Database(path, { fileMustExist: true, timeout: TIMEOUT_MS });
  database.pragma('journal_mode = off');
  database.pragma('synchronous = off');
  database.pragma(`cache_size = -${CACHE_KIB}`);
  return database;
}
