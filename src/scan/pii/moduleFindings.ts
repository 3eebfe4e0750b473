/** Holds the policy of a module against what was found in its cells. */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { isReference } from '../../mapping/model.ts';
import { piiOf } from '../../mapping/piiPolicy.ts';
import { severityOf } from '../../mapping/severity.ts';
import { counted } from '../../outcome/counted.ts';
import type { Finding } from '../../outcome/finding.ts';
import type { Rule } from '../../outcome/rules.ts';
import type { Scope } from '../scope.ts';
import { ruleOf } from './piiFinding.ts';
import type { SearchedField } from './searchedField.ts';
import type { FieldCounts } from './searchValue.ts';

/** What was counted in a module. */
export interface ModuleCounts {
  /** Lines that were read. */
  readonly lines: number;
  /** By field. */
  readonly totals: ReadonlyMap<string, FieldCounts>;
}

/** Yields findings `pii-coverage`, `pii-class-mismatch` and `pii-misdeclared`, by field. */
export function* moduleFindings(
  scope: Scope,
  module: CompiledModule,
  { fields, totals }: Pick<ModuleCounts, 'totals'> & { readonly fields: readonly SearchedField[] },
): Generator<Finding> {
  const finding = (rule: Rule, field: string, reason: string): Finding => {
    const severity = severityOf(scope.mapping.project, rule, module.name, field);
    return { rule, severity, module: module.name, field, reason };
  };
  // As the seal counts them, not as they were read.
  const present = scope.files.countOf(module.name);
  for (const field of undeclaredFields(module)) {
    yield finding('pii-coverage', field, 'the policy does not say whether it holds personal data');
  }
  for (const field of fields) {
    const counts = totals.get(field.name);
    if (counts === undefined) continue;
    if (counts.cells !== present) {
      const reason = `${counts.cells} of ${counted(present, 'cell')} were searched for personal data`;
      yield finding('pii-coverage', field.name, reason);
    }
    const mismatch = classMismatch(module, field, counts);
    if (mismatch !== null) yield finding('pii-class-mismatch', field.name, mismatch);
    yield* columnFindings(scope, module, field, counts);
  }
}

/** Share of a column's numbers that makes them what they look like. */
const MOSTLY = 0.5;

/**
 * Yields findings on a column as a whole: numbers of which half or more have the form of a class that is not
 * declared, and values of which more than chance would have it.
 */
export function* columnFindings(
  scope: Scope,
  module: CompiledModule,
  { name, holds, shape, allowed }: SearchedField,
  counts: FieldCounts,
): Generator<Finding> {
  if (holds !== 'number' && shape === null) return;
  for (const of of Object.keys(counts.classes).sort()) {
    if (allowed.includes(of)) continue;
    const held = counts.classes[of] ?? 0;
    const isMost = shape === null && held >= counts.values * MOSTLY;
    const rule = isMost ? ruleOf(module, name) : 'pii-misdeclared';
    const reason = isMost
      ? `${held} of ${counted(counts.values, 'value')} have the form of ${of}, which is not declared`
      : beyondChance(of, counts);
    if (reason === null) continue;
    const severity = severityOf(scope.mapping.project, rule, module.name, name);
    yield { rule, severity, module: module.name, field: name, class: of, reason };
  }
}

/** Returns the fields of which a policy that is to name all says nothing. */
function undeclaredFields({ mapping, fields }: CompiledModule): string[] {
  const { pii } = mapping;
  if (pii === undefined || pii.default === 'allow') return [];
  return fields
    .filter(({ name, mapping: field }) => {
      if (isReference(field)) return false;
      return piiOf(mapping, name) === undefined && !Object.hasOwn(pii.notPii ?? {}, name);
    })
    .map(({ name }) => name);
}

/** Classes that are found in all of their values, if a column holds them. */
const FULL_FORMS: ReadonlySet<string> = new Set([
  'EMAIL',
  'PHONE',
  'IBAN',
  'AHV',
  'CREDIT_CARD',
  'IP',
]);
const DEFAULT_SHARE = 0.8;

/** Returns a reason if too few values of a plain field are of its class. */
function classMismatch(
  { mapping }: CompiledModule,
  { name, declared, treated, patterns }: SearchedField,
  { values, classes }: FieldCounts,
): string | null {
  if (declared === null || treated !== null || values === 0) return null;
  if (!FULL_FORMS.has(declared) && !Object.hasOwn(patterns, declared)) return null;
  const share = piiOf(mapping, name)?.share ?? DEFAULT_SHARE;
  const held = classes[declared] ?? 0;
  if (held >= values * share) return null;
  return `it is declared as ${declared}, which ${held} of ${counted(values, 'value')} are`;
}

/** Share of arbitrary numbers of the right length that pass a check digit. */
const CHANCE: Readonly<Record<string, number>> = {
  CREDIT_CARD: 1 / 10,
  AHV: 1 / 10,
  IBAN: 1 / 97,
  TAX_ID: 1 / 10,
  SOCIAL_ID: 1 / 10,
  PHONE: 1 / 10,
};
/** Standard deviations that chance is given. */
const DEVIATIONS = 4;

/** Returns a reason if a class is seen more often than chance would have it. */
function beyondChance(of: string, { values, classes }: FieldCounts): string | null {
  const held = classes[of] ?? 0;
  const chance = CHANCE[of] ?? 0;
  const expected = values * chance;
  const most = expected + DEVIATIONS * Math.sqrt(expected * (1 - chance));
  if (held === 0 || held <= most) return null;
  return `${held} of ${counted(values, 'value')} have the form of ${of}, more than by chance`;
}
