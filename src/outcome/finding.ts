/** Findings: data about one defect each. A finding says where, never the value. */

export type Severity = 'BLOCKER' | 'WARNING' | 'INFO';
export type Verdict = 'PASS' | 'WARN' | 'FAIL';

/** A row of a source: `row` is the SQLite rowid or the ordinal (1-based) in reading order. */
export interface SourcePlace {
  readonly table: string;
  readonly row: number | string;
}

export interface Finding {
  /** Rule id; each has a page in docs/rules. */
  readonly rule: string;
  readonly severity: Severity;
  readonly module?: string;
  readonly field?: string;
  readonly source?: SourcePlace;
  /** Path inside the candidate, for findings on files. */
  readonly file?: string;
  /** All rows of a group (duplicates), in source order. */
  readonly members?: readonly SourcePlace[];
  /** Why, in a clause that holds no value of the record. */
  readonly reason: string;
}

/** FAIL with any BLOCKER, WARN with any WARNING, else PASS. */
export function verdictOf(findings: Iterable<Pick<Finding, 'severity'>>): Verdict {
  let verdict: Verdict = 'PASS';
  for (const { severity } of findings) {
    if (severity === 'BLOCKER') return 'FAIL';
    if (severity === 'WARNING') verdict = 'WARN';
  }
  return verdict;
}
