/**
 * Statements that make the tables of a seal in PostgreSQL: without constraints first, as rows are
 * written faster so, then what the form of the records promises. Pure.
 *
 * Keys and unique sets are not deferrable, since foreign keys cannot refer to one that is. Those are,
 * so that later changes may pass through a state in which one does not hold.
 */

import { hash } from 'node:crypto';

import { quote, quoteText } from '../../sql/quote.ts';
import type { ColumnForm, TableForm } from '../tableForm.ts';
import { columnType } from './columnTypes.ts';

/** Bytes that PostgreSQL keeps of a name (NAMEDATALEN − 1). */
export const MAX_NAME = 63;

/** A constraint, or what is made beside one. */
export interface Constraint {
  readonly kind: 'key' | 'unique' | 'check' | 'foreign key' | 'identity';
  readonly name: string;
  readonly module: string;
  /** Table and fields, for messages. */
  readonly about: string;
  readonly sql: string;
}

/** Returns the name that PostgreSQL keeps: cut after the last character that fits into 63 bytes. */
export function identifier(name: string, most: number = MAX_NAME): string {
  let bytes = 0;
  let end = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > most) break;
    end += character.length;
  }
  return name.slice(0, end);
}

/** Returns a table's name with its schema, quoted. */
export function tableIn(schema: string, module: string): string {
  return `${quote(schema)}.${quote(identifier(module))}`;
}

/** Returns CREATE TABLE without constraints but NOT NULL. */
export function createTable(schema: string, { module, columns }: TableForm): string {
  const lines = columns.map((column) => {
    const { sql } = columnType(column);
    return `  ${nameOf(column)} ${sql}${column.nullable ? '' : ' NOT NULL'}`;
  });
  return `CREATE TABLE ${tableIn(schema, module)} (\n${lines.join(',\n')}\n)`;
}

function nameOf({ name }: ColumnForm): string {
  return quote(identifier(name));
}

function columnList(names: readonly string[]): string {
  return names.map((name) => quote(identifier(name))).join(', ');
}

/** Returns what is made after the rows, in order: what foreign keys refer to first. */
export function constraintsOf(schema: string, tables: readonly TableForm[]): Constraint[] {
  return [
    ...tables.map((table) => primaryKey(schema, table)),
    ...tables.flatMap((table) => uniqueSets(schema, table)),
    ...tables.flatMap((table) => checks(schema, table)),
    ...tables.flatMap((table) => foreignKeys(schema, table)),
    ...tables.flatMap((table) => identities(schema, table)),
  ];
}

function primaryKey(schema: string, { module, key }: TableForm): Constraint {
  const sql = `PRIMARY KEY (${columnList(key)})`;
  return added(schema, module, 'key', 'pkey', key, sql);
}

function uniqueSets(schema: string, { module, unique }: TableForm): Constraint[] {
  return unique.map((set) =>
    added(schema, module, 'unique', 'key', set, `UNIQUE (${columnList(set)})`),
  );
}

function checks(schema: string, { module, columns }: TableForm): Constraint[] {
  return columns.flatMap((column) => {
    if (column.values === null) return [];
    const isJson = columnType(column).encoding === 'json';
    if (isJson) return [];
    const values = column.values.map(quoteText).join(', ');
    const name = nameOf(column);
    const holds =
      column.type.kind === 'array'
        ? `pg_catalog.array_remove(${name}, NULL) <@ ARRAY[${values}]::text[]`
        : `${name} IN (${values})`;
    return [added(schema, module, 'check', 'check', [column.name], `CHECK (${holds})`)];
  });
}

function foreignKeys(schema: string, { module, references }: TableForm): Constraint[] {
  return references.map(({ fields, module: other, to, full }) => {
    const target = `${tableIn(schema, other)} (${columnList(to)})${full ? ' MATCH FULL' : ''}`;
    const sql = `FOREIGN KEY (${columnList(fields)}) REFERENCES ${target} ON UPDATE NO ACTION ON DELETE NO ACTION DEFERRABLE INITIALLY IMMEDIATE`;
    return added(schema, module, 'foreign key', 'fkey', fields, sql);
  });
}

function added(
  schema: string,
  module: string,
  kind: Constraint['kind'],
  suffix: string,
  fields: readonly string[],
  definition: string,
): Constraint {
  const name = constraintName(module, fields, suffix);
  const sql = `ALTER TABLE ${tableIn(schema, module)} ADD CONSTRAINT ${quote(name)} ${definition}`;
  return { kind, name, module, about: `${module} (${fields.join(', ')})`, sql };
}

/** Digits of a digest that tells names apart whose beginnings are equal. */
const DIGITS = 8;

function constraintName(module: string, fields: readonly string[], suffix: string): string {
  const name = [module, ...(suffix === 'pkey' ? [] : fields), suffix].join('_');
  if (Buffer.byteLength(name) <= MAX_NAME) return name;
  const digest = hash('sha256', JSON.stringify([module, fields, suffix]), 'hex').slice(0, DIGITS);
  const end = `_${digest}_${suffix}`;
  return `${identifier(name, MAX_NAME - end.length)}${end}`;
}

/** A single integer key is an identity, which goes on beyond the largest key. */
function identities(schema: string, { module, key, columns }: TableForm): Constraint[] {
  const [name = ''] = key;
  const column = columns.find((one) => one.name === name);
  if (key.length !== 1 || column?.type.kind !== 'integer') return [];
  const table = tableIn(schema, module);
  const quoted = quote(identifier(name));
  const sequence = `pg_catalog.pg_get_serial_sequence(${quoteText(table)}, ${quoteText(identifier(name))})`;
  const sql = [
    `ALTER TABLE ${table} ALTER COLUMN ${quoted} ADD GENERATED BY DEFAULT AS IDENTITY`,
    `SELECT pg_catalog.setval(${sequence}, (SELECT greatest(coalesce(max(${quoted}), 0), 0) + 1 FROM ${table}), false)`,
  ].join(';\n');
  const about = `${module} (${name})`;
  return [{ kind: 'identity', name: identifier(name), module, about, sql }];
}

/** Name of the table that states what was loaded, and how far. */
export const LEDGER = 'sealift_ledger';

export function createLedger(schema: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quote(schema)}.${LEDGER} (
  seal_id text PRIMARY KEY,
  data_root text NOT NULL,
  state text NOT NULL CHECK (state IN ('loading', 'complete')),
  tool text NOT NULL,
  operator text,
  begun_at timestamptz NOT NULL,
  completed_at timestamptz,
  rows_before jsonb NOT NULL,
  progress jsonb NOT NULL
)`;
}

/**
 * Returns the first two names, of tables or of columns of one table, that are equal once they are cut;
 * null if there are none.
 */
export function collision(names: readonly string[]): readonly [string, string] | null {
  const seen = new Map<string, string>();
  for (const name of names) {
    const cut = identifier(name);
    const other = seen.get(cut);
    if (other !== undefined) return [other, name];
    seen.set(cut, name);
  }
  return null;
}
