/**
 * Clears the keys that a run has given, so that the application reads from disk again. A row goes back
 * only if its file is there with the bytes that were moved.
 */

import type { Change } from '../database/database.ts';
import { atOnce, inBatches } from './atOnce.ts';
import { digestOf, isRefusal, openLocal, type Refusal } from './localFile.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { RowEvent } from './runEvent.ts';
import type { RunIndex, RunRow } from './runIndex.ts';
import { hasKey, movedRows, type CurrentRow } from './runRows.ts';

export interface RollbackWork {
  readonly index: RunIndex;
  readonly tables: readonly OpenTable[];
  readonly root: string;
  readonly concurrency: number;
  readonly stopping: AbortSignal;
  /** Appends lines durably; null in a dry run, which changes no row. */
  readonly journal: ((events: readonly RowEvent[]) => void) | null;
  readonly onRefused: (row: RunRow, refusal: Refusal) => void;
  readonly onRow: (counts: RolledBack) => void;
}

export interface RolledBack {
  readonly restored: number;
  readonly bytes: number;
  readonly refused: number;
  /** Rows that have another key now, or none, or are gone. */
  readonly changed: number;
}

const BATCH = 200;

/** Rolls the rows of a run back, batch by batch. */
export async function rollBackRows(work: RollbackWork): Promise<RolledBack> {
  const counts = { restored: 0, bytes: 0, refused: 0, changed: 0 };
  const rows = movedRows(work.index, work.tables);
  for await (const batch of inBatches(rows, BATCH)) {
    if (work.stopping.aborted) break;
    const held = batch.filter(hasKey);
    const ready: CurrentRow[] = [];
    await atOnce(held, work.concurrency, work.stopping, async (current) => {
      const refused = await fileRefusal(current, work.root);
      if (refused === null) ready.push(current);
      else work.onRefused(current.row, refused);
      counts.refused += refused === null ? 0 : 1;
    });
    const done = await restore(ready, work);
    counts.restored += done.length;
    counts.bytes += done.reduce((sum, { row }) => sum + row.size, 0);
    counts.changed += batch.length - held.length + ready.length - done.length;
    work.onRow(counts);
  }
  return counts;
}

/** Returns why the file of a row cannot be read instead of its object; null if it can. */
export async function fileRefusal({ row, now }: CurrentRow, root: string): Promise<Refusal | null> {
  const file = await openLocal(root, now?.path ?? null);
  if (isRefusal(file)) return file;
  try {
    const isRight = file.size === row.size && (await digestOf(file)) === row.sha256;
    if (isRight) return null;
    const reason =
      'the file on disk has changed since it was moved: restore it, or keep the object';
    return { refused: 'attachment-differs', reason };
  } finally {
    await file.close();
  }
}

/** Clears the keys of rows that still have them; returns those that were cleared. */
async function restore(
  batch: readonly CurrentRow[],
  { journal }: RollbackWork,
): Promise<readonly CurrentRow[]> {
  if (journal === null || batch.length === 0) return batch;
  journal(batch.map(({ row }) => ({ ...row, step: 'restored' })));
  const done: CurrentRow[] = [];
  for (const [table, members] of Map.groupBy(batch, (current) => current.table)) {
    if (table === null) continue;
    const { declared, rows } = table;
    const results = await rows.swap(
      members.map(({ row, now }): Change => ({
        key: row.id,
        expect: { [declared.key]: row.key, [declared.path]: now?.path ?? null },
        set: { [declared.key]: null },
      })),
    );
    done.push(...members.filter((_, at) => results[at] === true));
  }
  return done;
}
