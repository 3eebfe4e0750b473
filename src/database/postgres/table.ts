/**
 * A table of an application's PostgreSQL database. Pages are read by the index of the key. A batch is
 * one statement, so one transaction: it changes the rows, checks what was stored, and writes the log.
 */

import type { Connection, Parameter, TextRow } from '../../postgres/connect.ts';
import { quote } from '../../sql/quote.ts';
import { columnsOf, compareKeys } from '../cells.ts';
import type {
  Cell,
  Change,
  ColumnFacts,
  LogTable,
  Row,
  RowFilter,
  RowKey,
  Table,
} from '../database.ts';
import { assertChangeable, assertFits, isOfKind, refused, rowPlace } from '../refusals.ts';
import type { ColumnEntry } from './catalogue.ts';
import { cellOf, couldHold, isExactly, isKey, parameterType, textOf } from './cellText.ts';
import { databaseFailure, isUndone } from './databaseFailure.ts';

/** What is known of a table that was looked up. */
export interface FoundTable {
  readonly connection: Connection;
  readonly label: string;
  /** What follows FROM and UPDATE. */
  readonly from: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Collations of the index of the key, by column, as SQL. */
  readonly collations: ReadonlyMap<string, string>;
  /** @throws Failure TARGET for a column that is missing */
  readonly column: (name: string) => ColumnEntry;
  /** Refuses to write where the database was opened to be read. */
  readonly assertWrites: () => void;
  /** The log as an identifier. */
  readonly logName: (log: LogTable) => string;
}

export function postgresTable(found: FoundTable): Table {
  const { label, from, key, columns, column } = found;
  const all = [...key, ...columns].map((name) => column(name));
  const list = all.map(({ facts }) => `t.${quote(facts.name)}`).join(', ');
  const order = key.map((name) => `t.${quote(name)} ${found.collations.get(name) ?? ''}`.trim());
  const rowOf = (texts: TextRow): Row => {
    const cells = texts.map((text, at) => cellOf(text, all[at]?.facts.kind ?? 'other'));
    return { key: cells.slice(0, key.length), cells: cells.slice(key.length) };
  };
  return {
    label,
    columns: all.map(({ facts }) => facts),
    async count(filter) {
      const sql = `SELECT count(*) FROM ${from} AS t${where(conditions(filter, found))}`;
      const [[count] = []] = await execute(found, sql, []);
      return Number(count);
    },
    async page(after, limit, filter) {
      const marks = key.map((name, at) => `$${at + 1}::${column(name).type}`).join(', ');
      const beyond = after === null ? [] : [`(${order.join(', ')}) > (${marks})`];
      const all_ = where([...beyond, ...conditions(filter, found)]);
      const sql = `SELECT ${list} FROM ${from} AS t${all_} ORDER BY ${order.join(', ')} LIMIT ${Math.trunc(limit)}`;
      const rows = await execute(found, sql, (after ?? []).map(textOf));
      return rows.map(rowOf);
    },
    async read(keys) {
      const possible = [...keys.entries()].filter(([, one]) => couldBeKey(one, found));
      const values = arrays(possible.map(([at, one]) => row([String(at)], one.map(textOf))));
      if (values.length === 0) return keys.map(() => null);
      const sql = `SELECT v.n, ${list} FROM ${unnested(found, 0, [], [])} JOIN ${from} AS t ON ${sameKey(found)}`;
      const rows = new Map<number, Row>();
      for (const [at, ...texts] of await execute(found, sql, values)) {
        rows.set(Number(at), rowOf(texts));
      }
      return keys.map((_, at) => rows.get(at) ?? null);
    },
    swap: (changes, log) => swap(found, changes, log),
  };
}

const RETRIES = 5;

/** Runs a statement again if the server undid it, as two sessions met. */
async function execute(
  { connection, label }: FoundTable,
  sql: string,
  values: readonly Parameter[],
): Promise<TextRow[]> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await connection.execute(sql, values, label);
    } catch (error) {
      if (!isUndone(error) || tries === RETRIES) throw databaseFailure(error, label);
    }
  }
}

function where(all: readonly string[]): string {
  return all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
}

function conditions({ isNull, notNull }: RowFilter, { column }: FoundTable): string[] {
  const named = (name: string): string => `t.${quote(column(name).facts.name)}`;
  return [
    ...isNull.map((name) => `${named(name)} IS NULL`),
    ...notNull.map((name) => `${named(name)} IS NOT NULL`),
  ];
}

function couldBeKey(cells: RowKey, { key, column }: FoundTable): boolean {
  return cells.every((cell, at) => {
    return cell !== null && couldHold(cell, column(key[at] ?? '').facts.kind);
  });
}

function sameKey({ key, column, collations }: FoundTable): string {
  return key
    .map((name, at) => isKey(column(name), collations.get(name) ?? '', `v.k${at}`))
    .join(' AND ');
}

function row(...parts: readonly (string | null)[][]): (string | null)[] {
  return parts.flat();
}

/** Turns rows of parameters into one array for each column; none without rows. */
function arrays(rows: readonly (string | null)[][]): (string | null)[][] {
  return (rows[0] ?? []).map((_, at) => rows.map((row) => row[at] ?? null));
}

/** SQL of a batch as a table `v`: ordinal, key, and further columns with their types. */
function unnested(
  { key, column }: FoundTable,
  first: number,
  names: readonly string[],
  types: readonly string[],
): string {
  const all = ['integer', ...key.map((name) => parameterType(column(name).facts.kind)), ...types];
  const marks = all.map((type, at) => `$${first + at + 1}::${type}[]`).join(', ');
  const called = ['n', ...key.map((_, at) => `k${at}`), ...names].join(', ');
  return `unnest(${marks}) AS v(${called})`;
}

