/**
 * Removes the files of rows that a run has moved: each only after its object was read whole from the
 * store and found right, its file still has the same bytes, and no row that is still on disk needs it.
 */

import { unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

import { syncFolder } from '../disk/durable.ts';
import { inPlace } from '../disk/noLinks.ts';
import { createTables, openTables } from '../extsort/scratchTables.ts';
import type { ObjectStore } from '../objects/objectStore.ts';
import { Failure } from '../outcome/failure.ts';
import { atOnce } from './atOnce.ts';
import {
  digestOf,
  isRefusal,
  openLocal,
  placeOf,
  type LocalFile,
  type Refusal,
} from './localFile.ts';
import { contentFault } from './moveFile.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import { rowsLeft } from './pullRows.ts';
import type { RowEvent } from './runEvent.ts';
import type { RunIndex, RunRow } from './runIndex.ts';
import { currentRows, hasKey, type CurrentRow } from './runRows.ts';

export interface PurgeWork {
  readonly index: RunIndex;
  readonly tables: readonly OpenTable[];
  readonly root: string;
  readonly store: ObjectStore;
  readonly concurrency: number;
  readonly stopping: AbortSignal;
  /** Path of a new file in scratch. */
  readonly scratch: string;
  /** Appends lines durably; null in a dry run, which removes nothing. */
  readonly journal: ((events: readonly RowEvent[]) => void) | null;
  readonly onRefused: (row: RunRow, refusal: PurgeRefusal) => void;
  readonly onRow: (counts: Purged) => void;
}

export type PurgeRefusal =
  | Refusal
  | { readonly refused: 'attachment-object' | 'attachment-left'; readonly reason: string };

export interface Purged {
  readonly removed: number;
  readonly bytes: number;
  /** Files that were gone already, as a run that was killed had removed them. */
  readonly gone: number;
  readonly refused: number;
  /** Rows that no longer have the key of this run. */
  readonly changed: number;
}

/** Removes the files of a run. */
export async function purgeFiles(work: PurgeWork): Promise<Purged> {
  const needed = await neededFiles(work);
  const counts = { removed: 0, bytes: 0, gone: 0, refused: 0, changed: 0 };
  try {
    const rows = currentRows(work.index, ['stored', 'purged'], work.tables);
    await atOnce(rows, work.concurrency, work.stopping, async (current) => {
      const { row } = current;
      const done = await purgeOne(current, needed, work);
      if (typeof done === 'string') counts[done] += 1;
      else {
        counts.refused += 1;
        work.onRefused(row, done);
      }
      if (done === 'removed') counts.bytes += row.size;
      work.onRow(counts);
    });
  } finally {
    needed.close();
  }
  return counts;
}

interface NeededFiles {
  has(identity: string): boolean;
  close(): void;
}

/** Collects the files of all rows that are still on disk, whatever names they have there. */
async function neededFiles({ tables, root, scratch }: PurgeWork): Promise<NeededFiles> {
  createTables(scratch, 'CREATE TABLE files (identity TEXT PRIMARY KEY) WITHOUT ROWID');
  const database = openTables(scratch);
  const put = database.prepare('INSERT OR IGNORE INTO files VALUES (?)');
  const find = database.prepare('SELECT 1 FROM files WHERE identity = ?').pluck();
  for await (const { row } of rowsLeft(tables)) {
    const file = await openLocal(root, row.path);
    if (isRefusal(file)) continue;
    put.run(file.identity);
    await file.close();
  }
  return {
    has: (identity) => find.get(identity) !== undefined,
    close() {
      database.close();
    },
  };
}

async function purgeOne(
  current: CurrentRow,
  needed: NeededFiles,
  work: PurgeWork,
): Promise<'removed' | 'gone' | 'changed' | PurgeRefusal> {
  const { row, now } = current;
  if (!hasKey(current) || now === null || typeof now.path !== 'string') return 'changed';
  const file = await openLocal(work.root, now.path);
  if (isRefusal(file)) return row.step === 'purged' ? 'gone' : file;
  try {
    const refused = await refusalOf(file, row, needed, work);
    if (refused !== null) return refused;
    if (work.journal === null) return 'removed';
    work.journal([{ ...row, step: 'purged' }]);
    if (!file.isUnchanged()) return changed();
    const place = placeOf(work.root, now.path);
    inPlace(place, (at) => {
      unlinkSync(at);
    });
    syncFolder(dirname(place));
    return 'removed';
  } finally {
    await file.close();
  }
}

async function refusalOf(
  file: LocalFile,
  row: RunRow,
  needed: NeededFiles,
  { store }: PurgeWork,
): Promise<PurgeRefusal | null> {
  if (needed.has(file.identity)) {
    const reason = 'a row that is still on disk needs the same file: move that row first';
    return { refused: 'attachment-left', reason };
  }
  try {
    const fault = await contentFault(store, row);
    if (fault !== null) {
      return {
        refused: 'attachment-object',
        reason: `${fault}: the file stays on disk, so roll the row back`,
      };
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'OBJECT') throw error;
    return {
      refused: 'attachment-object',
      reason: `${error.message}: ${error.hint ?? 'run again'}`,
    };
  }
  const isSame = file.size === row.size && (await digestOf(file)) === row.sha256;
  return isSame ? null : changed();
}

function changed(): Refusal {
  const reason = 'the file on disk has changed since it was moved: find out what writes to it';
  return { refused: 'attachment-differs', reason };
}
