/** What every command returns: a status, what it is about, the accounting, and counts of findings. */

import type { Failure, SerialisedFailure } from './failure.ts';
import { verdictOf, type FindingList, type Severity, type Verdict } from './finding.ts';
import type { ModuleLine } from './moduleLine.ts';

/** DONE and FAILED of actions; a verdict of checks. */
export type Status = 'DONE' | 'FAILED' | Verdict;

/** One thing that a command did to see what happens. */
export interface Step {
  readonly step: string;
  readonly expected: string;
  readonly observed: string;
  readonly ok: boolean;
}

/** A severity that the project has made lighter than the rule's own. */
export interface Lowered {
  readonly rule: string;
  /** Where; everywhere if left out. */
  readonly module?: string;
  readonly field?: string;
  /** The invariant that it is about. */
  readonly invariant?: string;
  readonly from: Severity;
  readonly to: Severity;
}

/** What a verdict rests on: a check that did not run, or saw nothing, has found nothing. */
export interface Checked {
  /** Names of the checks that ran, in order. */
  readonly checks: readonly string[];
  /** Records that were looked at. */
  readonly records: number;
  /** Ids and values that were looked up among those of other records. */
  readonly references: number;
  readonly lowered: readonly Lowered[];
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
  /** What was done and seen, in order, where the command is a rehearsal. */
  readonly steps?: readonly Step[];
  readonly findings: FindingList;
  readonly checked?: Checked;
  /** How many are listed, by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** What a command answers besides, as data for --json. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Of the candidates' files: bytes that were read, of those that there are. */
  readonly bytes?: { readonly read: number; readonly total: number };
  /** Plain sentences for the reader: what this does and does not prove. */
  readonly notes: readonly string[];
  /** What stopped the command. Its parts; the line is made where it is shown. */
  readonly failure?: SerialisedFailure;
}

/** Counts findings by severity; a list that knows is not read. */
export function countFindings(findings: FindingList): Readonly<Record<Severity, number>> {
  if (findings.counts !== undefined) return findings.counts;
  const counts: Record<Severity, number> = { BLOCKER: 0, WARNING: 0, INFO: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/** The outcome of a check from what it found. */
export function checkOutcome(
  parts: Omit<Outcome, 'status' | 'counts'> & { readonly findings: FindingList },
): Outcome {
  const counts = countFindings(parts.findings);
  return { ...parts, status: verdictOf(counts), counts };
}

/** The outcome of an action that is done; it has no modules and no findings unless `parts` has them. */
export function actionOutcome(
  parts: Omit<Outcome, 'status' | 'counts' | 'modules' | 'findings'> &
    Partial<Pick<Outcome, 'modules' | 'findings'>>,
): Outcome {
  const { command, findings = [], ...rest } = parts;
  const counts = countFindings(findings);
  return { command, status: 'DONE', modules: [], ...rest, findings, counts };
}

/** The outcome of a command that stopped with a failure. */
export function failedOutcome(
  command: string,
  kind: 'action' | 'check',
  failure: Failure,
  findings: FindingList,
): Outcome {
  return {
    command,
    status: kind === 'check' ? 'FAIL' : 'FAILED',
    modules: [],
    findings,
    counts: countFindings(findings),
    notes: [],
    failure: failure.toJSON(),
  };
}
