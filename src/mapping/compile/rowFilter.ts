/**
 * Filters rows: those that count fulfil the conditions of their module, and have parents that
 * count.
 */

import { Rejection } from '../../record/converted.ts';
import type { Row } from '../../source/source.ts';
import { compileKey, moduleNamed, type CompiledModule } from './module.ts';
import { columnIndexes, keyText, type MapperContext } from './identity.ts';
import type { ReferenceField } from '../model.ts';
import { legacyKey } from './recordKey.ts';
import { whereOf } from './where.ts';

/** Returns whether a row of the module's columns counts; null if every row does. */
export function rowFilter(
  module: CompiledModule,
  context: MapperContext,
): ((row: Row) => boolean) | null {
  const holds = whereOf(module);
  const filters = module.fields.flatMap(({ mapping }) => {
    if (!('reference' in mapping) || mapping.onFilteredParent !== 'filter') return [];
    return parentFilter(module, mapping, context) ?? [];
  });
  if (filters.length === 0) return holds;
  return (row) => holds?.(row) !== false && !filters.some((isFiltered) => isFiltered(row));
}

/** Returns whether the row that a row refers to was filtered; null if no row of the parent is. */
export function parentFilter(
  module: CompiledModule,
  field: ReferenceField,
  context: MapperContext,
): ((row: Row) => boolean) | null {
  const filtered = context.filtered?.get(field.reference);
  if (filtered === undefined) return null;
  const parent = moduleNamed(context.mapping, field.reference);
  const keyOf = legacyKey(parent, columnIndexes(module, field.columns));
  return (row) => {
    const key = keyOf(row);
    return key !== null && filtered.has(key);
  };
}

/**
 * Returns whether a row refers to a key that no row of the parent has, or could have; null if that
 * is not checked. A reference that is null, even in part, is not reported.
 */
export function missingParent(
  module: CompiledModule,
  field: ReferenceField,
  context: MapperContext,
): ((row: Row) => boolean) | null {
  const present = field.onMissing === 'null' ? context.present?.get(field.reference) : undefined;
  if (present === undefined) return null;
  const { key } = moduleNamed(context.mapping, field.reference);
  const textOf = keyText(compileKey(key), columnIndexes(module, field.columns));
  return (row) => {
    const text = textOf(row);
    if (text instanceof Rejection) return text.rule !== 'key-null';
    return text !== null && !present.has(text);
  };
}
