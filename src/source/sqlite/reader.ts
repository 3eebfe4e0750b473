/**
 * Reads rows of a SQLite database exactly, from the snapshot of its connection.
 *
 * Rows are read fast; the few cells that may have been changed in reading (exact.ts) are read
 * again. Pages are bounded in rows and in bytes. The loops over cells are the hot path of a run.
 */

import { isMainThread } from 'node:worker_threads';
import { setImmediate as turn } from 'node:timers/promises';

import type { Failure } from '../../outcome/failure.ts';
import type { ReadRange, Row, SourceReader } from '../source.ts';
import type { SourceValue } from '../../record/value.ts';
import { ranStatements } from '../readStatements.ts';
import { asFailure, beginSnapshot, connect, translated, type Access } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import {
  exactColumns,
  exactRow,
  halfUnits,
  locator,
  looksChanged,
  plainInteger,
  ROUNDED,
  type Cell,
  type Encoding,
} from './exact.ts';
import { pagesInGroups } from './columnGroups.ts';
import { mostRows, outOfOrder } from './damage.ts';
import {
  CELL_BYTES,
  PAGE_BYTES,
  PAGE_ROWS,
  rowStatement,
  weight,
  type Context,
} from './rowPage.ts';
import { GREATEST_ROWID, LEAST_ROWID, type RowidRange } from './rangePlan.ts';
import { pagesOfRelation, relationReader } from './readRelation.ts';
import { sessionOf } from './readSession.ts';
import { defineSourceDates, relationFailure, type RelationAccess } from './relation.ts';
import { pagesByScan } from './tableScan.ts';
import { noColumn, tableAccess } from './tableAccess.ts';

/**
 * If more than one row in so many is suspicious, the rest of the range is read in a careful mode.
 */
const TOO_MANY = 16;

/** Opens a connection and takes its snapshot; `relations` can be read by their names, too. */
export function openReader(
  access: Access,
  relations: readonly RelationAccess[] = [],
): SourceReader {
  const db = translated(access, null, () => connect(access));
  const special = new Map(relations.map((relation) => [relation.name, relation]));
  if (special.size > 0) defineSourceDates(db);
  const encoding = translated(access, null, () => {
    try {
      beginSnapshot(db);
      return db.pragma('encoding', { simple: true }) as Encoding;
    } catch (error) {
      db.close();
      throw error;
    }
  });
  const open = new Set<Iterator<Row[]>>();
  const ran = ranStatements();
  const context = { db, access, encoding, ran };
  return {
    async *read(table, columns, range) {
      const relation = special.get(table);
      const pages =
        relation === undefined
          ? pagesOf(context, table, columns, range)
          : pagesOfRelation(context, relation, columns);
      open.add(pages);
      try {
        for (const page of pages) {
          yield page;
          // Signals and messages are handled between pages, not inside them.
          if (isMainThread) await turn();
        }
      } catch (error) {
        if (relation !== undefined) throw relationFailure(error, access, table);
        throw asFailure(error, access.shown, table);
      } finally {
        pages.return?.(undefined);
        open.delete(pages);
      }
    },
    tellStatements: () => ({ session: sessionOf(db, access), reads: ran.take() }),
    relations: relationReader(context, special),
    async close() {
      for (const pages of open) pages.return?.();
      // Closing ends the transaction too; COMMIT would fail on a damaged database.
      if (db.open) db.close();
    },
  };
}

