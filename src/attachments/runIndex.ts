/**
 * What the journal of a run says last about each row, in scratch on disk: memory does not grow with the
 * number of rows. All lines are verified while it is made.
 */

import { join } from 'node:path';

import { statOf } from '../disk/noLinks.ts';
import { openScratch } from '../disk/scratch.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import type { RowKey } from '../database/database.ts';
import { createTables, openTables } from '../extsort/scratchTables.ts';
import { broken, NO_CHAIN, type ChainEnd } from '../journal/line.ts';
import { readLongJournal } from '../journal/longJournal.ts';
import { rowEventOf, type RowEvent, type RowStep } from './runEvent.ts';
import { parseRow } from '../project/rowText.ts';
import { rowOrder } from './rowId.ts';

/** A row of a run. */
export interface RunRow extends RowEvent {
  readonly id: RowKey;
}

export interface RunTotals {
  readonly rows: number;
  readonly bytes: number;
}

export interface RunIndex {
  /** End of the journal that was read. */
  readonly end: ChainEnd;
  /** Rows and bytes by the last step. */
  readonly totals: Readonly<Record<RowStep, RunTotals>>;
  /** Names of the tables that have rows in the run. */
  tables(): string[];
  /** The rows whose last step is one of these, ascending by table and key. */
  rows(steps: readonly RowStep[]): Iterable<RunRow>;
  /** Leaves a row out from now on. */
  forget(row: RunRow): void;
  /** What the run says last of a row; null if nothing. */
  find(table: string, id: RowKey): RunRow | null;
  /** Number of rows with these steps whose object has this key. */
  countOf(key: string, steps: readonly RowStep[]): number;
  close(): void;
}

const SCHEMA = `CREATE TABLE rows (tab TEXT, ord BLOB, step TEXT, row TEXT, key TEXT, sha256 TEXT, size INTEGER,
  PRIMARY KEY (tab, ord)) WITHOUT ROWID`;

interface Stored {
  readonly tab: string;
  readonly ord: Buffer;
  readonly step: RowStep;
  readonly row: string;
  readonly key: string;
  readonly sha256: string;
  readonly size: number;
}

/** A run that is read for a command. */
export interface RunReading {
  readonly index: RunIndex;
  /** Private folder for further files, which is removed at the end. */
  readonly scratch: string;
}

/** Reads the journal of a run, and passes what it says to `work`. @throws Failure JOURNAL, EMPTY */
export async function withRun<T>(
  journal: string,
  env: Environment,
  work: (run: RunReading) => Promise<T>,
): Promise<T> {
  const holder = { command: 'attachments', pid: env.pid, since: env.now().toISOString() };
  const scratch = openScratch(env.temporary, holder);
  const forget = env.onInterrupt(scratch.drop);
  try {
    const index = readRun(journal, join(scratch.path, 'rows.db'));
    try {
      if (index.end.seq === 0) throw noRun(journal);
      return await work({ index, scratch: scratch.path });
    } finally {
      index.close();
    }
  } finally {
    forget();
    scratch.drop();
  }
}

/** @throws Failure EMPTY if there is no journal of a run */
export function assertRun(journal: string): void {
  if (statOf(journal) === undefined) throw noRun(journal);
}

function noRun(where: string): Failure {
  return new Failure('EMPTY', {
    what: 'there is no run of this name',
    where,
    hint: 'sealift attachments status lists the runs; name one with --run',
  });
}

/** Reads the journal of a run into a new file at `scratch`. @throws Failure JOURNAL */
function readRun(journal: string, scratch: string): RunIndex {
  createTables(scratch, SCHEMA);
  const database = openTables(scratch, 16 * 1024);
  const put = database.prepare('INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)');
  let end = NO_CHAIN;
  try {
    database.exec('BEGIN');
    for (const lines of readLongJournal(journal)) {
      for (const entry of lines.entries) {
        const event = rowEventOf(entry);
        if (event === null) continue;
        const id = parseRow(event.row);
        if (id === null) throw broken('the journal has a row that no table can have', journal);
        const { table, step, row, key, sha256, size } = event;
        put.run(table, rowOrder(id), step, row, key, sha256, size);
      }
      ({ end } = lines);
    }
    database.exec('COMMIT');
  } catch (error) {
    database.close();
    throw error;
  }
  return indexOf(database, end);
}

function marks(steps: readonly RowStep[]): string {
  return steps.map(() => '?').join(', ');
}

function runRow({ tab: table, step, row, key, sha256, size }: Stored): RunRow {
  return { table, step, row, key, sha256, size, id: parseRow(row) ?? [] };
}

function indexOf(database: ReturnType<typeof openTables>, end: ChainEnd): RunIndex {
  const totals: Record<RowStep, RunTotals> = {
    stored: { rows: 0, bytes: 0 },
    restored: { rows: 0, bytes: 0 },
    purged: { rows: 0, bytes: 0 },
    pruned: { rows: 0, bytes: 0 },
  };
  const sums = database
    .prepare<[], { step: RowStep; rows: number; bytes: number }>(
      'SELECT step, count(*) AS rows, sum(size) AS bytes FROM rows GROUP BY step',
    )
    .all();
  for (const { step, rows, bytes } of sums) totals[step] = { rows, bytes };
  const forget = database.prepare('DELETE FROM rows WHERE tab = ? AND ord = ?');
  const one = database.prepare<[string, Buffer], Stored>(
    'SELECT * FROM rows WHERE tab = ? AND ord = ?',
  );
  return {
    end,
    totals,
    tables: () => database.prepare<[], string>('SELECT DISTINCT tab FROM rows').pluck().all(),
    *rows(steps) {
      // One page after the other, so that the caller may read the index meanwhile.
      const page = database.prepare<unknown[], Stored>(
        `SELECT * FROM rows WHERE (tab, ord) > (?, ?) AND step IN (${marks(steps)})
         ORDER BY tab, ord LIMIT 1000`,
      );
      let after: readonly [string, Buffer] = ['', Buffer.alloc(0)];
      for (;;) {
        const found = page.all(...after, ...steps);
        yield* found.map(runRow);
        const last = found.at(-1);
        if (last === undefined) return;
        after = [last.tab, last.ord];
      }
    },
    forget({ table, id }) {
      forget.run(table, rowOrder(id));
    },
    find(table, id) {
      const row = one.get(table, rowOrder(id));
      return row === undefined ? null : runRow(row);
    },
    countOf(key, steps) {
      database.exec('CREATE INDEX IF NOT EXISTS by_key ON rows (key)');
      const sql = `SELECT count(*) FROM rows WHERE key = ? AND step IN (${marks(steps)})`;
      return (
        database
          .prepare<unknown[], number>(sql)
          .pluck()
          .get(key, ...steps) ?? 0
      );
    },
    close() {
      database.close();
    },
  };
}
