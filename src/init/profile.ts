/** Profiles a table in one streaming pass over its values. */

import { classesNamed } from '../pii/columnEvidence.ts';
import type { ReadRange, SourceAdapter, SourceReader, TableSchema } from '../source/source.ts';
import { columnTally, type ColumnProfile } from './columnProfile.ts';
import { idTally, type ColumnIds } from './idTally.ts';

export interface TableProfile {
  readonly table: string;
  readonly rows: number;
  /** In the order of the schema. */
  readonly columns: readonly ColumnProfile[];
  /** Number of rows with some, but not all columns null, per foreign key of the schema. */
  readonly partialNulls: readonly number[];
  /** In the order of the schema. */
  readonly ids: readonly ColumnIds[];
  /** By column, the number of cells with numbers written unlike their value, such as 1.10. */
  readonly otherDigits?: ReadonlyMap<string, number>;
}

/**
 * Reads every row of `ranges` (all ranges of the table) once, in constant memory. `declared` is that
 * of the source's adapter. `onRows` is called with the number of rows of each page. Throws the
 * reader's errors.
 */
export async function profileTable(
  reader: SourceReader,
  table: TableSchema,
  ranges: readonly ReadRange[],
  declared: SourceAdapter['declared'],
  onRows?: (rows: number) => void,
): Promise<TableProfile> {
  const names = table.columns.map((column) => column.name);
  const tallies = table.columns.map((column) =>
    columnTally(declared(column), classesNamed(column.name)),
  );
  const ids = names.map((name) => idTally(mayBeKey(table, name)));
  const keys = table.foreignKeys.map((key) => key.columns.map((name) => names.indexOf(name)));
  const partialNulls = keys.map(() => 0);
  let rows = 0;
  for (const range of ranges) {
    for await (const page of reader.read(table.name, names, range)) {
      for (const row of page) {
        for (const [index, tally] of tallies.entries()) {
          const cell = row[index] ?? null;
          tally.add(cell);
          ids[index]?.add(cell);
        }
        for (const [index, key] of keys.entries()) {
          const nulls = key.filter((column) => (row[column] ?? null) === null).length;
          if (nulls > 0 && nulls < key.length) partialNulls[index] = (partialNulls[index] ?? 0) + 1;
        }
      }
      rows += page.length;
      onRows?.(page.length);
    }
  }
  const columns = tallies.map((tally) => tally.profile());
  const idsOf = ids.map((tally) => tally.ids());
  return { table: table.name, rows, columns, partialNulls, ids: idsOf };
}

/**
 * Whether others may refer to the column: a declared key on its own, or, without one, a column
 * named like a key.
 */
function mayBeKey({ primaryKey, unique }: TableSchema, name: string): boolean {
  const declared = [primaryKey, ...unique].filter((columns) => columns.length > 0);
  if (declared.length === 0) return /^(id|uuid|nr|key|code)$/i.test(name);
  return declared.some((columns) => columns.length === 1 && columns[0] === name);
}
