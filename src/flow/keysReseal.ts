/**
 * keys migrate, keys rotate, keys rebind: seals values again, in batches with compare-and-set, while the
 * application goes on. Killed at any moment, the next run goes on.
 */

import { setTimeout as pause } from 'node:timers/promises';

import type { FindingStore } from '../findings/findingStore.ts';
import { columnName, noValues, rowFinding } from '../keys/columnFinding.ts';
import { columnWorks, logOf } from '../keys/columnWork.ts';
import { KEYS_LOG } from '../keys/logLine.ts';
import { pacer } from '../keys/pace.ts';
import {
  resealPass,
  type ColumnWork,
  type PassCounts,
  type PassOptions,
  type Step,
} from '../keys/resealRows.ts';
import { MIGRATE, rebind, rotateFrom } from '../keys/resealSteps.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { assertRunName, beginKeysRun } from '../project/keysRun.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { openKeys, type OpenColumn, type OpenKeys } from '../project/openKeys.ts';
import type { Environment } from '../run/environment.ts';

export interface KeysResealOptions {
  readonly project: string;
  /** Name of the run. */
  readonly run: string;
  readonly step: ResealStep;
  /** Most values to change; null for all. */
  readonly limit: number | null;
  /** Rows of a batch. */
  readonly batch: number;
  readonly rowsPerSecond: number | null;
  readonly who: string | null;
}

/** Keys of a rotation by their names in the mapping. */
export type ResealStep =
  | { readonly name: 'migrate' }
  | { readonly name: 'rotate'; readonly from: string; readonly to: string }
  | { readonly name: 'rebind' };

/** Passes until what is left is told; each takes up what the one before has met while it changed. */
const MOST_PASSES = 4;
const BETWEEN_COUNTS_MS = 500;

/** Seals again what the step wants. A failure loses nothing: the next run goes on. */
export async function keysReseal(
  options: KeysResealOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { project, run, step, who } = options;
  assertRunName(run);
  const command = `keys ${step.name}`;
  const open = await openKeys({ project, changes: true }, env);
  try {
    const chosen = columnsOf(open, step);
    await assertAnyValue(chosen);
    const held = await beginKeysRun({ project, command, run, who }, open, KEYS_LOG, env);
    const log = logOf(open, env);
    const works = columnWorks({ ...open, columns: chosen }, log, run, env);
    const results = await resealAll(works, open, options, env, found);
    held.end(countsOf(results));
    return outcomeOf(results, open, options, env, found);
  } finally {
    await open.close();
  }
}

/** What became of a column. */
interface Result {
  readonly column: OpenColumn;
  /** Of the first pass. */
  readonly first: PassCounts;
  readonly changed: number;
  /** Of the last count; null if there was none. */
  readonly last: PassCounts | null;
  /** Rows that the first pass could not open. */
  readonly suspects: Set<string>;
}

/** Before anything is written: a run that sees no value proves nothing. */
async function assertAnyValue(columns: readonly OpenColumn[]): Promise<void> {
  for (const column of columns) {
    const { declared, rows } = column;
    if (declared.optional) continue;
    if ((await rows.count({ isNull: [], notNull: [declared.column] })) === 0) {
      throw noValues(column);
    }
  }
}

/** @throws Failure USAGE if no column has these keys */
function columnsOf({ columns }: OpenKeys, step: ResealStep): readonly OpenColumn[] {
  if (step.name !== 'rotate') return columns;
  const { from, to } = step;
  const chosen = columns.filter(
    ({ declared }) => declared.key === to && declared.retiring.includes(from),
  );
  if (chosen.length > 0) return chosen;
  throw new Failure('USAGE', {
    what: `no column has the primary key ${quoteName(to)} while ${quoteName(from)} retires`,
    where: 'mapping/keys.json',
    hint: 'name the new key as "key" of the columns to rotate, and the old one in their "retiring"',
  });
}

