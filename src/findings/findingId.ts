/** Ids of findings, which are the same in each report, so that reports can be compared. */

import { hash } from 'node:crypto';

import type { Finding } from '../outcome/finding.ts';
import { canonicalJson } from '../record/canonical.ts';

/** Returns the id: 16 hex digits over rule, location and reason, but not over the severity. */
export function findingId(finding: Finding): string {
  const { rule, module, field, recordId, line, source, file, members, start, end, reason } =
    finding;
  const about = { rule, module, field, recordId, line, source, file, members, start, end, reason };
  const given = Object.fromEntries(
    Object.entries(about).filter(([, value]) => value !== undefined),
  );
  return idOfContent(canonicalJson(given));
}

/** Returns the id for the canonical JSON of rule, location and reason. */
export function idOfContent(json: string): string {
  return hash('sha256', json).slice(0, ID_LENGTH);
}

export const ID_LENGTH = 16;
