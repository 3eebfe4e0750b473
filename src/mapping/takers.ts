/** Which of the modules that read a table take its rows into the candidate. */

import { findModule, type Mapping } from './model.ts';

/**
 * Those that are not external, whose records are elsewhere. Where all are, what they leave out is
 * told of them.
 */
export function takers<T>(
  readers: readonly T[],
  moduleOf: (reader: T) => string,
  mapping: Mapping,
): readonly T[] {
  const own = readers.filter((one) => findModule(mapping, moduleOf(one))?.external !== true);
  return own.length === 0 ? readers : own;
}
