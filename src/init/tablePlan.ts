/** A table that becomes a module: its declaration, its profile, and the choices so far. */

import type { KeyTransform } from '../mapping/model.ts';
import { formatType, type FieldType } from '../record/type.ts';
import type { DeclaredType } from '../source/declared.ts';
import type { ColumnSchema, SourceAdapter, TableSchema } from '../source/source.ts';
import type { ColumnProfile } from './columnProfile.ts';
import { chooseType } from './columnType.ts';
import type { ColumnIds } from './idTally.ts';
import { fieldNames } from './fieldNames.ts';
import type { TableProfile } from './profile.ts';

export interface ColumnPlan {
  readonly name: string;
  /** The name of its field, if it gets one. */
  field: string;
  readonly schema: ColumnSchema;
  readonly declared: DeclaredType;
  readonly profile: ColumnProfile;
  readonly ids: ColumnIds | undefined;
  /** Number of cells with numbers written unlike their value, such as 1.10. */
  readonly otherDigits: number;
  /** Type of its field and of its part of the key. */
  type: FieldType;
  /**
   * Transform of its part of the key, which makes spellings equal that the source compares as
   * equal.
   */
  keyTransform?: KeyTransform;
}

export interface TablePlan {
  readonly module: string;
  readonly schema: TableSchema;
  readonly rows: number;
  readonly partialNulls: readonly number[];
  /** By name, in the order of the schema. */
  readonly columns: ReadonlyMap<string, ColumnPlan>;
  /** Columns of the chosen key; empty if there is none. */
  key: readonly string[];
}

/** Base tables by their name in the source. */
export type TablePlans = ReadonlyMap<string, TablePlan>;

/**
 * Plans a table before keys and references are known. Throws if the profile is of another table.
 */
export function planTable(
  schema: TableSchema,
  profile: TableProfile,
  module: string,
  declaredOf: SourceAdapter['declared'],
): TablePlan {
  if (profile.columns.length !== schema.columns.length) {
    throw new TypeError(`the profile is not that of table ${schema.name}`);
  }
  const fields = fieldNames(schema.columns.map((column) => column.name));
  const columns = schema.columns.map((column, index): [string, ColumnPlan] => {
    const { [index]: found } = profile.columns;
    if (found === undefined) throw new TypeError(`no profile of column ${column.name}`);
    const declared = declaredOf(column);
    const type = chooseType(declared, found);
    const field = fields.get(column.name) ?? column.name;
    return [
      column.name,
      {
        name: column.name,
        field,
        schema: column,
        declared,
        profile: found,
        ids: profile.ids[index],
        otherDigits: profile.otherDigits?.get(column.name) ?? 0,
        type,
      },
    ];
  });
  const { rows, partialNulls } = profile;
  return { module, schema, rows, partialNulls, columns: new Map(columns), key: [] };
}

/** Returns the column of that name. Throws if there is none. */
export function columnOf(plan: TablePlan, name: string): ColumnPlan {
  const column = plan.columns.get(name);
  if (column === undefined) throw new TypeError(`table ${plan.schema.name} has no such column`);
  return column;
}

export function columnsOf(plan: TablePlan, names: readonly string[]): ColumnPlan[] {
  return names.map((name) => columnOf(plan, name));
}

/** Whether null may be rejected in all of these columns. */
export function isRequired(plan: TablePlan, columns: readonly ColumnPlan[]): boolean {
  return columns.every(({ name, schema, profile }) => {
    return profile.counts.null === 0 && (schema.notNull || plan.key.includes(name));
  });
}

export function sameType(a: ColumnPlan, b: ColumnPlan): boolean {
  return formatType(a.type) === formatType(b.type);
}

/** Whether two lists hold the same names, in any order. */
export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((name) => b.includes(name));
}
