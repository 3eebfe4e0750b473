/**
 * Separate process for a SQLite database of a step: SQLite cannot be interrupted from within, a process can.
 * It answers one question at a time, and ends with the process that started it.
 */

import { realpathSync, statSync } from 'node:fs';

import Database from 'better-sqlite3';

import { statementsOf } from '../../sql/statements.ts';
import { endWithParent } from '../../threads/endWithParent.ts';
import type { SqlPage, SqlValue } from './world.ts';

export type SqliteQuestion =
  | {
      readonly kind: 'open';
      readonly file: string;
      readonly readOnly: boolean;
      readonly lockMs: number;
    }
  | {
      readonly kind: 'query';
      readonly sql: string;
      readonly parameters: readonly SqlValue[];
      readonly most: number;
    }
  /** The first page, or the next one where there is no text. */
  | { readonly kind: 'page'; readonly sql: string | null }
  | { readonly kind: 'script'; readonly sql: string }
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'copy'; readonly path: string };

export type SqliteAnswer =
  | { readonly kind: 'done' }
  | ({ readonly kind: 'rows'; readonly more: boolean } & SqlPage)
  /** SQLite's code or one of {@link Refusal}, and the line of the statement. */
  | { readonly kind: 'failed'; readonly code: string; readonly line: number | null };

const PAGE = 500;
const MOST_BYTES = 64 * 1024 * 1024;

type Row = readonly unknown[];

let db: Database.Database | null = null;
let isReadOnly = true;
/** Rows that are being read, with the names of their columns. */
let reading: { readonly columns: readonly string[]; readonly rows: Iterator<Row> } | null = null;

process.on('message', (question: SqliteQuestion) => {
  void answer(question).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => {
  // A transaction that is open is undone.
  process.kill(process.pid, 'SIGKILL');
});
endWithParent();

async function answer(question: SqliteQuestion): Promise<SqliteAnswer> {
  try {
    switch (question.kind) {
      case 'open':
        return open(question);
      case 'query':
        return query(opened(), question);
      case 'page':
        return page(question.sql);
      case 'script':
        return script(question.sql);
      case 'copy':
        await opened().backup(question.path);
        return { kind: 'done' };
      default:
        return transact(question.kind);
    }
  } catch (error) {
    return failed(error, null);
  }
}

function opened(): Database.Database {
  if (db === null) throw new TypeError('no database is open');
  return db;
}

function open({ file, readOnly, lockMs }: SqliteQuestion & { kind: 'open' }): SqliteAnswer {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new Refusal('NO_FILE');
  }
  db = new Database(realpathSync(file), {
    readonly: readOnly,
    fileMustExist: true,
    timeout: lockMs,
  });
  isReadOnly = readOnly;
  if (readOnly) db.pragma('query_only = ON');
  // As SQLite itself has it, and its shell: the driver's own default is on.
  db.pragma('foreign_keys = OFF');
  db.defaultSafeIntegers(true);
  db.pragma('schema_version');
  return { kind: 'done' };
}

function query(
  from: Database.Database,
  { sql, parameters, most }: SqliteQuestion & { kind: 'query' },
) {
  const statement = from.prepare(sql);
  if (isReadOnly && !statement.readonly) throw new Refusal('NOT_QUERY');
  const bound = parameters.map((value) => (typeof value === 'boolean' ? BigInt(value) : value));
  if (!statement.reader) {
    statement.run(...bound);
    return { kind: 'rows', columns: [], rows: [], more: false } as const;
  }
  const columns = statement.columns().map(({ name }) => name);
  const rows = statement.raw().iterate(...bound) as IterableIterator<Row>;
  const found = taken(rows, most + 1);
  rows.return?.();
  const more = found.length > most;
  return { kind: 'rows', columns, rows: found.slice(0, most), more } as const;
}

function page(sql: string | null): SqliteAnswer {
  if (sql !== null) {
    const statement = opened().prepare(sql);
    if (!statement.reader || !statement.readonly) throw new Refusal('NOT_QUERY');
    const columns = statement.columns().map(({ name }) => name);
    reading = { columns, rows: statement.raw().iterate() as IterableIterator<Row> };
  }
  if (reading === null) throw new TypeError('no rows are being read');
  const { columns } = reading;
  const rows = taken(reading.rows, PAGE);
  const more = rows.length === PAGE;
  if (!more) reading = null;
  return { kind: 'rows', columns, rows, more };
}

function taken(from: Iterator<Row>, most: number): SqlValue[][] {
  const rows: SqlValue[][] = [];
  let bytes = 0;
  while (rows.length < most) {
    const next = from.next();
    if (next.done === true) break;
    const row = next.value.map(valueOf);
    for (const cell of row) {
      if (typeof cell === 'string' || cell instanceof Uint8Array) bytes += cell.length;
    }
    if (bytes > MOST_BYTES) throw new Refusal('SQLITE_TOOBIG');
    rows.push(row);
  }
  return rows;
}

function valueOf(cell: unknown): SqlValue {
  return typeof cell === 'number' ? String(cell) : (cell as SqlValue);
}

function script(sql: string): SqliteAnswer {
  for (const { text, line } of statementsOf(sql, 'sqlite')) {
    try {
      const statement = opened().prepare(text);
      if (!statement.reader) statement.run();
      else for (const _ of statement.raw().iterate()) void _;
    } catch (error) {
      return failed(error, line);
    }
  }
  return { kind: 'done' };
}

function transact(kind: 'begin' | 'commit' | 'rollback'): SqliteAnswer {
  const from = opened();
  if (kind === 'commit') from.exec('COMMIT');
  if (kind === 'rollback' && from.inTransaction) from.exec('ROLLBACK');
  if (kind === 'begin' && isReadOnly) {
    from.exec('BEGIN');
    // Takes the snapshot.
    from.prepare('SELECT count(*) FROM sqlite_schema').get();
  } else if (kind === 'begin') from.exec('BEGIN IMMEDIATE');
  return { kind: 'done' };
}

/** Reasons that are not SQLite's. */
export type RefusalCode = 'NO_FILE' | 'NOT_QUERY' | 'SEVERAL';

class Refusal extends Error {
  readonly code: RefusalCode | 'SQLITE_TOOBIG';
  constructor(code: RefusalCode | 'SQLITE_TOOBIG') {
    super(code);
    this.code = code;
  }
}

/** Messages of SQLite may hold values, so that only its code is told. */
function failed(error: unknown, line: number | null): SqliteAnswer {
  if (error instanceof Database.SqliteError || error instanceof Refusal) {
    return { kind: 'failed', code: error.code, line };
  }
  const several = error instanceof RangeError && /more than one statement/.test(error.message);
  return { kind: 'failed', code: several ? 'SEVERAL' : 'SQLITE_ERROR', line };
}
