/**
 * The figure of a metric from the rows of its query. What does not have the form that the measure needs is told
 * as that, without a value of a row. Pure.
 */

import { hash } from 'node:crypto';

import { counted } from '../../outcome/counted.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { numberIn } from '../databases/cellCondition.ts';
import type { Metric, RolloutPlan } from '../runbook.ts';
import type { SqlPage, SqlValue } from '../world/world.ts';
import type { Share } from '../../sequential/share.ts';
import type { Figure, UnknownFigure } from './figures.ts';

type Versions = RolloutPlan['versions'];
type Row = Readonly<Record<string, SqlValue>>;

/** Most that a count is: more than there are people. */
const MOST_COUNTED = 10_000_000_000;

/** Most buckets and kinds of a figure, so that a line of the journal stays one. */
const MOST_BUCKETS = 200;

export function figureOfRows(page: SqlPage, { measure }: Metric, versions: Versions): Figure {
  if (measure === 'number') return numberOf(page);
  const rows = rowsOf(page, COLUMNS[measure]);
  if ('unknown' in rows) return rows;
  const groups = byVersion(rows.rows, versions);
  if ('unknown' in groups) return groups;
  if (measure === 'share') return shareOf(groups);
  return measure === 'quantile' ? spreadOf(groups) : kindsOf(groups);
}

/** Columns that a query needs, besides `version`. */
const COLUMNS = {
  share: ['part', 'of'],
  quantile: ['upto', 'n'],
  kinds: ['kind', 'n'],
} as const;

function numberOf({ columns, rows }: SqlPage): Figure {
  if (columns.length !== 1) {
    return { unknown: `the query returns ${counted(columns.length, 'column')} instead of 1` };
  }
  if (rows.length !== 1) {
    return { unknown: `the query returns ${counted(rows.length, 'row')} instead of 1` };
  }
  const cell = rows[0]?.[0] ?? null;
  if (cell === null) return { unknown: 'the query returns NULL' };
  const number = numberIn(cell);
  return number === null || !Number.isFinite(number)
    ? { unknown: 'the query does not return a number' }
    : { number };
}

/** Rows by the names of their columns; unknown where a column is missing or stands twice. */
export function rowsOf(
  { columns, rows }: SqlPage,
  needed: readonly string[],
): { readonly rows: readonly Row[] } | UnknownFigure {
  for (const name of ['version', ...needed]) {
    const count = columns.filter((column) => column === name).length;
    if (count === 0 && needed.includes(name)) {
      return { unknown: `the query returns no column ${quoteName(name)}` };
    }
    if (count > 1) return { unknown: `the query returns ${count} columns ${quoteName(name)}` };
  }
  if (rows.length === 0) return { unknown: 'the query returns no row' };
  const named = rows.map((row) =>
    Object.fromEntries(columns.map((column, at) => [column, row[at] ?? null] as const)),
  );
  return { rows: named };
}

interface Groups {
  readonly fresh: readonly Row[];
  /** Null where no row is of the old version. */
  readonly base: readonly Row[] | null;
}

/** Rows of each version; without a column `version` all are of the new one. */
function byVersion(rows: readonly Row[], versions: Versions): Groups | UnknownFigure {
  const isPlain = !Object.hasOwn(rows[0] ?? {}, 'version');
  if (isPlain) return { fresh: rows, base: null };
  const fresh = rows.filter(({ version }) => version === versions.new);
  const base = rows.filter(({ version }) => version === versions.old);
  if (fresh.length + base.length === rows.length) {
    return { fresh, base: base.length === 0 ? null : base };
  }
  const names = `${quoteName(versions.new)} and ${quoteName(versions.old)}`;
  return { unknown: `the query has rows of another version than ${names}` };
}

/** A count in a cell; null where it is none. */
export function countIn(cell: SqlValue | undefined): number | null {
  const number = cell === undefined ? null : numberIn(cell);
  const isCount = number !== null && Number.isInteger(number) && number >= 0;
  return isCount && number <= MOST_COUNTED ? number : null;
}

