/** Splits the tables of a PostgreSQL database into ranges of their pages. */

import type { Connection } from '../../postgres/connect.ts';
import { quoteText } from '../../sql/quote.ts';
import { nearRanges } from '../nearRanges.ts';
import type { ReadRange } from '../source.ts';
import type { TableAccess } from './catalogue.ts';
import { pageOf } from './copyCells.ts';

/** Rows of a page if the server has no estimate: it has never analysed the table. */
const USUAL_ROWS = 80;

/**
 * Returns ranges of about `rows` rows each, by the server's estimate. The last range of a table has no
 * end: the table may have grown since, and its rows are invisible to the snapshot or in it.
 */
export async function planRanges(
  connection: Connection,
  { parts }: TableAccess,
  rows: number,
): Promise<ReadRange[]> {
  if (parts === null) return [{}];
  const ranges: ReadRange[] = [];
  for (const [part, { identifier }] of parts.entries()) {
    const [[size, tuples, counted] = []] = await connection.query(
      `SELECT pg_catalog.pg_relation_size(oid) / current_setting('block_size')::int8, reltuples, relpages
      FROM pg_catalog.pg_class WHERE oid = ${quoteText(identifier)}::pg_catalog.regclass`,
    );
    const pages = Number(size);
    const density = Number(tuples) > 0 ? Number(tuples) / Number(counted) : USUAL_ROWS;
    const step = Math.max(1, Math.floor(rows / density));
    for (let from = 0; from === 0 || from < pages; from += step) {
      const to = from + step < pages ? from + step : null;
      ranges.push({ part, from, to });
      if (to === null) break;
    }
  }
  return ranges;
}

/** Pages between two rows that are read along with them. */
const GAP = 2n;

/**
 * Returns ranges of the pages that hold rows with these locators, ascending; null if the table has no
 * pages. A locator does not tell in which part of the table its row is.
 */
export function rangesOfRows({ parts }: TableAccess, locators: BigInt64Array): ReadRange[] | null {
  if (parts === null) return null;
  const pages = nearRanges(Array.from(locators, pageOf), GAP);
  return parts.flatMap((_, part) =>
    pages.map(([first, last]) => ({ part, from: Number(first), to: Number(last) + 1 })),
  );
}
