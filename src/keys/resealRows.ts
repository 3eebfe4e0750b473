/**
 * Goes over the rows of a column once and seals those again that a step wants: in batches, each one
 * transaction with its lines of the log, each row only if it still holds what was read. A row that was
 * changed meanwhile is read and judged again.
 */

import type { Cell, Change, Row } from '../database/database.ts';
import type { Rule } from '../outcome/rules.ts';
import type { OpenColumn } from '../project/openKeys.ts';
import { rowText } from '../project/rowText.ts';
import { columnPages } from './columnPages.ts';
import { KEYS_LOG, type LogCipher, type LogStep } from './logLine.ts';
import { bindingOf, type ReadState, type RowState } from './rowState.ts';
import { cellLike, indexOf, valueOf } from './rowPlace.ts';
import type { Sealer } from './sealer.ts';

/** A step over the rows of a column. */
export interface Step {
  readonly name: Exclude<LogStep, 'restored'>;
  /** The plaintext to seal again; null for a row that stays as it is. */
  readonly wants: (state: RowState, row: Row) => string | null;
  /** Whether a value that names the primary key needs no reading by this step. */
  readonly mayBeShallow: boolean;
}

export interface ColumnWork {
  readonly column: OpenColumn;
  readonly read: ReadState;
  readonly sealer: Sealer;
  readonly log: LogCipher;
  readonly run: string;
}

export interface PassOptions {
  /** Null: nothing is changed, and what would be is counted. */
  readonly swaps: { readonly pace: (rows: number) => Promise<void> } | null;
  readonly batch: number;
  readonly shallow: boolean;
  /** Rows that no pass may trust, as a thorough one could not open them: it adds them, the others look here. */
  readonly suspects: Set<string>;
  /** Most rows to change. */
  readonly limit: number;
  readonly stopping: AbortSignal;
  readonly onRefused: (row: Row, refused: Refused) => void;
  readonly onRows: (seen: number, changed: number) => void;
}

export interface Refused {
  readonly rule: Rule;
  readonly reason: string;
  /** Of the column that it is about. */
  readonly field: string;
}

/** What a pass has seen and done. */
export interface PassCounts {
  /** Rows by their state when they were first read. */
  readonly states: Readonly<Record<RowState['kind'], number>>;
  readonly rows: number;
  /** Rows that the step wants, refused ones left out. */
  readonly wanted: number;
  readonly changed: number;
  readonly refused: number;
  /** Rows that the application changed each time that we came. */
  readonly contested: number;
  /** Characters of the longest envelope. */
  readonly longest: number;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };
type Counting = Mutable<Omit<PassCounts, 'states'>> & { states: Record<RowState['kind'], number> };

const TRIES = 6;
const KINDS = ['null', 'empty', 'current', 'retiring', 'sealed', 'legacy', 'former', 'unknown'];

function noCounts(): Counting {
  const states = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Counting['states'];
  return { states, rows: 0, wanted: 0, changed: 0, refused: 0, contested: 0, longest: 0 };
}

/** Goes over all rows. @throws what a batch throws, after the one before has ended */
export async function resealPass(
  work: ColumnWork,
  step: Step,
  options: PassOptions,
): Promise<PassCounts> {
  const counts = noCounts();
  const how = options.shallow && step.mayBeShallow ? 'shallow' : undefined;
  let inFlight: Promise<void> = Promise.resolve();
  for await (const rows of columnPages(work.column.rows, options.batch)) {
    if (options.stopping.aborted || counts.wanted >= options.limit) break;
    const planned: Planned[] = [];
    for (const row of rows) {
      const state = work.read(row, isSuspect(row, options) ? undefined : how);
      counts.rows += 1;
      counts.states[state.kind] += 1;
      const text = step.wants(state, row);
      const refused = refusalOf(state, text, work, counts);
      if (refused !== null) {
        counts.refused += 1;
        if (!options.shallow) options.suspects.add(rowText(row.key));
        options.onRefused(row, refused);
      } else if (text !== null && counts.wanted < options.limit) {
        counts.wanted += 1;
        if (options.swaps !== null) planned.push(plan(row, text, work, step));
      }
    }
    // The server works on one batch while the next one is sealed.
    await inFlight;
    inFlight = swapBatch(planned, work, step, options, counts);
    inFlight.catch(() => {});
    options.onRows(counts.rows, counts.changed);
  }
  await inFlight;
  options.onRows(counts.rows, counts.changed);
  return counts;
}

function isSuspect({ key }: Row, { suspects }: PassOptions): boolean {
  return suspects.size > 0 && suspects.has(rowText(key));
}

function refusalOf(
  state: RowState,
  text: string | null,
  { column, sealer }: ColumnWork,
  counts: Counting,
): Refused | null {
  const { declared, facts, indexFacts } = column;
  const field = declared.column;
  if (state.kind === 'unknown') return { rule: 'key-unknown', reason: state.why, field };
  if (text === null) return null;
  if (!text.isWellFormed()) return { rule: 'key-unknown', reason: 'it is not Unicode', field };
  const length = sealer.length(text);
  counts.longest = Math.max(counts.longest, length);
  if (facts.maxLength !== null && length > facts.maxLength) {
    const reason = `its envelope has ${length} characters, ${facts.maxLength} fit`;
    return { rule: 'key-width', reason, field };
  }
  const most = indexFacts?.maxLength ?? null;
  if (most === null || most >= INDEX_LENGTH) return null;
  const reason = `its blind index has ${INDEX_LENGTH} characters, ${most} fit`;
  return { rule: 'key-width', reason, field: indexFacts?.name ?? field };
}

/** 32 bytes as base64url. */
const INDEX_LENGTH = 43;

interface Planned {
  readonly change: Change;
}

function plan(row: Row, text: string, work: ColumnWork, step: Step): Planned {
  const { column, sealer, log, run } = work;
  const { declared, indexFacts } = column;
  const reference = bindingOf(column, row);
  const before = { value: valueOf(row), index: indexOf(column, row) };
  const written = cellLike(sealer.seal(reference, text), before.value);
  const expect: Record<string, Cell> = { [declared.column]: before.value };
  const set: Record<string, Cell> = { [declared.column]: written };
  if (indexFacts !== null && sealer.index !== null) {
    expect[indexFacts.name] = before.index;
    set[indexFacts.name] = sealer.index(text);
  }
  const about = { run, step: step.name, reference, key: row.key, kid: sealer.kid };
  const line = log.line({ ...about, text, written, before });
  return { change: { key: row.key, expect, set, log: line } };
}

/** Swaps a batch; a row that was changed meanwhile is read and judged again. */
async function swapBatch(
  planned: readonly Planned[],
  work: ColumnWork,
  step: Step,
  options: PassOptions,
  counts: Counting,
): Promise<void> {
  const { rows } = work.column;
  let left = planned.map(({ change }) => change);
  for (let tries = 0; left.length > 0 && tries < TRIES; tries += 1) {
    const done = await rows.swap(left, KEYS_LOG);
    counts.changed += done.filter(Boolean).length;
    const keys = left.filter((_, at) => done[at] !== true).map(({ key }) => key);
    left = [];
    for (const row of keys.length === 0 ? [] : await rows.read(keys)) {
      if (row === null) continue;
      const state = work.read(row);
      const text = step.wants(state, row);
      // What is refused now is told by the next pass.
      if (text === null || refusalOf(state, text, work, counts) !== null) continue;
      left.push(plan(row, text, work, step).change);
    }
  }
  counts.contested += left.length;
  await options.swaps?.pace(planned.length);
}
