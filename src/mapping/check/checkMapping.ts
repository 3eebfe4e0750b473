/**
 * Checks a mapping in itself, beyond its schemas: names that must exist elsewhere in it, rules that
 * must fit together. Checks that need the source are in againstSource.ts and queries.ts.
 */

import type { Failure } from '../../outcome/failure.ts';
import { FIXED_RULES } from '../../outcome/rules.ts';
import { isDate } from '../../record/dateTime.ts';
import { checkFields } from './fields.ts';
import { checkFilterCycles, checkRows } from './rows.ts';
import { wholeMatch } from '../compile/pattern.ts';
import { checkId } from './id.ts';
import { checkPii, checkTreatedOnce } from './pii.ts';
import {
  DEFAULT_SOURCE,
  fieldNames,
  findModule,
  type ModuleMapping,
  type ModuleSource,
} from '../model.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import {
  mappingFailure,
  moduleFile,
  pointerTo,
  type LocatedMapping,
  type Place,
} from '../place.ts';
import { parseWindow, WINDOW_FORM } from '../window.ts';

/** @throws Failure MAPPING at the first error */
export function checkMapping(mapping: LocatedMapping): void {
  checkProject(mapping);
  checkSeverities(mapping);
  const invariants = new Map<string, string>();
  for (const module of mapping.modules) {
    checkSource(mapping, module);
    checkRows(mapping, module);
    checkId(mapping, module);
    checkFields(mapping, module);
    checkUnique(mapping, module);
    checkValueReferences(mapping, module);
    checkInvariants(mapping, module, invariants);
    checkPii(mapping, module);
  }
  checkFilterCycles(mapping);
  checkTreatedOnce(mapping);
}

function checkProject(mapping: LocatedMapping): void {
  const { asOf, sources, dropped = [], window } = mapping.project;
  const fault = (pointer: string, what: string, hint: string): Failure =>
    mappingFailure(mapping, { file: 'project.json', pointer }, what, hint);
  if (asOf !== undefined && !isDate(asOf)) {
    throw fault('/asOf', 'asOf is not a calendar date', 'write it YYYY-MM-DD');
  }
  const agreed = window === undefined ? null : parseWindow(window);
  if (typeof agreed === 'string') throw fault('/window', agreed, WINDOW_FORM);
  for (const [name, pattern] of Object.entries(mapping.project.piiPatterns ?? {})) {
    if (wholeMatch(pattern) !== null) continue;
    const what = `pattern ${quoteName(pattern)} is not valid RE2 syntax`;
    throw fault(
      pointerTo('piiPatterns', name),
      what,
      'write it without look-around and backreferences',
    );
  }
  const names = Object.keys(sources);
  const mapped = new Map(
    mapping.modules.flatMap(({ module, source }) =>
      tablesOf(source).map((table) => [tableId(source.name, table), module] as const),
    ),
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
      const what = `table ${quoteName(table)} is both dropped and mapped by module "${module}"`;
      throw fault(at, what, 'remove one of the two');
    }
    seen.add(id);
  }
}

/** Checks severities. Names of rules are validated by the schema. */
function checkSeverities(mapping: LocatedMapping): void {
  for (const [index, { rule, module, field }] of (mapping.project.severities ?? []).entries()) {
    const at = (member: string): Place => {
      return { file: 'project.json', pointer: pointerTo('severities', index, member) };
    };
    if (FIXED_RULES.has(rule)) {
      const what = `findings of rule ${quoteName(rule)} are always BLOCKER`;
      throw mappingFailure(mapping, at('rule'), what, 'remove this severity');
    }
    const modules =
      module === undefined ? mapping.modules : [moduleAt(mapping, module, at('module'))];
    if (field === undefined) continue;
    const known = new Set<string>();
    for (const of of modules) for (const name of fieldNames(of)) known.add(name);
    if (known.has(field)) continue;
    const whose = module === undefined ? 'no module has a' : `module "${module}" has no`;
    const hint = didYouMean(field, known, 'name a field');
    throw mappingFailure(mapping, at('field'), `${whose} field ${quoteName(field)}`, hint);
  }
}

