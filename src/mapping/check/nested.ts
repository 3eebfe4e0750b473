/** Checks references inside arrays and JSON. */

import { formatType, parseType, type FieldType } from '../../record/type.ts';
import type { FieldFault } from './valueField.ts';
import { nestedReferences, pathsMeet } from '../idPath.ts';
import { findModule, type ModuleMapping, type ValueField } from '../model.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { LocatedMapping } from '../place.ts';

/** @throws Failure MAPPING */
export function checkNested(mapping: LocatedMapping, field: ValueField, fault: FieldFault): void {
  const type = parseType(field.type);
  if (field.references === undefined || type === null) {
    if (field.onMissing === undefined) return;
    throw fault(['onMissing'], 'the field has no ids that could be missing', 'add "references"');
  }
  const nested = nestedReferences(field);
  for (const [index, { module: name, text, path }] of nested.entries()) {
    const at = text === null ? ['references'] : ['references', index];
    if (text !== null && type.kind !== 'json') {
      const what = `paths to ids do not belong to type ${formatType(type)}`;
      throw fault(at, what, 'name the module alone, or use type json');
    }
    const parent = parentOf(mapping, name, text === null ? at : [...at, 'module'], fault);
    checkParent(parent, { field, type }, at, fault);
    const twin = nested.slice(0, index).find((other) => pathsMeet(other.path, path));
    if (twin === undefined) continue;
    const what = `paths ${quoteName(twin.text ?? '')} and ${quoteName(text ?? '')} match one id`;
    throw fault(at, what, 'remove one of the two, or make them differ');
  }
}

function checkParent(
  parent: ModuleMapping,
  { field, type }: { readonly field: ValueField; readonly type: FieldType },
  at: readonly (string | number)[],
  fault: FieldFault,
): void {
  if (parent.id.rule === 'keyless' || parent.key.length !== 1) {
    const what = `module "${parent.module}" has no key of one part`;
    throw fault(
      at,
      what,
      'an id in an array or in JSON cannot refer to its records: remove the reference',
    );
  }
  if (parent.id.rule === 'keep') return;
  if ('constant' in field) {
    const what = `a constant cannot hold ids of module "${parent.module}", which makes its own`;
    throw fault(at, what, 'remove "references"');
  }
  if (type.kind === 'json' || innermost(type).kind === 'uuid') return;
  const what = `the ids of module "${parent.module}" are UUIDs, not of type ${formatType(type)}`;
  throw fault(['type'], what, 'use type array(uuid) or json, for the new ids');
}

function innermost(type: FieldType): FieldType {
  return type.kind === 'array' ? innermost(type.of) : type;
}

/** Returns the module that a field refers to at `path`. */
export function parentOf(
  mapping: LocatedMapping,
  name: string,
  path: readonly (string | number)[],
  fault: FieldFault,
): ModuleMapping {
  const parent = findModule(mapping, name);
  if (parent !== undefined) return parent;
  const names = mapping.modules.map(({ module }) => module);
  const hint = didYouMean(name, names, 'name a module of this mapping');
  throw fault(path, `reference to unknown module ${quoteName(name)}`, hint);
}
