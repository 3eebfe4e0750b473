/**
 * Makes values of two fields comparable: exactly if their types are the same, otherwise by their
 * texts, as databases compare a number in a text column with an integer.
 */

import { formatType, type FieldType } from '../record/type.ts';
import { partText } from './keyTable.ts';

/** `folded` is `loose`, and ignores case and outer whitespace. */
export type Comparison = 'exact' | 'loose' | 'folded';

/** Returns the comparison for fields of these types. */
export function comparisonOf(
  types: readonly FieldType[],
  others: readonly FieldType[],
): Comparison {
  const same = types.every((type, at) => {
    const other = others[at];
    return other !== undefined && formatType(type) === formatType(other);
  });
  return same ? 'exact' : 'loose';
}

/** Returns a text that is equal for equal values; null has a text of its own. */
export function comparable(value: unknown, type: FieldType, comparison: Comparison): string {
  if (value === null || value === undefined) return 'null';
  if (comparison === 'exact') return partText(value);
  const text = looseText(value, type);
  return comparison === 'loose' ? `=${text}` : `~${folded(text)}`;
}

function looseText(value: unknown, type: FieldType): string {
  if (typeof value === 'string') {
    const isFraction = type.kind === 'decimal' && value.includes('.');
    return isFraction ? value.replace(/\.?0+$/, '') : value;
  }
  if (type.kind === 'tagged' && typeof value === 'object' && value !== null) {
    const [inner] = Object.values(value) as unknown[];
    return typeof inner === 'string' ? inner : partText(inner);
  }
  return partText(value);
}

/** Removes outer whitespace and case. */
export function folded(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}
