/**
 * Personal data in fields that are not declared for it: what nobody knows of, nobody protects. The
 * finding says where in the text, never what.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { isReference } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import type { FieldType } from '../record/type.ts';
import { memberOf } from '../seal/candidateReader.ts';
import { undeclaredIn, type SearchedField, type UndeclaredPii } from './piiInValue.ts';
import { recordFinding, recordsOf, type ScannedRecord, type Scope } from './scope.ts';

/** Findings `pii-undeclared` of a module, by record, field and place. */
export async function* checkUndeclared(
  scope: Scope,
  module: CompiledModule,
): AsyncGenerator<Finding> {
  const fields = searchedFields(module);
  if (fields.length === 0) return;
  for await (const { first, records } of recordsOf(scope, module.name, 'personal data')) {
    for (const [index, record] of records.entries()) {
      if (record === null) continue;
      const scanned = { ordinal: first + index, record };
      for (const field of fields) {
        for (const found of undeclaredIn(memberOf(record, field.name), field)) {
          yield piiFinding(scope, module, scanned, { ...found, field: field.name });
        }
      }
    }
  }
}

/** The fields that hold text, by name. */
export function searchedFields(module: CompiledModule): SearchedField[] {
  return module.fields.flatMap(({ name, mapping, type }) => {
    if (isReference(mapping) || !holdsText(type)) return [];
    return [{ name, declared: mapping.pii ?? null, plain: type.kind === 'string' }];
  });
}

function holdsText(type: FieldType): boolean {
  if (type.kind === 'array') return holdsText(type.of);
  return type.kind === 'string' || type.kind === 'json' || type.kind === 'tagged';
}

export function piiFinding(
  scope: Scope,
  module: CompiledModule,
  scanned: ScannedRecord,
  { field, of, place }: UndeclaredPii & { readonly field: string },
): Finding {
  const reason = `it holds ${of}, which is not declared`;
  const accusation = { rule: 'pii-undeclared', fields: [field], reason } as const;
  return { ...recordFinding(scope, module, scanned, accusation), ...place };
}
