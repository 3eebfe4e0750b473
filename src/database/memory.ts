/**
 * A database in memory, for tests: what the contract says, and nothing of a server. Tables are those
 * that a test has registered; a test may change their rows at any time, as an application does.
 */

import { Failure } from '../outcome/failure.ts';
import { columnsOf, compareKeys, isExact, keyText, sameCell } from './cells.ts';
import type {
  Cell,
  Change,
  ColumnFacts,
  Database,
  DatabaseAdapter,
  ListedTable,
  LogTable,
  OpenDatabase,
  Row,
  RowFilter,
  Table,
  TableRequest,
} from './database.ts';
import {
  assertChangeable,
  assertFits,
  isOfKind,
  noColumn,
  noTable,
  noUniqueKey,
  nullKey,
  refused,
} from './refusals.ts';

export type MemoryRow = Record<string, Cell>;

/** A registered table. */
export interface MemoryTable {
  readonly columns: readonly ColumnFacts[];
  readonly key: readonly string[];
  readonly rows: MemoryRow[];
}

export interface MemoryDatabase {
  readonly tables: Map<string, MemoryTable>;
  readonly logs: Map<string, MemoryLog>;
  readonly locks: Set<string>;
}

interface MemoryLog {
  readonly log: LogTable;
  readonly lines: (readonly Cell[])[];
}

const SCHEME = 'memory';
const PAGE = 500;

/** Returns a database without tables. */
export function emptyDatabase(): MemoryDatabase {
  return { tables: new Map(), logs: new Map(), locks: new Set() };
}

/** Returns an adapter whose databases are those of the map, by name. */
export function memoryDatabases(databases: ReadonlyMap<string, MemoryDatabase>): DatabaseAdapter {
  return {
    scheme: SCHEME,
    usage: 'memory:NAME',
    parse: (rest) => Object.assign({ scheme: SCHEME }, { name: rest }),
    async open(location, options) {
      const name = 'name' in location && typeof location.name === 'string' ? location.name : '';
      const found = databases.get(name);
      if (found !== undefined) return databaseOf(found, `memory ${name}`, options);
      throw refused('there is no such database', `memory ${name}`, 'register it');
    },
  };
}

function databaseOf(database: MemoryDatabase, label: string, options: OpenDatabase): Database {
  const held = new Set<string>();
  const assertWrites = (): void => {
    options.signal.throwIfAborted();
    if (!options.writes) throw refused('the database was opened to be read only', label, 'do not');
  };
  return {
    label,
    table: async (request) => tableOf(database, label, request, assertWrites),
    tables: async () =>
      [...database.tables]
        .toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
        .map(([table, { columns, key }]) => ({ table, columns, key })),
    scan: (table, columns) => scan(database, table, columns),
    async createLog(log) {
      assertWrites();
      const found = database.logs.get(log.name);
      if (database.tables.has(log.name) || (found !== undefined && !sameLog(found.log, log))) {
        throw refused('something else has the name of the log', label, 'rename it');
      }
      if (found === undefined) database.logs.set(log.name, { log, lines: [] });
    },
    async *readLog({ name }) {
      const lines = database.logs.get(name)?.lines ?? [];
      for (let at = 0; at < lines.length; at += PAGE) yield lines.slice(at, at + PAGE);
    },
    async dropLog({ name }) {
      assertWrites();
      database.logs.delete(name);
    },
    async lock(name) {
      if (database.locks.has(name) && !held.has(name)) {
        const hint = 'wait until it has ended, then run again';
        throw new Failure('BUSY', { what: `another ${name} is at work`, where: label, hint });
      }
      database.locks.add(name);
      held.add(name);
    },
    async close() {
      for (const name of held) database.locks.delete(name);
      held.clear();
    },
  };
}

function sameLog(one: LogTable, other: LogTable): boolean {
  return JSON.stringify(one.columns) === JSON.stringify(other.columns);
}

