/** Finds the tables of a target that hold the modules of a seal. Pure. */

import { BLIND_FIELD } from '../mapping/compile/module.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';
import type { SourceSchema, TableSchema } from '../source/source.ts';

/** The table of a module. */
export interface FoundTable {
  readonly kind: 'found';
  readonly sealed: ModuleSide;
  readonly table: TableSchema;
  /** Field → column. */
  readonly columns: ReadonlyMap<string, string>;
  /** Columns of the table that are in no record. */
  readonly others: readonly string[];
}

/** A module that cannot be compared, with the reason as a clause. */
export interface Incomparable {
  readonly kind: 'incomparable';
  readonly sealed: ModuleSide;
  readonly reason: string;
}

/** Bytes of a name that PostgreSQL keeps. */
const LONGEST_NAME = 63;

/** Lists the schemas in which a seal is loaded as a whole, by their names; [''] if the target has none. */
export function schemasOfSeal({ tables }: SourceSchema, sealId: string): string[] {
  if (tables.every(({ schema }) => schema === undefined)) return [''];
  const ending = `__${sealId.slice(0, 8)}`;
  const names = new Set(tables.flatMap(({ schema }) => (schema === undefined ? [] : [schema])));
  return [...names].filter((name) => name.endsWith(ending));
}

/** Finds the table of a module in the schema of this name; '' in a target without schemas. */
export function locateTable(
  sealed: ModuleSide,
  { tables }: SourceSchema,
  schema: string,
): FoundTable | Incomparable {
  const incomparable = (reason: string): Incomparable => ({ kind: 'incomparable', sealed, reason });
  const table = tables.find((one) => isNamed(one, schema, sealed.module));
  if (table === undefined) return incomparable('the target has no such table');
  if (table.kind !== 'table') return incomparable('it is a view in the target, not a table');
  const columns = new Map<string, string>();
  for (const field of sealed.shape.fields.keys()) {
    if (field === BLIND_FIELD) continue;
    const column = columnOf(table, field);
    if (column === null) return incomparable(`the table has no column for the field ${field}`);
    columns.set(field, column);
  }
  const unreadable = table.unreadable?.find(({ name }) => [...columns.values()].includes(name));
  if (unreadable !== undefined) {
    return incomparable(`the column ${unreadable.name} cannot be read: ${unreadable.why}`);
  }
  const used = new Set(columns.values());
  const others = table.columns.map(({ name }) => name).filter((name) => !used.has(name));
  return { kind: 'found', sealed, table, columns, others };
}

function isNamed({ name, schema }: TableSchema, wanted: string, module: string): boolean {
  if ((schema ?? '') !== wanted) return false;
  return name === module || name.endsWith(`.${module}`);
}

function columnOf({ columns }: TableSchema, field: string): string | null {
  const cut = Buffer.from(field).subarray(0, LONGEST_NAME).toString();
  const found =
    columns.find(({ name }) => name === field) ?? columns.find(({ name }) => name === cut);
  return found?.name ?? null;
}
