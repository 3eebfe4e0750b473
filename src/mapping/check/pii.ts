/** Checks a module's policy on personal data: names that must exist, and treatments that fit. */

import { isDate } from '../../record/dateTime.ts';
import { parseType } from '../../record/type.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { wholeMatch } from '../compile/pattern.ts';
import {
  columnsOfField,
  fieldNames,
  isReference,
  type FieldMapping,
  type ModuleMapping,
} from '../model.ts';
import {
  columnIds,
  needsKey,
  treatedColumns,
  type DeclaredPii,
  type PiiPolicy,
} from '../piiPolicy.ts';
import { mappingFailure, moduleFile, pointerTo, type LocatedMapping } from '../place.ts';
import type { Failure } from '../../outcome/failure.ts';
import type { FieldFault } from './valueField.ts';

/** @throws Failure MAPPING */
export function checkPii(mapping: LocatedMapping, module: ModuleMapping): void {
  const policy = module.pii;
  if (policy === undefined) return;
  const fault: FieldFault = (path, what, hint) => {
    const pointer = pointerTo('pii', ...path);
    return mappingFailure(mapping, { file: moduleFile(module.module), pointer }, what, hint);
  };
  for (const [name, declared] of Object.entries(policy.fields ?? {})) {
    checkDeclared(module, name, declared, fault);
  }
  checkNotPii(module, policy, fault);
  checkQuasi(module, policy, fault);
  for (const [index, { until }] of (policy.accept ?? []).entries()) {
    if (isDate(until)) continue;
    throw fault(['accept', index, 'until'], 'it is not a calendar date', 'write it YYYY-MM-DD');
  }
  if (policy.keyId !== undefined || !needsKey(policy)) return;
  const what = 'the policy has treatments or acceptances that need a key, and names none';
  throw fault([], what, 'add "keyId", and give the key by SEALIFT_KEY_<ID> when it is used');
}

function checkDeclared(
  module: ModuleMapping,
  name: string,
  declared: DeclaredPii,
  fault: FieldFault,
): void {
  const at = ['fields', name];
  checkOptions(declared, at, fault);
  if (declared.treatment === 'dropped') {
    checkDropped(module, name, at, fault);
    return;
  }
  const field = module.fields[name];
  if (field === undefined) {
    const what = `module "${module.module}" has no field ${quoteName(name)} that could be treated`;
    throw fault(at, what, didYouMean(name, Object.keys(module.fields), 'name one of its fields'));
  }
  if (isReference(field)) {
    const what = `field ${quoteName(name)} is a reference, which holds an id`;
    throw fault(at, what, `declare it in module "${field.reference}"`);
  }
  if (field.harmless === true) {
    const what = `field ${quoteName(name)} is declared harmless and as personal data`;
    throw fault(at, what, 'remove one of the two');
  }
  if (module.external === true) {
    const what = `an external module cannot hold personal data, as field ${quoteName(name)} does`;
    throw fault(at, what, 'use id rule "uuid", which does not keep the key');
  }
  if (declared.treatment !== 'plain') checkTreated(module, name, field, declared, fault);
}

/** Checks the members that belong to one treatment only. */
function checkOptions(
  { treatment, to, mask }: DeclaredPii,
  at: readonly string[],
  fault: FieldFault,
): void {
  if (treatment === 'generalised' && to === undefined) {
    throw fault(at, 'a generalised field needs "to"', 'add "to": "year", or {"first": 2}');
  }
  if (treatment !== 'generalised' && to !== undefined) {
    throw fault([...at, 'to'], `"to" does not belong to ${treatment}`, 'remove it');
  }
  if (treatment !== 'masked' && mask !== undefined) {
    throw fault([...at, 'mask'], `"mask" does not belong to ${treatment}`, 'remove it');
  }
}

function checkDropped(
  module: ModuleMapping,
  column: string,
  at: readonly string[],
  fault: FieldFault,
): void {
  if (Object.hasOwn(module.fields, column)) {
    const what = `${quoteName(column)} is dropped by the policy, and there is a field of this name`;
    throw fault(at, what, 'give the field another name or treatment');
  }
  const dropped = Object.keys(module.dropped ?? {});
  if (dropped.includes(column)) return;
  const what = `the policy drops column ${quoteName(column)}, which is not under "dropped"`;
  throw fault(at, what, didYouMean(column, dropped, 'list it under "dropped" with the reason'));
}

/** Types whose values a treatment can store; all others can be encrypted only. */
const TEXTS: ReadonlySet<string> = new Set(['string', 'enum', 'uuid']);
const NUMBERS: ReadonlySet<string> = new Set(['integer', 'bigint', 'decimal']);
const DATES: ReadonlySet<string> = new Set(['date', 'timestamp', 'timestamptz']);

