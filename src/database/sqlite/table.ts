/**
 * A table of an application's SQLite database. A batch of changes is one IMMEDIATE transaction; each
 * statement names the key and the expected cells by type and bytes, and what is stored is compared
 * with what was to be stored before the batch is committed, as affinities and triggers may change it.
 */

import type { Statement } from 'better-sqlite3';

import { columnsOf, isExact } from '../cells.ts';
import type {
  Cell,
  Change,
  ColumnFacts,
  LogTable,
  RowFilter,
  Table,
  TableRequest,
} from '../database.ts';
import {
  assertChangeable,
  assertFits,
  noColumn,
  noTable,
  noTableButView,
  noUniqueKey,
  nullKey,
  refused,
  rowPlace,
} from '../refusals.ts';
import { quote } from '../../sql/quote.ts';
import { keyCollations, listEntries, readColumns, type ColumnEntry } from './catalogue.ts';
import { onSqlite, type OpenFile } from './file.ts';
import { insertLine } from './log.ts';
import {
  isExactly,
  rowOf,
  sameKey,
  selectList,
  twice,
  typeOf,
  type RowForm,
  type Stored,
} from './storedRow.ts';

/** What a call checks first: that it was not aborted, and, to write, that it may. */
export type Before = (writes: boolean) => void;

/** Looks a table up. @throws Failure TARGET */
export function sqliteTable(file: OpenFile, request: TableRequest, before: Before): Table {
  const found = findTable(file, request);
  const { form, collations } = found;
  const order = form.key.map(
    (name) => `${quote(name)} COLLATE ${collations.get(name) ?? 'BINARY'}`,
  );
  const list = selectList(form);
  const run = <T>(work: () => T, writes = false): T => {
    before(writes);
    return onSqlite(form.label, work);
  };
  const statements = new Map<string, Statement<Cell[], Stored[]>>();
  const prepared = (sql: string): Statement<Cell[], Stored[]> => {
    const known = statements.get(sql) ?? file.db.prepare<Cell[], Stored[]>(sql).raw();
    statements.set(sql, known);
    return known;
  };
  return {
    label: request.table,
    columns: [...form.key, ...form.columns].map((name) => found.column(name).facts),
    count: async (filter) =>
      run(() => {
        const sql = `SELECT count(*) FROM ${form.from}${where(conditions(filter, found))}`;
        return Number(prepared(sql).get()?.[0] ?? 0);
      }),
    page: async (after, limit, filter) =>
      run(() => {
        const marks = form.key.map(() => '?').join(', ');
        const beyond = after === null ? [] : [`(${order.join(', ')}) > (${marks})`];
        const all = where([...beyond, ...conditions(filter, found)]);
        const sql = `SELECT ${list} FROM ${form.from}${all} ORDER BY ${order.join(', ')} LIMIT ?`;
        const rows = prepared(sql).all(...(after ?? []), BigInt(limit));
        return rows.map((stored) => rowOf(stored, form));
      }),
    read: async (keys) =>
      run(() => {
        const one = prepared(`SELECT ${list} FROM ${form.from} WHERE ${sameKey(form.key)}`);
        return keys.map((key) => {
          const stored = key.every(isExact) ? one.get(...twice(key)) : undefined;
          return stored === undefined ? null : rowOf(stored, form);
        });
      }),
    swap: async (changes, log) => run(() => swap(found, changes, log), true),
  };
}

interface Found {
  readonly form: RowForm;
  readonly facts: ReadonlyMap<string, ColumnFacts>;
  readonly collations: ReadonlyMap<string, string>;
  /** @throws Failure TARGET for a column that is missing */
  readonly column: (name: string) => ColumnEntry;
}

