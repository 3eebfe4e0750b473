/**
 * Removes the files of rows that a run has moved: each only after the objects of all rows that it belongs
 * to were read whole from the store and found right, while it still has the same bytes, and no row that is
 * still on disk needs it.
 */

import { systemCode } from '../disk/errors.ts';
import type { ObjectStore } from '../objects/objectStore.ts';
import { Failure } from '../outcome/failure.ts';
import { atOnce } from './atOnce.ts';
import { readOwners, type FileOwner, type FileOwners } from './fileOwners.ts';
import { digestOf, isRefusal, openLocal, type LocalFile, type Refusal } from './localFile.ts';
import { contentFault, type StoredFile } from './moveFile.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { RowEvent } from './runEvent.ts';
import type { RunIndex, RunRow } from './runIndex.ts';
import { hasKey, movedRows, type CurrentRow } from './runRows.ts';

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
  /** Rows whose file was removed before, or with another row. */
  readonly gone: number;
  readonly refused: number;
  /** Rows that no longer have the key of this run. */
  readonly changed: number;
}

/** Removes the files of a run. */
export async function purgeFiles(work: PurgeWork): Promise<Purged> {
  const owners = await readOwners(work.tables, work.root, work.scratch, work.stopping);
  const counts = { removed: 0, bytes: 0, gone: 0, refused: 0, changed: 0 };
  try {
    const rows = movedRows(work.index, work.tables);
    await atOnce(rows, work.concurrency, work.stopping, async (current) => {
      const { row } = current;
      const done = await purgeOne(current, owners, work);
      if (typeof done === 'string') counts[done] += 1;
      else {
        counts.refused += 1;
        work.onRefused(row, done);
      }
      if (done === 'removed') counts.bytes += row.size;
      work.onRow(counts);
    });
  } finally {
    owners.close();
  }
  return counts;
}

type Done = 'removed' | 'gone' | 'changed' | PurgeRefusal;

async function purgeOne(current: CurrentRow, owners: FileOwners, work: PurgeWork): Promise<Done> {
  const { row, now } = current;
  if (!hasKey(current) || now === null || typeof now.path !== 'string') return 'changed';
  const { path } = now;
  const first = await openLocal(work.root, path);
  if (isRefusal(first)) return withoutFile(first, row, owners);
  await first.close();
  return owners.inTurn(first.identity, async () => {
    // Opened again, as another row may have been first.
    const file = await openLocal(work.root, path);
    if (isRefusal(file)) return withoutFile(file, row, owners);
    try {
      return await purgeOpen(file, current, owners, work);
    } finally {
      await file.close();
    }
  });
}

function withoutFile(refused: Refusal, { step, table, row }: RunRow, owners: FileOwners): Done {
  const wasRemoved = step === 'purged' || owners.isRemoved(table, row);
  return wasRemoved && refused.isMissing === true ? 'gone' : refused;
}

async function purgeOpen(
  file: LocalFile,
  current: CurrentRow,
  owners: FileOwners,
  work: PurgeWork,
): Promise<Done> {
  const { row } = current;
  const others = owners
    .of(file.identity)
    .filter((owner) => owner.table !== row.table || owner.row !== row.row);
  const refused = await refusalOf(file, row, others, work);
  if (refused !== null) return refused;
  if (!(await isAsRead(current))) return 'changed';
  for (const other of others) if (!(await hasItsKey(other, work))) return left();
  if (work.journal !== null) {
    const together = others.flatMap((other) => movedByRun(other, work.index));
    work.journal([row, ...together].map(purgedEvent));
    const isRemoved = removed(file);
    if (isRemoved !== true) return isRemoved;
  }
  owners.remove(file.identity);
  return 'removed';
}

function purgedEvent({ table, row, key, sha256, size }: RunRow): RowEvent {
  return { step: 'purged', table, row, key, sha256, size };
}

function removed(file: LocalFile): true | Refusal {
  try {
    return file.remove() || changed();
  } catch (error) {
    const code = systemCode(error);
    if (code === null) throw error;
    const reason = `the file cannot be removed (${code}): give this user the right, then run again`;
    return { refused: 'attachment-file', reason };
  }
}

/** Whether a row still is as it was when its batch was read. */
async function isAsRead({ row, table, now }: CurrentRow): Promise<boolean> {
  const [fresh = null] = (await table?.rows.read([row.id])) ?? [];
  return fresh !== null && fresh.cells[0] === now?.path && fresh.cells[1] === row.key;
}

/** Whether another row of the file still has the key whose object was read, or is gone. */
async function hasItsKey({ table: name, id, key }: FileOwner, work: PurgeWork): Promise<boolean> {
  const table = work.tables.find(({ declared }) => declared.table === name);
  const [fresh = null] = (await table?.rows.read([id])) ?? [];
  return fresh === null || fresh.cells[1] === key;
}

/** Another row of the file whose key is of the same run is purged with it. */
function movedByRun({ table, id, key }: FileOwner, index: RunIndex): RunRow[] {
  const row = index.find(table, id);
  return row === null || row.key !== key || row.step === 'purged' ? [] : [row];
}

async function refusalOf(
  file: LocalFile,
  row: RunRow,
  others: readonly FileOwner[],
  { store }: PurgeWork,
): Promise<PurgeRefusal | null> {
  if (others.some(({ key }) => key === null || key === '')) return left();
  const wrong = await objectRefusal(store, row, 'the file stays on disk, so roll the row back');
  if (wrong !== null) return wrong;
  const isSame = file.size === row.size && (await digestOf(file)) === row.sha256;
  if (!isSame) return changed();
  const { sha256, size } = row;
  for (const { key } of others) {
    if (key === null || key === row.key) continue;
    const hint =
      'it is that of another row with the same file, which stays on disk: verify its run';
    const refused = await objectRefusal(store, { key, sha256, size }, hint);
    if (refused !== null) return refused;
  }
  return null;
}

/** Reads an object whole; returns why its file has to stay, or null. */
async function objectRefusal(
  store: ObjectStore,
  stored: StoredFile,
  hint: string,
): Promise<PurgeRefusal | null> {
  try {
    const fault = await contentFault(store, stored);
    return fault === null ? null : { refused: 'attachment-object', reason: `${fault}: ${hint}` };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'OBJECT') throw error;
    const reason = `${error.message}: ${error.hint ?? 'run again'}`;
    return { refused: 'attachment-object', reason };
  }
}

function left(): PurgeRefusal {
  const reason = 'a row that is still on disk needs the same file: move that row first';
  return { refused: 'attachment-left', reason };
}

function changed(): Refusal {
  const reason = 'the file on disk has changed since it was moved: find out what writes to it';
  return { refused: 'attachment-differs', reason };
}
