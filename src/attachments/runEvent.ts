/**
 * Events in the journal of a run. A line about a row precedes what it announces: `stored` the change of
 * the row, `restored` that of a rollback, `purged` the removal of the file, `pruned` that of the object.
 * The last line about a row says where it is; a reader compares that with the database. A line `listed`
 * has the number of lines and the root of the list of the run. Pure.
 */

import type { JournalEntry, JournalMembers } from '../journal/line.ts';
import type { StoredFile } from './moveFile.ts';

/** Steps of a row. */
export const ROW_STEPS = ['stored', 'restored', 'purged', 'pruned'] as const;
export type RowStep = (typeof ROW_STEPS)[number];

/** A line about a row. */
export interface RowEvent extends StoredFile {
  readonly step: RowStep;
  readonly table: string;
  /** Key of the row as canonical JSON; see project/rowText.ts. */
  readonly row: string;
}

/** Returns the members of a line about a row. */
export function rowMembers({ step, table, row, key, sha256, size }: RowEvent): JournalMembers {
  return { event: step, table, row, key, sha256, size };
}

/** Reads a line about a row; null for another line. */
export function rowEventOf(entry: JournalEntry): RowEvent | null {
  const step = ROW_STEPS.find((name) => name === entry.event);
  const { table, row, key, sha256, size } = entry;
  if (step === undefined) return null;
  if (typeof table !== 'string' || typeof row !== 'string' || typeof key !== 'string') return null;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return null;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null;
  return { step, table, row, key, sha256, size };
}
