/** Differences between a target and a seal as findings, and as lines with values for the terminal. */

import type { Finding } from '../outcome/finding.ts';
import { printable } from '../outcome/printable.ts';
import { severityOfRule, type Rule } from '../outcome/rules.ts';
import { canonicalJson } from '../record/canonical.ts';
import { shownId, shownKey } from '../record/shownKey.ts';
import { memberLines } from '../compare/memberLines.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';
import type { DescribedDifference } from './describeDifferences.ts';

const RULES: Readonly<Record<DescribedDifference['kind'], Rule>> = {
  missing: 'target-missing',
  extra: 'target-extra',
  changed: 'target-changed',
};

/** Makes the finding, with the record, its fields and its row, but without values. */
export function reconcileFinding(
  sealed: ModuleSide,
  table: string,
  difference: DescribedDifference,
): Finding {
  const rule = RULES[difference.kind];
  const { locator, fields } = difference;
  const recordId = recordIdOf(sealed, difference);
  return {
    rule,
    severity: severityOfRule(rule),
    module: sealed.module,
    ...(recordId === undefined ? {} : { recordId }),
    ...(fields.length === 0 ? {} : { field: fields.join('+') }),
    ...(locator === null ? {} : { source: { table, row: rowOf(locator) } }),
    reason: reasonOf(difference),
  };
}

/** The finding on a module that could not be compared. */
export function incomparableFinding(module: string, reason: string): Finding {
  const rule = 'target-incomparable';
  const why = `the module could not be compared: ${reason}`;
  return { rule, severity: severityOfRule(rule), module, reason: why };
}

function rowOf(locator: bigint): number | string {
  const value = Number(locator);
  return Number.isSafeInteger(value) ? value : String(locator);
}

/** Returns the id, or the kept key as canonical JSON; undefined if it may be personal data. */
function recordIdOf(sealed: ModuleSide, { key }: DescribedDifference): string | undefined {
  if (key === null || sealed.shape.personalKey) return undefined;
  if (sealed.shape.madeId) return shownId(key[0]);
  const parts = sealed.keyFields.map((field, at) => ({
    value: key[at],
    kind: sealed.keyTypes[at]?.kind ?? '',
    harmless: sealed.shape.harmless.has(field),
  }));
  return shownKey(parts);
}

function reasonOf({ kind, key, line }: DescribedDifference): string {
  if (kind === 'missing') return `the record on line ${line ?? 0} of the seal is not in the target`;
  if (kind === 'changed') return `the row differs from the record on line ${line ?? 0} of the seal`;
  if (key === null) return 'the row has no key, so it is not of the seal';
  return 'the row is not of the seal, or is there twice';
}

/** Returns lines for a terminal, with values: those of the seal begin with `-`, the target's with `+`. */
export function valueLines(module: string, difference: DescribedDifference): string[] {
  const { key, sealed, target } = difference;
  const fields = difference.fields.length > 0 ? difference.fields : null;
  return [
    `${module} ${key === null ? 'a row without a key' : canonicalJson(key)}`,
    ...(sealed === null ? [] : memberLines('-', sealed, fields)),
    ...(target === null ? [] : memberLines('+', target, fields)),
  ].map(printable);
}
