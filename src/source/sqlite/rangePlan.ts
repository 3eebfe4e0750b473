/**
 * Splits a table into ranges of rowids: (lo, hi], the outer ones open, so that together they hold
 * every row exactly once even if rows are added or deleted. At most linear in the number of rows.
 */

import { nearRanges } from '../nearRanges.ts';
import type { ReadRange } from '../source.ts';
import type { Access, Connection } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import { outOfOrder } from './damage.ts';
import type { RowAccess } from './schema.ts';

/** Rows in (lo, hi]; null is unbounded. */
export interface RowidRange extends ReadRange {
  readonly lo: bigint | number | null;
  readonly hi: bigint | number | null;
}

export const LEAST_ROWID: bigint = -(2n ** 63n);
export const GREATEST_ROWID: bigint = 2n ** 63n - 1n;

const WHOLE: RowidRange = { lo: null, hi: null };

/** Returns ranges of about `rows` rows that cover the table, ascending; at least one. */
export function planRanges(
  db: Connection,
  reading: Access,
  table: string,
  access: RowAccess,
  { all: count, rows }: { readonly all: number; readonly rows: number },
): RowidRange[] {
  if (access.kind !== 'rowid') return [WHOLE];
  const size = Math.max(1, Math.floor(rows));
  if (count <= size) return [WHOLE];
  const [min, max] = extent(db, table, access.rowid);
  const span = max - min + 1n;
  // Few gaps: even steps over the span suffice. Otherwise the b-tree is walked.
  const dense = span <= BigInt(count) * 2n;
  const bounds = dense
    ? evenBounds(min, span, Math.ceil(count / size))
    : walkedBounds(db, reading, table, { rowid: access.rowid, size });
  return between(bounds);
}

function extent(db: Connection, table: string, rowid: string): [bigint, bigint] {
  // Two statements: SQLite answers each from one end of the b-tree.
  const end = (which: 'min' | 'max'): bigint => {
    const sql = `SELECT ${which}(${rowid}) FROM main.${quote(table)} NOT INDEXED`;
    return db.prepare<[], bigint>(sql).safeIntegers().pluck().get() ?? 0n;
  };
  return [end('min'), end('max')];
}

function evenBounds(min: bigint, span: bigint, parts: number): bigint[] {
  const bounds: bigint[] = [];
  for (let part = 1; part < parts; part++) {
    bounds.push(min + (span * BigInt(part)) / BigInt(parts) - 1n);
  }
  return bounds;
}

/** Returns the last rowid of every `size` rows. */
function walkedBounds(
  db: Connection,
  reading: Access,
  table: string,
  { rowid, size }: { readonly rowid: string; readonly size: number },
): bigint[] {
  const from = `main.${quote(table)} NOT INDEXED`;
  const first = db
    .prepare<[number], bigint>(`SELECT ${rowid} FROM ${from} ORDER BY ${rowid} LIMIT 1 OFFSET ?`)
    .safeIntegers()
    .pluck();
  const next = db
    .prepare<[bigint, number], bigint>(
      `SELECT ${rowid} FROM ${from} WHERE ${rowid} > ? ORDER BY ${rowid} LIMIT 1 OFFSET ?`,
    )
    .safeIntegers()
    .pluck();
  const bounds: bigint[] = [];
  let bound = first.get(size - 1);
  while (bound !== undefined) {
    const before = bounds.at(-1);
    if (before !== undefined && bound <= before) throw outOfOrder(reading, table);
    bounds.push(bound);
    bound = next.get(bound, size - 1);
  }
  return bounds;
}

function between(bounds: readonly bigint[]): RowidRange[] {
  const edges: (bigint | number | null)[] = [null, ...bounds.map(plain), null];
  return edges.slice(1).map((hi, index) => ({ lo: edges[index] ?? null, hi }));
}

function plain(value: bigint): bigint | number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Rowids between two rows that are read along with them. */
const GAP = 256n;

/** Returns ranges that hold the rows with these rowids, which ascend; all rows if there are no rowids. */
export function rangesOfRows(access: RowAccess, locators: BigInt64Array): RowidRange[] {
  if (access.kind !== 'rowid') return [WHOLE];
  return nearRanges([...locators], GAP).map(([first, last]) => ({ lo: before(first), hi: last }));
}

/** The bound below a rowid; null below the least one. */
function before(rowid: bigint): bigint | null {
  return rowid === LEAST_ROWID ? null : rowid - 1n;
}
