/** How a source is read, in its own language, for auditors. Part of the contract (source.ts). */

import type { ReadRange } from './source.ts';

/** Statements by which a source is read. */
export interface ReadStatements {
  /** Those that begin each session. */
  readonly session: readonly string[];
  /** Returns the statement that reads a range of a table. */
  read(table: string, columns: readonly string[], range: ReadRange): string;
}