async function* scan(
  database: MemoryDatabase,
  { table, key }: ListedTable,
  columns: readonly string[],
): AsyncGenerator<Row[]> {
  const rows = database.tables.get(table)?.rows ?? [];
  for (let at = 0; at < rows.length; at += PAGE) {
    yield rows.slice(at, at + PAGE).map((row) => rowOf(row, key, columns));
  }
}

function rowOf(row: MemoryRow, key: readonly string[], columns: readonly string[]): Row {
  const cells = (names: readonly string[]): Cell[] => names.map((name) => row[name] ?? null);
  return { key: cells(key), cells: cells(columns) };
}

function passes(row: MemoryRow, { isNull, notNull, isEmpty = [] }: RowFilter): boolean {
  const empty = (name: string): boolean => (row[name] ?? null) === null;
  return isNull.every(empty) && !notNull.some(empty) && isEmpty.every((name) => row[name] === '');
}

function tableOf(
  database: MemoryDatabase,
  where: string,
  { table: name, key, columns }: TableRequest,
  assertWrites: () => void,
): Table {
  const table = database.tables.get(name);
  if (table === undefined) throw noTable(where, name, database.tables.keys());
  const label = `${where}, table ${name}`;
  const facts = new Map(table.columns.map((column) => [column.name, column]));
  const columnOf = (column: string): ColumnFacts => {
    const found = facts.get(column);
    if (found === undefined) throw noColumn(label, column, facts.keys());
    return found;
  };
  const all = [...key, ...columns].map(columnOf);
  if (!sameNames(key, table.key)) throw noUniqueKey(label, key);
  const sorted = (): Row[] => {
    const rows = table.rows.map((row) => rowOf(row, key, columns));
    if (rows.some((row) => row.key.includes(null))) throw nullKey(label, key);
    return rows.toSorted((one, other) => compareKeys(one.key, other.key));
  };
  const filtered = (filter: RowFilter): Row[] => {
    const wanted = new Set(
      table.rows
        .filter((row) => passes(row, filter))
        .map((row) => keyText(rowOf(row, key, columns).key)),
    );
    return sorted().filter((row) => wanted.has(keyText(row.key)));
  };
  return {
    label: name,
    columns: all,
    count: async (filter) => filtered(filter).length,
    page: async (after, limit, filter) =>
      filtered(filter)
        .filter((row) => after === null || compareKeys(row.key, after) > 0)
        .slice(0, limit),
    async read(keys) {
      const rows = new Map(sorted().map((row) => [keyText(row.key), row]));
      return keys.map((wanted) => rows.get(keyText(wanted)) ?? null);
    },
    async swap(changes, log) {
      assertWrites();
      const { set } = columnsOf(changes);
      for (const column of set) assertChangeable(name, columnOf(column), key, false);
      for (const change of changes) assertFits(name, change, facts, isOfKind);
      const lines = log === undefined ? null : linesOf(database, name, log);
      return swapRows(table.rows, key, changes, lines);
    },
  };
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function linesOf(database: MemoryDatabase, where: string, { name }: LogTable): MemoryLog['lines'] {
  const found = database.logs.get(name);
  if (found === undefined) throw refused(`there is no log ${name}`, where, 'create it');
  return found.lines;
}

function swapRows(
  rows: readonly MemoryRow[],
  key: readonly string[],
  changes: readonly Change[],
  lines: MemoryLog['lines'] | null,
): boolean[] {
  const found = new Map(rows.map((row) => [keyText(rowOf(row, key, []).key), row]));
  return changes.map((change) => {
    const row = found.get(keyText(change.key));
    const isAs = ([name, cell]: [string, Cell]): boolean =>
      isExact(cell) && row !== undefined && sameCell(row[name] ?? null, cell);
    if (row === undefined || !Object.entries(change.expect).every(isAs)) return false;
    Object.assign(row, change.set);
    if (change.log !== undefined) lines?.push(change.log);
    return true;
  });
}
