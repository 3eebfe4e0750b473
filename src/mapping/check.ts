/**
 * Checks of a mapping in itself, beyond what its schemas say: names that have to exist elsewhere in
 * it, rules that have to fit together. What needs the source is in checkAgainstSource.ts.
 */

import type { Failure } from '../outcome/failure.ts';
import { isDate } from '../record/dateTime.ts';
import { checkFields } from './checkFields.ts';
import { checkId } from './checkId.ts';
import { DEFAULT_ID_FIELD, DEFAULT_SOURCE, type ModuleMapping } from './model.ts';
import { didYouMean, quoteName } from './nearest.ts';
import { mappingFailure, moduleFile, pointerTo, type LocatedMapping, type Place } from './place.ts';

/** @throws Failure MAPPING at the first thing that does not fit */
export function checkMapping(mapping: LocatedMapping): void {
  checkProject(mapping);
  for (const module of mapping.modules) {
    checkSource(mapping, module);
    checkId(mapping, module);
    checkFields(mapping, module);
    checkUnique(mapping, module);
    checkValueReferences(mapping, module);
  }
}

function checkProject(mapping: LocatedMapping): void {
  const { asOf, sources, dropped = [] } = mapping.project;
  const fault = (pointer: string, what: string, hint: string): Failure =>
    mappingFailure(mapping, { file: 'project.json', pointer }, what, hint);
  if (asOf !== undefined && !isDate(asOf)) {
    throw fault('/asOf', 'asOf is no date of the calendar', 'write it YYYY-MM-DD');
  }
  const names = Object.keys(sources);
  const mapped = new Map(
    mapping.modules.map(({ module, source }) => [tableId(source.name, source.table), module]),
  );
  const seen = new Set<string>();
  for (const [index, { source = DEFAULT_SOURCE, table }] of dropped.entries()) {
    const id = tableId(source, table);
    const at = pointerTo('dropped', index);
    if (!names.includes(source)) {
      const hint = didYouMean(source, names, `sources are ${names.join(', ')}`);
      throw fault(at, `dropped table of unknown source ${quoteName(source)}`, hint);
    }
    if (seen.has(id)) {
      throw fault(at, `table ${quoteName(table)} is dropped twice`, 'remove one of the two');
    }
    const module = mapped.get(id);
    if (module !== undefined) {
      const what = `table ${quoteName(table)} is dropped, and mapped by module "${module}"`;
      throw fault(at, what, 'remove the one or the other');
    }
    seen.add(id);
  }
}

function tableId(source: string | undefined, table: string): string {
  return JSON.stringify([source ?? DEFAULT_SOURCE, table]);
}

function checkSource(mapping: LocatedMapping, module: ModuleMapping): void {
  const { name = DEFAULT_SOURCE } = module.source;
  const names = Object.keys(mapping.project.sources);
  if (names.includes(name)) return;
  const place = { file: moduleFile(module.module), pointer: '/source' };
  const hint = didYouMean(name, names, `sources of the project are ${names.join(', ')}`);
  throw mappingFailure(mapping, place, `unknown source ${quoteName(name)}`, hint);
}

function checkUnique(mapping: LocatedMapping, module: ModuleMapping): void {
  const seen = new Set<string>();
  const file = moduleFile(module.module);
  const known = fieldsOf(module);
  for (const [index, fields] of (module.unique ?? []).entries()) {
    assertFields(mapping, known, fields, { file, pointer: pointerTo('unique', index) });
    const id = JSON.stringify(fields);
    if (seen.has(id)) {
      const place = { file, pointer: pointerTo('unique', index) };
      throw mappingFailure(mapping, place, 'this unique set is there twice', 'remove one');
    }
    seen.add(id);
  }
}

function checkValueReferences(mapping: LocatedMapping, module: ModuleMapping): void {
  const file = moduleFile(module.module);
  const known = fieldsOf(module);
  for (const [index, reference] of (module.references ?? []).entries()) {
    const pointer = pointerTo('references', index);
    assertFields(mapping, known, reference.fields, { file, pointer: `${pointer}/fields` });
    const parent = mapping.modules.find((other) => other.module === reference.module);
    if (parent === undefined) {
      const names = mapping.modules.map((other) => other.module);
      const place = { file, pointer: `${pointer}/module` };
      const what = `reference to unknown module ${quoteName(reference.module)}`;
      const hint = didYouMean(reference.module, names, 'name a module of this mapping');
      throw mappingFailure(mapping, place, what, hint);
    }
    assertFields(mapping, fieldsOf(parent), reference.to, { file, pointer: `${pointer}/to` });
    if (reference.fields.length !== reference.to.length) {
      const place = { file, pointer };
      const what = `${reference.fields.length} fields refer to ${reference.to.length}`;
      throw mappingFailure(mapping, place, what, 'give "fields" and "to" the same length');
    }
  }
}

/** The names of a module's fields, the id's included; not `~`. */
interface KnownFields {
  readonly module: string;
  readonly names: ReadonlySet<string>;
}

function fieldsOf(module: ModuleMapping): KnownFields {
  const names = new Set(Object.keys(module.fields));
  if (module.id.rule !== 'keep') names.add(module.id.field ?? DEFAULT_ID_FIELD);
  return { module: module.module, names };
}

/** All `names`, which stand at `list`, are known fields. */
function assertFields(
  mapping: LocatedMapping,
  known: KnownFields,
  names: readonly string[],
  list: Place,
): void {
  for (const [index, name] of names.entries()) {
    if (known.names.has(name)) continue;
    const place = { file: list.file, pointer: `${list.pointer}/${index}` };
    const what = `module "${known.module}" has no field ${quoteName(name)}`;
    const hint = didYouMean(name, known.names, 'name one of its fields');
    throw mappingFailure(mapping, place, what, hint);
  }
}
