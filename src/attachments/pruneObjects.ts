/**
 * Removes objects that a run has stored and no row needs: none has its key, and a row that is on disk
 * again has its file there, with the same bytes. Nothing is listed: only what the journal names is ever
 * removed.
 */

import type { RowKey } from '../database/database.ts';
import { createTables, openTables } from '../extsort/scratchTables.ts';
import type { ObjectStore } from '../objects/objectStore.ts';
import { atOnce } from './atOnce.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import { fileRefusal } from './rollBackRows.ts';
import type { RowEvent } from './runEvent.ts';
import type { RunIndex } from './runIndex.ts';
import { currentRows, hasKey, type CurrentRow } from './runRows.ts';

export interface PruneWork {
  readonly index: RunIndex;
  readonly tables: readonly OpenTable[];
  /** Real path of the folder that all files are below. */
  readonly root: string;
  readonly store: ObjectStore;
  /** Path of a new file in scratch. */
  readonly scratch: string;
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

/** Removes the objects of a run that no row needs. */
export async function pruneObjects(work: PruneWork): Promise<Pruned> {
  const { index, store, journal } = work;
  const counts = { removed: 0, bytes: 0, kept: 0 };
  const keys = await readKeys(work);
  try {
    const rows = currentRows(index, ['stored', 'restored', 'purged'], work.tables);
    await atOnce(rows, work.concurrency, work.stopping, async (current) => {
      const { row } = current;
      if (await isNeeded(current, keys, work)) {
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
  } finally {
    keys.close();
  }
  return counts;
}

async function isNeeded(
  current: CurrentRow,
  keys: KeysOfRows,
  { index, root }: PruneWork,
): Promise<boolean> {
  const { row, table, now } = current;
  // Without its table this cannot be told; two rows of one key need the object both.
  if (table === null || hasKey(current) || keys.has(row.key) || isShared(index, row.key)) {
    return true;
  }
  if (now === null || now.path === null || (now.key !== null && now.key !== '')) return false;
  // The object may be all that is left of a row on disk.
  return (await fileRefusal(current, root)) !== null;
}

function isShared(index: RunIndex, key: string): boolean {
  return index.countOf(key, ['stored', 'restored', 'purged']) > 1;
}

interface KeysOfRows {
  has(key: string): boolean;
  close(): void;
}

const PAGE = 1000;

/** Reads the keys of all rows, whatever run has given them, in lower case, as a disk may have it. */
async function readKeys({ tables, scratch, stopping }: PruneWork): Promise<KeysOfRows> {
  createTables(scratch, 'CREATE TABLE keys (key TEXT PRIMARY KEY) WITHOUT ROWID');
  const database = openTables(scratch);
  const put = database.prepare('INSERT OR IGNORE INTO keys VALUES (?)');
  const find = database.prepare('SELECT 1 FROM keys WHERE key = ?').pluck();
  try {
    for (const { declared, rows } of tables) {
      const filter = { notNull: [declared.key], isNull: [] };
      for (let after: RowKey | null = null; !stopping.aborted;) {
        const page = await rows.page(after, PAGE, filter);
        database.exec('BEGIN');
        for (const { cells } of page) put.run(String(cells[1]).toLowerCase());
        database.exec('COMMIT');
        after = page.at(-1)?.key ?? null;
        if (after === null) break;
      }
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    has: (key) => find.get(key.toLowerCase()) !== undefined,
    close() {
      database.close();
    },
  };
}
