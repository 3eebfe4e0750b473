/** What a row's record is called among the records of its module, as text that is equal if it is. */

import { Rejection } from '../../record/converted.ts';
import type { Row } from '../../source/source.ts';
import { compileKey } from './module.ts';
import { keyText, targetId, type MapperContext } from './identity.ts';
import type { ModuleMapping } from '../model.ts';

/**
 * The canonical JSON texts of the module's legacy key with commas between; null where the cells at
 * `indexes`, which hold its parts in order, give none. For rows that may well have no target id: a
 * registry need not know what is filtered. Not for modules without key.
 */
export function legacyKey(
  module: ModuleMapping,
  indexes: readonly number[],
): (row: Row) => string | null {
  const textOf = keyText(compileKey(module.key), indexes);
  return (row) => {
    const text = textOf(row);
    return text instanceof Rejection ? null : text;
  };
}

/**
 * The target id, or what {@link legacyKey} gives where the key is kept; null where there is none. So
 * a row and those that refer to it have the same.
 */
export function recordKey(
  module: ModuleMapping,
  indexes: readonly number[],
  context: MapperContext,
): (row: Row) => string | null {
  const keyOf = legacyKey(module, indexes);
  if (module.id.rule === 'keep') return keyOf;
  const target = targetId(module.module, module.id, context);
  return (row) => {
    const text = keyOf(row);
    return text === null ? null : (target(text) ?? null);
  };
}
