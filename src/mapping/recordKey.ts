/** What a row's record is called among the records of its module, as text that is equal if it is. */

import { Rejection } from '../record/converted.ts';
import type { Row } from '../source/source.ts';
import { compileKey } from './compile.ts';
import { keyText, targetId, type MapperContext } from './identity.ts';
import type { ModuleMapping } from './model.ts';

/**
 * The target id, or the canonical JSON texts of a kept key with commas between; null where the
 * cells at `indexes`, which hold the parts of the module's key in its order, give none. So a row and
 * those that refer to it have the same. Not for modules without key.
 */
export function recordKey(
  module: ModuleMapping,
  indexes: readonly number[],
  context: MapperContext,
): (row: Row) => string | null {
  const textOf = keyText(compileKey(module.key), indexes);
  const keyOf = (row: Row): string | null => {
    const text = textOf(row);
    return text instanceof Rejection ? null : text;
  };
  if (module.id.rule === 'keep') return keyOf;
  const target = targetId(module.module, module.id, context);
  return (row) => {
    const text = keyOf(row);
    return text === null ? null : (target(text) ?? null);
  };
}
