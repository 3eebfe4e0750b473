/**
 * Findings by rule and module, for a page that a browser opens at once: how many there are of each,
 * and the first of them, so many that the page stays within bounds. All others are in
 * findings.ndjson.
 */

import type { Finding, FindingCount, FindingList } from '../../outcome/finding.ts';
import { printable } from '../../outcome/printable.ts';

/** Findings that a page holds, all groups together. */
export const LISTED = 100_000;

/** What a row of the page shows; texts are as they are to be shown. */
export interface FindingRow {
  readonly id: string;
  readonly place: string;
  readonly field: string;
  readonly record: string;
  readonly reason: string;
  /** Id of the finding from which this one follows, or ''. */
  readonly because: string;
}

export interface FindingGroup extends FindingCount {
  readonly rows: readonly FindingRow[];
}

/** Groups by severity, then by rule (the one with most findings first), then by module. */
export function groupFindings(findings: FindingList, listed: number = LISTED): FindingGroup[] {
  const counts = findings.byRule ?? countGroups(findings);
  const room = shares(counts, listed);
  const rows = new Map(counts.map((count) => [keyOf(count), [] as FindingRow[]]));
  let left = [...room.values()].reduce((sum, share) => sum + share, 0);
  for (const finding of left > 0 ? findings : []) {
    const key = keyOf({ ...finding, module: finding.module ?? '' });
    const group = rows.get(key);
    if (group === undefined || group.length >= (room.get(key) ?? 0)) continue;
    group.push(rowOf(finding));
    left -= 1;
    if (left === 0) break;
  }
  const groups = counts.map(({ module, rule, severity, count }) => ({
    module,
    rule,
    severity,
    count,
    rows: rows.get(keyOf({ module, rule, severity })) ?? [],
  }));
  return inOrder(groups);
}

type GroupKey = Pick<FindingCount, 'module' | 'rule' | 'severity'>;

function keyOf({ severity, rule, module }: GroupKey): string {
  return JSON.stringify([severity, rule, module]);
}

function countGroups(findings: FindingList): FindingCount[] {
  const groups = new Map<string, { -readonly [name in keyof FindingCount]: FindingCount[name] }>();
  for (const { severity, rule, module = '' } of findings) {
    const key = keyOf({ severity, rule, module });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { severity, rule, module, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()];
}

/** So many rows for each group that small ones are whole and large ones share what is left. */
function shares(counts: readonly FindingCount[], listed: number): Map<string, number> {
  const shares = new Map<string, number>();
  const ascending = [...counts].sort((a, b) => a.count - b.count);
  let left = listed;
  for (const [at, count] of ascending.entries()) {
    const share = Math.min(count.count, Math.floor(left / (ascending.length - at)));
    shares.set(keyOf(count), share);
    left -= share;
  }
  return shares;
}

const SEVERITIES = ['BLOCKER', 'WARNING', 'INFO'];

function inOrder(groups: readonly FindingGroup[]): FindingGroup[] {
  const totals = new Map<string, number>();
  for (const group of groups) {
    totals.set(headOf(group), (totals.get(headOf(group)) ?? 0) + group.count);
  }
  return [...groups].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      (totals.get(headOf(b)) ?? 0) - (totals.get(headOf(a)) ?? 0) ||
      byText(a.rule, b.rule) ||
      byText(a.module, b.module),
  );
}

function headOf({ severity, rule }: GroupKey): string {
  return `${severity} ${rule}`;
}

function byText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function rowOf(finding: Finding): FindingRow {
  const { id = '', field = '', recordId = '', line, because = '', reason } = finding;
  return {
    id: printable(id),
    place: printable(placeOf(finding)),
    field: printable(fieldOf(field, finding)),
    record: line === undefined ? printable(recordId) : `line ${line}`,
    reason: printable(reason),
    because: printable(because),
  };
}

/** Rows of a group that are named. */
const MEMBERS = 10;

function placeOf({ source, members, file }: Finding): string {
  if (source !== undefined) return `${source.table} · row ${source.row}`;
  const [first] = members ?? [];
  if (members !== undefined && first !== undefined) {
    const rows = members.slice(0, MEMBERS).map(({ row }) => row);
    const more = members.length > MEMBERS ? ` and ${members.length - MEMBERS} more` : '';
    return `${first.table} · rows ${rows.join(', ')}${more}`;
  }
  return file ?? '';
}

function fieldOf(field: string, { start, end }: Finding): string {
  return start === undefined || end === undefined ? field : `${field} [${start}, ${end})`;
}
