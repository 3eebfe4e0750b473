/**
 * explain: tells in words what a finding of a report means, where it is and what to do. It reads
 * reports, and the sealed candidate only to show the value, on a terminal.
 */

import { loadMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { didYouMean, nearest } from '../outcome/nearest.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { candidateNamed } from '../project/candidateNamed.ts';
import { findingsOf, knownReports, type KnownReport } from '../project/latestReports.ts';
import { projectPaths } from '../project/paths.ts';
import { explainLines, valueLine } from '../report/explainLines.ts';
import { valuesOfFinding } from '../scan/valueOfFinding.ts';

export interface ExplainOptions {
  readonly project: string;
  readonly cwd: string;
  /** Id of the finding, as reports show it. */
  readonly finding: string;
  /** Name of a report, such as `scan-all`; null for all of them, the newest first. */
  readonly report: string | null;
  /** Receives lines with values, for the terminal only; null if none are to be shown. */
  readonly showValues: ((line: string) => void) | null;
}

/** Explains a finding. @throws Failure USAGE if no report has it */
export async function explain(options: ExplainOptions): Promise<Outcome> {
  const reports = wantedReports(options);
  const found = await foundIn(reports, options.finding.toLowerCase());
  if (found === null) throw await unknown(options.finding, reports);
  const { report, finding } = found;
  const { name, command, startedAt } = report;
  const hidden = options.showValues === null ? [] : await shown(options, found);
  return actionOutcome({
    command: 'explain',
    facts: { finding, report: { name, command, startedAt } },
    notes: [...explainLines(finding, report), ...hidden],
  });
}

/** @throws Failure USAGE if there is no such report */
function wantedReports({ project, report }: ExplainOptions): KnownReport[] {
  const { reports } = projectPaths(project);
  const all = knownReports(reports);
  if (all.length === 0) {
    throw new Failure('USAGE', {
      what: 'the project has no report',
      where: reports,
      hint: 'run sealift dry-run, or sealift scan-all over a candidate',
    });
  }
  if (report === null) return all;
  const named = all.filter(({ name, command }) => name === report || command === report);
  if (named.length > 0) return named;
  const commands = all.map(({ name, command }) => (command === '' ? name : command));
  const hint = didYouMean(report, commands, `use one of ${commands.sort().join(', ')}`);
  throw new Failure('USAGE', { what: 'there is no such report', where: report, hint });
}

interface Found {
  readonly report: KnownReport;
  readonly finding: Finding;
}

async function foundIn(reports: readonly KnownReport[], id: string): Promise<Found | null> {
  for (const report of reports) {
    for await (const finding of findingsOf(report)) {
      if (finding.id === id) return { report, finding };
    }
  }
  return null;
}

/** Ids that are compared with one that is not known: enough for a typing error in any usual report. */
const COMPARED = 100_000;

async function unknown(id: string, reports: readonly KnownReport[]): Promise<Failure> {
  const ids: string[] = [];
  for (const report of reports) {
    for await (const finding of findingsOf(report)) {
      if (ids.length < COMPARED) ids.push(finding.id ?? '');
    }
  }
  const near = nearest(id, ids);
  const names = reports.map(({ name }) => `latest-${name}`).join(', ');
  return new Failure('USAGE', {
    what: ids.length === 0 ? 'the reports have no finding' : 'no report has a finding of this id',
    where: id,
    hint:
      near === null
        ? `copy the id from report.html or findings.ndjson in ${names}`
        : `did you mean ${near}?`,
  });
}

function not(why: string): string[] {
  return [`the value is not shown: ${why}`];
}

/** Shows the values; returns a line that says why, if it cannot. */
async function shown(
  { project, cwd, showValues }: ExplainOptions,
  { report, finding }: Found,
): Promise<string[]> {
  const { recordId, line, field } = finding;
  if (report.sealId === '') return not('the report is not about a sealed candidate');
  if (recordId === undefined && line === undefined) return not('the finding is not on one record');
  if (field === undefined) return not('the finding is not on a field');
  try {
    const folder = candidateNamed(report.sealId, project, cwd);
    const mapping = await loadMapping(folder, { sealed: true });
    const values = await valuesOfFinding(folder, mapping, finding);
    if (values === null) return not('the candidate has no such record and field');
    for (const one of values) showValues?.(valueLine(one.field, one.value, finding));
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return not(error.line());
  }
}