function pagesOf(
  context: Context,
  table: string,
  columns: readonly string[],
  range: ReadRange,
): Generator<Row[], void, undefined> {
  const found = tableAccess(context.db, context.access, table);
  for (const column of columns) {
    if (!found.columns.includes(column)) throw noColumn(context.access.shown, table, column);
  }
  const { rows } = found;
  if (rows.kind === 'rowid') {
    return pagesInGroups(columns, (group) =>
      pagesByRowid(context, table, group, rows.rowid, range),
    );
  }
  const tail =
    rows.kind === 'scan'
      ? `FROM ${rows.from}`
      : `FROM main.${quote(table)} ORDER BY ${rows.orderBy}`;
  const repeatable = rows.kind === 'ordered' || rows.repeatable;
  const scan = {
    tail,
    repeatable,
    locator: null,
    ...(repeatable ? { table, most: mostRows(context.db) } : {}),
  };
  // Without an order of its own, the relation may yield rows in another order each time.
  if (!repeatable) return pagesByScan(context, columns, scan);
  return pagesInGroups(columns, (group) => pagesByScan(context, group, scan));
}

/**
 * Statements that select cells, then the rowid, then for UTF-16 whether half a unit was lost.
 * `bigint` yields integers as bigint; `exact` yields also the bytes of text.
 */
interface Statements {
  readonly fast: PageStatement;
  readonly bigint: PageStatement;
  readonly exact: PageStatement;
}
type Mode = keyof Statements;

interface PageStatement {
  iterate(first: bigint, last: bigint): Iterable<Cell[]>;
}

function prepare(
  context: Context,
  table: string,
  columns: readonly string[],
  rowid: string,
): Statements {
  const statement = (list: readonly string[], isExact: boolean): PageStatement => {
    const sql = rowsBetween(table, list, rowid);
    const prepared = rowStatement(context, sql);
    if (isExact) prepared.safeIntegers();
    return { iterate: (first, last) => prepared.iterate({ first, last }) };
  };
  const names = [...columns.map(quote), rowid];
  if (context.encoding !== 'UTF-8') names.push(halfUnits(columns));
  const made: { -readonly [M in Mode]?: PageStatement } = {};
  // Most tables need the first alone, and there may be thousands of tables.
  return {
    get fast() {
      return (made.fast ??= statement(names, false));
    },
    get bigint() {
      return (made.bigint ??= statement(names, true));
    },
    get exact() {
      return (made.exact ??= statement([...exactColumns(columns), rowid], true));
    },
  };
}

/** Returns the statement that reads rows by their rowids; its bounds are parameters, also of sqlite3's shell. */
function rowsBetween(table: string, list: readonly string[], rowid: string): string {
  return (
    `SELECT ${list.join(', ')} FROM main.${quote(table)} ` +
    `WHERE ${rowid} >= :first AND ${rowid} <= :last ORDER BY ${rowid}`
  );
}

function* pagesByRowid(
  context: Context,
  table: string,
  columns: readonly string[],
  rowid: string,
  range: ReadRange,
): Generator<Row[], void, undefined> {
  const { access, encoding } = context;
  const width = columns.length;
  const utf16 = encoding !== 'UTF-8';
  const statements = prepare(context, table, columns, rowid);
  const { lo, hi } = range as RowidRange;
  const last = hi === null ? GREATEST_ROWID : BigInt(hi);
  let first = lo === null ? LEAST_ROWID : BigInt(lo) + 1n;
  let mode: Mode = 'fast';
  const damage = (): Failure => outOfOrder(access, table);
  while (first <= last) {
    const page =
      mode === 'exact'
        ? readExactly(statements.exact, first, last, width, encoding)
        : readPage(statements[mode], first, last, { width, asBigint: mode === 'bigint', utf16 });
    const end = page.rows.at(-1)?.[width] as number | bigint | undefined;
    if (end === undefined) return;
    // The rowids ascend: if the outer ones are exact, all are.
    if (isRounded(end) || isRounded(page.rows[0]?.[width])) {
      mode = 'bigint';
      continue;
    }
    if (!ascends(page.rows, width, first, last)) throw damage();
    first = BigInt(end) + 1n;
    if (page.suspicious.length > 0 && !repair(page, statements.exact, width, encoding)) {
      throw damage();
    }
    if (mode !== 'fast') for (const row of page.rows) row[width] = locator(row[width] as bigint);
    mode = nextMode(mode, page);
    yield page.rows;
  }
}

