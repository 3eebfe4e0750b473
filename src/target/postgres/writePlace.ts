/** Where a load writes in a PostgreSQL database: a schema of its own, or tables that are there. */

import type { FinishStep, LoadState, RecordCheck, TargetProblem } from '../target.ts';
import type { CopyFormat } from './copyText.ts';

/**
 * Bytes of a blob: the server takes and writes a row as less than 1 GiB of text, in which a byte has two
 * digits. Some are left for the other cells of the row.
 */
export const MAX_BLOB: number = 2 ** 29 - 2 ** 20;

export interface Place {
  readonly schema: string;
  readonly state: LoadState;
  readonly ddl: readonly string[];
  readonly notes: readonly string[];
  readonly problems: readonly TargetProblem[];
  readonly passes: ReadonlyMap<string, RecordCheck>;
  readonly order: readonly string[];
  /** Returns the name of a module's table with its schema, quoted. */
  table(module: string): string;
  format(module: string): CopyFormat;
  /** Whether all rows of a module have to be one statement, as they refer to each other. */
  isOneBatch(module: string): boolean;
  /** Returns rows that were in the table before the load. */
  before(module: string): number;
  /** Returns the statements that begin a load, which are one transaction. */
  beginStatements(): Promise<readonly string[]>;
  finishSteps(): Promise<readonly FinishStep[]>;
}
