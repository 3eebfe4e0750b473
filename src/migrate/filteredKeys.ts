/**
 * Which records are not there because their rows were filtered, for modules whose references ask:
 * a pass for the keys of filtered rows, and one that takes away those that another row keeps. Rows
 * that are filtered with their parents filter their own children, so parents come first.
 */

import { addKeys } from '../disk/keySet.ts';
import { compileModule } from '../mapping/compile.ts';
import { isReference, type Mapping, type ModuleMapping } from '../mapping/model.ts';
import { freshSet, runPass, setPath, type PassContext } from './keyPass.ts';
import { ALL_ROWS, type RowSelection } from './rowSelection.ts';

/** The key sets of all modules that others ask about; none, and no pass, where nobody does. */
export async function findFilteredKeys(context: PassContext): Promise<RowSelection['filtered']> {
  const filtered = new Map<string, string>();
  for (const name of askedModules(context.mapping)) {
    const path = freshSet(setPath(context, name, 'filtered'));
    filtered.set(name, path);
    const repeats = filteredParents(context.mapping, name).includes(name);
    // Rows that lead to rows of their own module may be filtered by those that are found last.
    for (let found = 1; found > 0; found = repeats ? found : 0) {
      found = await findMore(name, path, filtered, context);
    }
  }
  return filtered;
}

/** Adds keys to the set at `path`; how many there were. */
async function findMore(
  name: string,
  path: string,
  filtered: RowSelection['filtered'],
  context: PassContext,
): Promise<number> {
  const module = compileModule(context.mapping, name);
  const selection: RowSelection = { ...ALL_ROWS, filtered };
  const lost = freshSet(setPath(context, name, 'lost'));
  const kept = freshSet(setPath(context, name, 'kept'));
  await runPass(module, { kind: 'filtered', into: lost }, selection, context);
  await runPass(module, { kind: 'kept', among: lost, into: kept }, selection, context);
  return addKeys(path, lost, kept);
}

/**
 * Modules of which rows are filtered and to which references lead that ask for it; each behind those
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
    const own = (moduleOf(mapping, name)?.where ?? []).length > 0;
    if (asked.has(name) && (own || inherits)) ordered.push(name);
    return ordered.includes(name);
  };
  for (const { module } of mapping.modules) visit(module);
  return ordered;
}

/** Modules whose filtered rows filter rows of this one. */
function filteredParents(mapping: Mapping, name: string): string[] {
  const module = moduleOf(mapping, name);
  return module === undefined ? [] : parentsOf(module, ['filter']);
}

function parentsOf(module: ModuleMapping, when: readonly string[]): string[] {
  return Object.values(module.fields).flatMap((field) =>
    isReference(field) && when.includes(field.onFilteredParent ?? 'block') ? [field.reference] : [],
  );
}

function moduleOf(mapping: Mapping, name: string): ModuleMapping | undefined {
  return mapping.modules.find(({ module }) => module === name);
}
