/**
 * Findings by cause, for a page that a browser opens at once: how many there are of each,
 * and the first of them, so many that the page stays within bounds. All others are in
 * findings.ndjson.
 */

import { causeKey, causeOf, countCauses, worstFirst } from '../../outcome/cause.ts';
import type { Finding, FindingCount, FindingList } from '../../outcome/finding.ts';
import { printable } from '../../outcome/printable.ts';

/** Findings that a page holds, all groups together. */
const LISTED = 100_000;

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

/** Groups of one cause each, the worst first. */
export function groupFindings(findings: FindingList, listed: number = LISTED): FindingGroup[] {
  const counts = countCauses(findings);
  const room = shares(counts, listed);
  const rows = new Map(counts.map((count) => [causeKey(count), [] as FindingRow[]]));
  let left = [...room.values()].reduce((sum, share) => sum + share, 0);
  for (const finding of left > 0 ? findings : []) {
    const key = keyOf(finding, rows);
    const group = rows.get(key);
    if (group === undefined || group.length >= (room.get(key) ?? 0)) continue;
    group.push(rowOf(finding));
    left -= 1;
    if (left === 0) break;
  }
  return worstFirst(
    counts.map((count) => Object.assign({ rows: rows.get(causeKey(count)) ?? [] }, count)),
  );
}

/** The group that a finding is counted in: its own, or that of causes which are not told apart. */
function keyOf(finding: Finding, groups: ReadonlyMap<string, unknown>): string {
  const cause = causeOf(finding);
  const key = causeKey(cause);
  return groups.has(key) ? key : causeKey({ ...cause, field: '', reason: '' });
}

/** So many rows for each group that small ones are whole and large ones share what is left. */
function shares(counts: readonly FindingCount[], listed: number): Map<string, number> {
  const shares = new Map<string, number>();
  const ascending = [...counts].sort((a, b) => a.count - b.count);
  let left = listed;
  for (const [at, count] of ascending.entries()) {
    const share = Math.min(count.count, Math.ceil(left / (ascending.length - at)));
    shares.set(causeKey(count), share);
    left -= share;
  }
  return shares;
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
