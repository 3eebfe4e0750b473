/**
 * Which records are not there because their rows were filtered, for modules whose references ask:
 * a pass for the keys of filtered rows, and one that takes away those that another row keeps. Rows
 * that are filtered with their parents filter their own children, so parents come first.
 */

import { addCascadedKeys, createKeyLinks } from '../../extsort/keyLinks.ts';
import { addKeys } from '../../extsort/keySet.ts';
import { compileModule } from '../../mapping/compile/module.ts';
import { findModule, isReference, type Mapping, type ModuleMapping } from '../../mapping/model.ts';
import { freshSet, runPass, setPath, type PassContext } from './keyPass.ts';
import { ALL_ROWS, type RowSelection } from './rowSelection.ts';

/** The key sets of all modules that others ask about; none, and no pass, where nobody does. */
export async function findFilteredKeys(context: PassContext): Promise<RowSelection['filtered']> {
  const filtered = new Map<string, string>();
  for (const name of askedModules(context.mapping)) {
    const path = freshSet(setPath(context, name, 'filtered'));
    filtered.set(name, path);
    await findKeys(name, path, filtered, context);
    // Rows that lead to rows of their own module fall with these, and so on.
    if (filteredParents(context.mapping, name).includes(name)) {
      await followLinks(name, path, filtered, context);
    }
  }
  return filtered;
}

/** Adds to the set at `path` what rows say by themselves, and by parents in other modules. */
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

/** Adds what falls with the keys at `path`, in one pass however long the chains are. */
async function followLinks(
  name: string,
  path: string,
  filtered: RowSelection['filtered'],
  context: PassContext,
): Promise<void> {
  const module = compileModule(context.mapping, name);
  const links = setPath(context, name, 'links');
  createKeyLinks(links);
  // Rows that lead to what is known so far are links of chains, too.
  const others = new Map([...filtered].filter(([parent]) => parent !== name));
  await runPass(module, { kind: 'links', into: links }, { ...ALL_ROWS, filtered: others }, context);
  await addCascadedKeys(links, path);
}

/**
 * Modules of which rows are filtered and to which references lead that ask for it; each after those
 * that filter its rows, otherwise by name.
 */
export function askedModules(mapping: Mapping): string[] {
  const asked = new Set(mapping.modules.flatMap((module) => parentsOf(module, ['null', 'filter'])));
  const ordered: string[] = [];
  const done = new Set<string>();
  const visit = (name: string): boolean => {
    if (done.has(name)) return ordered.includes(name);
    done.add(name);
    const parents = filteredParents(mapping, name).filter((parent) => parent !== name);
    const inherits = parents.map(visit).includes(true);
    const own = (findModule(mapping, name)?.where ?? []).length > 0;
    if (asked.has(name) && (own || inherits)) ordered.push(name);
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
