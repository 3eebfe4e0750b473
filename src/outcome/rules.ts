/** The rules: the default severity of each, and the stages that can report it. */

import type { Finding, Severity } from './finding.ts';

/**
 * Stage that can report a defect:
 * - `map`: rows become records (dry-run, migrate); scans repeat the sealed findings of kept rows
 * - `scan`: in the records and the accounting of a candidate (dry-run, scan-all, scan-module)
 * - `verify`: in the files of a seal (verify-checksums, the first part of every scan, promote)
 * - `source`: in a source as a whole (init, dry-run, migrate)
 * - `registry`, `freeze`, `diff`, `drift`, `determinism`, `drill`, `smoke`, `load`, `promote`, `reconcile`,
 *   `attachments`, `keys`, `evidence`, `cutover`: in the command of that name
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
  | 'drill'
  | 'smoke'
  | 'load'
  | 'promote'
  | 'reconcile'
  | 'attachments'
  | 'keys'
  | 'evidence'
  | 'cutover';

export interface RuleFacts {
  readonly severity: Severity;
  readonly stages: readonly Stage[];
  /** Set if the rule is about the candidate or the run itself: its severity cannot be changed. */
  readonly fixed?: true;
}

const TABLE = {
  // A cell and its type
  type: { severity: 'BLOCKER', stages: ['map'] },
  exactness: { severity: 'BLOCKER', stages: ['map'] },
  scale: { severity: 'BLOCKER', stages: ['map'] },
  enum: { severity: 'BLOCKER', stages: ['map'] },
  required: { severity: 'BLOCKER', stages: ['map'] },
  blank: { severity: 'BLOCKER', stages: ['map'] },
  'max-length': { severity: 'BLOCKER', stages: ['map'] },
  'long-text': { severity: 'INFO', stages: ['map'] },
  format: { severity: 'WARNING', stages: ['map'] },
  pattern: { severity: 'BLOCKER', stages: ['map'] },
  lookup: { severity: 'BLOCKER', stages: ['map'] },
  'date-ambiguous': { severity: 'BLOCKER', stages: ['map'] },
  'time-gap': { severity: 'BLOCKER', stages: ['map'] },
  'time-overlap': { severity: 'BLOCKER', stages: ['map'] },
  // Changes that the mapping requests
  fallback: { severity: 'WARNING', stages: ['map'] },
  sentinel: { severity: 'WARNING', stages: ['map'] },
  'filtered-parent': { severity: 'INFO', stages: ['map'] },
  'reference-missing': { severity: 'WARNING', stages: ['map'] },
  // Rows that are in no module, or in more records than one
  'filtered-row': { severity: 'WARNING', stages: ['map'] },
  'filtered-kind': { severity: 'WARNING', stages: ['map'] },
  'row-multiplied': { severity: 'WARNING', stages: ['map'] },
  // Text of the source, before any transform
  encoding: { severity: 'BLOCKER', stages: ['map'] },
  'text-nul': { severity: 'BLOCKER', stages: ['map'] },
  'text-control': { severity: 'WARNING', stages: ['map'] },
  'text-invisible': { severity: 'WARNING', stages: ['map'] },
  'text-replacement': { severity: 'WARNING', stages: ['map'] },
  'text-mojibake': { severity: 'WARNING', stages: ['map'] },
  'text-not-nfc': { severity: 'WARNING', stages: ['map'] },
  'json-key': { severity: 'WARNING', stages: ['map'] },
  'json-null': { severity: 'WARNING', stages: ['map'] },
  // Keys and ids
  'key-null': { severity: 'BLOCKER', stages: ['map', 'registry'], fixed: true },
  'key-duplicate': { severity: 'BLOCKER', stages: ['map'], fixed: true },
  'key-similar': { severity: 'BLOCKER', stages: ['scan'] },
  registry: { severity: 'BLOCKER', stages: ['map', 'registry'] },
  'registry-duplicate': { severity: 'BLOCKER', stages: ['map', 'registry'], fixed: true },
  'registry-similar': { severity: 'BLOCKER', stages: ['registry'] },
  'registry-unused': { severity: 'INFO', stages: ['registry'] },
  freeze: { severity: 'BLOCKER', stages: ['freeze'], fixed: true },
  // Between records
  reference: { severity: 'BLOCKER', stages: ['scan'] },
  'reference-partial': { severity: 'BLOCKER', stages: ['map', 'scan'] },
  'reference-path': { severity: 'WARNING', stages: ['scan'] },
  unique: { severity: 'BLOCKER', stages: ['scan'] },
  cycle: { severity: 'BLOCKER', stages: ['scan'] },
  'self-reference': { severity: 'WARNING', stages: ['scan'] },
  invariant: { severity: 'BLOCKER', stages: ['scan'] },
  copy: { severity: 'WARNING', stages: ['scan', 'drift'] },
  accounting: { severity: 'BLOCKER', stages: ['map', 'scan', 'verify'], fixed: true },
  rejected: { severity: 'BLOCKER', stages: ['scan'], fixed: true },
  integrity: { severity: 'WARNING', stages: ['source', 'scan'], fixed: true },
  // Personal data, by the policy of its module
  'pii-coverage': { severity: 'BLOCKER', stages: ['scan'] },
  'pii-undeclared': { severity: 'BLOCKER', stages: ['scan'] },
  'pii-id': { severity: 'BLOCKER', stages: ['scan'] },
  'pii-dropped': { severity: 'BLOCKER', stages: ['scan'], fixed: true },
  'pii-treatment': { severity: 'BLOCKER', stages: ['map', 'scan'], fixed: true },
  'pii-unproven': { severity: 'WARNING', stages: ['scan'], fixed: true },
  'pii-report': { severity: 'BLOCKER', stages: ['scan'], fixed: true },
  'pii-shape': { severity: 'BLOCKER', stages: ['scan'] },
  'pii-class-mismatch': { severity: 'WARNING', stages: ['scan'] },
  'pii-misdeclared': { severity: 'WARNING', stages: ['scan'] },
  'pii-quasi': { severity: 'WARNING', stages: ['scan'] },
  // Between the seal and the source now
  drift: { severity: 'BLOCKER', stages: ['drift', 'scan'] },
  // Rehearsals
  determinism: { severity: 'BLOCKER', stages: ['determinism'], fixed: true },
  drill: { severity: 'BLOCKER', stages: ['drill'], fixed: true },
  // What is live
  smoke: { severity: 'BLOCKER', stages: ['smoke'], fixed: true },
  // The database that a candidate is loaded into
  target: { severity: 'BLOCKER', stages: ['load'], fixed: true },
  parity: { severity: 'BLOCKER', stages: ['promote'], fixed: true },
  // Files of rows, and the objects that they become
  'attachment-file': { severity: 'BLOCKER', stages: ['attachments'], fixed: true },
  'attachment-changed': { severity: 'BLOCKER', stages: ['attachments'], fixed: true },
  'attachment-differs': { severity: 'BLOCKER', stages: ['attachments'], fixed: true },
  'attachment-object': { severity: 'BLOCKER', stages: ['attachments'], fixed: true },
  'attachment-unverified': { severity: 'BLOCKER', stages: ['attachments'], fixed: true },
  'attachment-left': { severity: 'BLOCKER', stages: ['attachments'], fixed: true },
  // Columns with secrets
  'key-unknown': { severity: 'BLOCKER', stages: ['keys'], fixed: true },
  'key-legacy': { severity: 'BLOCKER', stages: ['keys'], fixed: true },
  'key-width': { severity: 'BLOCKER', stages: ['keys'], fixed: true },
  'key-undeclared': { severity: 'BLOCKER', stages: ['keys'], fixed: true },
  'key-log': { severity: 'BLOCKER', stages: ['keys'], fixed: true },
  'key-index': { severity: 'BLOCKER', stages: ['keys'], fixed: true },
  // The candidate's files
  checksum: { severity: 'BLOCKER', stages: ['verify'], fixed: true },
  merkle: { severity: 'BLOCKER', stages: ['verify'], fixed: true },
  'file-missing': { severity: 'BLOCKER', stages: ['verify'], fixed: true },
  'file-extra': { severity: 'BLOCKER', stages: ['verify'], fixed: true },
  'seal-format': { severity: 'BLOCKER', stages: ['verify', 'scan'], fixed: true },
  'record-schema': { severity: 'BLOCKER', stages: ['scan'], fixed: true },
  'seal-unexpected': { severity: 'BLOCKER', stages: ['verify'], fixed: true },
  empty: { severity: 'BLOCKER', stages: ['verify', 'scan', 'registry', 'reconcile'], fixed: true },
  // The evidence of a cutover
  approval: { severity: 'BLOCKER', stages: ['evidence'], fixed: true },
  evidence: { severity: 'WARNING', stages: ['evidence'], fixed: true },
  signature: { severity: 'BLOCKER', stages: ['evidence'], fixed: true },
  // A runbook
  'runbook-name': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-unused': { severity: 'WARNING', stages: ['cutover'], fixed: true },
  'runbook-cycle': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-order': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-undo': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-verify': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-resume': { severity: 'WARNING', stages: ['cutover'], fixed: true },
  'runbook-gate': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-shell': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-command': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-zone': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  'runbook-window': { severity: 'WARNING', stages: ['cutover'], fixed: true },
  'runbook-secret': { severity: 'BLOCKER', stages: ['cutover'], fixed: true },
  // Between two candidates
  'record-inserted': { severity: 'BLOCKER', stages: ['diff'], fixed: true },
  'record-deleted': { severity: 'BLOCKER', stages: ['diff'], fixed: true },
  'record-changed': { severity: 'BLOCKER', stages: ['diff'], fixed: true },
  'schema-changed': { severity: 'BLOCKER', stages: ['diff'], fixed: true },
  // Between a seal and the target that it was loaded into
  'target-missing': { severity: 'BLOCKER', stages: ['reconcile'], fixed: true },
  'target-extra': { severity: 'BLOCKER', stages: ['reconcile'], fixed: true },
  'target-changed': { severity: 'BLOCKER', stages: ['reconcile'], fixed: true },
  'target-incomparable': { severity: 'BLOCKER', stages: ['reconcile'], fixed: true },
} as const;

export type Rule = keyof typeof TABLE;

/** Facts by rule id; each rule has a page in docs/rules. */
export const RULES: Readonly<Record<Rule, RuleFacts>> = TABLE;

/** Returns the rule's default severity. */
export function severityOfRule(rule: Rule): Severity {
  return RULES[rule].severity;
}

/** Rules about the candidate or the run itself: a project cannot change their severity. */
export const FIXED_RULES: ReadonlySet<string> = new Set(
  Object.entries(RULES).flatMap(([rule, { fixed }]) => (fixed === true ? [rule] : [])),
);

/** Makes a finding on a file, as severe as its rule. */
export function ruleFinding(rule: Rule, file: string, reason: string): Finding {
  return { rule, severity: severityOfRule(rule), file, reason };
}
