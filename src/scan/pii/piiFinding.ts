/** Turns what is wrong with a value into a finding: its rule, its severity, and whether it is accepted. */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { columnsOfField } from '../../mapping/model.ts';
import { severitySetting } from '../../mapping/severity.ts';
import type { Finding, Severity } from '../../outcome/finding.ts';
import { severityOfRule, type Rule } from '../../outcome/rules.ts';
import { recordFinding } from '../recordFinding.ts';
import type { ScannedRecord, Scope } from '../scope.ts';
import type { ValueFault } from './searchValue.ts';
import type { SourceFault } from './sourceValues.ts';

/** Makes the finding of a fault in a field of a record. */
export function piiFinding(
  scope: Scope,
  module: CompiledModule,
  scanned: ScannedRecord,
  field: string,
  fault: ValueFault | SourceFault,
): Finding {
  if (fault.kind === 'class') return classFinding(scope, module, scanned, field, fault);
  const place = 'place' in fault ? fault.place : {};
  const violation = { rule: RULES[fault.kind], fields: [field], reason: reasonOf(scope, fault) };
  return { ...recordFinding(scope, module, scanned, violation), ...place };
}

const RULES = {
  stored: 'pii-treatment',
  shape: 'pii-shape',
  source: 'pii-dropped',
} as const satisfies Record<Exclude<(ValueFault | SourceFault)['kind'], 'class'>, Rule>;

function reasonOf(
  scope: Scope,
  fault: Exclude<ValueFault | SourceFault, { readonly kind: 'class' }>,
): string {
  if (fault.kind !== 'source') return fault.reason;
  const origin = scope.pii.tainted?.origins[fault.origin - 1]?.column ?? 'a treated column';
  return `it holds a value of ${origin}, which the policy keeps out`;
}

function classFinding(
  scope: Scope,
  module: CompiledModule,
  scanned: ScannedRecord,
  field: string,
  { of, tier, place, isName, fp }: Extract<ValueFault, { readonly kind: 'class' }>,
): Finding {
  const rule = isName === true ? 'pii-id' : ruleOf(module, field);
  const isSure = tier === 'checked';
  const what = isName === true ? 'the name of a member in it is' : 'it holds';
  const unsure = isSure
    ? ''
    : `, by ${SIGNS[of] ?? 'its form and a word or column that announces it'}`;
  const reason = `${what} ${of}, which is not declared${unsure}`;
  const declared = module.mapping.pii?.fields?.[field];
  const isLess = !isSure || declared?.residual === 'warn';
  const own: Severity = isLess ? 'WARNING' : severityOfRule(rule);
  const severity = severitySetting(scope.mapping.project, rule, module.name, [field]) ?? own;
  const finding: Finding = {
    ...recordFinding(scope, module, scanned, { rule, fields: [field], reason, severity }),
    ...place,
    class: of,
    tier,
    ...(fp === undefined ? {} : { fp }),
  };
  return accepted(scope, module, finding);
}

/** How a class without a form of its own is recognised. */
const SIGNS: Readonly<Record<string, string>> = {
  PERSON: 'a first and a last name that fields of names hold',
};

/** Returns the rule of a class that is not declared: that of ids, if they are made from the field or column. */
export function ruleOf(module: CompiledModule, field: string): 'pii-id' | 'pii-undeclared' {
  return isInKey(module, field) ? 'pii-id' : 'pii-undeclared';
}

/** Whether a field holds a part of the legacy key, which the lineage and references hold as well. */
function isInKey(module: CompiledModule, field: string): boolean {
  const mapping = module.mapping.fields[field];
  if (mapping === undefined) return module.key.some(({ column }) => column === field);
  if ('reference' in mapping) return false;
  const columns = columnsOfField(mapping);
  return module.key.some(({ column }) => columns.includes(column));
}

/** Lowers a finding that the policy accepts today; an acceptance that has ended says so. */
function accepted(scope: Scope, module: CompiledModule, finding: Finding): Finding {
  const { fp, rule, reason } = finding;
  const acceptance = module.mapping.pii?.accept?.find((one) => one.fp === fp && one.rule === rule);
  if (acceptance === undefined) return finding;
  const { until } = acceptance;
  if (until < scope.pii.today) {
    return { ...finding, reason: `${reason}; its acceptance ended on ${until}` };
  }
  return { ...finding, severity: 'INFO', reason: `${reason}; accepted until ${until}` };
}
