/**
 * What a reader has run, in its source's own language, so that an auditor can run it again. Told by what ran it,
 * as it ran: there is no second list. Part of the contract (source.ts).
 */

import type { ReadSession } from '../outcome/reading.ts';

/** Statements that a reader has run. */
export interface ReadStatements {
  readonly session: ReadSession;
  /**
   * Those that read rows, each once. Bounds of ranges are variables, as the source's own shell has them; so they
   * hold names of tables and columns, and no value of a row.
   */
  readonly reads: readonly string[];
}

/** Keeps statements that were run until they are told. */
export interface RanStatements {
  note(statement: string): void;
  /** Returns what was noted since the call before. */
  take(): string[];
}

export function ranStatements(): RanStatements {
  let noted = new Set<string>();
  return {
    note: (statement) => void noted.add(statement),
    take() {
      const all = [...noted];
      noted = new Set();
      return all;
    },
  };
}
