/**
 * An application's SQLite database, changed where it is, while the application has it open. Promises:
 * a batch is one transaction with its lines of the log, nothing is changed that was not expected by
 * type and bytes, and without `writes` SQLite itself refuses to write.
 */

import { resolve } from 'node:path';

import { quote } from '../sql/quote.ts';
import type {
  Cell,
  Database,
  DatabaseAdapter,
  DatabaseLocation,
  ListedTable,
  OpenDatabase,
  Row,
} from './database.ts';
import { refused } from './refusals.ts';
import { listEntries, primaryKey, readColumns } from './sqlite/catalogue.ts';
import { takeCommandLock, type CommandLock } from './sqlite/commandLock.ts';
import { onSqlite, openFile, type OpenFile } from './sqlite/file.ts';
import { createLog, dropLog, linesAfter } from './sqlite/log.ts';
import { cellsOf, selectList, type RowForm, type Stored } from './sqlite/storedRow.ts';
import { sqliteTable, type Before } from './sqlite/table.ts';

const SCHEME = 'sqlite';
const SCAN_ROWS = 200;

interface FileLocation extends DatabaseLocation {
  readonly path: string;
}

export const sqliteDatabase: DatabaseAdapter = {
  scheme: SCHEME,
  usage: 'sqlite:FILE',
  parse: (rest, base): FileLocation => ({ scheme: SCHEME, path: resolve(base, rest) }),
  async open(location, options) {
    options.signal.throwIfAborted();
    return databaseOf(openFile(pathOf(location), options), options);
  },
};

function pathOf(location: DatabaseLocation): string {
  if (location.scheme === SCHEME && 'path' in location && typeof location.path === 'string') {
    return location.path;
  }
  throw new TypeError(`not a location of ${SCHEME}`);
}

function databaseOf(file: OpenFile, { writes, signal }: OpenDatabase): Database {
  const { db, shown } = file;
  const locks = new Map<string, CommandLock>();
  const before: Before = (toWrite) => {
    signal.throwIfAborted();
    if (!toWrite || writes) return;
    throw refused('the database was opened to be read only', shown, 'open it with writes');
  };
  const run = <T>(toWrite: boolean, work: () => T): T => {
    before(toWrite);
    return onSqlite(shown, work);
  };
  return {
    label: shown,
    table: async (request) => sqliteTable(file, request, before),
    tables: async () => run(false, () => listTables(file)),
    scan: (table, columns) => scan(file, table, columns, before),
    createLog: async (log) => run(true, () => createLog(db, log, shown)),
    dropLog: async (log) => run(true, () => dropLog(db, log, shown)),
    async *readLog(log) {
      for (let after = 0n; ;) {
        const from = after;
        const lines = run(false, () => linesAfter(db, log, from, shown));
        const last = lines.at(-1);
        if (last === undefined) return;
        [after] = last;
        yield lines.map(([, ...cells]): readonly Cell[] => cells);
      }
    },
    async lock(name) {
      if (!locks.has(name)) locks.set(name, takeCommandLock(file.path, name, process.pid));
    },
    async close() {
      for (const lock of locks.values()) lock.release();
      locks.clear();
      db.close();
    },
  };
}

function listTables({ db }: OpenFile): ListedTable[] {
  return listEntries(db)
    .filter(({ kind }) => kind === 'table')
    .map(({ name }) => {
      const columns = readColumns(db, name);
      return { table: name, columns: columns.map(({ facts }) => facts), key: primaryKey(columns) };
    });
}

/** Reads by rowid or primary key, so that no transaction stays open between two batches. */
async function* scan(
  file: OpenFile,
  { table, key }: ListedTable,
  columns: readonly string[],
  before: Before,
): AsyncGenerator<Row[]> {
  const label = `${file.shown}, table ${JSON.stringify(table)}`;
  const form = { file, label, from: `main.${quote(table)}`, key, columns };
  // A table without rowid has a primary key, by whose bytes its rows are found again.
  const place = hasRowid(file, table) ? [rowidOf(file, table)] : key.map(quote);
  let after: Stored[] | null = null;
  for (;;) {
    before(false);
    const rows: Stored[][] = onSqlite(label, () => scanPage(form, place, after));
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.slice(0, place.length);
    yield rows.map((row) => scanned(row.slice(place.length), form));
  }
}

/** Takes a row as it is: what is not changed may have a key that is null, or no valid text. */
function scanned(stored: readonly Stored[], form: RowForm): Row {
  const { key } = form;
  const keyCells = stored
    .slice(0, key.length)
    .map((cell): Cell => (typeof cell === 'number' ? String(cell) : cell));
  return { key: keyCells, cells: cellsOf(stored.slice(key.length), form, keyCells) };
}

function scanPage(form: RowForm, place: readonly string[], after: Stored[] | null): Stored[][] {
  const marks = place.map(() => '?').join(', ');
  const beyond = after === null ? '' : ` WHERE (${place.join(', ')}) > (${marks})`;
  const list = [place.join(', '), selectList(form)].join(', ');
  const sql = `SELECT ${list} FROM ${form.from}${beyond} ORDER BY ${place.join(', ')} LIMIT ${SCAN_ROWS}`;
  return form.file.db
    .prepare<Stored[], Stored[]>(sql)
    .raw()
    .all(...(after ?? []));
}

function hasRowid({ db }: OpenFile, table: string): boolean {
  const sql = `SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND wr = 0`;
  return db.prepare<[string]>(sql).get(table) !== undefined;
}

/** The rowid has three names, of which columns may take some. */
function rowidOf({ db }: OpenFile, table: string): string {
  const names = new Set(readColumns(db, table).map(({ facts }) => facts.name.toLowerCase()));
  return ['rowid', '_rowid_', 'oid'].find((name) => !names.has(name)) ?? 'rowid';
}
