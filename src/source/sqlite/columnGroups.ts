/**
 * Reads very wide tables: SQLite returns at most 2,000 columns at once, and the exact form needs
 * two a cell. Groups of columns are read side by side and joined row by row. The reading function
 * must yield the same rows in the same order for every group.
 */

import type { Row } from '../source.ts';
import { PAGE_ROWS } from './rowPage.ts';

/** Columns of one statement: twice as many, the rowid and a flag stay well below the limit. */
const GROUP = 900;

type Pages = Generator<Row[], void, undefined>;

/** Yields pages of rows of all columns, read by a function for some of them. */
export function pagesInGroups(
  columns: readonly string[],
  pagesOf: (columns: readonly string[]) => Pages,
): Pages {
  return columns.length <= GROUP ? pagesOf(columns) : joined(columns, pagesOf);
}

function* joined(
  columns: readonly string[],
  pagesOf: (columns: readonly string[]) => Pages,
): Pages {
  const groups: Generator<Row, void, undefined>[] = [];
  for (let at = 0; at < columns.length; at += GROUP) {
    groups.push(rowsOf(pagesOf(columns.slice(at, at + GROUP))));
  }
  try {
    let page: Row[] = [];
    for (let row = nextRow(groups); row !== null; row = nextRow(groups)) {
      page.push(row);
      // These rows are wide: small pages hold as many bytes as others.
      if (page.length < PAGE_ROWS / 32) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  } finally {
    for (const group of groups) group.return();
  }
}

function* rowsOf(pages: Pages): Generator<Row, void, undefined> {
  for (const page of pages) yield* page;
}

/** Joins the next row of every group; its locator comes last. Null at the common end. */
function nextRow(groups: readonly Generator<Row, void, undefined>[]): Row | null {
  const parts = groups.map((group) => group.next());
  const rows = parts.flatMap((part) => (part.done === true ? [] : [part.value]));
  if (rows.length === 0) return null;
  const [locator] = new Set(rows.map((row) => row.at(-1)));
  const same = rows.every((row) => row.at(-1) === locator);
  if (rows.length !== groups.length || !same) {
    throw new Error('groups of columns of one table yield different rows');
  }
  return [...rows.flatMap((row) => row.slice(0, -1)), locator ?? null];
}