async function swap(
  found: FoundTable,
  changes: readonly Change[],
  log: LogTable | undefined,
): Promise<boolean[]> {
  found.assertWrites();
  const { expect, set } = columnsOf(changes);
  if (changes.length === 0) return [];
  const [expected, assigned] = [expect, set].map((names) =>
    names.map((name) => found.column(name)),
  );
  if (expected === undefined || assigned === undefined) return [];
  assertAllowed(found, changes, assigned);
  const possible = [...changes.entries()]
    .filter(([, one]) => isPossible(one, expected, found))
    // In one order by all, so that two batches do not wait for each other.
    .toSorted(([, one], [, other]) => compareKeys(one.key, other.key));
  const done = changes.map(() => false);
  if (possible.length === 0) return done;
  const values = arrays(
    possible.map(([at, change]) =>
      row(
        [String(at)],
        change.key.map(textOf),
        expect.map((name) => textOf(change.expect[name] ?? null)),
        set.map((name) => textOf(change.set[name] ?? null)),
        log === undefined ? [] : lineOf(change, log),
      ),
    ),
  );
  const sql = swapStatement(found, expected, assigned, log);
  for (const [at] of await execute(found, sql, values)) done[Number(at)] = true;
  return done;
}

function lineOf({ log: line }: Change, { columns }: LogTable): (string | null)[] {
  return [String(line !== undefined), ...columns.map((_, at) => textOf(line?.[at] ?? null))];
}

function isPossible(change: Change, expected: readonly ColumnEntry[], found: FoundTable): boolean {
  const isHeld = ({ facts: { name, kind } }: ColumnEntry): boolean =>
    couldHold(change.expect[name] ?? null, kind);
  return couldBeKey(change.key, found) && expected.every(isHeld);
}

/** @throws Failure TARGET before anything is changed */
function assertAllowed(
  { label, key }: FoundTable,
  changes: readonly Change[],
  assigned: readonly ColumnEntry[],
): void {
  for (const { facts, generated, mayChange } of assigned) {
    assertChangeable(label, facts, key, generated);
    if (mayChange) continue;
    const grant = `GRANT UPDATE (${quote(facts.name)}) ON this table to the user`;
    throw refused(
      'the user may not change this column',
      `${label}, column ${quote(facts.name)}`,
      grant,
    );
  }
  const facts = new Map(assigned.map((column) => [column.facts.name, column.facts]));
  for (const change of changes) {
    assertFits(label, change, facts, isOfKind);
    for (const column of assigned) assertStorable(label, change, column);
  }
}

/** The server would fill char(n) up with spaces, and has no text with a NUL. */
function assertStorable(label: string, { key, set }: Change, { facts, type }: ColumnEntry): void {
  const cell: Cell = set[facts.name] ?? null;
  if (typeof cell !== 'string') return;
  const where = `${rowPlace(label, key)}, column ${quote(facts.name)}`;
  const hint = 'nothing of this batch was changed; change the column, or what is to go there';
  if (cell.includes('\0')) throw refused('PostgreSQL has no text with a NUL in it', where, hint);
  if (type === 'bpchar' && Array.from(cell).length !== facts.maxLength) {
    throw refused(
      `a text would be filled up with spaces in a column of type ${facts.type}`,
      where,
      hint,
    );
  }
}

function typesOf(columns: readonly Pick<ColumnFacts, 'kind'>[]): string[] {
  return columns.map(({ kind }) => parameterType(kind));
}

function swapStatement(
  found: FoundTable,
  expected: readonly ColumnEntry[],
  assigned: readonly ColumnEntry[],
  log: LogTable | undefined,
): string {
  const lines = log?.columns ?? [];
  const lineNames = lines.map((_, at) => `l${at}`);
  const names = [
    ...expected.map((_, at) => `e${at}`),
    ...assigned.map((_, at) => `s${at}`),
    ...(log === undefined ? [] : ['logged', ...lineNames]),
  ];
  const types = [
    ...typesOf([...expected, ...assigned].map(({ facts }) => facts)),
    ...(log === undefined ? [] : ['boolean', ...typesOf(lines)]),
  ];
  const sets = assigned.map(({ facts }, at) => `${quote(facts.name)} = v.s${at}`).join(', ');
  const isExpected = expected.map((column, at) => ` AND ${isExactly(column, `v.e${at}`)}`).join('');
  const kept = assigned.map((column, at) => isExactly(column, `v.s${at}`)).join(' AND ');
  const returned = ['v.n', `(${kept}) AS kept`];
  if (log !== undefined) returned.push('v.logged', ...lineNames.map((name) => `v.${name}`));
  const update = `UPDATE ${found.from} AS t SET ${sets} FROM ${unnested(found, 0, names, types)}
    WHERE ${sameKey(found)}${isExpected} RETURNING ${returned.join(', ')}`;
  const columns = lines.map(({ name }) => quote(name)).join(', ');
  const insert =
    log === undefined
      ? ''
      : `, l AS (INSERT INTO ${found.logName(log)} (${columns})
          SELECT ${lineNames.join(', ')} FROM u WHERE u.logged ORDER BY u.n)`;
  // A division by zero gives the whole batch up, where a trigger stored something else.
  return `WITH u AS (${update})${insert} SELECT u.n / (CASE WHEN u.kept THEN 1 ELSE 0 END) FROM u`;
}
