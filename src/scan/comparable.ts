/**
 * How values of two fields are compared: exactly where their types are the same, and otherwise by
 * what they say, as databases compare a number in a column of text with one of integers.
 */

import { formatType, type FieldType } from '../record/type.ts';
import { partText } from './keyTable.ts';

/** `folded` is loose without case and outer blanks. */
export type Comparison = 'exact' | 'loose' | 'folded';

/** How fields of these types are compared. */
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

/** The text that is equal for equal values; null has one of its own. */
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

/** Text without outer blanks and case. */
export function folded(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}