/** Lists the tables whose rows a module accounts for. */
function tablesOf(source: ModuleSource): string[] {
  const tables = source.base === undefined ? [] : [source.base.table];
  return 'table' in source ? [source.table, ...tables] : tables;
}

function tableId(source: string | undefined, table: string): string {
  return JSON.stringify([source ?? DEFAULT_SOURCE, table]);
}

function checkSource(mapping: LocatedMapping, module: ModuleMapping): void {
  const { name = DEFAULT_SOURCE } = module.source;
  const names = Object.keys(mapping.project.sources);
  if (names.includes(name)) return;
  const hint = didYouMean(name, names, `sources of the project are ${names.join(', ')}`);
  const place = { file: moduleFile(module.module), pointer: '/source' };
  throw mappingFailure(mapping, place, `unknown source ${quoteName(name)}`, hint);
}

function checkUnique(mapping: LocatedMapping, module: ModuleMapping): void {
  const seen = new Set<string>();
  const file = moduleFile(module.module);
  for (const [index, fields] of (module.unique ?? []).entries()) {
    assertFields(mapping, module, fields, { file, pointer: pointerTo('unique', index) });
    const id = JSON.stringify(fields);
    if (seen.has(id)) {
      const place = { file, pointer: pointerTo('unique', index) };
      throw mappingFailure(mapping, place, 'this unique set is declared twice', 'remove one');
    }
    seen.add(id);
  }
}

function checkValueReferences(mapping: LocatedMapping, module: ModuleMapping): void {
  const file = moduleFile(module.module);
  for (const [index, reference] of (module.references ?? []).entries()) {
    const pointer = pointerTo('references', index);
    assertFields(mapping, module, reference.fields, { file, pointer: `${pointer}/fields` });
    const parent = moduleAt(mapping, reference.module, { file, pointer: `${pointer}/module` });
    assertFields(mapping, parent, reference.to, { file, pointer: `${pointer}/to` });
    if (reference.fields.length !== reference.to.length) {
      const place = { file, pointer };
      const what = `${reference.fields.length} fields refer to ${reference.to.length}`;
      throw mappingFailure(mapping, place, what, 'give "fields" and "to" the same length');
    }
  }
}

function checkInvariants(
  mapping: LocatedMapping,
  module: ModuleMapping,
  seen: Map<string, string>,
): void {
  const file = moduleFile(module.module);
  for (const [index, { id, fields, modules }] of (module.invariants ?? []).entries()) {
    const pointer = pointerTo('invariants', index);
    const twin = seen.get(id);
    if (twin !== undefined) {
      const what = `invariant ${quoteName(id)} is declared twice, also in module "${twin}"`;
      const place = { file, pointer: `${pointer}/id` };
      throw mappingFailure(mapping, place, what, 'give one of them another id');
    }
    seen.set(id, module.module);
    assertFields(mapping, module, fields, { file, pointer: `${pointer}/fields` });
    for (const [at, name] of modules.entries()) {
      moduleAt(mapping, name, { file, pointer: `${pointer}/modules/${at}` });
    }
  }
}

/** Returns the module of that name, which the mapping mentions at `place`. */
function moduleAt(mapping: LocatedMapping, name: string, place: Place): ModuleMapping {
  const module = findModule(mapping, name);
  if (module !== undefined) return module;
  const names = mapping.modules.map((other) => other.module);
  const hint = didYouMean(name, names, 'name a module of this mapping');
  throw mappingFailure(mapping, place, `unknown module ${quoteName(name)}`, hint);
}

/** Checks that all `names`, the members of `list`, are known fields. */
function assertFields(
  mapping: LocatedMapping,
  module: ModuleMapping,
  names: readonly string[],
  list: Place,
): void {
  const known = fieldNames(module);
  for (const [index, name] of names.entries()) {
    if (known.has(name)) continue;
    const place = { file: list.file, pointer: `${list.pointer}/${index}` };
    const what = `module "${module.module}" has no field ${quoteName(name)}`;
    const hint = didYouMean(name, known, 'name one of its fields');
    throw mappingFailure(mapping, place, what, hint);
  }
}
