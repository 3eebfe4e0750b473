/**
 * Finds the keys that only filtered rows have, for modules whose references depend on them: one
 * pass collects the keys of filtered rows, another the keys that some other row keeps. Rows that
 * are filtered with their parents filter their own children, so parents come first.
 */

import { addCascadedKeys, createKeyLinks } from '../../extsort/keyLinks.ts';
import { addKeys } from '../../extsort/keySet.ts';
import { compileModule } from '../../mapping/compile/module.ts';
import { findModule, isReference, type Mapping, type ModuleMapping } from '../../mapping/model.ts';
import { freshSet, runPass, setPath, type PassContext } from './keyPass.ts';
import { ALL_ROWS, type RowSelection } from './rowSelection.ts';

/** Makes the key sets of all modules that references depend on; reads nothing if there are none. */
export async function findFilteredKeys(context: PassContext): Promise<RowSelection['filtered']> {
  const filtered = new Map<string, string>();
  for (const name of modulesToRead(context.mapping)) {
    const path = freshSet(setPath(context, name, 'filtered'));
    filtered.set(name, path);
    await findKeys(name, path, filtered, context);
    // Rows that refer to rows of their own module are filtered with these, in a cascade.
    if (filteredParents(context.mapping, name).includes(name)) {
      await followLinks(name, path, filtered, context);
    }
  }
  return filtered;
}

/** Adds the keys of rows that are filtered by themselves or by parents in other modules. */
async function findKeys(
  name: string,
  path: string,
  filtered: RowSelection['filtered'],
  context: PassContext,
): Promise<void> {
  const module = compileModule(context.mapping, name);
  const selection: RowSelection = { ...ALL_ROWS, filtered };
  const lost = freshSet(setPath(context, name, 'lost'));
  const kept = freshSet(setPath(context, name, 'kept'));
  await runPass(module, { kind: 'filtered', into: lost }, selection, context);
  await runPass(module, { kind: 'kept', among: lost, into: kept }, selection, context);
  addKeys(path, lost, kept);
}

/** Adds the keys that are filtered in a cascade with those at `path`, in one pass. */
async function followLinks(
  name: string,
  path: string,
  filtered: RowSelection['filtered'],
  context: PassContext,
): Promise<void> {
  const module = compileModule(context.mapping, name);
  const links = setPath(context, name, 'links');
  createKeyLinks(links);
  // The module's own set is left out, so that rows which refer to it are in the chains as well.
  const others = new Map([...filtered].filter(([parent]) => parent !== name));
  await runPass(module, { kind: 'links', into: links }, { ...ALL_ROWS, filtered: others }, context);
  await addCascadedKeys(links, path);
}

/**
 * Lists the modules that may have filtered rows and whose filtered keys references depend on; each
 * after those that filter its rows, otherwise by name.
 */
function modulesToRead(mapping: Mapping): string[] {
  const needed = new Set(
    mapping.modules.flatMap((module) => parentsOf(module, ['null', 'filter'])),
  );
  const ordered: string[] = [];
  const done = new Set<string>();
  const visit = (name: string): boolean => {
    if (done.has(name)) return ordered.includes(name);
    done.add(name);
    const parents = filteredParents(mapping, name).filter((parent) => parent !== name);
    const inherits = parents.map(visit).includes(true);
    const own = (findModule(mapping, name)?.where ?? []).length > 0;
    if (needed.has(name) && (own || inherits)) ordered.push(name);
    return ordered.includes(name);
  };
  for (const { module } of mapping.modules) visit(module);
  return ordered;
}

/** Modules whose filtered rows filter rows of this one. */
function filteredParents(mapping: Mapping, name: string): string[] {
  const module = findModule(mapping, name);
  return module === undefined ? [] : parentsOf(module, ['filter']);
}

function parentsOf(module: ModuleMapping, when: readonly string[]): string[] {
  return Object.values(module.fields).flatMap((field) =>
    isReference(field) && when.includes(field.onFilteredParent ?? 'block') ? [field.reference] : [],
  );
}