function stepOf(step: ResealStep, column: OpenColumn, { keyOf }: OpenKeys): Step {
  if (step.name === 'migrate') return MIGRATE;
  return step.name === 'rotate' ? rotateFrom(keyOf(step.from).kid) : rebind(column, keyOf);
}

async function resealAll(
  works: readonly ColumnWork[],
  open: OpenKeys,
  options: KeysResealOptions,
  env: Environment,
  found: FindingStore,
): Promise<Result[]> {
  const { limit, rowsPerSecond } = options;
  const sleep = (ms: number): Promise<void> => pause(ms, undefined, { signal: env.signal });
  const pace = pacer(rowsPerSecond, env.now, sleep);
  let total = 0;
  for (const { column } of works) total += await column.rows.count({ isNull: [], notNull: [] });
  env.progress.begin('keys', total, { unit: 'row' });
  const results: Result[] = [];
  let [seen, changed] = [0, 0];
  for (const work of works) {
    if (env.stopping.aborted) break;
    const before = { seen, left: (limit ?? Number.MAX_SAFE_INTEGER) - changed };
    const step = stepOf(options.step, work.column, open);
    const onRows = (rows: number): void => {
      env.progress.update(before.seen + rows);
    };
    const result = await resealColumn(work, step, {
      swaps: { pace },
      batch: batchOf(options),
      limit: before.left,
      stopping: env.stopping,
      onRows,
      onRefused: (row, refused) => {
        if (limit !== null) found.add(rowFinding(work.column, row.key, refused));
      },
    });
    results.push(result);
    seen += result.first.rows;
    changed += result.changed;
  }
  env.progress.end();
  if (limit !== null || env.stopping.aborted) return results;
  return countAgain(results, works, open, options, env, found);
}

/** A slow run has small batches, so that it is slow evenly. */
function batchOf({ batch, rowsPerSecond }: KeysResealOptions): number {
  if (rowsPerSecond === null) return batch;
  return Math.max(1, Math.min(batch, Math.ceil(rowsPerSecond / 10)));
}

/** Goes over a column until a pass has nothing to change: that is the first count. */
async function resealColumn(
  work: ColumnWork,
  step: Step,
  given: Omit<PassOptions, 'shallow' | 'suspects'>,
): Promise<Result> {
  const { column } = work;
  const suspects = new Set<string>();
  const options = { ...given, suspects };
  const first = await resealPass(work, step, { ...options, shallow: false });
  assertValues(column, first, options.stopping);
  let { changed } = first;
  let last = first;
  for (let pass = 2; pass <= MOST_PASSES && last.wanted > 0; pass += 1) {
    if (options.stopping.aborted || changed >= options.limit) break;
    last = await resealPass(work, step, { ...options, shallow: true, onRefused: () => {} });
    changed += last.changed;
  }
  return { column, first, changed, last: null, suspects };
}

function assertValues(
  column: OpenColumn,
  { states, rows }: PassCounts,
  { aborted }: AbortSignal,
): void {
  const empty = rows === states.null + states.empty;
  if (empty && !column.declared.optional && !aborted) throw noValues(column);
}

/** Counts a second time what the step would still want, as an application has its pauses. */
async function countAgain(
  results: readonly Result[],
  works: readonly ColumnWork[],
  open: OpenKeys,
  { step, batch }: KeysResealOptions,
  env: Environment,
  found: FindingStore,
): Promise<Result[]> {
  await pause(BETWEEN_COUNTS_MS, undefined, { signal: env.signal });
  const again: Result[] = [];
  for (const [at, work] of works.entries()) {
    const result = results[at];
    if (result === undefined) continue;
    const last = await resealPass(work, stepOf(step, work.column, open), {
      swaps: null,
      batch,
      shallow: true,
      suspects: result.suspects,
      limit: Number.MAX_SAFE_INTEGER,
      stopping: env.stopping,
      onRefused: (row, refused) => {
        found.add(rowFinding(work.column, row.key, refused));
      },
      onRows: () => {},
    });
    again.push({ ...result, last });
  }
  return again;
}