interface Page {
  readonly rows: Row[];
  /** Indexes of the rows that must be read again. */
  readonly suspicious: readonly number[];
  /** How many of them hold a number that may have been rounded. */
  readonly rounded: number;
}

function isRounded(value: SourceValue | undefined): boolean {
  return typeof value === 'number' && (value >= ROUNDED || value <= -ROUNDED);
}

interface Form {
  readonly width: number;
  readonly asBigint: boolean;
  readonly utf16: boolean;
}

/** Reads rows until a page is full and marks the suspicious ones. The hot loop of a run. */
function readPage(
  statement: PageStatement,
  first: bigint,
  last: bigint,
  { width, asBigint, utf16 }: Form,
): Page {
  const rows: Row[] = [];
  const suspicious: number[] = [];
  let roundedRows = 0;
  let bytes = 0;
  for (const row of statement.iterate(first, last)) {
    let rounded = false;
    let replaced = false;
    for (let index = 0; index < width; index++) {
      const value = row[index];
      if (typeof value === 'string') {
        bytes += value.length;
        if (looksChanged(value, utf16)) replaced = true;
      } else if (typeof value === 'number') {
        // If integers are bigints, a number is a real, as stored.
        if (!asBigint && (value >= ROUNDED || value <= -ROUNDED)) rounded = true;
      } else if (typeof value === 'bigint') row[index] = plainInteger(value) as Cell;
      else if (value !== null && value !== undefined) bytes += value.length;
    }
    if (utf16 && Number(row.pop()) !== 0) replaced = true;
    if (rounded) roundedRows++;
    if (rounded || replaced) suspicious.push(rows.length);
    rows.push(row);
    bytes += width * CELL_BYTES;
    if (rows.length === PAGE_ROWS || bytes >= PAGE_BYTES) break;
  }
  return { rows, suspicious, rounded: roundedRows };
}

/** Reads a page in the exact form, which needs no repair. */
function readExactly(
  statement: PageStatement,
  first: bigint,
  last: bigint,
  width: number,
  encoding: Encoding,
): Page {
  const rows: Row[] = [];
  let bytes = 0;
  for (const pairs of statement.iterate(first, last)) {
    rows.push(exactRow(pairs, width, encoding));
    bytes += weight(pairs);
    if (rows.length === PAGE_ROWS || bytes >= PAGE_BYTES) break;
  }
  return { rows, suspicious: [], rounded: 0 };
}

/** Reads the suspicious rows again, one by one; false if one is not found. */
function repair(page: Page, exact: PageStatement, width: number, encoding: Encoding): boolean {
  for (const index of page.suspicious) {
    const old = page.rows[index];
    const rowid = BigInt(old?.[width] as number | bigint);
    const [pairs] = exact.iterate(rowid, rowid);
    if (pairs === undefined) return false;
    const row = exactRow(pairs, width, encoding);
    // The locator keeps the form that it has in the page.
    row[width] = old?.[width] ?? null;
    page.rows[index] = row;
  }
  return true;
}

/**
 * Whether the rowids of a page ascend within their range. In a damaged tree they may not: a row
 * would come twice, or reading would never end. A rounded rowid is not less than the one before.
 */
function ascends(rows: readonly Row[], width: number, first: bigint, last: bigint): boolean {
  const [low, high] = [rows[0]?.[width], rows.at(-1)?.[width]] as (number | bigint)[];
  if (low === undefined || high === undefined || low < first || high > last) return false;
  let before = low;
  for (let index = 1; index < rows.length; index++) {
    const rowid = rows[index]?.[width] as number | bigint;
    if (!(rowid > before)) return false;
    before = rowid;
  }
  return true;
}

/** Chooses a mode with fewer repairs for the rest of the range if there were many. */
function nextMode(mode: Mode, page: Page): Mode {
  const limit = page.rows.length / TOO_MANY;
  if (page.suspicious.length <= limit) return mode;
  return mode === 'fast' && page.rounded > limit ? 'bigint' : 'exact';
}
