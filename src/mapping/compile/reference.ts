/** Converts references: the parent's legacy key in this row's columns → the parent's target id. */

import type { Converted } from '../../record/converted.ts';
import { Rejection } from '../../record/converted.ts';
import type { Row } from '../../source/source.ts';
import { compileKey, moduleNamed, type CompiledModule } from './module.ts';
import { columnIndexes, keyText, partConverter, targetId, type MapperContext } from './identity.ts';
import { columnsOfField, isReference, type ReferenceField } from '../model.ts';

const PARTIAL = new Rejection('reference-partial', 'some columns of the reference are null');
const LOST = new Rejection(
  'reference-partial',
  'some columns of the reference are null, and no other field holds the others',
);
const MISSING = new Rejection('required', 'the reference is null, but the field is required');
const NOT_REGISTERED = new Rejection('registry', 'the registry has no entry for the parent');

/**
 * Returns a converter of whole rows. The columns of the field hold the parent's key, in its order.
 */
export function referenceConverter(
  module: CompiledModule,
  field: ReferenceField,
  context: MapperContext,
): (row: Row) => Converted | Rejection {
  const indexes = columnIndexes(module, field.columns);
  const parent = moduleNamed(context.mapping, field.reference);
  const whenNull = field.required === true ? MISSING : null;
  const key = compileKey(parent.key);
  const [only] = key;
  if (parent.id.rule === 'keep' && only !== undefined) {
    const convert = partConverter(only);
    return (row) => convert(row[indexes[0] ?? -1] ?? null) ?? whenNull;
  }
  const textOf = keyText(key, indexes);
  const partial = partialReference(module, field, whenNull);
  const target = targetId(parent.module, parent.id, context);
  return (row) => {
    const text = textOf(row);
    if (text === null) return whenNull;
    if (text instanceof Rejection) return text.rule === 'key-null' ? partial(row) : text;
    return target(text) ?? NOT_REGISTERED;
  };
}

/**
 * Handles a row of which some columns are null and others are not. It may refer to nothing only if
 * the values of the others are in another field.
 */
function partialReference(
  module: CompiledModule,
  field: ReferenceField,
  whenNull: Rejection | null,
): (row: Row) => Rejection | null {
  if (field.match === 'full') return () => PARTIAL;
  const held = heldColumns(module);
  const lost = columnIndexes(
    module,
    field.columns.filter((column) => !held.has(column)),
  );
  return (row) => (lost.some((index) => (row[index] ?? null) !== null) ? LOST : whenNull);
}

/** Returns columns whose values are kept even if references of several columns are null. */
function heldColumns(module: CompiledModule): ReadonlySet<string> {
  // The lineage holds a part with transforms as compared, not as spelled.
  const inLineage = module.hasLineage ? module.key.filter((part) => !part.transforms) : [];
  const held = new Set(inLineage.map(({ column }) => column));
  for (const { mapping } of module.fields) {
    const columns = columnsOfField(mapping);
    if (isReference(mapping) && columns.length > 1) continue;
    for (const column of columns) held.add(column);
  }
  return held;
}
