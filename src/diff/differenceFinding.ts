/** Differences between two candidates as findings, and as lines with values for the terminal. */

import type { Finding } from '../outcome/finding.ts';
import { printable } from '../outcome/printable.ts';
import { severityOfRule, type Rule } from '../outcome/rules.ts';
import { canonicalJson } from '../record/canonical.ts';
import { shownId, shownKey } from '../record/shownKey.ts';
import { memberLines } from '../compare/memberLines.ts';
import type { Difference, DifferentRecord } from './diffCandidates.ts';

/** Makes the finding, with the record, its fields and its lines, but without values. */
export function differenceFinding(difference: Difference): Finding {
  const { module } = difference;
  if (difference.kind === 'declared') {
    const { field, reason } = difference;
    const about = { module, ...(field === undefined ? {} : { field }), reason };
    return { rule: 'schema-changed', severity: severityOfRule('schema-changed'), ...about };
  }
  const rule = ruleOf(difference);
  const recordId = recordIdOf(difference);
  return {
    rule,
    severity: severityOfRule(rule),
    module,
    ...(recordId === undefined ? {} : { recordId }),
    ...(difference.fields.length === 0 ? {} : { field: difference.fields.join('+') }),
    reason: reasonOf(difference),
  };
}

/** Returns the rule that reports the record. */
export function ruleOf({ a, b }: DifferentRecord): Rule {
  if (a === null) return 'record-inserted';
  return b === null ? 'record-deleted' : 'record-changed';
}

/** Returns the id, or the kept key as canonical JSON; undefined if it may be personal data. */
function recordIdOf(difference: DifferentRecord): string | undefined {
  const key = (difference.a ?? difference.b)?.key;
  if (key === undefined || difference.personalKey) return undefined;
  if (difference.hasId) return shownId(key[0]);
  return shownKey(difference.keyParts.map((part, at) => ({ ...part, value: key[at] })));
}

function reasonOf({ a, b }: DifferentRecord): string {
  if (a === null) return `the record is only in B, on line ${b?.line ?? 0} of the module`;
  if (b === null) return `the record is only in A, on line ${a.line} of the module`;
  return `the record on line ${a.line} in A differs from the one on line ${b.line} in B`;
}

/** Returns lines for a terminal, with values: those of A begin with `-`, those of B with `+`. */
export function valueLines(difference: Difference): string[] {
  if (difference.kind === 'declared') return [];
  const { a, b, module } = difference;
  const key = (difference.a ?? difference.b)?.key ?? [];
  const fields = difference.fields.length > 0 ? difference.fields : null;
  return [
    `${module} ${canonicalJson(key)}`,
    ...(a === null ? [] : memberLines('-', a.record, fields)),
    ...(b === null ? [] : memberLines('+', b.record, fields)),
  ].map(printable);
}
