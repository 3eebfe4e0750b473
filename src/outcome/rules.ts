/** The rules and how much each weighs unless a project says otherwise. */

/** Severity by rule id; each has a page in docs/rules. */
export const RULES = {
  // A cell and its type
  type: 'BLOCKER',
  exactness: 'BLOCKER',
  scale: 'BLOCKER',
  enum: 'BLOCKER',
  required: 'BLOCKER',
  blank: 'BLOCKER',
  'max-length': 'BLOCKER',
  'long-text': 'INFO',
  format: 'WARNING',
  pattern: 'BLOCKER',
  lookup: 'BLOCKER',
  'date-ambiguous': 'BLOCKER',
  'time-gap': 'BLOCKER',
  'time-overlap': 'BLOCKER',
  // Something was changed on the way, as the mapping asks
  fallback: 'WARNING',
  sentinel: 'WARNING',
  'filtered-parent': 'INFO',
  // Rows that are in no module, or in more records than one
  'filtered-row': 'WARNING',
  'filtered-kind': 'WARNING',
  'row-multiplied': 'WARNING',
  // Text as it came, before any transform
  encoding: 'BLOCKER',
  'text-nul': 'BLOCKER',
  'text-control': 'WARNING',
  'text-invisible': 'WARNING',
  'text-replacement': 'WARNING',
  'text-mojibake': 'WARNING',
  'text-not-nfc': 'WARNING',
  'json-key': 'WARNING',
  // Keys and ids
  'key-null': 'BLOCKER',
  'key-duplicate': 'BLOCKER',
  'key-similar': 'BLOCKER',
  registry: 'BLOCKER',
  'registry-duplicate': 'BLOCKER',
  'registry-similar': 'BLOCKER',
  'registry-unused': 'INFO',
  freeze: 'BLOCKER',
  // Between records
  reference: 'BLOCKER',
  'reference-partial': 'BLOCKER',
  unique: 'BLOCKER',
  cycle: 'BLOCKER',
  invariant: 'BLOCKER',
  copy: 'WARNING',
  accounting: 'BLOCKER',
  rejected: 'WARNING',
  integrity: 'WARNING',
  'pii-undeclared': 'BLOCKER',
  // Between the seal and what is there now
  drift: 'BLOCKER',
  // A run, rehearsed
  determinism: 'BLOCKER',
  drill: 'BLOCKER',
  // The candidate's files
  checksum: 'BLOCKER',
  merkle: 'BLOCKER',
  'file-missing': 'BLOCKER',
  'file-extra': 'BLOCKER',
  'seal-format': 'BLOCKER',
  'record-schema': 'BLOCKER',
  'seal-unexpected': 'BLOCKER',
  empty: 'BLOCKER',
  // Between two candidates
  'record-inserted': 'BLOCKER',
  'record-deleted': 'BLOCKER',
  'record-changed': 'BLOCKER',
  'schema-changed': 'BLOCKER',
} as const;

export type Rule = keyof typeof RULES;

/** What speaks of the candidate or the run itself: no project may weigh it otherwise. */
export const FIXED_RULES: ReadonlySet<Rule> = new Set<Rule>([
  'accounting',
  'checksum',
  'determinism',
  'drill',
  'empty',
  'file-extra',
  'file-missing',
  'integrity',
  'key-duplicate',
  'key-null',
  'merkle',
  'record-schema',
  'registry-duplicate',
  'seal-format',
  'seal-unexpected',
]);
