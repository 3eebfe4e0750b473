/** Outcome → summary.json, findings.ndjson, report.html and the lines of the terminal. Pure. */

import { failureLine } from '../outcome/failure.ts';
import type { Finding, FindingList } from '../outcome/finding.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { printable } from '../outcome/printable.ts';
import { canonicalJson } from '../record/canonical.ts';
import { checkedLines } from './checkedLines.ts';
import { findingLines } from './findingLines.ts';
import { htmlReport } from './html/page.ts';
import { personalData } from './personalData.ts';
import { moduleTable } from './moduleTable.ts';
import type { Timing } from './timing.ts';

export type { Timing } from './timing.ts';

/** Returns the files of a report by name; long ones as chunks of bytes. */
export function reportFiles(
  outcome: Outcome,
  timing: Timing,
): ReadonlyMap<string, string | Iterable<Uint8Array>> {
  const { findings } = outcome;
  return new Map<string, string | Iterable<Uint8Array>>([
    ['summary.json', `${JSON.stringify(summary(outcome, timing), null, 2)}\n`],
    ['findings.ndjson', findings.lines?.() ?? linesOf(findings)],
    ['report.html', htmlReport(outcome, timing)],
  ]);
}

function* linesOf(findings: FindingList): Generator<Uint8Array> {
  for (const finding of findings) yield Buffer.from(`${canonicalJson(finding)}\n`);
}

/**
 * Returns the content of `--json` and summary.json: all of the outcome but its findings and the story
 * of a run, and what it says of personal data.
 */
export function summary(outcome: Outcome, timing: Timing): Record<string, unknown> {
  const { findings: _, story: _story, failure, ...rest } = outcome;
  const personal = personalData(outcome);
  return {
    ...rest,
    ...(personal === null ? {} : { personalData: personal }),
    ...(failure === undefined ? {} : { failure: { ...failure, line: failureLine(failure) } }),
    findingsListed: totalOf(outcome),
    ...timing,
  };
}

/** Most findings of {@link firstFindings}. */
const MOST_LISTED = 1000;

/** Returns the first findings of a command that has no report, where they stand nowhere else. */
export function firstFindings({ findings }: Outcome): readonly Finding[] {
  const list: Finding[] = [];
  for (const finding of findings) {
    if (list.length === MOST_LISTED) break;
    list.push(finding);
  }
  return list;
}

function totalOf({ counts }: Outcome): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Size of a terminal, in characters. */
export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

/** Maximum lines without a screen. */
const UNBOUND = { table: 43, findings: 20 };
/** Minimum columns and lines on a screen. */
const LEAST_COLUMNS = 20;
const LEAST = { table: 6, findings: 4 };

/**
 * Returns a command's summary for people, the verdict last, in lines that fit on `screen`, or more
 * lines if that is null. `shown` formats a path for the reader; `report` is the path of the report,
 * or null.
 */
export function terminalLines(
  outcome: Outcome,
  report: string | null,
  shown: (path: string) => string,
  screen: Screen | null = null,
): string[] {
  // Names of files and modules come from the candidate, which is not trusted.
  const end = lastLines(outcome, report, shown).map(printable);
  const { causes, rest } = findingLines(outcome, UNBOUND.findings);
  if (screen === null) {
    return [...moduleTable(outcome, UNBOUND.table), ...causes, ...rest(causes.length), ...end];
  }
  const { rows } = screen;
  const columns = Math.max(LEAST_COLUMNS, screen.columns);
  const many = causes.map((line) => wrapped(line, columns));
  const tall = (lines: readonly string[]): number =>
    lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  // One line is left for the next prompt.
  const free = rows - 1 - tall(end);
  const half = Math.max(LEAST.table, Math.floor(free / 2));
  const table = moduleTable(outcome, Math.max(half, free - many.flat().length - 1));
  const few = [...many];
  while (few.length > LEAST.findings) {
    if (few.flat().length + rest(few.length).length <= free - table.length) break;
    few.pop();
  }
  return [...table, ...few.flat(), ...rest(few.length), ...end];
}

/** Wraps text into lines of at most `columns`, at spaces if possible. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > columns) {
    const space = rest.lastIndexOf(' ', columns);
    const at = space > columns / 2 ? space : columns;
    lines.push(rest.slice(0, at));
    rest = `  ${rest.slice(at).trimStart()}`;
  }
  return [...lines, rest];
}

function lastLines(
  outcome: Outcome,
  report: string | null,
  shown: (path: string) => string,
): string[] {
  const lines: string[] = [];
  if (outcome.dataRoot !== undefined) lines.push(`data root  ${outcome.dataRoot}`);
  if (outcome.sealId !== undefined) lines.push(`seal id    ${outcome.sealId}`);
  if (outcome.candidate !== undefined) lines.push(`candidate  ${shown(outcome.candidate)}`);
  if (report !== null) lines.push(`report     ${shown(report)}`);
  lines.push(...checkedLines(outcome.checked), ...outcome.notes);
  if (outcome.failure === undefined) lines.push(`${outcome.command}: ${outcome.status}`);
  return lines;
}
