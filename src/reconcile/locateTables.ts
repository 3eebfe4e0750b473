/** Finds the tables of a target that hold the modules of a seal. Pure. */

import { BLIND_FIELD } from '../mapping/compile/module.ts';
import { quote } from '../sql/quote.ts';
import type { TargetNames } from '../target/targetNames.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';
import type { DeclaredType } from '../source/declared.ts';
import type { ColumnSchema, SourceAdapter, SourceSchema, TableSchema } from '../source/source.ts';
import { typeOf, type TargetColumn } from './targetMapping.ts';

/** The table of a module. */
export interface FoundTable {
  readonly kind: 'found';
  readonly sealed: ModuleSide;
  readonly table: TableSchema;
  /** Field → column. */
  readonly columns: ReadonlyMap<string, TargetColumn>;
  /** Columns of the table that are in no record. */
  readonly others: readonly string[];
}

/** A module that cannot be compared, with the reason as a clause. */
export interface Incomparable {
  readonly kind: 'incomparable';
  readonly sealed: ModuleSide;
  readonly reason: string;
  /** Whether there is no table. */
  readonly absent?: true;
}

/** Where the tables of a seal are. */
export interface TargetPlace {
  /** Schema; '' in a target without schemas. */
  readonly schema: string;
  readonly names: TargetNames;
}

/** Bytes of a name that PostgreSQL keeps; it is cut after a whole character. */
const LONGEST_NAME = 63;

/** Types whose values are no texts, so that a column of text does not hold them. */
const NO_TEXTS = /^(?:boolean|integer|float|bytes|blob)$/;

/** Finds the table of a module, and the columns of its fields. */
export function locateTable(
  sealed: ModuleSide,
  { tables }: SourceSchema,
  { schema, names }: TargetPlace,
  declared: SourceAdapter['declared'],
): FoundTable | Incomparable {
  const incomparable = (reason: string): Incomparable => ({ kind: 'incomparable', sealed, reason });
  const wanted = names.table(sealed.module);
  const table = tables.find((one) => isNamed(one, schema, wanted));
  if (table === undefined) {
    return { ...incomparable('the target has no such table'), absent: true };
  }
  if (table.kind !== 'table' || table.derived !== undefined) {
    return incomparable('it is a view in the target, not a table');
  }
  if (table.heirs !== undefined) {
    return incomparable(
      `its table has the rows of ${table.heirs.join(', ')} in it, by inheritance`,
    );
  }
  const columns = new Map<string, TargetColumn>();
  for (const [field, form] of sealed.shape.fields) {
    if (field === BLIND_FIELD) continue;
    const column = columnOf(table, names.column(sealed.module, field));
    if (column === null) return incomparable(`the table has no column for the field ${field}`);
    const type = declared(column);
    const misfit = misfitOf(typeOf(form), type);
    if (misfit !== null) return incomparable(`the column ${column.name} ${misfit}`);
    const isText = type.family === 'text';
    columns.set(field, { name: column.name, isText, isList: type.list === true });
  }
  const used = new Set([...columns.values()].map(({ name }) => name));
  const unreadable = table.unreadable?.find(({ name }) => used.has(name));
  if (unreadable !== undefined) {
    return incomparable(`the column ${unreadable.name} cannot be read: ${unreadable.why}`);
  }
  const others = table.columns.map(({ name }) => name).filter((name) => !used.has(name));
  return { kind: 'found', sealed, table, columns, others };
}

/** Returns why a column cannot hold the values of a field as they are loaded; null if it can. */
function misfitOf(type: string, { family, single }: DeclaredType): string | null {
  if (family === 'text' && NO_TEXTS.test(type)) return 'is of text, which the field is not';
  if (family !== 'float') return null;
  if (type !== 'float') return 'is a float, which the field is not';
  return single === true ? 'is a float of 32 bits, and the field is a double' : null;
}

/** A name with a dot or a quotation mark is quoted in a target with schemas. */
function isNamed({ name, schema }: TableSchema, wanted: string, table: string): boolean {
  if ((schema ?? '') !== wanted) return false;
  if (schema === undefined) return name === table;
  const shown = /[."]/.test(table) ? quote(table) : table;
  return name === shown || name.endsWith(`.${shown}`);
}

function columnOf({ columns }: TableSchema, field: string): ColumnSchema | null {
  const found =
    columns.find(({ name }) => name === field) ??
    columns.find(({ name }) => name === firstBytes(field, LONGEST_NAME));
  return found ?? null;
}

function firstBytes(text: string, most: number): string {
  let [bytes, kept] = [0, ''];
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > most) break;
    kept += character;
  }
  return kept;
}
