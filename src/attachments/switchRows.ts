/**
 * Gives rows the keys of their objects, in batches: first the journal, durably, then one transaction of
 * the database. A row whose path or key was changed meanwhile is left as it is.
 */

import type { Change } from '../database/database.ts';
import type { StoredFile } from './moveFile.ts';
import type { Pulled } from './pullRows.ts';
import type { RowEvent } from './runEvent.ts';
import { rowText } from '../project/rowText.ts';

export interface Switched extends Pulled {
  readonly stored: StoredFile;
}

/** What became of rows whose objects are stored. */
export interface SwitchCounts {
  readonly done: number;
  readonly bytes: number;
  /** Rows that someone else had given a key, or that were changed or removed meanwhile. */
  readonly elsewhere: number;
}

export interface RowSwitch {
  /** Takes a row whose object is stored; waits while too many wait. */
  add(row: Switched): Promise<void>;
  /** Writes what waits, and returns the counts. @throws the failure of a batch */
  finish(): Promise<SwitchCounts>;
}

const MOST_IN_BATCH = 500;
const MOST_WAITING = 2 * MOST_IN_BATCH;

/** Makes a switch. `journal` appends lines durably; `onDone` is told after each batch. */
export function rowSwitch(
  journal: (events: readonly RowEvent[]) => void,
  onDone: (counts: SwitchCounts) => void,
): RowSwitch {
  const waiting: Switched[] = [];
  let counts: SwitchCounts = { done: 0, bytes: 0, elsewhere: 0 };
  let running: Promise<void> | null = null;
  const drain = async (): Promise<void> => {
    // What waits while a batch is written becomes the next one.
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MOST_IN_BATCH);
      journal(batch.map(eventOf));
      const done = await switchBatch(batch);
      counts = {
        done: counts.done + done.done,
        bytes: counts.bytes + done.bytes,
        elsewhere: counts.elsewhere + done.elsewhere,
      };
      onDone(counts);
    }
  };
  const start = (): Promise<void> =>
    (running ??= drain().finally(() => {
      running = null;
    }));
  return {
    async add(row) {
      waiting.push(row);
      const work = start();
      if (waiting.length >= MOST_WAITING) await work;
      else work.catch(() => {});
    },
    async finish() {
      // What a failed batch leaves has no key, and is moved by the next run.
      while (waiting.length > 0) await start();
      await running;
      return counts;
    },
  };
}

function eventOf({ table, row, stored }: Switched): RowEvent {
  return { step: 'stored', table: table.declared.table, row: rowText(row.id), ...stored };
}

async function switchBatch(batch: readonly Switched[]): Promise<SwitchCounts> {
  const byTable = Map.groupBy(batch, ({ table }) => table);
  let [done, bytes] = [0, 0];
  for (const [{ declared, rows }, members] of byTable) {
    const changes = members.map(({ row, stored }): Change => ({
      key: row.id,
      expect: { [declared.key]: null, [declared.path]: row.path },
      set: { [declared.key]: stored.key },
    }));
    const results = await rows.swap(changes);
    for (const [index, isDone] of results.entries()) {
      if (!isDone) continue;
      done += 1;
      bytes += members[index]?.stored.size ?? 0;
    }
  }
  return { done, bytes, elsewhere: batch.length - done };
}
