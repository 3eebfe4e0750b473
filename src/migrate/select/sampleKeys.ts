/**
 * Chooses the records of a sample: those of each module with the smallest digests of their keys,
 * and all records that these refer to, transitively. The choice depends only on the keys, not on
 * the order of rows.
 */

import { addKeys, keySetWriter } from '../../extsort/keySet.ts';
import { compileModule } from '../../mapping/compile/module.ts';
import { freshSet, runPass, setPath, type PassContext } from './keyPass.ts';
import type { RowSelection } from './rowSelection.ts';
import { referencedModules, valueTargets } from './sampleReference.ts';
import { smallest } from './smallest.ts';

/** Makes the key sets of all modules: `count` records each, and those that they refer to. */
export async function chooseSample(
  count: number,
  known: Pick<RowSelection, 'filtered' | 'present'>,
  context: PassContext,
): Promise<ReadonlyMap<string, string>> {
  const selection: RowSelection = { ...known, chosen: null };
  const names = context.mapping.modules.map(({ module }) => module);
  const chosen = setsOf('chosen', names, context);
  const frontier = setsOf('frontier', names, context);
  let open: string[] = [];
  for (const name of names) {
    if (await begin(name, count, selection, context)) open.push(name);
    addKeys(chosen.get(name) ?? '', frontier.get(name) ?? '');
  }
  while (open.length > 0) {
    const wanted = setsOf('wanted', names, context);
    await follow(open, wanted, selection, context);
    open = names.filter((name) => {
      const [all, want] = [chosen.get(name) ?? '', wanted.get(name) ?? ''];
      const next = freshSet(setPath(context, name, 'frontier'));
      return addKeys(next, want, all) > 0 && addKeys(all, next) > 0;
    });
  }
  return chosen;
}

function setsOf(
  kind: string,
  names: readonly string[],
  context: PassContext,
): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name, freshSet(setPath(context, name, kind))]));
}

/** Puts the smallest keys into the frontier of a module; returns whether there are any. */
async function begin(
  name: string,
  count: number,
  selection: RowSelection,
  context: PassContext,
): Promise<boolean> {
  const module = compileModule(context.mapping, name);
  const seen = await runPass(module, { kind: 'smallest', count }, selection, context);
  const first = smallest(count);
  for (const item of seen) first.add(item);
  const keys = first.take();
  const writer = keySetWriter(setPath(context, name, 'frontier'));
  for (const { key } of keys) writer.add(key);
  writer.finish();
  return keys.length > 0;
}

/** Puts the keys that records in the frontiers of these modules refer to into `wanted`. */
async function follow(
  names: readonly string[],
  wanted: ReadonlyMap<string, string>,
  selection: RowSelection,
  context: PassContext,
): Promise<void> {
  const { mapping } = context;
  const values = setsOf('values', [...wanted.keys()], context);
  const referred = new Set<string>();
  for (const name of names) {
    const module = compileModule(mapping, name);
    const { byKey, byValue } = referencedModules(module.mapping);
    if (byKey.length + byValue.length === 0) continue;
    for (const parent of byValue) referred.add(parent);
    const among = setPath(context, name, 'frontier');
    await runPass(module, { kind: 'follow', among, keys: wanted, values }, selection, context);
  }
  for (const name of referred) {
    if (valueTargets(mapping, name).length === 0) continue;
    const task = { values: values.get(name) ?? '', into: wanted.get(name) ?? '' };
    await runPass(compileModule(mapping, name), { kind: 'holders', ...task }, selection, context);
  }
}
