/**
 * STRICT tables of a seal in SQLite, and the values that are bound for them. What SQLite has no exact
 * type for is text: integers of any size, decimals, dates and times, and JSON in canonical form. Pure.
 */

import { canonicalJson } from '../../record/canonical.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import type { ColumnForm, TableForm } from '../tableForm.ts';

export type Bound = null | number | string | Buffer;

/** Returns the type of a column in a STRICT table. */
export function sqliteType({ type }: ColumnForm): 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB' {
  switch (type.kind) {
    case 'boolean':
    case 'integer':
      return 'INTEGER';
    case 'float':
      return 'REAL';
    case 'bytes':
    case 'blob':
      return 'BLOB';
    default:
      return 'TEXT';
  }
}

/** Returns a function that makes the value to bind; null for a blob, whose content is read elsewhere. */
export function boundValue({ type }: ColumnForm): ((value: unknown) => Bound) | null {
  switch (type.kind) {
    case 'blob':
      return null;
    case 'boolean':
      return (value) => (value === true ? 1 : 0);
    case 'integer':
    case 'float':
      return (value) => (typeof value === 'number' ? value : null);
    case 'bytes':
      return (value) => Buffer.from(String(value), 'base64');
    case 'json':
    case 'tagged':
    case 'array':
      return canonicalJson;
    default:
      return String;
  }
}

/** Name of a constraint, and its text in a table or its statement. */
interface Named {
  readonly name: string;
  readonly sql: string;
}

export interface SqliteTable {
  readonly module: string;
  readonly create: string;
  /** Statements that are run after the rows. */
  readonly indexes: readonly Named[];
}

/** Returns the tables of a load; constraints whose names are in `without` are left out. */
export function sqliteTables(
  tables: readonly TableForm[],
  without: readonly string[],
): SqliteTable[] {
  const wanted = ({ name }: Named): boolean => !without.includes(name);
  return tables.map((table) => {
    const inTable = [primaryKey(table), ...checks(table), ...foreignKeys(table)].filter(wanted);
    const lines = [
      ...table.columns.map(columnLine),
      ...inTable.map(({ name, sql }) => `  CONSTRAINT ${quote(name)} ${sql}`),
    ];
    return {
      module: table.module,
      create: `CREATE TABLE ${quote(table.module)} (\n${lines.join(',\n')}\n) STRICT`,
      indexes: uniqueSets(table).filter(wanted),
    };
  });
}

/** Returns the names of all constraints of a load. */
export function constraintNames(tables: readonly TableForm[]): string[] {
  return tables.flatMap((table) =>
    [primaryKey(table), ...checks(table), ...foreignKeys(table), ...uniqueSets(table)].map(
      ({ name }) => name,
    ),
  );
}

function columnLine(column: ColumnForm): string {
  return `  ${quote(column.name)} ${sqliteType(column)}${column.nullable ? '' : ' NOT NULL'}`;
}

function list(names: readonly string[]): string {
  return names.map(quote).join(', ');
}

function nameOf(module: string, fields: readonly string[], suffix: string): string {
  return [module, ...fields, suffix].join('_');
}

function primaryKey({ module, key }: TableForm): Named {
  return { name: nameOf(module, [], 'pkey'), sql: `PRIMARY KEY (${list(key)})` };
}

function uniqueSets({ module, unique }: TableForm): Named[] {
  return unique.map((set) => {
    const name = nameOf(module, set, 'key');
    const sql = `CREATE UNIQUE INDEX IF NOT EXISTS ${quote(name)} ON ${quote(module)} (${list(set)})`;
    return { name, sql };
  });
}

function checks({ module, columns }: TableForm): Named[] {
  return columns.flatMap(({ name, type, values }) => {
    if (values === null || type.kind !== 'enum') return [];
    const sql = `CHECK (${quote(name)} IN (${values.map(quoteText).join(', ')}))`;
    return [{ name: nameOf(module, [name], 'check'), sql }];
  });
}

function foreignKeys({ module, references }: TableForm): Named[] {
  return references.map(({ fields, module: other, to, full }) => {
    const match = full ? ' MATCH FULL' : '';
    const sql = `FOREIGN KEY (${list(fields)}) REFERENCES ${quote(other)} (${list(to)})${match} DEFERRABLE INITIALLY IMMEDIATE`;
    return { name: nameOf(module, fields, 'fkey'), sql };
  });
}

export const LEDGER = 'sealift_ledger';

export const CREATE_LEDGER: string = `CREATE TABLE ${LEDGER} (
  seal_id TEXT PRIMARY KEY NOT NULL,
  data_root TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('loading', 'complete')),
  tool TEXT NOT NULL,
  operator TEXT,
  begun_at TEXT NOT NULL,
  completed_at TEXT,
  progress TEXT NOT NULL
) STRICT`;
