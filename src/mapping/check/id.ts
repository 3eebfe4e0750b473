/** Checks a module's key and id rule: the records need an order, and each id needs its source. */

import type { Failure } from '../../outcome/failure.ts';
import { isOrdered } from '../../record/keyOrder.ts';
import { formatType, parseType, type FieldType } from '../../record/type.ts';
import { sameTransforms } from '../compile/module.ts';
import { DEFAULT_ID_FIELD, type ColumnField, type KeyPart, type ModuleMapping } from '../model.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { mappingFailure, moduleFile, pointerTo, type LocatedMapping } from '../place.ts';
import { unknownType } from './schemaErrors.ts';

type Fault = (pointer: string, what: string, hint: string) => Failure;

/** @throws Failure MAPPING */
export function checkId(mapping: LocatedMapping, module: ModuleMapping): void {
  const fault: Fault = (pointer, what, hint) =>
    mappingFailure(mapping, { file: moduleFile(module.module), pointer }, what, hint);
  checkKey(module, fault);
  const { id, key } = module;
  if (id.rule === 'keyless') {
    if (key.length > 0) throw fault('/key', 'id rule "keyless" has no key', 'make the key empty');
  } else if (key.length === 0) {
    const hint = 'name the key columns, or use rule "keyless"';
    throw fault('/key', `id rule "${id.rule}" needs a key`, hint);
  }
  if (id.rule === 'keep') checkKeep(module, fault);
  if (id.rule === 'registry') checkRegistry(mapping, module, id.registry, fault);
  if (id.rule === 'keep') return;
  const field = id.field ?? DEFAULT_ID_FIELD;
  if (Object.hasOwn(module.fields, field)) {
    const hint = 'give the id another name with id.field, or rename the field';
    throw fault(
      pointerTo('fields', field),
      `field ${quoteName(field)} has the name of the id`,
      hint,
    );
  }
}

function checkKey(module: ModuleMapping, fault: Fault): void {
  const columns = new Set<string>();
  for (const [index, part] of module.key.entries()) {
    const type = parseType(part.type);
    const at = pointerTo('key', index, 'type');
    if (type === null) {
      const { what, hint } = unknownType(part.type);
      throw fault(at, what, hint);
    }
    const ordered = module.id.rule === 'keep';
    if (ordered ? !isOrdered(type) : !isKeyType(type)) {
      const what = `a key part cannot be of type ${formatType(type)}`;
      const hint = ordered
        ? 'use a type with an order, such as integer, string or timestamp(3), or id rule "uuid"'
        : 'use another type';
      throw fault(at, what, hint);
    }
    if (columns.has(part.column)) {
      const what = `column ${quoteName(part.column)} is in the key twice`;
      throw fault(pointerTo('key', index), what, 'remove one of the two');
    }
    columns.add(part.column);
  }
}

/** Ids are made from the canonical JSON of a key: its types need one form per value. */
function isKeyType(type: FieldType): boolean {
  return !['blob', 'json', 'array'].includes(type.kind);
}

/** Checks rule `keep`: each part of the key is a field of the same type. */
function checkKeep(module: ModuleMapping, fault: Fault): void {
  for (const [index, part] of module.key.entries()) {
    const fields = Object.values(module.fields).filter(
      (field): field is ColumnField => 'column' in field && field.column === part.column,
    );
    const at = pointerTo('key', index);
    const column = quoteName(part.column);
    const same = fields.filter((field) => sameType(field, part));
    if (same.some((field) => sameTransforms(field, part))) continue;
    if (same.length > 0) {
      const hint = 'id rule "keep" needs the same in both: make them equal, or use id rule "uuid"';
      throw fault(at, `key column ${column} and its field have different transforms`, hint);
    }
    if (fields.length === 0) {
      const hint = 'add the field, or use id rule "uuid"';
      throw fault(at, `key column ${column} is not a field, but id rule "keep" needs it`, hint);
    }
    const what = `key column ${column} and its field have different types`;
    throw fault(at, what, 'give both the same type');
  }
}

function sameType(field: ColumnField, part: KeyPart): boolean {
  const [a, b] = [parseType(field.type), parseType(part.type)];
  return a !== null && b !== null && formatType(a) === formatType(b);
}

function checkRegistry(
  mapping: LocatedMapping,
  module: ModuleMapping,
  registry: string,
  fault: Fault,
): void {
  if (module.key.length !== 1) {
    throw fault('/key', 'id rule "registry" needs a key of one part', 'name one column');
  }
  if (mapping.registries.has(registry)) return;
  const hint = didYouMean(
    registry,
    mapping.registries.keys(),
    'create it with sealift registry build, or copy it there',
  );
  throw fault('/id/registry', `unknown registry ${quoteName(registry)}`, hint);
}
