/**
 * Reads views, queries, virtual tables and tables without a rowid in one pass. Locators are
 * ordinals, unless a column locates the row.
 *
 * If the order is repeatable, rows are read fast, and only those that may have been changed in
 * reading (exact.ts) are taken from a second pass that follows. Otherwise every row is read in the
 * exact form, which is slower.
 */

import type { Row } from '../source.ts';
import { tooManyRows } from './damage.ts';
import { quote } from '../../sql/quote.ts';
import {
  exactColumns,
  exactRow,
  halfUnits,
  locator,
  looksChanged,
  plainInteger,
  type Cell,
} from './exact.ts';
import { PAGE_BYTES, PAGE_ROWS, rowStatement, weight, type Context } from './rowPage.ts';

/** The rows to read, and what is known of their order. */
export interface ScanOf {
  /** `FROM …` */
  readonly tail: string;
  /** Whether the order is the same each time. */
  readonly repeatable: boolean;
  /** The column that locates a row; null if its ordinal does. */
  readonly locator: string | null;
  /**
   * For a table: its name, and the most rows that fit into the file. A damaged tree may have a
   * cycle.
   */
  readonly table?: string;
  readonly most?: number;
}

type Scan = Generator<readonly [row: Row, bytes: number], void, undefined>;

/** Yields pages of the rows of `SELECT … ${tail}`. */
export function* pagesByScan(
  context: Context,
  columns: readonly string[],
  { tail, repeatable, locator: located, table = '', most = Infinity }: ScanOf,
): Generator<Row[], void, undefined> {
  const rows =
    repeatable && located === null
      ? repairedRows(context, columns, tail)
      : exactRows(context, columns, tail, located ?? 'NULL');
  let page: Row[] = [];
  let bytes = 0;
  let ordinal = 0;
  for (const [row, size] of rows) {
    ordinal++;
    if (ordinal > most) throw tooManyRows(context.access, table);
    row[columns.length] = located === null ? ordinal : locator(row[columns.length] as bigint);
    page.push(row);
    bytes += size;
    if (page.length < PAGE_ROWS && bytes < PAGE_BYTES) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield page;
}

function* exactRows(
  context: Context,
  columns: readonly string[],
  tail: string,
  last: string = 'NULL',
): Scan {
  for (const pairs of select(context, [...exactColumns(columns), last], tail)) {
    yield [exactRow(pairs, columns.length, context.encoding), weight(pairs)];
  }
}

function* repairedRows(context: Context, columns: readonly string[], tail: string): Scan {
  const utf16 = context.encoding !== 'UTF-8';
  const last = utf16 ? halfUnits(columns) : '0';
  const exact = exactRows(context, columns, tail);
  let passed = 0;
  let ordinal = 0;
  try {
    for (const cells of select(context, [...columns.map(quote), last], tail)) {
      ordinal++;
      let row: Row = cells;
      let changed = Number(cells[columns.length]) !== 0;
      for (let index = 0; index < columns.length; index++) {
        const value = cells[index];
        if (typeof value === 'bigint') row[index] = plainInteger(value);
        else if (typeof value === 'string' && looksChanged(value, utf16)) changed = true;
      }
      const size = weight(cells);
      if (changed) {
        for (; passed < ordinal; passed++) row = nextOf(exact);
      }
      yield [row, size];
    }
  } finally {
    exact.return();
  }
}

function nextOf(rows: Scan): Row {
  const next = rows.next();
  // Both passes read the same rows in the same order, from one snapshot.
  if (next.done === true) throw new Error('the second pass over a table ended before the first');
  return next.value[0];
}

function select(context: Context, list: readonly string[], tail: string): Iterable<Cell[]> {
  const sql = `SELECT ${list.join(', ')} ${tail}`;
  return rowStatement(context, sql).safeIntegers().iterate();
}
