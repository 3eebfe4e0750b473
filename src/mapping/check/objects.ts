/**
 * Compares the objects of a source's own catalogue with a mapping: each is read by a module, or
 * dropped. Independent of how a schema is read and a mapping is checked against it, so that an
 * object missing from the schema is found.
 */

import type { CataloguedObject } from '../../source/source.ts';
import type { Mapping } from '../model.ts';

/**
 * Returns the objects of the source `name` that the mapping does not account for, in their order.
 */
export function unaccounted<T extends CataloguedObject>(
  mapping: Mapping,
  name: string,
  objects: readonly T[],
): T[] {
  const seen = new Set<string>();
  for (const { source } of mapping.modules) {
    if ((source.name ?? 'main') !== name) continue;
    if ('table' in source) seen.add(source.table);
    if (source.base !== undefined) seen.add(source.base.table);
  }
  for (const dropped of mapping.project.dropped ?? []) {
    if ((dropped.source ?? 'main') === name) seen.add(dropped.table);
  }
  return objects.filter((object) => !seen.has(object.name));
}
