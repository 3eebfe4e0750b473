/** Checks a module's fields: their content, and the modules that they refer to. */

import { canonicalJson } from '../../record/canonical.ts';
import { checkValueField, type FieldFault } from './valueField.ts';
import {
  fieldNames,
  findModule,
  isReference,
  type ModuleMapping,
  type ReferenceField,
} from '../model.ts';
import { checkNested, parentOf } from './nested.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { mappingFailure, moduleFile, pointerTo, type LocatedMapping } from '../place.ts';

/** @throws Failure MAPPING */
export function checkFields(mapping: LocatedMapping, module: ModuleMapping): void {
  const seen = new Map<string, string>();
  const entries = Object.entries(module.fields);
  for (const [name, field] of entries) {
    const fault: FieldFault = (path, what, hint) => {
      const pointer = pointerTo('fields', name, ...path);
      return mappingFailure(mapping, { file: moduleFile(module.module), pointer }, what, hint);
    };
    if (isReference(field)) checkReference(mapping, field, fault);
    else {
      checkValueField(field, fault);
      checkNested(mapping, field, fault);
      checkCopy(mapping, module, field.copyOf, fault);
    }
    const definition = canonicalJson(field);
    const twin = seen.get(definition);
    if (twin !== undefined) {
      const what = `fields ${quoteName(twin)} and ${quoteName(name)} are the same`;
      throw fault([], what, 'remove one of the two');
    }
    seen.set(definition, name);
  }
  // A module may have no field at all: a table may have only its key, and a file no column.
  if (module.external === true) checkExternal(mapping, module);
}

/** Checks that an external module holds ids only: with rule `keep` its key, otherwise no field. */
function checkExternal(mapping: LocatedMapping, module: ModuleMapping): void {
  const file = moduleFile(module.module);
  const { rule } = module.id;
  if (rule === 'keyless') {
    const place = { file, pointer: '/id/rule' };
    const what = 'an external module needs a key for others to refer to';
    throw mappingFailure(mapping, place, what, 'use another id rule, or remove "external"');
  }
  const parts = rule === 'keep' ? module.key.map(({ column }) => column) : [];
  for (const [name, field] of Object.entries(module.fields)) {
    const place = { file, pointer: pointerTo('fields', name) };
    if (!('column' in field) || !parts.includes(field.column)) {
      const what = `an external module holds ids only, but has a field ${quoteName(name)}`;
      throw mappingFailure(mapping, place, what, 'remove it, or remove "external"');
    }
  }
}

function checkReference(mapping: LocatedMapping, field: ReferenceField, fault: FieldFault): void {
  const parent = parentOf(mapping, field.reference, ['reference'], fault);
  if (parent.id.rule === 'keyless') {
    const what = `module "${parent.module}" has no key that a reference could be made from`;
    throw fault(['reference'], what, 'map the columns as fields of their own');
  }
  if (parent.key.length !== field.columns.length) {
    const what =
      `${field.columns.length} columns refer to module "${parent.module}", ` +
      `whose key has ${parent.key.length}`;
    throw fault(['columns'], what, 'name one column for each part of its key, in its order');
  }
  if (parent.id.rule === 'keep' && parent.key.length > 1) {
    const what = `module "${parent.module}" keeps a key of ${parent.key.length} parts: no single id`;
    throw fault(['reference'], what, 'map the columns as fields and use "references"');
  }
}

function checkCopy(
  mapping: LocatedMapping,
  module: ModuleMapping,
  copyOf: { readonly via: string; readonly field: string } | undefined,
  fault: FieldFault,
): void {
  if (copyOf === undefined) return;
  const ways = referringFields(module);
  const target = ways.get(copyOf.via);
  if (target === undefined) {
    const hint = didYouMean(copyOf.via, ways.keys(), 'name a field that refers to a module');
    const what = `field ${quoteName(copyOf.via)} does not refer to a record`;
    throw fault(['copyOf', 'via'], what, hint);
  }
  // A reference to an unknown module is reported at that field.
  const parent = findModule(mapping, target);
  const names = parent === undefined ? null : fieldNames(parent);
  if (names === null || names.has(copyOf.field)) return;
  const what = `module "${target}" has no field ${quoteName(copyOf.field)}`;
  throw fault(['copyOf', 'field'], what, didYouMean(copyOf.field, names, 'name one of its fields'));
}

/** Returns the fields that refer to one record, by id or alone by value, with their modules. */
function referringFields(module: ModuleMapping): Map<string, string> {
  const ways = new Map<string, string>();
  for (const { fields, module: target } of module.references ?? []) {
    const [only, more] = fields;
    if (only !== undefined && more === undefined) ways.set(only, target);
  }
  for (const [name, field] of Object.entries(module.fields)) {
    if (isReference(field)) ways.set(name, field.reference);
  }
  return ways;
}
