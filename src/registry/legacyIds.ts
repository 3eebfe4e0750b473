/**
 * Reads the legacy ids of a module's rows, spelled as in a registry: text as it is, any other value
 * as the canonical JSON of its type.
 */

import { ROWS_PER_LONG_RANGE } from '../run/rowsPerRange.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import { columnIndexes, keyText, legacyId, NO_KEY } from '../mapping/compile/identity.ts';
import { whereOf } from '../mapping/compile/where.ts';
import { Rejection } from '../record/converted.ts';
import type { PreparedSource, SourceReader } from '../source/source.ts';

export interface LegacyRow {
  /** The table of the row; for a query, its base if that locates the row. */
  readonly table: string;
  /** SQLite rowid or ordinal from 1. */
  readonly row: number | string;
  /**
   * Canonical JSON of the key, from which ids of rule `uuid` are made; a Rejection if there is
   * none.
   */
  readonly key: string | Rejection;
  /** The legacy id; '' if there is none. */
  readonly id: string;
}

/** A source that is open for reading, in its snapshot. */
export interface OpenSource {
  readonly prepared: PreparedSource;
  readonly reader: SourceReader;
}

/**
 * Yields pages of the rows that fulfil the module's conditions, in a stable order. The module's key
 * has one part. Rows that are filtered with their parents are among them.
 */
export async function* legacyIds(
  module: CompiledModule,
  { prepared, reader }: OpenSource,
): AsyncGenerator<LegacyRow[]> {
  const key = module.key.map((part) => part.column);
  const conditions = (module.mapping.where ?? []).map(({ column }) => column);
  const columns = [...new Set([...key, ...conditions])];
  const narrow = { ...module, columns };
  const holds = whereOf(narrow) ?? (() => true);
  const textOf = keyText(module.key, columnIndexes(narrow, key));
  const table = prepared.relations.get(module.table)?.locates ?? module.table;
  for (const range of await prepared.plan(module.table, ROWS_PER_LONG_RANGE)) {
    for await (const page of reader.read(module.table, columns, range)) {
      yield page.filter(holds).map((row) => {
        const text = textOf(row) ?? NO_KEY;
        const at = (row[columns.length] ?? null) as number | string;
        return { table, row: at, key: text, id: text instanceof Rejection ? '' : legacyId(text) };
      });
    }
  }
}
