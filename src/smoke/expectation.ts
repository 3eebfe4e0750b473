/** Compares a value of a record with what is expected. The reason names no value. Pure. */

import { wholeMatch } from '../mapping/compile/pattern.ts';
import type { Expectation } from '../mapping/smokeFile.ts';
import { canonicalJson, NotCanonicalError } from '../record/canonical.ts';

/** Returns how the value differs from what is expected, as a clause; null if it does not. */
export function differenceOf(value: unknown, expected: Expectation): string | null {
  if ('equals' in expected) {
    return isEqual(value, expected.equals) ? null : 'the value differs from the expected one';
  }
  if ('oneOf' in expected) {
    const known = expected.oneOf.some((other) => isEqual(value, other));
    return known ? null : 'the value is none of those that are expected';
  }
  if ('null' in expected) {
    if ((value === null) === expected.null) return null;
    return expected.null ? 'the field is expected to be null' : 'the field is null';
  }
  if (typeof value !== 'string') return 'the value is no text, so it does not match the pattern';
  const matches = wholeMatch(expected.matches)?.(value) ?? false;
  return matches ? null : 'the text does not match the expected pattern';
}

/** Whether two JSON values are equal, whatever the order of their members. */
function isEqual(a: unknown, b: unknown): boolean {
  const text = formOf(a);
  return text !== null && text === formOf(b);
}

/** Returns the canonical form of a value; null for one that has none, as a line may hold. */
export function formOf(value: unknown): string | null {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof NotCanonicalError) return null;
    throw error;
  }
}
