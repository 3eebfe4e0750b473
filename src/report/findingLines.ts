/**
 * Findings as lines for a terminal: one line for each cause, worst first, with the number of
 * findings and the locations of the first ones. Pure.
 */

import { SEVERITIES } from '../outcome/finding.ts';
import { causeKey, causeOf, countCauses, worstFirst } from '../outcome/cause.ts';
import type { Finding, FindingCount, FindingList } from '../outcome/finding.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { grouped } from '../outcome/counted.ts';
import { printable } from '../outcome/printable.ts';

export interface FindingLines {
  /** One line for each cause. */
  readonly causes: readonly string[];
  /** Returns the lines after the first `shown` causes: those left out, and the total. */
  readonly rest: (shown: number) => string[];
}

/** Maximum number of findings that are read for their locations. */
const READ = 200_000;
/** Locations that a line names. */
const PLACES = 3;

/** Formats at most `limit` causes. */
export function findingLines({ findings, counts }: Outcome, limit: number): FindingLines {
  const causes = worstFirst(countCauses(findings));
  const first = firstOf(findings, causes.slice(0, limit));
  const total = SEVERITIES.filter((severity) => counts[severity] > 0)
    .map((severity) => `${grouped(counts[severity])} ${severity}`)
    .join(', ');
  return {
    causes: causes
      .slice(0, limit)
      .map((cause) => printable(causeLine(cause, first.get(causeKey(cause)) ?? []))),
    rest: (shown) => [...more(causes.slice(shown)), ...(total === '' ? [] : [total])],
  };
}

function more(hidden: readonly FindingCount[]): string[] {
  if (hidden.length === 0) return [];
  const sum = hidden.reduce((all, { count }) => all + count, 0);
  const [causes, findings] = [hidden.length === 1 ? 'cause' : 'causes', sum === 1 ? '' : 's'];
  return [
    `and ${grouped(hidden.length)} more ${causes}, with ${grouped(sum)} finding${findings}, in the report`,
  ];
}

/** Returns the first findings of each of these causes, from the first {@link READ} findings. */
function firstOf(
  findings: FindingList,
  causes: readonly FindingCount[],
): ReadonlyMap<string, readonly Finding[]> {
  const first = new Map<string, Finding[]>(causes.map((cause) => [causeKey(cause), []]));
  let open = causes.reduce((sum, { count }) => sum + Math.min(PLACES, count), 0);
  let read = 0;
  for (const finding of open > 0 ? findings : []) {
    const seen = first.get(causeKey(causeOf(finding)));
    if (seen !== undefined && seen.length < PLACES) {
      seen.push(finding);
      open -= 1;
    }
    read += 1;
    if (open === 0 || read === READ) break;
  }
  return first;
}

function causeLine(cause: FindingCount, first: readonly Finding[]): string {
  const { severity, rule, module, field, count } = cause;
  const [only] = first;
  // The reason of a single finding; of several, the common part, which may be empty.
  const reason = (count === 1 ? only?.reason : undefined) ?? cause.reason;
  const place = [module, field, ...placesOf(cause, first)].filter((part) => part !== '');
  const where = place.length === 0 ? '' : ` ${place.join(' · ')}`;
  return `${severity} ${rule}${where}${reason === '' ? '' : `: ${reason}`}`;
}

/** Returns `row 7`, or `1,310 rows (7, 9, 11, …)`. */
function placesOf({ count }: FindingCount, first: readonly Finding[]): string[] {
  const places = first.map(placeOf).filter((place) => place !== '');
  if (count === 1) return places;
  const rows = first.flatMap(({ source }) => source?.row ?? []);
  const areRows = rows.length > 0 && rows.length === first.length && !first.some(namesRecord);
  const named: (number | string)[] = areRows ? rows : places;
  const listed = [...named, ...(count > named.length ? ['…'] : [])].join(', ');
  const many = `${grouped(count)} ${areRows ? 'rows' : 'findings'}`;
  return [named.length === 0 ? many : `${many} (${listed})`];
}

/** Whether a rule is about rows of a target. */
function isOfTarget(rule: string): boolean {
  return rule.startsWith('target-');
}

function namesRecord({ rule, recordId }: Finding): boolean {
  return isOfTarget(rule) && recordId !== undefined;
}

/** Maximum number of rows of a group that are named. */
const MEMBERS = 5;

function placeOf({ rule, recordId, file, line, source, members }: Finding): string {
  // The row suffices as a location, unless it is one of a target: its record is elsewhere.
  const name = recordId ?? (line === undefined ? undefined : `of line ${line}`);
  const located = source !== undefined && !isOfTarget(rule);
  const record = name === undefined || located ? [] : [`record ${name}`];
  const rows = members?.slice(0, MEMBERS).map(({ row }) => row) ?? [];
  const group = `rows ${rows.join(', ')}${rows.length < (members?.length ?? 0) ? ', …' : ''}`;
  return [
    ...record,
    ...(file === undefined ? [] : [file]),
    ...(source === undefined ? [] : [`row ${source.row}`]),
    ...(rows.length === 0 ? [] : [group]),
  ].join(' · ');
}