function shareOf({ fresh, base }: Groups): Figure {
  const [one, other] = [shareIn(fresh), base === null ? null : shareIn(base)];
  if ('unknown' in one) return one;
  if (other === null) return { fresh: one };
  return 'unknown' in other ? other : { fresh: one, base: other };
}

function shareIn(rows: readonly Row[]): Share | UnknownFigure {
  if (rows.length > 1) {
    return { unknown: `the query returns ${rows.length} rows of a version instead of 1` };
  }
  const [row] = rows;
  if (row === undefined) return { part: 0, of: 0 };
  const [part, of] = [countIn(row['part']), countIn(row['of'])];
  if (part === null || of === null) return { unknown: '"part" and "of" are not both counts' };
  return part > of ? { unknown: '"part" is more than "of"' } : { part, of };
}

const ABOVE = 'above';

function spreadOf({ fresh, base }: Groups): Figure {
  const keys = new Map<string, number>();
  for (const { upto } of [...fresh, ...(base ?? [])]) {
    if (upto === null || upto === undefined) continue;
    const bound = numberIn(upto);
    if (bound === null || !Number.isFinite(bound)) return { unknown: '"upto" is not a number' };
    keys.set(String(bound), bound);
  }
  const bounds = [...keys.values()].toSorted((one, other) => one - other);
  if (bounds.length === 0) return { unknown: 'the histogram has no bucket' };
  if (bounds.length > MOST_BUCKETS) {
    return { unknown: `the histogram has more than ${MOST_BUCKETS} buckets` };
  }
  const [one, other] = [countsIn(fresh, bounds), base === null ? null : countsIn(base, bounds)];
  if (one === null || (base !== null && other === null)) return { unknown: '"n" is not a count' };
  return other === null ? { bounds, fresh: one } : { bounds, fresh: one, base: other };
}

/** Counts by bucket, the last one for what is above all bounds; null where one is no count. */
function countsIn(rows: readonly Row[], bounds: readonly number[]): readonly number[] | null {
  const counts = new Map<number | typeof ABOVE, number>();
  for (const { upto = null, n } of rows) {
    const count = countIn(n);
    if (count === null) return null;
    const key = upto === null ? ABOVE : (numberIn(upto) ?? ABOVE);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return [...bounds.map((bound) => counts.get(bound) ?? 0), counts.get(ABOVE) ?? 0];
}

/** Kinds of errors; the row with an empty kind says how many there were in all, errors or not. */
function kindsOf({ fresh, base }: Groups): Figure {
  const [one, other] = [kindsIn(fresh), base === null ? null : kindsIn(base)];
  if ('unknown' in one) return one;
  if (other !== null && 'unknown' in other) return other;
  const { kinds, totals } = one;
  if (Object.keys(kinds).length > MOST_BUCKETS) {
    return { unknown: `there are more than ${MOST_BUCKETS} kinds; group them in the query` };
  }
  if (totals.length === 0 && fresh.length > 0) {
    return { unknown: 'no row with an empty kind says how many there were in all' };
  }
  if (totals.length > 1) {
    const rows = counted(totals.length, 'row');
    return { unknown: `${rows} with an empty kind say how many there were in all, instead of 1` };
  }
  const of = totals[0] ?? 0;
  return other === null ? { kinds, of } : { kinds, of, baseKinds: Object.keys(other.kinds) };
}

/** Kinds that there were, with their counts: one of which there was none is none. */
function kindsIn(
  rows: readonly Row[],
): { readonly kinds: Record<string, number>; readonly totals: readonly number[] } | UnknownFigure {
  const kinds: Record<string, number> = {};
  const totals: number[] = [];
  for (const { kind, n } of rows) {
    const count = countIn(n);
    if (count === null) return { unknown: '"n" is not a count' };
    if (kind === null || kind === undefined || kind === '') totals.push(count);
    else if (count > 0) {
      const name = kindName(kind);
      kinds[name] = (kinds[name] ?? 0) + count;
    }
  }
  return { kinds, totals };
}

/** A name of an error may be a value of a record: only its digest is kept. */
function kindName(kind: SqlValue): string {
  return hash('sha256', String(kind), 'hex').slice(0, 16);
}
