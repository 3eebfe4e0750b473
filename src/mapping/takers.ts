/** Selects the modules that migrate the rows of a table, of those that read it. */

import { findModule, type Mapping } from './model.ts';

/**
 * Returns the readers that are not external, whose records are in another system. If all are
 * external, returns all: rows that they leave out are reported for them.
 */
export function takers<T>(
  readers: readonly T[],
  moduleOf: (reader: T) => string,
  mapping: Mapping,
): readonly T[] {
  const own = readers.filter((one) => findModule(mapping, moduleOf(one))?.external !== true);
  return own.length === 0 ? readers : own;
}
