/** Rows of a column in pages by their key, the next one on its way while one is worked on. */

import type { Row, RowFilter, RowKey, Table } from '../database/database.ts';

const ALL: RowFilter = { isNull: [], notNull: [] };
/** Bytes of a page, as a goal: values may have megabytes. */
const PAGE_BYTES = 4 * 2 ** 20;
const FIRST = 50;

/** Reads all rows, ascending by key, at most `most` at a time. */
export async function* columnPages(table: Table, most: number): AsyncGenerator<Row[]> {
  let size = Math.min(FIRST, most);
  let next = read(table, null, size);
  for (;;) {
    const rows = await next;
    const last = rows.at(-1);
    if (last === undefined) return;
    size = nextSize(rows, size, most);
    next = read(table, last.key, size);
    yield rows;
  }
}

function read(table: Table, after: RowKey | null, size: number): Promise<Row[]> {
  const page = table.page(after, size, ALL);
  // Nothing waits for it if the work ends before.
  page.catch(() => {});
  return page;
}

function nextSize(rows: readonly Row[], size: number, most: number): number {
  let bytes = 1;
  for (const { cells } of rows) {
    for (const cell of cells) bytes += typeof cell === 'bigint' ? 8 : (cell?.length ?? 0);
  }
  const goal = Math.floor((PAGE_BYTES * rows.length) / bytes);
  return Math.max(1, Math.min(goal, size * 4, most));
}
