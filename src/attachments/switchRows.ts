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

const MOST_IN_BATCH = 1000;
const MOST_WAITING = 2 * MOST_IN_BATCH;
/** How long a row waits for others at most: what reaches the disk costs the same for one and for many. */
const GATHER_MS = 1000;

/** Makes a switch. `journal` appends lines durably; `onDone` is told after each batch. */
export function rowSwitch(
  journal: (events: readonly RowEvent[]) => void,
  onDone: (counts: SwitchCounts) => void,
): RowSwitch {
  const waiting: Switched[] = [];
  const state: State = { counts: NOTHING, running: null, timer: null, failed: null };
  const drain = async (least: number): Promise<void> => {
    while (waiting.length >= least) {
      const batch = waiting.splice(0, MOST_IN_BATCH);
      journal(batch.map(eventOf));
      const { done, bytes, elsewhere } = await switchBatch(batch);
      state.counts = {
        done: state.counts.done + done,
        bytes: state.counts.bytes + bytes,
        elsewhere: state.counts.elsewhere + elsewhere,
      };
      onDone(state.counts);
    }
  };
  const start = (least: number): Promise<void> => {
    if (state.timer !== null) clearTimeout(state.timer);
    state.timer = null;
    return (state.running ??= drain(least).finally(() => {
      state.running = null;
    }));
  };
  // A failure is thrown to the one who adds the next row, or finishes.
  const startLater = (least: number): void => {
    start(least).catch((error: unknown) => {
      state.failed ??= { error };
    });
  };
  return {
    async add(row) {
      if (state.failed !== null) throw state.failed.error;
      waiting.push(row);
      if (waiting.length >= MOST_WAITING) await start(MOST_IN_BATCH);
      else if (waiting.length >= MOST_IN_BATCH) startLater(MOST_IN_BATCH);
      else state.timer ??= setTimeout(startLater, GATHER_MS, 1);
    },
    async finish() {
      // What a failed batch leaves has no key, and is moved by the next run.
      while (state.failed === null && (waiting.length > 0 || state.running !== null)) {
        await start(1);
      }
      if (state.timer !== null) clearTimeout(state.timer);
      if (state.failed !== null) throw state.failed.error;
      return state.counts;
    },
  };
}

interface State {
  counts: SwitchCounts;
  running: Promise<void> | null;
  timer: NodeJS.Timeout | null;
  failed: { readonly error: unknown } | null;
}

const NOTHING: SwitchCounts = { done: 0, bytes: 0, elsewhere: 0 };

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
