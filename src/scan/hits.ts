/**
 * What checks have found, on its way to order: pairs of a record's ordinal and a part of the check,
 * and groups of ordinals, in a private file, so that ten million of them do not exhaust memory.
 */

import Database from 'better-sqlite3';

import { createFile } from '../disk/durable.ts';
import { closeSync } from 'node:fs';
import { join } from 'node:path';

export interface Hit {
  readonly ordinal: number;
  readonly part: number;
  /** Id of the finding from which this one follows. */
  readonly because: string | null;
}

export interface GroupMember {
  readonly ordinal: number;
  readonly part: number;
  /** What makes the group: a text that its members share. */
  readonly group: string;
  /** Members that belong together anyway share it. */
  readonly owner: string;
}

interface OpenGroup {
  readonly part: number;
  readonly first: number;
  readonly ordinals: number[];
}

export interface Hits {
  add(ordinal: number, part: number, because?: string): void;
  addMember(member: GroupMember): void;
  /** The parts that have hits, ascending. */
  parts(): number[];
  /** Ordinals of the hits of a part, from `from` and below `to`. */
  ordinals(part: number, from: number, to: number): number[];
  /** Makes a hit one of another part. */
  move(ordinal: number, part: number, to: number): void;
  /** The hits ascending by ordinal and part, each once; then there are none. */
  take(): Generator<Hit>;
  /** Groups of at least two owners, by part and first member; then there are none. */
  takeGroups(): Generator<{ readonly part: number; readonly ordinals: readonly number[] }>;
  close(): void;
}

/** Groups whose members are all of one owner are none. */
const GROUPS = `
  SELECT part, ordinal, first FROM (
    SELECT part, ordinal, min(ordinal) OVER w AS first,
      min(owner) OVER w AS low, max(owner) OVER w AS high
    FROM member WINDOW w AS (PARTITION BY part, shared))
  WHERE low <> high ORDER BY part, first, ordinal`;

/** Opens a file in the folder `scratch`, which has to be private and is removed by its owner. */
export function openHits(scratch: string): Hits {
  const path = join(scratch, 'hits.db');
  closeSync(createFile(path));
  const db = new Database(path, { fileMustExist: true });
  db.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
    CREATE TABLE hit (ordinal INTEGER, part INTEGER, because TEXT,
      PRIMARY KEY (ordinal, part)) WITHOUT ROWID;
    CREATE TABLE member (part INTEGER, shared TEXT, owner TEXT, ordinal INTEGER,
      PRIMARY KEY (part, shared, owner, ordinal)) WITHOUT ROWID;
    BEGIN`);
  const insert = db.prepare('INSERT OR IGNORE INTO hit VALUES (?, ?, ?)');
  const insertMember = db.prepare('INSERT OR IGNORE INTO member VALUES (?, ?, ?, ?)');
  const parts = db.prepare('SELECT DISTINCT part FROM hit ORDER BY part').pluck();
  const ordinals = db
    .prepare('SELECT ordinal FROM hit WHERE ordinal >= ? AND ordinal < ? AND part = ?')
    .pluck();
  const update = db.prepare('UPDATE OR REPLACE hit SET part = ? WHERE ordinal = ? AND part = ?');
  return {
    parts: () => parts.all() as number[],
    ordinals: (part, from, to) => ordinals.all(from, to, part) as number[],
    move(ordinal, part, to) {
      update.run(to, ordinal, part);
    },
    add(ordinal, part, because) {
      insert.run(ordinal, part, because ?? null);
    },
    addMember({ part, group, owner, ordinal }) {
      insertMember.run(part, group, owner, ordinal);
    },
    *take() {
      yield* db
        .prepare('SELECT ordinal, part, because FROM hit ORDER BY ordinal, part')
        .iterate() as Iterable<Hit>;
      db.exec('DELETE FROM hit');
    },
    *takeGroups() {
      const rows = db.prepare(GROUPS).iterate() as Iterable<
        GroupMember & { readonly first: number }
      >;
      let open: OpenGroup | null = null;
      for (const { part, ordinal, first } of rows) {
        if (open === null || open.part !== part || open.first !== first) {
          if (open !== null) yield open;
          open = { part, first, ordinals: [] };
        }
        open.ordinals.push(ordinal);
      }
      if (open !== null) yield open;
      db.exec('DELETE FROM member');
    },
    close() {
      db.close();
    },
  };
}
