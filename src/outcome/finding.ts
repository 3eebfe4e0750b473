/** Findings: data about one defect each. A finding says where, never the value. */

export type Severity = 'BLOCKER' | 'WARNING' | 'INFO';
export type Verdict = 'PASS' | 'WARN' | 'FAIL';

/**
 * A row of a source: `row` is its locator, which is the SQLite rowid, or the ordinal (1-based) in reading
 * order, or what the source locates rows by; as a person is shown it in a report.
 */
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
  /**
   * The record's id, or its legacy key as canonical JSON; left out where that is or may be personal:
   * a kept text that the mapping does not call harmless.
   */
  readonly recordId?: string;
  /** 1-based line in the module's data file, where a record of a candidate has no id to be shown. */
  readonly line?: number;
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

/** How many findings have one cause: module and field ('' where they are about none), rule and reason. */
export interface FindingCount {
  readonly module: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly field: string;
  /** With numbers left out; '' of causes that are too many to be told apart. */
  readonly reason: string;
  readonly count: number;
}

/**
 * Findings, perhaps more than fit into memory: they can be read more than once, one after the other.
 * An array is one, too. A list that is ready for a report has ids, an order, and the rest.
 */
export interface FindingList extends Iterable<Finding> {
  /** How many there are. */
  readonly counts?: Readonly<Record<Severity, number>>;
  readonly byCause?: readonly FindingCount[];
  /** The findings as lines of canonical JSON, in chunks of bytes that do not end where lines do. */
  readonly lines?: () => Iterable<Uint8Array>;
}

/** FAIL with any BLOCKER, WARN with any WARNING, else PASS. */
export function verdictOf(counts: Readonly<Record<Severity, number>>): Verdict {
  if (counts.BLOCKER > 0) return 'FAIL';
  return counts.WARNING > 0 ? 'WARN' : 'PASS';
}
