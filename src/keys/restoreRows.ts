/**
 * Takes back what a run has written: a row that still holds exactly what a line of the log says was written
 * gets what stood there before, byte for byte. Passes over the log until one restores nothing, as a row may
 * have been changed more than once. What the application has written since stays.
 */

import type { Cell, Change, Database, Row } from '../database/database.ts';
import type { OpenColumn } from '../project/openKeys.ts';
import { rowText } from '../project/rowText.ts';
import { ciphertextDigest, KEYS_LOG, readLine, type LogCipher, type LogLine } from './logLine.ts';
import { indexOf, valueOf } from './rowPlace.ts';

export interface RestoreWork {
  readonly database: Database;
  readonly columns: readonly OpenColumn[];
  readonly log: LogCipher;
  /** Name of the run whose changes are taken back. */
  readonly run: string;
  readonly dryRun: boolean;
  /** Most rows of a transaction. */
  readonly batch: number;
  readonly stopping: AbortSignal;
  readonly pace: (rows: number) => Promise<void>;
  /** Told for a line that does not open, although its row holds what it says. */
  readonly onRefused: (column: OpenColumn, line: LogLine) => void;
  readonly onLines: (lines: number, restored: number) => void;
}

export interface RestoreCounts {
  /** Lines of the run. */
  readonly lines: number;
  readonly restored: number;
  readonly refused: number;
  /** Lines whose row holds something else now, or is gone, at the first pass. */
  readonly changed: number;
}

type Counting = { -readonly [Name in keyof RestoreCounts]: RestoreCounts[Name] };

/** Restores; the run can be stopped at any moment and begun again. */
export async function restoreRows(work: RestoreWork): Promise<RestoreCounts> {
  const first = await restorePass(work);
  let { restored, refused, changed } = first;
  for (let last = first; last.restored > 0 && !work.dryRun && !work.stopping.aborted;) {
    last = await restorePass(work);
    restored += last.restored;
    refused = last.refused;
    // What an earlier pass has freed was no change by the application.
    changed -= last.restored;
  }
  return { lines: first.lines, restored, refused, changed: Math.max(0, changed) };
}

async function restorePass(work: RestoreWork): Promise<RestoreCounts> {
  const counts: Counting = { lines: 0, restored: 0, refused: 0, changed: 0 };
  for await (const page of work.database.readLog(KEYS_LOG)) {
    if (work.stopping.aborted) break;
    const lines = page
      .map(readLine)
      .filter((line) => line !== null && line.run === work.run && line.step !== 'restored')
      .filter((line) => line !== null);
    counts.lines += lines.length;
    for (const [column, members] of Map.groupBy(lines, (line) => columnOf(work, line))) {
      const isNamed = members[0]?.key.length === column?.declared.id.length;
      if (column === null || !isNamed) counts.changed += members.length;
      else await restoreBatches(column, members, work, counts);
    }
    work.onLines(counts.lines, counts.restored);
  }
  return counts;
}

/** Finds the column of a line by its logical names; null if the mapping has it no more. */
function columnOf({ columns }: RestoreWork, { reference }: LogLine): OpenColumn | null {
  const { table, column } = reference;
  const isNamed = (names: { table: string; column: string } | null): boolean =>
    names?.table === table && names.column === column;
  return (
    columns.find(({ declared }) => isNamed(declared.logical)) ??
    columns.find(({ declared }) => isNamed(declared.formerly)) ??
    null
  );
}

async function restoreBatches(
  column: OpenColumn,
  lines: readonly LogLine[],
  work: RestoreWork,
  counts: Counting,
): Promise<void> {
  for (let at = 0; at < lines.length && !work.stopping.aborted; at += work.batch) {
    await restoreLines(column, lines.slice(at, at + work.batch), work, counts);
  }
}

async function restoreLines(
  column: OpenColumn,
  lines: readonly LogLine[],
  work: RestoreWork,
  counts: Counting,
): Promise<void> {
  const { dryRun } = work;
  const byRow = Map.groupBy(lines, ({ key }) => rowText(key));
  const keys = [...byRow.values()].flatMap(([line]) => (line === undefined ? [] : [line.key]));
  const rows = await column.rows.read(keys);
  const changes: Change[] = [];
  for (const [at, members] of [...byRow.values()].entries()) {
    const row = rows[at] ?? null;
    const line = row === null ? undefined : members.find((one) => isAsWritten(row, one));
    counts.changed += members.length - (line === undefined ? 0 : 1);
    if (row === null || line === undefined) continue;
    const change = changeOf(column, row, line, work);
    if (change === null) {
      counts.refused += 1;
      work.onRefused(column, line);
    } else changes.push(change);
  }
  const done = dryRun ? changes.map(() => true) : await column.rows.swap(changes, KEYS_LOG);
  const restored = done.filter(Boolean).length;
  counts.restored += restored;
  counts.changed += changes.length - restored;
  if (!dryRun) await work.pace(changes.length);
}

function isAsWritten(row: Row, { reference, written }: LogLine): boolean {
  const value = valueOf(row);
  return value !== null && ciphertextDigest(reference, value) === written;
}

function changeOf(column: OpenColumn, row: Row, line: LogLine, work: RestoreWork): Change | null {
  const before = work.log.before(line);
  if (before === null) return null;
  const { declared, indexFacts } = column;
  const now = { value: valueOf(row), index: indexOf(column, row) };
  const expect: Record<string, Cell> = { [declared.column]: now.value };
  const set: Record<string, Cell> = { [declared.column]: before.value };
  if (indexFacts !== null) {
    expect[indexFacts.name] = now.index;
    set[indexFacts.name] = before.index;
  }
  const { reference, key } = line;
  const about = { run: work.run, step: 'restored', reference, key, kid: '', text: null } as const;
  return {
    key: row.key,
    expect,
    set,
    log: work.log.line({ ...about, written: before.value, before: now }),
  };
}
