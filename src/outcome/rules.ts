/** The rules: how much each weighs unless a project says otherwise, and where it can be found. */

import type { Severity } from './finding.ts';

/**
 * Where a defect shows:
 * - `map`: while rows become records (dry-run, migrate); what was kept is sealed, and scans tell of it
 * - `scan`: in the records and the accounting of a candidate (dry-run, scan-all, scan-module)
 * - `verify`: in the files of a seal (verify-checksums, the first part of every scan, promote)
 * - `source`: in a source as a whole, before any row counts (init, dry-run, migrate)
 * - `registry`, `freeze`, `diff`, `drift`, `determinism`, `drill`: by the command of that name
 */
export type Stage =
  | 'map'
  | 'scan'
  | 'verify'
  | 'source'
  | 'registry'
  | 'freeze'
  | 'diff'
  | 'drift'
  | 'determinism'
  | 'drill';

export interface RuleFacts {
  readonly severity: Severity;
  readonly stages: readonly Stage[];
  /** It speaks of the candidate or the run itself: no project may weigh it otherwise. */
  readonly fixed: boolean;
}

function weighed(severity: Severity, stages: readonly Stage[]): RuleFacts {
  return { severity, stages, fixed: false };
}
const blocker = (...stages: Stage[]): RuleFacts => weighed('BLOCKER', stages);
const warning = (...stages: Stage[]): RuleFacts => weighed('WARNING', stages);
const info = (...stages: Stage[]): RuleFacts => weighed('INFO', stages);
const fixed = (...stages: Stage[]): RuleFacts => ({ severity: 'BLOCKER', stages, fixed: true });

const TABLE = {
  // A cell and its type
  type: blocker('map'),
  exactness: blocker('map'),
  scale: blocker('map'),
  enum: blocker('map'),
  required: blocker('map'),
  blank: blocker('map'),
  'max-length': blocker('map'),
  'long-text': info('map'),
  format: warning('map'),
  pattern: blocker('map'),
  lookup: blocker('map'),
  'date-ambiguous': blocker('map'),
  'time-gap': blocker('map'),
  'time-overlap': blocker('map'),
  // Something was changed on the way, as the mapping asks
  fallback: warning('map'),
  sentinel: warning('map'),
  'filtered-parent': info('map'),
  'reference-missing': warning('map'),
  // Text as it came, before any transform
  encoding: blocker('map'),
  'text-nul': blocker('map'),
  'text-control': warning('map'),
  'text-invisible': warning('map'),
  'text-replacement': warning('map'),
  'text-mojibake': warning('map'),
  'text-not-nfc': warning('map'),
  'json-key': warning('map'),
  // Keys and ids
  'key-null': fixed('map', 'registry'),
  'key-duplicate': fixed('map'),
  'key-similar': blocker('scan'),
  registry: blocker('map', 'registry'),
  'registry-duplicate': fixed('map', 'registry'),
  'registry-similar': blocker('registry'),
  'registry-unused': info('registry'),
  freeze: fixed('freeze'),
  // Between records
  reference: blocker('scan'),
  'reference-partial': blocker('map', 'scan'),
  'reference-path': warning('scan'),
  unique: blocker('scan'),
  cycle: blocker('scan'),
  'self-reference': warning('scan'),
  invariant: blocker('scan'),
  copy: warning('scan', 'drift'),
  accounting: fixed('map', 'scan', 'verify'),
  rejected: fixed('scan'),
  integrity: { severity: 'WARNING', stages: ['source', 'scan'], fixed: true },
  'pii-undeclared': blocker('scan'),
  // Between the seal and what is there now
  drift: blocker('drift', 'scan'),
  // A run, rehearsed
  determinism: fixed('determinism'),
  drill: fixed('drill'),
  // The candidate's files
  checksum: fixed('verify'),
  merkle: fixed('verify'),
  'file-missing': fixed('verify'),
  'file-extra': fixed('verify'),
  'seal-format': fixed('verify', 'scan'),
  'record-schema': fixed('scan'),
  'seal-unexpected': fixed('verify'),
  empty: fixed('verify', 'scan', 'registry'),
  // Between two candidates
  'record-inserted': fixed('diff'),
  'record-deleted': fixed('diff'),
  'record-changed': fixed('diff'),
  'schema-changed': fixed('diff'),
} as const;

export type Rule = keyof typeof TABLE;

/** By rule id; each has a page in docs/rules. */
export const RULES: Readonly<Record<Rule, RuleFacts>> = TABLE;

/** How much a finding of the rule weighs where no project says otherwise. */
export function severityOfRule(rule: Rule): Severity {
  return RULES[rule].severity;
}

/** What speaks of the candidate or the run itself: no project may weigh it otherwise. */
export const FIXED_RULES: ReadonlySet<string> = new Set(
  Object.entries(RULES).flatMap(([rule, { fixed: always }]) => (always ? [rule] : [])),
);
