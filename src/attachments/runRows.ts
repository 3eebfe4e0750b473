/** Rows of a run beside what the database says of them now. */

import type { Cell } from '../database/database.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { RowStep } from './runEvent.ts';
import type { RunIndex, RunRow } from './runIndex.ts';

/** A row of a run with its cells of now. */
export interface CurrentRow {
  readonly row: RunRow;
  /** Null if the mapping has this table no more. */
  readonly table: OpenTable | null;
  /** Null if the row is gone. */
  readonly now: { readonly path: Cell; readonly key: Cell } | null;
}

/** Whether a row has the key that the run gave it. */
export function hasKey({ row, now }: CurrentRow): boolean {
  return now !== null && now.key === row.key;
}

const BATCH = 500;

/** Reads the rows of these steps, in their order, with the cells that the database holds now. */
export async function* currentRows(
  index: RunIndex,
  steps: readonly RowStep[],
  tables: readonly OpenTable[],
  wanted: (row: RunRow) => boolean = () => true,
): AsyncGenerator<CurrentRow> {
  const byName = new Map(tables.map((table) => [table.declared.table, table]));
  let batch: RunRow[] = [];
  for (const row of index.rows(steps)) {
    if (!wanted(row)) continue;
    if (batch.length === BATCH || (batch[0] !== undefined && batch[0].table !== row.table)) {
      yield* withCells(batch, byName);
      batch = [];
    }
    batch.push(row);
  }
  yield* withCells(batch, byName);
}

/**
 * Reads the rows that a run has moved and not rolled back, as the database tells: a rollback that was
 * killed has announced rows that still have their keys.
 */
export async function* movedRows(
  index: RunIndex,
  tables: readonly OpenTable[],
  wanted?: (row: RunRow) => boolean,
): AsyncGenerator<CurrentRow> {
  assertDeclared(index, tables);
  for await (const current of currentRows(index, MOVED, tables, wanted)) {
    if (current.row.step !== 'restored' || hasKey(current)) yield current;
  }
}

/** Steps of rows that may have the key which the run gave them. */
export const MOVED = ['stored', 'restored', 'purged'] as const;

/** Counts {@link movedRows}. */
export async function countMoved(index: RunIndex, tables: readonly OpenTable[]): Promise<number> {
  assertDeclared(index, tables);
  const { stored, purged, restored } = index.totals;
  let count = stored.rows + purged.rows;
  if (restored.rows === 0) return count;
  for await (const current of currentRows(index, ['restored'], tables)) {
    count += hasKey(current) ? 1 : 0;
  }
  return count;
}

/** A row whose table is not declared would be passed over in silence. @throws Failure MAPPING */
function assertDeclared(index: RunIndex, tables: readonly OpenTable[]): void {
  const declared = new Set(tables.map((table) => table.declared.table));
  const missing = index.tables().find((name) => !declared.has(name));
  if (missing === undefined) return;
  throw new Failure('MAPPING', {
    what: `the run has moved rows of a table that is not declared: ${quoteName(missing)}`,
    where: 'mapping/attachments.json',
    hint: 'declare the table as it was when the run moved its rows',
  });
}

/** All rows of a batch are of one table. */
async function* withCells(
  batch: readonly RunRow[],
  tables: ReadonlyMap<string, OpenTable>,
): AsyncGenerator<CurrentRow> {
  const table = tables.get(batch[0]?.table ?? '') ?? null;
  const found = table === null ? [] : await table.rows.read(batch.map(({ id }) => id));
  for (const [at, row] of batch.entries()) {
    const { cells } = found[at] ?? { cells: null };
    const [path = null, key = null] = cells ?? [];
    yield { row, table, now: cells === null ? null : { path, key } };
  }
}
