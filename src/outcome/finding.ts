/** Findings: data about one defect each. A finding says where, never the value. */

export type Severity = 'BLOCKER' | 'WARNING' | 'INFO';
export type Verdict = 'PASS' | 'WARN' | 'FAIL';

/** A row of a source: `row` is the SQLite rowid or the ordinal (1-based) in reading order. */
export interface SourcePlace {
  readonly table: string;
  readonly row: number | string;
}

export interface Finding {
  /** Deterministic, unique within a report; absent until the report is put together. */
  readonly id?: string;
  /** Rule id; each has a page in docs/rules. */
  readonly rule: string;
  readonly severity: Severity;
  readonly module?: string;
  /** The record's id, or its legacy key as canonical JSON; left out where that is personal. */
  readonly recordId?: string;
  readonly field?: string;
  /** Where in the field's text, in Unicode code points: [start, end). */
  readonly start?: number;
  readonly end?: number;
  readonly source?: SourcePlace;
  /** Path inside the candidate, for findings on files. */
  readonly file?: string;
  /** All rows of a group (duplicates), in source order. */
  readonly members?: readonly SourcePlace[];
  /** Id of a finding on this record, or one that it references, from which this one only follows. */
  readonly because?: string;
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