function findTable(file: OpenFile, { table: name, key, columns }: TableRequest): Found {
  return onSqlite(file.shown, () => {
    const entries = listEntries(file.db);
    const entry = entries.find((one) => one.name === name);
    if (entry === undefined)
      throw noTable(
        file.shown,
        name,
        entries.map((one) => one.name),
      );
    if (entry.kind !== 'table')
      throw noTableButView(file.shown, name, `a ${entry.kind} table`.replace('view table', 'view'));
    const all = new Map(readColumns(file.db, name).map((one) => [one.facts.name, one]));
    const label = `${file.shown}, table ${JSON.stringify(name)}`;
    const column = (wanted: string): ColumnEntry => {
      const found = all.get(wanted);
      if (found === undefined) throw noColumn(label, wanted, all.keys());
      return found;
    };
    for (const wanted of [...key, ...columns]) column(wanted);
    const collations = keyCollations(file.db, name, key);
    if (collations === null) throw noUniqueKey(label, key);
    const form = { file, label, from: `main.${quote(name)}`, key, columns };
    assertNoNullKey(form);
    const facts = new Map([...all].map(([own, { facts: one }]) => [own, one]));
    return { form, facts, collations, column };
  });
}

/** SQLite lets a primary key be null, unless it is the rowid or of a table WITHOUT ROWID. */
function assertNoNullKey({ file, from, key, label }: RowForm): void {
  const isNull = key.map((name) => `${quote(name)} IS NULL`).join(' OR ');
  const found = file.db.prepare(`SELECT 1 FROM ${from} WHERE ${isNull} LIMIT 1`).get();
  if (found !== undefined) throw nullKey(label, key);
}

function conditions({ isNull, notNull }: RowFilter, { column }: Found): string[] {
  const named = (name: string): string => quote(column(name).facts.name);
  return [
    ...isNull.map((name) => `${named(name)} IS NULL`),
    ...notNull.map((name) => `${named(name)} IS NOT NULL`),
  ];
}

function where(all: readonly string[]): string {
  return all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
}

/** Whether SQLite stores a cell in a column as it is: a BLOB everywhere, others where their affinity lets them. */
function isKept(cell: Cell, { kind, type }: ColumnFacts): boolean {
  if (cell === null || cell instanceof Uint8Array) return true;
  if (type === '' || kind === 'bytes') return true;
  return typeof cell === 'bigint' ? kind === 'integer' : kind === 'text';
}

function swap(found: Found, changes: readonly Change[], log: LogTable | undefined): boolean[] {
  const { form, facts, column } = found;
  const { db } = form.file;
  const { expect, set } = columnsOf(changes);
  if (changes.length === 0) return [];
  for (const name of expect) column(name);
  for (const name of set) {
    const { facts: one, generated } = column(name);
    assertChangeable(form.label, one, form.key, generated);
  }
  for (const change of changes) assertFits(form.label, change, facts, isKept);
  const key = sameKey(form.key);
  const expected = expect.map((name) => ` AND ${isExactly(name)}`).join('');
  const assigned = set.map((name) => `${quote(name)} = ?`).join(', ');
  const update = db.prepare<Cell[]>(`UPDATE ${form.from} SET ${assigned} WHERE ${key}${expected}`);
  const stored = set.map((name) => ` AND ${isExactly(name)}`).join('');
  const check = db.prepare<Cell[]>(`SELECT 1 FROM ${form.from} WHERE ${key}${stored}`);
  const line = log === undefined ? null : insertLine(db, log);
  const one = (change: Change): boolean => {
    const wanted = set.map((name) => change.set[name] ?? null);
    const old = expect.map((name) => change.expect[name] ?? null);
    if (![...old, ...change.key].every(isExact)) return false;
    const named = twice(change.key);
    const { changes: done } = update.run(...wanted, ...named, ...old.flatMap(withType));
    if (done === 0) return false;
    if (check.get(...named, ...wanted.flatMap(withType)) === undefined) {
      const what = 'a trigger or the type of a column changed what was written';
      const hint = 'the batch was undone; see the triggers of the table';
      throw refused(what, rowPlace(form.label, change.key), hint);
    }
    if (change.log !== undefined) line?.(change.log);
    return true;
  };
  return db.transaction(() => changes.map(one)).immediate();
}

function withType(cell: Cell): [Cell, string] {
  return [cell, typeOf(cell)];
}
