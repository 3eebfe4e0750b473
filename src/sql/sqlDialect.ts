/** What the SQL of a mapping may be for one kind of source. */

import type { Refused, Sql } from './query.ts';

export interface SqlDialect {
  /** A query over a source as it may run, or why it may not. */
  readonly readQuery: (sql: string) => Sql | Refused;
}
