/**
 * Sorts the violations of records, and the groups of records, that checks have found. Each log
 * belongs to the check that opened it. All logs are tables of one private file, so that ten million
 * entries do not exhaust memory. The file is created with the first entry.
 */

import { closeSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { createFile } from '../disk/durable.ts';

export interface LoggedViolation {
  /** 0-based line of the record. */
  readonly ordinal: number;
  /** Index in the check's list of violations. */
  readonly kind: number;
  /** Id of the finding from which this one follows. */
  readonly because: string | null;
}

/** Violations of a check; each record and kind is logged once. */
export interface ViolationLog {
  add(ordinal: number, kind: number, because?: string): void;
  /** Returns the kinds that have entries, ascending. */
  kinds(): number[];
  /** Returns the ordinals of a kind in [from, to). */
  ordinals(kind: number, from: number, to: number): number[];
  /** Changes the kind of a violation. */
  move(ordinal: number, kind: number, to: number): void;
  /** Yields the entries ascending by ordinal and kind; when all are read, the log is empty. */
  take(): Generator<LoggedViolation>;
}

export interface GroupMember {
  readonly ordinal: number;
  /** Index in the check's list of unique sets. */
  readonly set: number;
  /** Text that identifies the group within its set. */
  readonly group: string;
  /** Members of one owner are not duplicates of each other. */
  readonly owner: string;
}

export interface Group {
  readonly set: number;
  /** Ascending. */
  readonly ordinals: readonly number[];
}

/** Groups of records that share values that must be unique. */
export interface GroupLog {
  add(member: GroupMember): void;
  /** Yields groups of at least two owners, by set and first member; then the log is empty. */
  take(): Generator<Group>;
}

export interface ViolationStore {
  openViolations(): ViolationLog;
  openGroups(): GroupLog;
  /** Closes the file; its owner removes it with its folder. */
  close(): void;
}

/** Tables of the logs. */
interface Tables {
  /** Creates a table with a new name. */
  create(columns: string): { readonly db: Database.Database; readonly table: string };
}

/** Opens a store in the private folder `scratch`, which its owner removes. */
export function openViolationStore(scratch: string): ViolationStore {
  let db: Database.Database | null = null;
  let count = 0;
  const tables: Tables = {
    create(columns) {
      db ??= openDatabase(join(scratch, 'violations.db'));
      count += 1;
      const table = `log${count}`;
      db.exec(`CREATE TABLE ${table} (${columns}) WITHOUT ROWID`);
      return { db, table };
    },
  };
  return {
    openViolations: () => violationLog(tables),
    openGroups: () => groupLog(tables),
    close() {
      db?.close();
    },
  };
}

function openDatabase(path: string): Database.Database {
  closeSync(createFile(path));
  const db = new Database(path, { fileMustExist: true });
  db.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000; BEGIN`);
  return db;
}

interface OpenViolations {
  readonly db: Database.Database;
  readonly table: string;
  readonly insert: Database.Statement;
  readonly ordinals: Database.Statement;
  readonly update: Database.Statement;
}

function violationLog(tables: Tables): ViolationLog {
  let open: OpenViolations | null = null;
  return {
    add(ordinal, kind, because) {
      open ??= createViolations(tables);
      open.insert.run(ordinal, kind, because ?? null);
    },
    kinds() {
      if (open === null) return [];
      const { db, table } = open;
      return db
        .prepare(`SELECT DISTINCT kind FROM ${table} ORDER BY kind`)
        .pluck()
        .all() as number[];
    },
    ordinals: (kind, from, to) => (open?.ordinals.all(from, to, kind) ?? []) as number[],
    move(ordinal, kind, to) {
      open?.update.run(to, ordinal, kind);
    },
    *take() {
      if (open === null) return;
      const { db, table } = open;
      yield* db
        .prepare(`SELECT ordinal, kind, because FROM ${table} ORDER BY ordinal, kind`)
        .iterate() as Iterable<LoggedViolation>;
      db.exec(`DROP TABLE ${table}`);
      open = null;
    },
  };
}

function createViolations(tables: Tables): OpenViolations {
  const { db, table } = tables.create(
    'ordinal INTEGER, kind INTEGER, because TEXT, PRIMARY KEY (ordinal, kind)',
  );
  const where = 'ordinal >= ? AND ordinal < ? AND kind = ?';
  return {
    db,
    table,
    insert: db.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ?, ?)`),
    ordinals: db.prepare(`SELECT ordinal FROM ${table} WHERE ${where}`).pluck(),
    update: db.prepare(`UPDATE OR REPLACE ${table} SET kind = ? WHERE ordinal = ? AND kind = ?`),
  };
}

interface OpenGroups {
  readonly db: Database.Database;
  readonly table: string;
  readonly insert: Database.Statement;
}

function groupLog(tables: Tables): GroupLog {
  let open: OpenGroups | null = null;
  return {
    add({ set, group, owner, ordinal }) {
      open ??= createGroups(tables);
      open.insert.run(set, group, owner, ordinal);
    },
    *take() {
      if (open === null) return;
      const { db, table } = open;
      yield* readGroups(db, table);
      db.exec(`DROP TABLE ${table}`);
      open = null;
    },
  };
}

function createGroups(tables: Tables): OpenGroups {
  const { db, table } = tables.create(
    `"set" INTEGER, shared TEXT, owner TEXT, ordinal INTEGER,
      PRIMARY KEY ("set", shared, owner, ordinal)`,
  );
  return { db, table, insert: db.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ?, ?, ?)`) };
}

interface MemberRow {
  readonly set: number;
  readonly ordinal: number;
  readonly first: number;
}

/** Yields groups that have members of at least two owners. */
function* readGroups(db: Database.Database, table: string): Generator<Group> {
  const rows = db
    .prepare(
      `SELECT "set", ordinal, first FROM (
        SELECT "set", ordinal, min(ordinal) OVER w AS first,
          min(owner) OVER w AS low, max(owner) OVER w AS high
        FROM ${table} WINDOW w AS (PARTITION BY "set", shared))
      WHERE low <> high ORDER BY "set", first, ordinal`,
    )
    .iterate() as Iterable<MemberRow>;
  let open: (MemberRow & { readonly ordinals: number[] }) | null = null;
  for (const row of rows) {
    if (open === null || open.set !== row.set || open.first !== row.first) {
      if (open !== null) yield open;
      open = { ...row, ordinals: [] };
    }
    open.ordinals.push(row.ordinal);
  }
  if (open !== null) yield open;
}
