/** Findings: each is data about one defect. A finding names the location, never the value. */

export type Severity = 'BLOCKER' | 'WARNING' | 'INFO';
/** Severities, worst first. */
export const SEVERITIES: readonly Severity[] = ['BLOCKER', 'WARNING', 'INFO'];

export type Verdict = 'PASS' | 'WARN' | 'FAIL';

/**
 * Locator of a source row: `row` is the SQLite rowid, the 1-based ordinal in reading order, or another
 * locator of the source's own, as a report shows it.
 */
export interface SourceLocator {
  readonly table: string;
  readonly row: number | string;
}

export interface Finding {
  /** Deterministic id, unique within a report; absent until the report is assembled. */
  readonly id?: string;
  /** Rule id; each has a page in docs/rules. */
  readonly rule: string;
  readonly severity: Severity;
  readonly module?: string;
  /**
   * The record's id, or its legacy key as canonical JSON. Omitted if the key is or may be personal
   * data: a kept text that the mapping does not declare harmless.
   */
  readonly recordId?: string;
  /** 1-based line in the module's data file, for a record of a candidate that has no id to show. */
  readonly line?: number;
  readonly field?: string;
  /** Range in the field's text, in Unicode code points: [start, end). */
  readonly start?: number;
  readonly end?: number;
  /** Kind of personal data, and whether its form alone is sufficient or a sign beside it was needed. */
  readonly class?: string;
  readonly tier?: 'checked' | 'context';
  /** Keyed fingerprint of the value, by which a policy accepts the finding. */
  readonly fp?: string;
  readonly source?: SourceLocator;
  /** Path inside the candidate, for findings on files. */
  readonly file?: string;
  /** All rows of a group (duplicates), in source order. */
  readonly members?: readonly SourceLocator[];
  /** Id of the finding that caused this one: on this record, or on one that it references. */
  readonly because?: string;
  /** The reason, as a clause that contains no value of the record. */
  readonly reason: string;
}

/** Number of findings of one cause: module and field ('' if none applies), rule and reason. */
export interface FindingCount {
  readonly module: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly field: string;
  /** Reason without its numbers; '' if there are too many causes to count separately. */
  readonly reason: string;
  readonly count: number;
}

/**
 * Findings, possibly more than fit into memory. The list can be read repeatedly, one reading at a
 * time; an array qualifies. A list for a report is ordered, and has ids and the optional members.
 */
export interface FindingList extends Iterable<Finding> {
  /** Number of findings by severity. */
  readonly counts?: Readonly<Record<Severity, number>>;
  readonly byCause?: readonly FindingCount[];
  /** The findings as lines of canonical JSON; a chunk of bytes may end within a line. */
  readonly lines?: () => Iterable<Uint8Array>;
}

/** Returns FAIL if there is a BLOCKER, else WARN if there is a WARNING, else PASS. */
export function verdictOf(counts: Readonly<Record<Severity, number>>): Verdict {
  if (counts.BLOCKER > 0) return 'FAIL';
  return counts.WARNING > 0 ? 'WARN' : 'PASS';
}
