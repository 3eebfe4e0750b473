/** What a load has left in an SQLite file, and what else is in it. The file is only read. */

import Database from 'better-sqlite3';

import { systemCode } from '../../disk/errors.ts';
import { Failure } from '../../outcome/failure.ts';
import { quote } from '../../sql/quote.ts';
import { sqliteFailure } from './file.ts';
import { LEDGER } from './tables.ts';

/** Reads a file that applications may have open. @throws Failure TARGET or BUSY */
export function reading<T>(file: string, lockMs: number, work: (db: Database.Database) => T): T {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: lockMs });
    try {
      // What applications have made in the file calls nothing.
      db.pragma('trusted_schema = OFF');
      return work(db);
    } finally {
      db.close();
    }
  } catch (error) {
    throw readingFailure(error, file);
  }
}

function readingFailure(error: unknown, where: string): unknown {
  const code = systemCode(error) ?? '';
  if (code.startsWith('SQLITE_BUSY')) {
    return new Failure('BUSY', {
      what: 'another process holds a lock on the database',
      where,
      hint: 'wait until it has ended, or stop it, then run again',
      cause: error,
    });
  }
  if (/^SQLITE_READONLY_(?:ROLLBACK|RECOVERY|CANTINIT)/.test(code)) {
    return new Failure('TARGET', {
      what: 'a writer was killed and left a transaction that is to be undone',
      where,
      hint: 'open the database once with its application, which undoes it, then run again',
      cause: error,
    });
  }
  return sqliteFailure(error, where);
}

/** Returns the seal whose load into the file is complete; null for none. */
export function sealIn(file: string, lockMs: number): string | null {
  return reading(file, lockMs, (db) => {
    if (!hasLedger(db)) return null;
    const seal = db
      .prepare<[], string>(`SELECT seal_id FROM ${LEDGER} WHERE state = 'complete'`)
      .pluck()
      .get();
    return seal ?? null;
  });
}

function hasLedger(db: Database.Database): boolean {
  const isTable = db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`);
  return isTable.get(LEDGER) !== undefined;
}

/** Returns the tables into which the load has written rows. */
export function sealedTables(db: Database.Database): ReadonlySet<string> {
  if (!hasLedger(db)) return new Set();
  const found = db
    .prepare<[], string>(`SELECT key FROM ${LEDGER}, json_each(progress)`)
    .pluck()
    .all();
  return new Set(found);
}

/** Tables that applications name; neither those of SQLite, nor parts of a virtual table, nor the ledger. */
const TABLES = `SELECT name FROM pragma_table_list
  WHERE schema = 'main' AND type IN ('table', 'virtual')
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '${LEDGER}' ORDER BY name`;

/** Lists the tables with rows, but for those of the seal where `besides` says so. */
export function tablesWithRows(file: string, lockMs: number, besides: 'seal' | 'none'): string[] {
  return reading(file, lockMs, (db) => {
    const sealed = besides === 'seal' ? sealedTables(db) : new Set<string>();
    const names = db.prepare<[], string>(TABLES).pluck().all();
    return names.filter((name) => !sealed.has(name) && hasRows(db, name)).map(quote);
  });
}

/** A virtual table whose module is not here may have rows. */
function hasRows(db: Database.Database, table: string): boolean {
  try {
    return db.prepare(`SELECT 1 FROM ${quote(table)} LIMIT 1`).get() !== undefined;
  } catch (error) {
    if (systemCode(error) === 'SQLITE_ERROR') return true;
    throw error;
  }
}
