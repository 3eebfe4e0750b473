/** Lists the references of a module's mapping, with their targets and comparisons. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { nestedReferences, type NestedReference } from '../mapping/idPath.ts';
import { isReference } from '../mapping/model.ts';
import type { FieldType } from '../record/type.ts';
import { comparisonOf } from './comparable.ts';
import { moduleOf, type Scope } from './scope.ts';
import { typeOfField, type Target } from './targets.ts';

export interface Reference {
  readonly fields: readonly string[];
  readonly types: readonly FieldType[];
  readonly target: Target;
  /** Place of ids in the field's array or JSON; null for other references. */
  readonly nested: NestedReference | null;
  /** Whether either all of its parts or none must be null. */
  readonly full: boolean;
}

/** Returns all references of a module: of its fields, by name, then by value, as declared. */
export function referencesOf(scope: Scope, module: CompiledModule): Reference[] {
  const found: Reference[] = [];
  for (const { name, mapping, type } of module.fields) {
    const idsOf = (to: string, nested: NestedReference | null): void => {
      const { orderFields } = moduleOf(scope, to);
      // Values in JSON have no declared type.
      const types = [nested === null ? type : ({ kind: 'json' } as const)];
      const target = targetOf(scope, to, orderFields, types);
      found.push({ fields: [name], types, target, nested, full: false });
    };
    if (isReference(mapping)) idsOf(mapping.reference, null);
    for (const nested of nestedReferences(mapping)) idsOf(nested.module, nested);
  }
  for (const { fields, module: to, to: parts, match } of module.mapping.references ?? []) {
    const types = fields.map((field) => typeOfField(module, field));
    const target = targetOf(scope, to, parts, types);
    found.push({ fields, types, target, nested: null, full: match === 'full' });
  }
  return found;
}

function targetOf(
  scope: Scope,
  name: string,
  fields: readonly string[],
  types: readonly FieldType[],
): Target {
  const parent = moduleOf(scope, name);
  const others = fields.map((field) => typeOfField(parent, field));
  return { module: name, fields, comparison: comparisonOf(types, others), keep: 'nothing' };
}
