/**
 * Pages of rows as the lines of PostgreSQL's COPY in its text format: cells end in a TAB, lines in LF, a
 * null is `\N`, and a backslash escapes the character after it. The locator, if there is one, is the last
 * cell. See https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
 *
 * Canonical records can be made from such lines without a copy of their cells, and without values.
 */

import type { CellPage } from './cellPage.ts';

/**
 * What the text of a column's cells is: as CELL of cellPage.ts, but for `bytes` in hexadecimal digits, and
 * for an array in the server's own notation, both of which have to be decoded.
 */
export type LineForm = 'text' | 'integer' | 'double' | 'boolean' | 'bytes' | 'array';

/** Valid until the next page is read. */
export interface LinePage {
  /** Whole lines. */
  readonly bytes: Buffer;
  /** The form of each column. */
  readonly forms: readonly LineForm[];
  /** Reads the locator in `bytes[start, end)`: the cells of a line end at `start`. */
  locator(start: number, end: number): number;
  /** Decodes the line in `bytes[start, end)`, without its LF, with its locator. */
  decode(start: number, end: number): CellPage;
}
