/** The result of every command: status, subject, accounting, and counts of findings. */

import type { ModulePrivacy } from './privacy.ts';
import type { Failure, SerialisedFailure } from './failure.ts';
import { verdictOf, type FindingList, type Severity, type Verdict } from './finding.ts';
import type { Comparison } from './comparison.ts';
import type { Reading } from './reading.ts';
import type { ModuleLine } from './moduleLine.ts';
import type { RunStory } from './runStory.ts';

/** DONE or FAILED for an action; a verdict for a check. */
export type Status = 'DONE' | 'FAILED' | Verdict;

/** One step of a rehearsal: an action, with its expected and its observed result. */
export interface Step {
  readonly step: string;
  readonly expected: string;
  readonly observed: string;
  readonly ok: boolean;
}

/** Rows whose content is in one place. */
export interface Place {
  /** Such as `moved` or `left on disk`. */
  readonly name: string;
  readonly kind: 'good' | 'bad' | 'open';
  readonly rows: number;
  /** Null if not known, as the files were not read. */
  readonly bytes: number | null;
}

/** A severity that the project has set below the rule's own. */
export interface Lowered {
  readonly rule: string;
  /** Module that it applies to; all modules if absent. */
  readonly module?: string;
  readonly field?: string;
  /** Invariant that it applies to. */
  readonly invariant?: string;
  readonly from: Severity;
  readonly to: Severity;
}

/** The basis of a verdict: a check that did not run, or read no records, proves nothing. */
export interface Checked {
  /** Names of the checks that ran, in order. */
  readonly checks: readonly string[];
  /** Number of records inspected. */
  readonly records: number;
  /** Number of ids and values that were looked up in other records. */
  readonly references: number;
  readonly lowered: readonly Lowered[];
  /** What was seen of personal data, by module; left out where that was not searched for. */
  readonly privacy?: readonly ModulePrivacy[];
  /** Whether modules were left out, as the command line says. */
  readonly isPartial?: boolean;
}

/** Results of a command; the one that reports show has a type. */
export interface Facts {
  readonly [name: string]: unknown;
  /** How a target was read. */
  readonly reading?: Reading;
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
  /** Steps of a rehearsal, in order. */
  readonly steps?: readonly Step[];
  /** A target that was compared with the seal. */
  readonly compared?: Comparison;
  /** Where the content of rows is, in parts that add up. */
  readonly places?: readonly Place[];
  /** A run of a cutover, for its report; not a part of `--json`. */
  readonly story?: RunStory;
  readonly findings: FindingList;
  readonly checked?: Checked;
  /** Number of findings in the list, by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Further results of the command, as data for --json. */
  readonly facts?: Facts;
  /** Bytes read from the candidates' files, and their total size. */
  readonly bytes?: { readonly read: number; readonly total: number };
  /** Plain sentences for the reader about what this does and does not prove. */
  readonly notes: readonly string[];
  /** Exit code of a command that is done, where it is not 0. */
  readonly exitCode?: number;
  /** Parts of the failure that stopped the command; its line is made for display only. */
  readonly failure?: SerialisedFailure;
}

/** Counts findings by severity; does not read a list that has its counts. */
export function countFindings(findings: FindingList): Readonly<Record<Severity, number>> {
  if (findings.counts !== undefined) return findings.counts;
  const counts: Record<Severity, number> = { BLOCKER: 0, WARNING: 0, INFO: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/** Makes the outcome of a check from its findings. */
export function checkOutcome(
  parts: Omit<Outcome, 'status' | 'counts'> & { readonly findings: FindingList },
): Outcome {
  const counts = countFindings(parts.findings);
  return { ...parts, status: verdictOf(counts), counts };
}

/** Makes the outcome of an action that is done; modules and findings are empty by default. */
export function actionOutcome(
  parts: Omit<Outcome, 'status' | 'counts' | 'modules' | 'findings'> &
    Partial<Pick<Outcome, 'modules' | 'findings'>>,
): Outcome {
  const { command, findings = [], ...rest } = parts;
  const counts = countFindings(findings);
  return { command, status: 'DONE', modules: [], ...rest, findings, counts };
}

/** Makes the outcome of a command that stopped with a failure. */
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
