/**
 * Moves the rows that are left on disk: several files at a time, each stored and read back before its
 * row is switched. A row that cannot go is told and does not stop the others.
 */

import { moveFile, type MoveWork, type Moved } from './moveFile.ts';
import { isRefusal, type Refusal } from './localFile.ts';
import { rowsLeft, type Pulled } from './pullRows.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { RowSwitch } from './switchRows.ts';

export interface MigrateWork {
  readonly tables: readonly OpenTable[];
  readonly work: Omit<MoveWork, 'longestKey'>;
  /** Null in a dry run. */
  readonly rowSwitch: RowSwitch | null;
  readonly concurrency: number;
  /** Most rows to move; null for all. */
  readonly limit: number | null;
  /** Aborted when no further row is to be begun. */
  readonly stopping: AbortSignal;
  /** Told for each row that cannot go. */
  readonly onRefused: (pulled: Pulled, refusal: Refusal) => void;
  /** Told after each row, with the numbers so far. */
  readonly onRow: (counts: PassCounts) => void;
}

/** Numbers of one pass over the rows. */
export interface PassCounts {
  /** Rows whose object is stored, or would be; and their bytes. */
  readonly moved: number;
  readonly bytes: number;
  readonly refused: number;
}

/** Goes over all rows once. @throws the first failure, after what was begun has ended */
export async function migratePass(options: MigrateWork): Promise<PassCounts> {
  const { limit, stopping, rowSwitch, onRefused, onRow } = options;
  const rows = rowsLeft(options.tables);
  const counts = { moved: 0, bytes: 0, refused: 0 };
  let [inFlight, failed] = [0, false];
  const mayBegin = (): boolean =>
    !failed && !stopping.aborted && (limit === null || counts.moved + inFlight < limit);
  const finish = async (pulled: Pulled, moved: Moved): Promise<void> => {
    if (isRefusal(moved)) {
      counts.refused += 1;
      onRefused(pulled, moved);
    } else {
      counts.moved += 1;
      counts.bytes += moved.size;
      await rowSwitch?.add({ ...pulled, stored: moved });
    }
    onRow(counts);
  };
  const mover = async (): Promise<void> => {
    while (mayBegin()) {
      // Counted before the row is there, so that the others see it.
      inFlight += 1;
      try {
        const next = await rows.next();
        if (next.done === true) return;
        const { table, row } = next.value;
        const work = { ...options.work, longestKey: longestKey(table) };
        await finish(next.value, await moveFile(row, table.declared.prefix, work));
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        inFlight -= 1;
      }
    }
  };
  const movers = Array.from({ length: options.concurrency }, mover);
  const ended = await Promise.allSettled(movers);
  await rows.return(undefined);
  // What is stored is switched, whatever stopped the rest.
  await rowSwitch?.finish();
  const failure = ended.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return counts;
}

function longestKey({ declared, rows }: OpenTable): number | null {
  return rows.columns.find(({ name }) => name === declared.key)?.maxLength ?? null;
}
