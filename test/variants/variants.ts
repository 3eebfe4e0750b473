/**
 * One database, stored in many ways: text encodings, page size, physical order of the rows, half of
 * them in the write-ahead log alone. All variants hold the same logical content.
 */

import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Cell } from '../dogschool/bulk.ts';
import { randomOf, shuffled } from '../dogschool/random.ts';
import { REFERENCE, type ReferenceTable, VIEW } from './reference.ts';

export interface Variant {
  readonly name: string;
  /** Its `-wal` lies beside it where it has one. */
  readonly file: string;
}

interface Storage {
  readonly encoding?: 'UTF-8' | 'UTF-16le' | 'UTF-16be';
  readonly pageSize?: number;
  readonly order?: 'reversed' | 'shuffled';
  readonly wal?: boolean;
}

interface Addition {
  readonly table: ReferenceTable;
  readonly row: readonly Cell[];
}

const STORAGES: Readonly<Record<string, Storage>> = {
  'utf-8': {},
  'utf-16le': { encoding: 'UTF-16le' },
  'utf-16be': { encoding: 'UTF-16be' },
  'page-512': { pageSize: 512 },
  reversed: { order: 'reversed' },
  shuffled: { order: 'shuffled' },
  wal: { wal: true },
  'all-at-once': { encoding: 'UTF-16be', pageSize: 512, order: 'shuffled', wal: true },
};

/** Writes each variant to a folder of its own in `dir`; the plain one (UTF-8) comes first. */
export function makeVariants(dir: string): Variant[] {
  return Object.entries(STORAGES).map(([name, storage]) => {
    const folder = join(dir, name);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'reference.db');
    if (storage.wal === true) writeWithLog(file, storage);
    else writeWhole(file, storage);
    return { name, file };
  });
}

function writeWhole(file: string, storage: Storage): void {
  const db = create(file, storage);
  addRows(db, additionsOf(storage));
  db.close();
}

/**
 * Half of the rows are in the database file, which holds a row too many and a stale cell as well;
 * the rest, and what puts that right, is in the log alone, as when a program was cut off.
 */
function writeWithLog(file: string, storage: Storage): void {
  const live = `${file}.live`;
  const db = create(live, storage);
  const additions = additionsOf(storage);
  const half = Math.floor(additions.length / 2);
  db.pragma('journal_mode = WAL');
  db.pragma('wal_autocheckpoint = 0');
  addRows(db, additions.slice(0, half));
  db.exec(`INSERT INTO words VALUES ('gone in the log', -1);
    UPDATE words SET n = n + 1000000; UPDATE files SET content = x'00' WHERE content IS NOT NULL`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.exec(`DELETE FROM words WHERE n = 999999; UPDATE words SET n = n - 1000000`);
  const restore = db.prepare('UPDATE files SET content = ? WHERE path = ?');
  const files = REFERENCE.find(({ name }) => name === 'files')?.rows ?? [];
  for (const [path, content] of files) restore.run(content, path);
  addRows(db, additions.slice(half));
  copyFileSync(live, file);
  copyFileSync(`${live}-wal`, `${file}-wal`);
  db.close();
  rmSync(live);
}

function create(file: string, storage: Storage): Database.Database {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${end}`, { force: true });
  const db = new Database(file);
  db.pragma(`encoding = '${storage.encoding ?? 'UTF-8'}'`);
  db.pragma(`page_size = ${storage.pageSize ?? 4096}`);
  db.pragma('foreign_keys = OFF'); // rows come in any order
  db.pragma('synchronous = OFF');
  const tables = storage.order === 'reversed' ? REFERENCE.toReversed() : REFERENCE;
  for (const { sql } of tables) db.exec(sql);
  db.exec(VIEW);
  return db;
}

function additionsOf({ order }: Storage): Addition[] {
  const all = REFERENCE.flatMap((table) => table.rows.map((row) => ({ table, row })));
  if (order === 'reversed') return all.toReversed();
  return order === 'shuffled' ? shuffled(all, randomOf(1, 'rows')) : all;
}

function addRows(db: Database.Database, additions: readonly Addition[]): void {
  const statements = new Map<ReferenceTable, Database.Statement>();
  db.exec('BEGIN');
  for (const { table, row } of additions) {
    let statement = statements.get(table);
    if (statement === undefined) {
      statement = db.prepare(insertInto(table));
      statements.set(table, statement);
    }
    statement.run(row);
  }
  db.exec('COMMIT');
}

function insertInto({ name, columns }: ReferenceTable): string {
  const places = columns.map(() => '?').join(', ');
  return `INSERT INTO ${quoted(name)} (${columns.map(quoted).join(', ')}) VALUES (${places})`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
