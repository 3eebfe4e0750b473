/**
 * Connections to a SQLite source: read-only, holding one snapshot, with SQLite's errors turned into
 * Failures. They never write into the source's folder; access.ts decides how.
 */

import Database from 'better-sqlite3';
import { Failure } from '../../outcome/failure.ts';

// better-sqlite3 reads this once, when its addon is loaded, and then understands URIs, which are
// the only way to pass `immutable`. Everything else is opened by absolute path, never as URI.
process.env['SQLITE_USE_URI'] = '1';

export type Connection = Database.Database;

/** Access to the database; chosen by access.ts, survives structured clone. */
export interface Access {
  /**
   * - `immutable`: a write-ahead database at rest, read without locks and side files;
   * - `live`: a write-ahead database that another process has open, read beside it;
   * - `shared`: a rollback-journal database, held by a shared lock;
   * - `copy`: a private copy.
   */
  readonly kind: 'immutable' | 'live' | 'shared' | 'copy';
  /** Absolute path of the opened file, with symbolic links resolved. */
  readonly file: string;
  /** Path as the user gave it, for messages. */
  readonly shown: string;
  readonly lockTimeoutMs: number;
  /** Notes on the files beside it, each a clause. */
  readonly notes: readonly string[];
  /**
   * Tables whose key is ordered by an unknown collation (standIn.ts), in which no key may be looked
   * up.
   */
  readonly unordered?: readonly string[];
  /** Whether the version in its header lets SQLite read it, but not write it. */
  readonly frozen: boolean;
  /** Of a copy: the digest of the files that were copied (databaseFiles.ts). */
  readonly copied?: string;
}

/**
 * Page cache of a connection, in KiB: SQLite's own default. The driver's is eight times as large,
 * for each worker, and of no use for reading every row once in order.
 */
const CACHE_KIB = 2000;

const PRAGMAS: readonly string[] = [
  // The schema is attacker-controlled: its views may call only harmless functions.
  'PRAGMA trusted_schema = OFF',
  'PRAGMA query_only = ON',
  `PRAGMA cache_size = -${CACHE_KIB}`,
];
const BEGIN = 'BEGIN';

/** Statements that begin a session with a snapshot, in their order. */
export const BEGINNING: readonly string[] = [...PRAGMAS, BEGIN];

/** Opens a connection without reading or locking anything yet. */
export function connect(access: Access): Connection {
  const name = access.kind === 'immutable' ? immutableUri(access.file) : access.file;
  const db = new Database(name, {
    readonly: true,
    fileMustExist: true,
    timeout: access.lockTimeoutMs,
  });
  for (const statement of PRAGMAS) db.exec(statement);
  return db;
}

/** Whether this process's SQLite understands URIs (another module may have loaded it before us). */
export function understandsUris(): boolean {
  try {
    new Database('file::memory:', { readonly: true, fileMustExist: true }).close();
    return true;
  } catch {
    return false;
  }
}

function immutableUri(file: string): string {
  return `file://${file.split('/').map(encodeURIComponent).join('/')}?mode=ro&immutable=1`;
}

/** Begins a read transaction and takes its snapshot at once. */
export function beginSnapshot(db: Connection): void {
  db.exec(BEGIN);
  db.prepare('SELECT count(*) FROM sqlite_schema').get();
}

/** Ends the read transaction, if there is one. */
export function endSnapshot(db: Connection): void {
  if (db.inTransaction) db.exec('COMMIT');
}

/**
 * Returns a value that changes with each commit of another connection; constant in a read
 * transaction.
 */
export function dataVersion(db: Connection): unknown {
  return db.pragma('data_version', { simple: true });
}

/** Returns SQLite's extended result code, or '' if the error is not SQLite's. */
export function sqliteCode(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : '';
}

/**
 * Runs `work` and turns SQLite's errors into Failures, without SQLite's messages, which may hold
 * values.
 */
export function translated<T>(access: Access, table: string | null, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asFailure(error, access.shown, table);
  }
}

/** Makes the Failure for an error of SQLite; returns any other error as it is. */
export function asFailure(error: unknown, file: string, table: string | null): unknown {
  const code = sqliteCode(error);
  if (code === '') return error;
  const where = table === null ? file : `${file}, table ${JSON.stringify(table)}`;
  const known = EXPLAINED.find(([prefix]) => code.startsWith(prefix));
  if (known !== undefined) {
    const [, failure, what, hint] = known;
    return new Failure(failure, { what, where, hint });
  }
  return new Failure('SOURCE_FORMAT', {
    what: `SQLite cannot read the database, it says ${code}`,
    where,
    hint: "check it with sqlite3's PRAGMA integrity_check",
  });
}

type Explained = readonly [prefix: string, code: Failure['code'], what: string, hint: string];

const EXPLAINED: readonly Explained[] = [
  [
    'SQLITE_NOTADB',
    'SOURCE_FORMAT',
    'the file is not a SQLite database, or it is encrypted',
    'name a SQLite 3 file, or decrypt it first',
  ],
  [
    'SQLITE_CORRUPT',
    'SOURCE_FORMAT',
    'the database is damaged or truncated',
    "fetch a complete copy, or repair it with sqlite3's .recover",
  ],
  [
    'SQLITE_IOERR_SHORT_READ',
    'SOURCE_FORMAT',
    'the database is truncated',
    'fetch a complete copy',
  ],
  [
    'SQLITE_BUSY',
    'SOURCE_LOCKED',
    'the database is locked by another process',
    'wait until it has finished writing, or stop it, and run again',
  ],
  [
    'SQLITE_LOCKED',
    'SOURCE_LOCKED',
    'the database is locked by another process',
    'wait until it has finished writing, or stop it, and run again',
  ],
  [
    'SQLITE_ERROR_MISSING_COLLSEQ',
    'SOURCE_SCHEMA',
    'SQLite needs a collation of the application for this, which is not available',
    'map the table itself, without SQL that compares or orders its texts',
  ],
  [
    'SQLITE_CANTOPEN',
    'SOURCE_MISSING',
    'the database cannot be opened',
    'check the path and its permissions',
  ],
  [
    'SQLITE_TOOBIG',
    'SOURCE_FORMAT',
    'a cell is larger than 512 MiB, more than can be read',
    'make it smaller, or move it out of the table',
  ],
  [
    'SQLITE_FULL',
    'DISK',
    'there is no free space for temporary data',
    'free some space and run again',
  ],
];
