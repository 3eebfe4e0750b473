/** Sums up what the scan saw of a module's personal data. */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { isReference } from '../../mapping/model.ts';
import { droppedPii, piiOf } from '../../mapping/piiPolicy.ts';
import type { FieldPrivacy, ModulePrivacy } from '../../outcome/privacy.ts';
import type { Scope } from '../scope.ts';
import type { ModuleCounts } from './moduleFindings.ts';

interface Seen extends ModuleCounts {
  readonly findings: Readonly<Record<string, number>>;
  readonly accepted: number;
  /** Findings by rule and fingerprint, see {@link printKey}. */
  readonly prints: ReadonlyMap<string, number>;
}

/** Returns the key of findings of one value under one rule. */
export function printKey(rule: string, fp: string): string {
  return `${rule} ${fp}`;
}

export function modulePrivacy(
  scope: Scope,
  module: CompiledModule,
  { lines, totals, findings, accepted, prints }: Seen,
): ModulePrivacy {
  const { mapping } = module;
  const fields = module.fields.map(({ name, mapping: field }): FieldPrivacy => {
    // Values of a closed form, such as dates, are validated against it by the check of lines.
    const { cells, values, classes } = totals.get(name) ?? {
      cells: lines,
      values: lines,
      classes: {},
    };
    const declared = piiOf(mapping, name);
    const isNot = Object.hasOwn(mapping.pii?.notPii ?? {}, name);
    const unnamed = isReference(field) ? 'reference' : 'undeclared';
    const none = isNot ? 'not personal' : unnamed;
    return {
      field: name,
      class: declared?.class ?? null,
      treatment: declared?.treatment ?? none,
      ...(declared?.purpose === undefined ? {} : { purpose: declared.purpose }),
      ...(declared?.mayContain === undefined ? {} : { mayContain: declared.mayContain }),
      cells,
      values,
      found: { ...classes },
    };
  });
  return {
    module: module.name,
    declared: mapping.pii !== undefined,
    default: mapping.pii === undefined ? null : (mapping.pii.default ?? 'deny'),
    cellsPresent: scope.files.countOf(module.name) * fields.length,
    cellsScanned: fields.reduce((sum, { cells }) => sum + cells, 0),
    fields,
    dropped: droppedPii(mapping).map((column) => ({
      column,
      class: mapping.pii?.fields?.[column]?.class ?? '',
      reason: mapping.dropped?.[column] ?? '',
    })),
    findings: { ...findings },
    accepted,
    acceptances: (mapping.pii?.accept ?? []).map(({ fp, rule, reason, by, until }) => ({
      fp,
      rule,
      reason,
      by,
      until,
      ended: until < scope.pii.today,
      findings: prints.get(printKey(rule, fp)) ?? 0,
    })),
  };
}
