/**
 * What a damaged tree shows while it is read, and the failures that end the reading: rowids that do not
 * ascend, more rows than the file has room for, an index that does not have the rows of its table.
 * SQLite itself reads all of that without a word.
 */

import { Failure } from '../../outcome/failure.ts';
import type { Access, Connection } from './connection.ts';

/** Bytes that a row takes at least: a cell, and the pointer to it. */
const LEAST_ROW = 6;
/** Of a page that is not the first. */
const PAGE_HEADER = 8;

/** How many rows the whole file has room for; a tree with more of them has no end. */
export function mostRows(db: Connection): number {
  const pages = db.pragma('main.page_count', { simple: true }) as number;
  const size = db.pragma('main.page_size', { simple: true }) as number;
  return pages * Math.floor((size - PAGE_HEADER) / LEAST_ROW);
}

const HINT =
  "check it with sqlite3's PRAGMA integrity_check, then fetch a sound copy or use .recover";

function damaged(access: Access, table: string, what: string): Failure {
  return new Failure('SOURCE_FORMAT', {
    what: `the database is damaged, ${what}`,
    where: `${access.shown}, table ${JSON.stringify(table.slice(0, 80))}`,
    hint: HINT,
  });
}

/** Rows that do not come in the order of their rowids: one would come twice, or be passed over. */
export function outOfOrder(access: Access, table: string): Failure {
  return damaged(access, table, 'its rowids do not ascend');
}

/** More rows than the file has room for. */
export function tooManyRows(access: Access, table: string): Failure {
  return damaged(access, table, 'its pages lead to each other without an end');
}

/** An index and its table that do not have the same rows. */
export function indexDisagrees(access: Access, table: string, counts: readonly number[]): Failure {
  const [rows, indexed] = counts;
  return damaged(access, table, `it has ${rows} rows, and an index of it ${indexed}`);
}
