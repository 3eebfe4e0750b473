/**
 * Finds the records that a sample refers to, so that it includes them: by key, by value, and in
 * arrays and JSON. Values are compared loosely (5 equals "5.0"), so a sample may include a few more
 * records than needed.
 */

import { compileModule, moduleNamed, type CompiledModule } from '../../mapping/compile/module.ts';
import { columnIndexes, type MapperContext } from '../../mapping/compile/identity.ts';
import { nestedReferences, valuesAt, type IdPath } from '../../mapping/idPath.ts';
import type { Mapping, ModuleMapping } from '../../mapping/model.ts';
import { recordKey } from '../../mapping/compile/recordKey.ts';
import type { Row } from '../../source/source.ts';

/** A reference that is followed by the key that the row holds. */
export interface KeyReference {
  readonly parent: string;
  readonly keyOf: (row: Row) => string | null;
}

/** A reference that is followed by values of the record. */
export interface ByValue {
  readonly parent: string;
  readonly fields: readonly string[];
  /** Path of the ids in the field's array or JSON; undefined if the fields are the key. */
  readonly path?: IdPath;
  /** Index in {@link valueTargets} of the parent. */
  readonly target: number;
}

/** Compiles all references of a module. */
export function referencesOf(
  module: CompiledModule,
  context: MapperContext,
): { readonly byKey: readonly KeyReference[]; readonly byValue: readonly ByValue[] } {
  const { mapping } = context;
  const byKey: KeyReference[] = [];
  const byValue: ByValue[] = [];
  for (const { name, mapping: field } of module.fields) {
    if ('reference' in field) {
      const parent = moduleNamed(mapping, field.reference);
      const keyOf = recordKey(parent, columnIndexes(module, field.columns), context);
      byKey.push({ parent: parent.module, keyOf });
    }
    for (const { module: parent, path } of nestedReferences(field)) {
      const target = targetNumber(mapping, parent, idFields(mapping, parent));
      byValue.push({ parent, fields: [name], path, target });
    }
  }
  for (const { fields, module: parent, to } of module.mapping.references ?? []) {
    byValue.push({ parent, fields, target: targetNumber(mapping, parent, to) });
  }
  return { byKey, byValue };
}

/** Names of the modules that a module refers to by key and by value. */
export function referencedModules({ fields, references = [] }: ModuleMapping): {
  readonly byKey: readonly string[];
  readonly byValue: readonly string[];
} {
  const all = Object.values(fields);
  return {
    byKey: all.flatMap((field) => ('reference' in field ? [field.reference] : [])),
    byValue: [
      ...all.flatMap((field) => nestedReferences(field).map(({ module }) => module)),
      ...references.map(({ module }) => module),
    ],
  };
}

/** Distinct sets of fields of a module that references by value use, in a fixed order. */
export function valueTargets(mapping: Mapping, name: string): (readonly string[])[] {
  const targets = new Map<string, readonly string[]>();
  for (const { fields, references = [] } of mapping.modules) {
    for (const { module, to } of references) {
      if (module === name) targets.set(JSON.stringify(to), to);
    }
    for (const field of Object.values(fields)) {
      if (!nestedReferences(field).some(({ module }) => module === name)) continue;
      const to = idFields(mapping, name);
      targets.set(JSON.stringify(to), to);
    }
  }
  return [...targets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, to]) => to);
}

/** Keys of a reference's values in key sets; none for values with a part that is null. */
export function valuesOf(record: unknown, { fields, path, target }: ByValue): string[] {
  const values = fields.map((field) => memberOf(record, field));
  const referred =
    path === undefined ? [values] : [...valuesAt(values[0], path)].map((value) => [value]);
  return referred.flatMap((parts) => valueKey(parts, target) ?? []);
}

/** Key in key sets of the record that is referred to; null if a part is null. */
export function keyOfValues(
  record: unknown,
  fields: readonly string[],
  target: number,
): string | null {
  return valueKey(
    fields.map((field) => memberOf(record, field)),
    target,
  );
}

function targetNumber(mapping: Mapping, parent: string, fields: readonly string[]): number {
  const wanted = JSON.stringify(fields);
  return valueTargets(mapping, parent).findIndex((to) => JSON.stringify(to) === wanted);
}

/** Fields that order a module's records; ids in arrays and JSON refer to these. */
function idFields(mapping: Mapping, name: string): readonly string[] {
  return compileModule(mapping, name).orderFields;
}

function valueKey(values: readonly unknown[], target: number): string | null {
  if (values.some((value) => value === null || value === undefined)) return null;
  return JSON.stringify([target, ...values.map(looseText)]);
}

/** The text of a value, regardless of its type. */
function looseText(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const [inner, ...others] = Object.values(value) as unknown[];
    return others.length === 0 && inner !== undefined ? looseText(inner) : JSON.stringify(value);
  }
  const text = String(value);
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}

function memberOf(record: unknown, name: string): unknown {
  const isObject = typeof record === 'object' && record !== null;
  return isObject && Object.hasOwn(record, name) ? (Reflect.get(record, name) as unknown) : null;
}
