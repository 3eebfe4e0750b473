/**
 * Findings of a report: each with an id made from where it is, in an order that does not depend on
 * who found it first. Pure.
 */

import { createHash } from 'node:crypto';

import type { Finding, SourcePlace } from '../outcome/finding.ts';
import { canonicalJson } from '../record/canonical.ts';

/** The id of a finding: 16 hex digits over rule, place and reason, so that reports can be compared. */
export function findingId(finding: Finding): string {
  const { rule, module, field, recordId, source, file, members, start, end, reason } = finding;
  const place = { rule, module, field, recordId, source, file, members, start, end, reason };
  const given = Object.fromEntries(
    Object.entries(place).filter(([, value]) => value !== undefined),
  );
  return createHash('sha256').update(canonicalJson(given)).digest('hex').slice(0, 16);
}

/** The findings with their ids, ascending by module, source row, field and rule. */
export function listFindings(findings: readonly Finding[]): Finding[] {
  return findings
    .map((finding) => ({ ...finding, id: finding.id ?? findingId(finding) }))
    .sort(byPlace);
}

function byPlace(a: Finding, b: Finding): number {
  return (
    byText(a.module, b.module) ||
    byText(a.source?.table ?? a.members?.[0]?.table, b.source?.table ?? b.members?.[0]?.table) ||
    byRow(a.source ?? a.members?.[0], b.source ?? b.members?.[0]) ||
    byText(a.field, b.field) ||
    byText(a.rule, b.rule) ||
    byText(a.id, b.id)
  );
}

function byText(a = '', b = ''): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function byRow(a: SourcePlace | undefined, b: SourcePlace | undefined): number {
  const [left, right] = [BigInt(a?.row ?? -1), BigInt(b?.row ?? -1)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