function checkTreated(
  module: ModuleMapping,
  name: string,
  field: Exclude<FieldMapping, { readonly reference: string }>,
  declared: DeclaredPii,
  fault: FieldFault,
): void {
  const { treatment, to } = declared;
  const at = ['fields', name];
  const own = `field ${quoteName(name)}`;
  const kind = parseType(field.type)?.kind ?? '';
  const isPlainValue = TEXTS.has(kind) || NUMBERS.has(kind) || DATES.has(kind);
  if (kind === 'blob' || (treatment !== 'encrypted' && !isPlainValue)) {
    const what = `${own} of type ${field.type} cannot be ${treatment}`;
    throw fault(at, what, kind === 'blob' ? 'drop it' : 'encrypt it, or drop it');
  }
  if (to !== undefined && !fitsCoarse(to, kind)) {
    throw fault([...at, 'to'], `${own} of type ${field.type} has no such coarser form`, COARSE);
  }
  if ('constant' in field) {
    throw fault(at, `${own} is a constant, which is in the mapping`, 'remove the field');
  }
  const inKey = module.key.find(({ column }) => columnsOfField(field).includes(column));
  if (inKey !== undefined) {
    const what = `${own} reads key column ${quoteName(inKey.column)}, which ids and lineage hold as it is`;
    throw fault(at, what, 'use id rule "keyless", or another key');
  }
  const use = useOf(module, name, treatment);
  if (use !== null) throw fault(at, `${own} is ${treatment}, but ${use}`, 'remove one of the two');
}

const COARSE =
  'use year, month or decade for dates, {"first": n} for texts, {"step": n} for whole numbers';

function fitsCoarse(to: NonNullable<DeclaredPii['to']>, kind: string): boolean {
  if (typeof to === 'string') return DATES.has(kind) || kind === 'string';
  return 'first' in to ? TEXTS.has(kind) : NUMBERS.has(kind);
}

/** Equal values stay equal in these forms only. */
const COMPARABLE: ReadonlySet<string> = new Set(['pseudonymised', 'hashed']);

/** Returns what else the mapping does with the field that its treatment would break. */
function useOf(module: ModuleMapping, name: string, treatment: string): string | null {
  const field = module.fields[name];
  if (field !== undefined && 'copyOf' in field) return 'compared with another field as a copy';
  if (field !== undefined && 'references' in field) return 'its ids refer to records';
  if (COMPARABLE.has(treatment)) {
    const referred = (module.references ?? []).some(({ fields }) => fields.includes(name));
    return referred && treatment === 'hashed' ? 'a reference compares it with another field' : null;
  }
  if ((module.unique ?? []).some((set) => set.includes(name))) return 'in a unique set';
  const refers = (module.references ?? []).some(({ fields }) => fields.includes(name));
  return refers ? 'a reference compares it with another field' : null;
}

function checkNotPii(module: ModuleMapping, policy: PiiPolicy, fault: FieldFault): void {
  const known = fieldNames(module);
  for (const [name, { shape }] of Object.entries(policy.notPii ?? {})) {
    const at = ['notPii', name];
    if (!known.has(name)) {
      const what = `module "${module.module}" has no field ${quoteName(name)}`;
      throw fault(at, what, didYouMean(name, known, 'name one of its fields'));
    }
    if (Object.hasOwn(policy.fields ?? {}, name)) {
      const what = `field ${quoteName(name)} is both personal data and not`;
      throw fault(at, what, 'remove one of the two');
    }
    if (shape === undefined || wholeMatch(shape) !== null) continue;
    const what = `shape ${quoteName(shape)} is not valid RE2 syntax`;
    throw fault([...at, 'shape'], what, 'write it without look-around and backreferences');
  }
}

function checkQuasi(module: ModuleMapping, { quasi }: PiiPolicy, fault: FieldFault): void {
  const known = fieldNames(module);
  for (const [index, name] of (quasi?.fields ?? []).entries()) {
    if (known.has(name)) continue;
    const what = `module "${module.module}" has no field ${quoteName(name)}`;
    const hint = didYouMean(name, known, 'name one of its fields');
    throw fault(['quasi', 'fields', index], what, hint);
  }
}

/**
 * Checks that no field of any module holds as it is what a policy treats.
 * @throws Failure MAPPING
 */
export function checkTreatedOnce(mapping: LocatedMapping): void {
  const treated = new Map<string, string>();
  for (const module of mapping.modules) {
    for (const column of treatedColumns(module).keys()) {
      for (const id of columnIds(module, column)) treated.set(id, module.module);
    }
  }
  if (treated.size === 0) return;
  const byOther = (module: ModuleMapping, column: string): string | undefined =>
    columnIds(module, column)
      .map((id) => treated.get(id))
      .find((by) => by !== undefined);
  for (const module of mapping.modules) {
    const fault = (pointer: string, column: string, by: string, holds: string): Failure => {
      const place = { file: moduleFile(module.module), pointer };
      const what = `column ${quoteName(column)} is treated in module "${by}", and ${holds}`;
      return mappingFailure(mapping, place, what, 'remove one of the two, or treat both');
    };
    for (const [name, field] of Object.entries(module.fields)) {
      if (isReference(field) || isTreated(module, name)) continue;
      for (const column of columnsOfField(field)) {
        const by = byOther(module, column);
        if (by === undefined) continue;
        throw fault(pointerTo('fields', name), column, by, 'this field holds it as it is');
      }
    }
    if (module.id.rule === 'keyless') continue;
    for (const [index, { column }] of module.key.entries()) {
      const by = byOther(module, column);
      if (by === undefined) continue;
      throw fault(pointerTo('key', index), column, by, 'ids and lineage hold this key as it is');
    }
  }
}

function isTreated({ pii }: ModuleMapping, name: string): boolean {
  const { fields = {} } = pii ?? {};
  return Object.hasOwn(fields, name) && fields[name]?.treatment !== 'plain';
}
