/** Causes of findings, by which reports group them. Pure. */

import { SEVERITIES, type Finding, type FindingCount, type FindingList } from './finding.ts';

/** Cause of findings: the same defect of the same field. */
export type Cause = Omit<FindingCount, 'count'>;

/** A number of a finding, unlike those in names: U+0000, ISO 8601, RFC 8259, code page 437. */
const NUMBER = /(?<![\p{L}\d+.^-]|ISO |RFC |page )\d+(?![\d^])/gu;

/** Returns the cause of a finding; numbers in its reason, which differ by finding, are dropped. */
export function causeOf({ module = '', rule, severity, field = '', reason }: Finding): Cause {
  return { module, rule, severity, field, reason: reason.replace(NUMBER, '#') };
}

/** Returns equal texts for equal causes. */
export function causeKey({ severity, rule, module, field, reason }: Cause): string {
  return JSON.stringify([severity, rule, module, field, reason]);
}

/** Counts findings by cause; the order of the result is not defined. */
export function countCauses(findings: FindingList): readonly FindingCount[] {
  if (findings.byCause !== undefined) return findings.byCause;
  const counts = new Map<string, FindingCount>();
  for (const finding of findings) countCause(counts, causeOf(finding), 1);
  return [...counts.values()];
}

/** Number of causes that are counted separately; further ones have '' for field and reason. */
const MAX_CAUSES = 5000;

/** Adds `count` findings of a cause to `counts`, whose keys are {@link causeKey}. */
export function countCause(counts: Map<string, FindingCount>, cause: Cause, count: number): void {
  const known = counts.size < MAX_CAUSES || counts.has(causeKey(cause));
  const of = known ? cause : { ...cause, field: '', reason: '' };
  const key = causeKey(of);
  const { module, rule, severity, field, reason } = of;
  const before = counts.get(key)?.count ?? 0;
  counts.set(key, { module, rule, severity, field, reason, count: before + count });
}

/**
 * Sorts by severity (worst first), then by findings of the rule (most first), then by module, then
 * by findings of the cause (most first).
 */
export function worstFirst<T extends FindingCount>(groups: readonly T[]): T[] {
  const head = ({ severity, rule }: T): string => `${severity} ${rule}`;
  const totals = new Map<string, number>();
  for (const group of groups) {
    totals.set(head(group), (totals.get(head(group)) ?? 0) + group.count);
  }
  return [...groups].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      (totals.get(head(b)) ?? 0) - (totals.get(head(a)) ?? 0) ||
      byText(a.rule, b.rule) ||
      byText(a.module, b.module) ||
      b.count - a.count ||
      byText(a.field, b.field) ||
      byText(a.reason, b.reason),
  );
}

function byText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
