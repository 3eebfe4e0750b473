/** Checks of a module's fields: types, options that only some types have, references. */

import type { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { formatType, parseType, type FieldType } from '../record/type.ts';
import { isZone } from '../record/zone.ts';
import { isReference, type ColumnField, type ModuleMapping, type ReferenceField } from './model.ts';
import { didYouMean, quoteName } from './nearest.ts';
import { mappingFailure, moduleFile, pointerTo, type LocatedMapping } from './place.ts';
import { unknownType } from './shape.ts';

/** A failure at a member of the field, or at the field itself. */
type Fault = (member: string | null, what: string, hint: string) => Failure;

/** @throws Failure MAPPING */
export function checkFields(mapping: LocatedMapping, module: ModuleMapping): void {
  const seen = new Map<string, string>();
  const entries = Object.entries(module.fields);
  for (const [name, field] of entries) {
    const fault: Fault = (member, what, hint) => {
      const tokens = member === null ? ['fields', name] : ['fields', name, member];
      const place = { file: moduleFile(module.module), pointer: pointerTo(...tokens) };
      return mappingFailure(mapping, place, what, hint);
    };
    if (isReference(field)) checkReference(mapping, field, fault);
    else checkColumnField(field, fault);
    const definition = canonicalJson(field);
    const twin = seen.get(definition);
    if (twin !== undefined) {
      const what = `fields ${quoteName(twin)} and ${quoteName(name)} are the same`;
      throw fault(null, what, 'remove one of the two');
    }
    seen.set(definition, name);
  }
  if (entries.length > 0) return;
  const place = { file: moduleFile(module.module), pointer: '/fields' };
  throw mappingFailure(mapping, place, 'the module has no fields', 'add a field');
}

function checkReference(mapping: LocatedMapping, field: ReferenceField, fault: Fault): void {
  const parent = mapping.modules.find(({ module }) => module === field.reference);
  if (parent === undefined) {
    const names = mapping.modules.map(({ module }) => module);
    const hint = didYouMean(field.reference, names, 'name a module of this mapping');
    throw fault('reference', `reference to unknown module ${quoteName(field.reference)}`, hint);
  }
  if (parent.id.rule === 'keyless') {
    const what = `module "${parent.module}" has no key that a reference could be made from`;
    throw fault('reference', what, 'map the columns as fields of their own');
  }
  if (parent.key.length !== field.columns.length) {
    const what =
      `${field.columns.length} columns refer to module "${parent.module}", ` +
      `whose key has ${parent.key.length}`;
    throw fault('columns', what, 'name one column for each part of its key, in its order');
  }
  if (parent.id.rule === 'keep' && parent.key.length > 1) {
    const what = `module "${parent.module}" keeps a key of ${parent.key.length} parts: no single id`;
    throw fault('reference', what, 'map the columns as fields and use "references"');
  }
}

function checkColumnField(field: ColumnField, fault: Fault): void {
  const type = parseType(field.type);
  if (type === null) {
    const { what, hint } = unknownType(field.type);
    throw fault('type', what, hint);
  }
  const { kind } = innermost(type);
  const name = formatType(type);
  if (kind === 'enum' && field.values === undefined) {
    throw fault(null, 'an enum needs its values', 'add "values"');
  }
  const misplaced = OPTIONS.find(
    ({ option, kinds }) => field[option] !== undefined && !kinds.includes(kind),
  );
  if (misplaced !== undefined) {
    const { option, kinds } = misplaced;
    const hint = `remove it, or use type ${kinds.join(' or ')}`;
    throw fault(option, `"${option}" does not belong to type ${name}`, hint);
  }
  if (field.zone !== undefined && !isZone(field.zone)) {
    throw fault('zone', `unknown time zone ${quoteName(field.zone)}`, nearestZone(field.zone));
  }
}

/** Options that only some types have. An array passes them on to its elements. */
const OPTIONS: readonly {
  readonly option: 'values' | 'maxLength' | 'zone' | 'encoding';
  readonly kinds: readonly string[];
}[] = [
  { option: 'values', kinds: ['enum'] },
  { option: 'maxLength', kinds: ['string'] },
  { option: 'zone', kinds: ['timestamptz'] },
  { option: 'encoding', kinds: ['bytes', 'blob'] },
];

function innermost(type: FieldType): FieldType {
  return type.kind === 'array' ? innermost(type.of) : type;
}

function nearestZone(zone: string): string {
  return didYouMean(zone, Intl.supportedValuesOf('timeZone'), 'use an IANA name: "Europe/Zurich"');
}
