/** References: the parent's legacy key in this row's columns → the parent's target id. */

import type { Converted } from '../record/converted.ts';
import { converter } from '../record/convert.ts';
import { Rejection } from '../record/converted.ts';
import type { Row } from '../source/source.ts';
import { compileKey, moduleNamed } from './compile.ts';
import { keyText, targetId, type MapperContext } from './identity.ts';
import type { ReferenceField } from './model.ts';

const PARTIAL = new Rejection('reference-partial', 'some columns of the reference are null');
const MISSING = new Rejection('required', 'the reference is null, the field is required');
const NOT_REGISTERED = new Rejection('registry', 'the registry has no entry for the parent');

/** A converter of whole rows: the columns at `indexes` hold the parent's key, in its order. */
export function referenceConverter(
  field: ReferenceField,
  indexes: readonly number[],
  context: MapperContext,
): (row: Row) => Converted | Rejection {
  const parent = moduleNamed(context.mapping, field.reference);
  const whenNull = field.required === true ? MISSING : null;
  const key = compileKey(parent.key);
  const [only] = key;
  if (parent.id.rule === 'keep' && only !== undefined) {
    const convert = converter({ type: only.type, required: field.required === true });
    return (row) => convert(row[indexes[0] ?? -1] ?? null);
  }
  const textOf = keyText(key, indexes);
  const target = targetId(parent.module, parent.id, context);
  return (row) => {
    const text = textOf(row);
    if (text === null) return whenNull;
    if (text instanceof Rejection) return text.rule === 'key-null' ? PARTIAL : text;
    return target(text) ?? NOT_REGISTERED;
  };
}
