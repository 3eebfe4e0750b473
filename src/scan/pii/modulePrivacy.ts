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
}

export function modulePrivacy(
  scope: Scope,
  module: CompiledModule,
  { lines, totals, findings, accepted }: Seen,
): ModulePrivacy {
  const { mapping } = module;
  const fields = module.fields.map(({ name, mapping: field }): FieldPrivacy => {
    // Values of a closed form, such as dates, are validated by the check of lines.
    const { cells, values, classes } = totals.get(name) ?? {
      cells: lines,
      values: lines,
      classes: {},
    };
    const declared = piiOf(mapping, name);
    const isNot = Object.hasOwn(mapping.pii?.notPii ?? {}, name);
    const none = isReference(field) ? 'reference' : isNot ? 'not personal' : 'undeclared';
    return {
      field: name,
      class: declared?.class ?? null,
      treatment: declared?.treatment ?? none,
      ...(declared?.purpose === undefined ? {} : { purpose: declared.purpose }),
      cells,
      values,
      found: { ...classes },
    };
  });
  return {
    module: module.name,
    declared: mapping.pii !== undefined,
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
  };
}
