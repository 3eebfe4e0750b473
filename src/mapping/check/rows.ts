/**
 * Checks which rows become records: conditions, merged rows, and rows that are filtered with
 * others.
 */

import type { ModuleMapping } from '../model.ts';
import { findModule, isReference } from '../model.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { mappingFailure, moduleFile, pointerTo, type LocatedMapping } from '../place.ts';

/** @throws Failure MAPPING */
export function checkRows(mapping: LocatedMapping, module: ModuleMapping): void {
  if (module.merge === undefined || module.id.rule !== 'keyless') return;
  const place = { file: moduleFile(module.module), pointer: '/merge' };
  const what = 'rows without a key cannot be merged: equal records are numbered';
  throw mappingFailure(mapping, place, what, 'remove "merge", or give the module a key');
}

/**
 * Checks that filtered rows can be determined parent by parent. A module may refer to itself, but
 * not through another module. @throws Failure MAPPING
 */
export function checkFilterCycles(mapping: LocatedMapping): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    const module = findModule(mapping, name);
    for (const { field, parent } of module === undefined ? [] : filteringFields(module)) {
      if (parent === name) continue;
      if (!path.includes(parent)) {
        visit(parent, [...path, parent]);
        continue;
      }
      const round = [...path.slice(path.indexOf(parent)), parent].map(quoteName).join(' → ');
      const pointer = pointerTo('fields', field, 'onFilteredParent');
      const what = `modules ${round} filter each other in a circle`;
      const hint = 'use "null" or "block" in one of these references';
      throw mappingFailure(mapping, { file: moduleFile(name), pointer }, what, hint);
    }
    done.add(name);
  };
  for (const { module } of mapping.modules) visit(module, [module]);
}

/** Lists the references of a module by which its rows are filtered with their parents. */
function filteringFields(module: ModuleMapping): { field: string; parent: string }[] {
  return Object.entries(module.fields).flatMap(([field, of]) =>
    isReference(of) && of.onFilteredParent === 'filter' ? [{ field, parent: of.reference }] : [],
  );
}
