/**
 * Removes objects that a run has stored and no row needs: of rows that were rolled back, changed or
 * removed since. Nothing is listed: only what the journal names is ever removed.
 */

import type { ObjectStore } from '../objects/objectStore.ts';
import { atOnce } from './atOnce.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { RowEvent } from './runEvent.ts';
import type { RunIndex } from './runIndex.ts';
import { currentRows, hasKey } from './runRows.ts';

export interface PruneWork {
  readonly index: RunIndex;
  readonly tables: readonly OpenTable[];
  readonly store: ObjectStore;
  readonly concurrency: number;
  readonly stopping: AbortSignal;
  /** Appends lines durably; null in a dry run, which removes nothing. */
  readonly journal: ((events: readonly RowEvent[]) => void) | null;
  readonly onRow: (counts: Pruned) => void;
}

export interface Pruned {
  readonly removed: number;
  readonly bytes: number;
  /** Objects that rows still need. */
  readonly kept: number;
}

/** Removes the objects of a run that no row has as its key. */
export async function pruneObjects(work: PruneWork): Promise<Pruned> {
  const { index, store, journal } = work;
  const counts = { removed: 0, bytes: 0, kept: 0 };
  const rows = currentRows(index, ['stored', 'restored', 'purged'], work.tables);
  await atOnce(rows, work.concurrency, work.stopping, async (current) => {
    const { row, table } = current;
    // Without its table this cannot be told; two rows of one key need the object both.
    const isNeeded = table === null || hasKey(current) || isShared(index, row.key);
    if (isNeeded) {
      counts.kept += 1;
    } else {
      if (journal !== null) {
        journal([{ ...row, step: 'pruned' }]);
        await store.remove(row.key);
        await store.abandon(row.key);
      }
      counts.removed += 1;
      counts.bytes += row.size;
    }
    work.onRow(counts);
  });
  return counts;
}

function isShared(index: RunIndex, key: string): boolean {
  return index.countOf(key, ['stored', 'restored', 'purged']) > 1;
}
