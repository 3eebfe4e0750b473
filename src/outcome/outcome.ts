/** What every command returns: a status, what it is about, the accounting, and counts of findings. */

import type { Failure } from './failure.ts';
import { verdictOf, type Finding, type Severity, type Verdict } from './finding.ts';

/** DONE and FAILED of actions; a verdict of checks. */
export type Status = 'DONE' | 'FAILED' | Verdict;

export interface ModuleLine {
  readonly module: string;
  /** Of the source, 0 for commands that read only a candidate. */
  readonly rows: number;
  readonly records: number;
  readonly rejected: number;
  /** Lower-case hex; '' where there is none. */
  readonly root: string;
}

export interface Outcome {
  readonly command: string;
  readonly status: Status;
  readonly runId?: string;
  readonly sealId?: string;
  readonly dataRoot?: string;
  /** Absolute path of the candidate that was built or read. */
  readonly candidate?: string;
  readonly modules: readonly ModuleLine[];
  readonly findings: readonly Finding[];
  /** How many are listed, by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Plain sentences for the reader: what this does and does not prove. */
  readonly notes: readonly string[];
  readonly failure?: { readonly code: string; readonly line: string };
}

/** Counts findings by severity. */
export function countFindings(findings: Iterable<Finding>): Record<Severity, number> {
  const counts: Record<Severity, number> = { BLOCKER: 0, WARNING: 0, INFO: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/** The outcome of a check from what it found. */
export function checkOutcome(
  parts: Omit<Outcome, 'status' | 'counts'> & { readonly findings: readonly Finding[] },
): Outcome {
  return { ...parts, status: verdictOf(parts.findings), counts: countFindings(parts.findings) };
}

/** The outcome of a command that stopped with a failure. */
export function failedOutcome(
  command: string,
  kind: 'action' | 'check',
  failure: Failure,
  findings: readonly Finding[],
): Outcome {
  return {
    command,
    status: kind === 'check' ? 'FAIL' : 'FAILED',
    modules: [],
    findings,
    counts: countFindings(findings),
    notes: [],
    failure: { code: failure.code, line: failure.line() },
  };
}
