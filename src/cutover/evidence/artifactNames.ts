/** Names of the artifacts that every run leaves, whatever its runbook says. Pure. */

export const APPROVAL_RECORD = 'approval_record.json';
export const CUTOVER_SUMMARY = 'cutover_summary.json';

/** In small letters: names that a runbook does not give. */
export const RESERVED_ARTIFACTS: ReadonlySet<string> = new Set([APPROVAL_RECORD, CUTOVER_SUMMARY]);
