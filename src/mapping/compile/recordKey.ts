/** Identifies the record of a row among the records of its module, by a text. */

import { Rejection } from '../../record/converted.ts';
import type { Row } from '../../source/source.ts';
import { compileKey } from './module.ts';
import { keyText, targetId, type MapperContext } from './identity.ts';
import type { ModuleMapping } from '../model.ts';

/**
 * Returns the canonical JSON texts of the module's legacy key with commas between; null if the
 * cells at `indexes`, which hold its parts in order, give none. For rows without a target id: a
 * registry need not list filtered rows. Not for modules without a key.
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
 * Returns the target id, or {@link legacyKey} if the key is kept; null if there is none. A row and
 * the rows that refer to it have the same.
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
