/** Outcome → summary.json, findings.ndjson and the lines of the terminal. Pure. */

import { counted } from '../outcome/counted.ts';
import type { Finding } from '../outcome/finding.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { printable } from '../outcome/printable.ts';
import { canonicalJson } from '../record/canonical.ts';

/** When and how long, for people; nothing depends on it. */
export interface Timing {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly milliseconds: number;
}

/** The files of a report, by name. */
export function reportFiles(outcome: Outcome, timing: Timing): ReadonlyMap<string, string> {
  return new Map([
    ['summary.json', `${JSON.stringify(summary(outcome, timing), null, 2)}\n`],
    ['findings.ndjson', outcome.findings.map((finding) => `${canonicalJson(finding)}\n`).join('')],
  ]);
}

/** What `--json` prints and summary.json holds: everything but the findings themselves. */
export function summary(outcome: Outcome, timing: Timing): Record<string, unknown> {
  const { findings, ...rest } = outcome;
  return { ...rest, findingsListed: findings.length, ...timing };
}

const SHOWN = 20;

/**
 * The summary of a command for a terminal: fits a screen, the verdict comes last. `shown` gives a
 * path as the reader should see it; `report` is the path of the report, where there is one.
 */
export function terminalLines(
  outcome: Outcome,
  report: string | null,
  shown: (path: string) => string,
): string[] {
  const lines = moduleTable(outcome);
  for (const finding of outcome.findings.slice(0, SHOWN)) lines.push(findingLine(finding));
  const total = Object.values(outcome.counts).reduce((sum, count) => sum + count, 0);
  const more = total - Math.min(SHOWN, outcome.findings.length);
  if (more > 0) lines.push(`and ${counted(more, 'more finding')} in the report`);
  if (outcome.dataRoot !== undefined) lines.push(`data root  ${outcome.dataRoot}`);
  if (outcome.sealId !== undefined) lines.push(`seal id    ${outcome.sealId}`);
  if (outcome.candidate !== undefined) lines.push(`candidate  ${shown(outcome.candidate)}`);
  if (report !== null) lines.push(`report     ${shown(report)}`);
  lines.push(...outcome.notes);
  if (outcome.failure === undefined) lines.push(`${outcome.command}: ${outcome.status}`);
  // Names of files and modules come from whoever made the candidate.
  return lines.map(printable);
}

const TABLE_ROWS = 40;

function moduleTable(outcome: Outcome): string[] {
  const { modules } = outcome;
  if (modules.length === 0) return [];
  const sum = (of: (line: Outcome['modules'][number]) => number): number =>
    modules.reduce((total, line) => total + of(line), 0);
  const rows = [
    ['module', 'rows', 'records', 'rejected', 'root'],
    ...modules
      .slice(0, TABLE_ROWS)
      .map((line) => [
        line.module,
        String(line.rows),
        String(line.records),
        String(line.rejected),
        line.root.slice(0, 16),
      ]),
    ...(modules.length > TABLE_ROWS ? [[`… ${modules.length - TABLE_ROWS} more`]] : []),
    [
      counted(modules.length, 'module'),
      String(sum((line) => line.rows)),
      String(sum((line) => line.records)),
      String(sum((line) => line.rejected)),
    ],
  ];
  return alignColumns(rows);
}

/** First column to the left, numbers to the right, the rest as it is. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function findingLine(finding: Finding): string {
  const place = [
    finding.module,
    finding.field,
    finding.file,
    finding.source === undefined ? undefined : `row ${finding.source.row}`,
    finding.members === undefined
      ? undefined
      : `rows ${finding.members
          .slice(0, 5)
          .map(({ row }) => row)
          .join(', ')}${finding.members.length > 5 ? ', …' : ''}`,
  ].filter((part) => part !== undefined);
  const where = place.length === 0 ? '' : ` ${place.join(' · ')}`;
  return `${finding.severity} ${finding.rule}${where}: ${finding.reason}`;
}
