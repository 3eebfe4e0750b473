/** What a finding is called in a report, so that reports can be compared. */

import { hash } from 'node:crypto';

import type { Finding } from '../outcome/finding.ts';
import { canonicalJson } from '../record/canonical.ts';

/** The id of a finding: 16 hex digits over rule, place and reason; not over how much it weighs. */
export function findingId(finding: Finding): string {
  const { rule, module, field, recordId, line, source, file, members, start, end, reason } =
    finding;
  const place = { rule, module, field, recordId, line, source, file, members, start, end, reason };
  const given = Object.fromEntries(
    Object.entries(place).filter(([, value]) => value !== undefined),
  );
  return idOfPlace(canonicalJson(given));
}

/** The id that belongs to this canonical JSON of rule, place and reason. */
export function idOfPlace(place: string): string {
  return hash('sha256', place).slice(0, ID_LENGTH);
}

export const ID_LENGTH = 16;
