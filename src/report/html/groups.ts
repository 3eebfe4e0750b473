/**
 * Groups findings by cause: their number, and the first of them, up to a limit that keeps the page
 * fast to open. All others are in findings.ndjson.
 */

import { causeKey, causeOf, countCauses, worstFirst } from '../../outcome/cause.ts';
import type { Finding, FindingCount, FindingList } from '../../outcome/finding.ts';
import { printable } from '../../outcome/printable.ts';

/** Maximum number of findings on a page. */
const LISTED = 100_000;

/** Texts of a row of the page, ready to be shown. */
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

/** Groups findings by cause, worst first; the groups have at most `listed` rows together. */
export function groupFindings(findings: FindingList, listed: number = LISTED): FindingGroup[] {
  const counts = countCauses(findings);
  const limits = rowLimits(counts, listed);
  const rows = new Map(counts.map((count) => [causeKey(count), [] as FindingRow[]]));
  let left = [...limits.values()].reduce((sum, limit) => sum + limit, 0);
  for (const finding of left > 0 ? findings : []) {
    const key = keyOf(finding, rows);
    const group = rows.get(key);
    if (group === undefined || group.length >= (limits.get(key) ?? 0)) continue;
    group.push(rowOf(finding));
    left -= 1;
    if (left === 0) break;
  }
  return worstFirst(
    counts.map((count) => Object.assign({ rows: rows.get(causeKey(count)) ?? [] }, count)),
  );
}

/** Returns the group that counts a finding: its cause's, or that of causes counted together. */
function keyOf(finding: Finding, groups: ReadonlyMap<string, unknown>): string {
  const cause = causeOf(finding);
  const key = causeKey(cause);
  return groups.has(key) ? key : causeKey({ ...cause, field: '', reason: '' });
}

/** Limits the rows of each group: small groups are complete, large ones share the rest equally. */
function rowLimits(counts: readonly FindingCount[], listed: number): Map<string, number> {
  const limits = new Map<string, number>();
  const ascending = [...counts].sort((a, b) => a.count - b.count);
  let left = listed;
  for (const [at, count] of ascending.entries()) {
    const limit = Math.min(count.count, Math.ceil(left / (ascending.length - at)));
    limits.set(causeKey(count), limit);
    left -= limit;
  }
  return limits;
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

/** Maximum number of rows of a group that are named. */
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
