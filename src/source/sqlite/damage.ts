/**
 * Signs of a damaged tree that are found while reading, and their failures: rowids that do not
 * ascend, more rows than fit into the file, an index whose rows differ from its table's. SQLite
 * itself reads all of these without an error.
 */

import { Failure } from '../../outcome/failure.ts';
import type { Access, Connection } from './connection.ts';

/** Minimum size of a row in bytes: a cell, and the pointer to it. */
const LEAST_ROW = 6;
/** Header bytes of a page other than the first. */
const PAGE_HEADER = 8;

/** Returns the most rows that fit into the whole file; a tree with more of them has a cycle. */
export function mostRows(db: Connection): number {
  const pages = db.pragma('main.page_count', { simple: true }) as number;
  const size = db.pragma('main.page_size', { simple: true }) as number;
  return pages * Math.floor((size - PAGE_HEADER) / LEAST_ROW);
}

const HINT =
  "check it with sqlite3's PRAGMA integrity_check, then fetch an intact copy or use .recover";

function damaged(access: Access, table: string, what: string): Failure {
  return new Failure('SOURCE_FORMAT', {
    what: `the database is damaged, ${what}`,
    where: `${access.shown}, table ${JSON.stringify(table.slice(0, 80))}`,
    hint: HINT,
  });
}

/**
 * Makes the Failure for rows out of the order of their rowids: one would come twice, or be skipped.
 */
export function outOfOrder(access: Access, table: string): Failure {
  return damaged(access, table, 'its rowids do not ascend');
}

/** Makes the Failure for more rows than fit into the file. */
export function tooManyRows(access: Access, table: string): Failure {
  return damaged(access, table, 'its pages form a cycle');
}

/** Makes the Failure for an index and a table with different rows. */
export function indexDisagrees(access: Access, table: string, counts: readonly number[]): Failure {
  const [rows, indexed] = counts;
  return damaged(access, table, `it has ${rows} rows, but one of its indexes has ${indexed}`);
}