type Totals = Record<'rows' | 'changed' | 'refused' | 'contested' | 'left', number>;

function countsOf(results: readonly Result[]): Totals {
  const sum = (of: (result: Result) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    rows: sum(({ first }) => first.rows),
    changed: sum(({ changed }) => changed),
    refused: sum(({ first, last }) => (last ?? first).refused),
    contested: sum(({ first }) => first.contested),
    left: sum(({ first, last, changed }) => last?.wanted ?? Math.max(0, first.wanted - changed)),
  };
}

function outcomeOf(
  results: readonly Result[],
  { database }: OpenKeys,
  options: KeysResealOptions,
  env: Environment,
  found: FindingStore,
): Outcome {
  const { step, run, limit } = options;
  const totals = countsOf(results);
  const isWhole = limit === null && !env.stopping.aborted;
  const failure = failureOf(totals, database.label, step, isWhole);
  const outcome = actionOutcome({
    command: `keys ${step.name}`,
    runId: run,
    findings: found.list,
    facts: { database: database.label, ...totals, columns: results.map(factsOf) },
    places: [
      { name: DONE[step.name], kind: 'good', rows: totals.changed, bytes: null },
      { name: 'cannot be', kind: 'bad', rows: totals.refused, bytes: null },
      { name: 'left', kind: 'open', rows: totals.left, bytes: null },
    ],
    notes: [
      `database   ${database.label}`,
      ...results.map((result) => noteOf(result, step)),
      ...endNotes(totals, step, isWhole, env.stopping.aborted),
    ],
  });
  return failure === null ? outcome : { ...outcome, status: 'FAILED', failure: failure.toJSON() };
}

const DONE = { migrate: 'migrated', rotate: 'rotated', rebind: 'rebound' } as const;

function factsOf({ column, first, last, changed }: Result): Record<string, unknown> {
  const { declared } = column;
  const { rows, states, contested, longest } = first;
  const refused = (last ?? first).refused;
  const about = { table: declared.table, column: declared.column, rows, states };
  return { ...about, changed, refused, contested, longest, left: last?.wanted ?? null };
}

function noteOf({ column, first, changed }: Result, { name }: ResealStep): string {
  const { states, rows } = first;
  const parts = [
    `${grouped(changed)} ${DONE[name]}`,
    ...(['null', 'empty', 'current', 'retiring', 'legacy', 'former', 'unknown'] as const)
      .filter((kind) => states[kind] > 0)
      .map((kind) => `${grouped(states[kind])} ${kind}`),
  ];
  return `${columnName(column)}: ${parts.join(', ')} of ${counted(rows, 'row')} when they were read`;
}

function endNotes(
  { left, refused }: Totals,
  step: ResealStep,
  isWhole: boolean,
  isStopped: boolean,
): string[] {
  if (isStopped) return ['stopped before the end: run it again to go on'];
  if (!isWhole) return left > 0 ? ['more are left: run it again'] : [];
  if (left + refused > 0) return [];
  if (step.name === 'rotate') {
    return [`0 values are left under ${step.from}, counted twice: the rotation has finished`];
  }
  return ['nothing is left, counted twice'];
}

function failureOf(
  { refused, left }: Totals,
  where: string,
  step: ResealStep,
  isWhole: boolean,
): Failure | null {
  if (refused > 0) {
    const stay = refused === 1 ? 'value stays' : 'values stay';
    return new Failure('REJECTED', {
      what: `${grouped(refused)} ${stay} as before; no other was kept back`,
      where,
      hint: 'do what the findings say, then run it again',
    });
  }
  if (!isWhole || left === 0) return null;
  const under = step.name === 'rotate' ? ` under ${step.from}` : '';
  return new Failure('REJECTED', {
    what: `the application still writes values of the old kind${under}: ${grouped(left)} came meanwhile`,
    where,
    hint: 'let it write the new kind, then run it again',
  });
}
