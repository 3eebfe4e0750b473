/**
 * What a source's own catalogue lists, held against a mapping: each object is read by a module, or
 * dropped. That of a catalogue which nobody reads is found here, whatever the schema says of it, so
 * that nothing of how a schema is made, or a mapping checked against it, is used.
 */

import type { CataloguedObject } from '../../source/source.ts';
import type { Mapping } from '../model.ts';

/** The objects of the source `name` that are nowhere, in their order. */
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
