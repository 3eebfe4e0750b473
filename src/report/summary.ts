/** Outcome → summary.json, findings.ndjson, report.html and the lines of the terminal. Pure. */

import { failureLine } from '../outcome/failure.ts';
import type { FindingList } from '../outcome/finding.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { printable } from '../outcome/printable.ts';
import { canonicalJson } from '../record/canonical.ts';
import { checkedLines } from './checkedLines.ts';
import { findingLines } from './findingLines.ts';
import { htmlReport } from './html/page.ts';
import { moduleTable } from './moduleTable.ts';
import type { Timing } from './timing.ts';

export type { Timing } from './timing.ts';

/** The files of a report, by name; those that may be long as chunks of bytes. */
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

/** What `--json` prints and summary.json holds: everything but the findings themselves. */
export function summary(outcome: Outcome, timing: Timing): Record<string, unknown> {
  const { findings: _, failure, ...rest } = outcome;
  return {
    ...rest,
    ...(failure === undefined
      ? {}
      : { failure: { code: failure.code, line: failureLine(failure) } }),
    findingsListed: totalOf(outcome),
    ...timing,
  };
}

function totalOf({ counts }: Outcome): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The size of a terminal, in characters. */
export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

/** Where there is no screen to fit. */
const UNBOUND = { table: 43, findings: 20 };
/** The least of a table, and of a list of findings, that says something. */
const LEAST_COLUMNS = 20;
const LEAST = { table: 6, findings: 4 };

/**
 * The summary of a command for people, the verdict last. `shown` gives a path as the reader should
 * see it; `report` is the path of the report, where there is one. It fits on `screen`; where there is
 * none, there is more room.
 */
export function terminalLines(
  outcome: Outcome,
  report: string | null,
  shown: (path: string) => string,
  screen: Screen | null = null,
): string[] {
  // Names of files and modules come from whoever made the candidate.
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
  // The next prompt takes a line, too.
  const room = rows - 1 - tall(end);
  const half = Math.max(LEAST.table, Math.floor(room / 2));
  const table = moduleTable(outcome, Math.max(half, room - many.flat().length - 1));
  const few = [...many];
  while (few.length > LEAST.findings) {
    if (few.flat().length + rest(few.length).length <= room - table.length) break;
    few.pop();
  }
  return [...table, ...few.flat(), ...rest(few.length), ...end];
}

/** In lines of at most `columns`, broken at blanks where there are some. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > columns) {
    const blank = rest.lastIndexOf(' ', columns);
    const at = blank > columns / 2 ? blank : columns;
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
