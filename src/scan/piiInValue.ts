/** Finds undeclared personal data in the value of a field: its place in the text, not the data. */

import { findPii } from '../pii/findPii.ts';
import type { PiiClass } from '../pii/piiClass.ts';

/** A field whose texts are searched. */
export interface SearchedField {
  readonly name: string;
  /** Class that the field may contain; null for none. */
  readonly declared: string | null;
  /** Classes that its declaration or a name suggests. */
  readonly expected: readonly PiiClass[];
  /** Whether the value is a text, so that a match has a place in it. */
  readonly plain: boolean;
}

export interface UndeclaredPii {
  readonly of: PiiClass;
  /** In code points of the field's text, [start, end); absent if the value is a structure. */
  readonly place?: { readonly start: number; readonly end: number };
}

/** Yields undeclared personal data, ascending by place, or by class in a structure. */
export function* undeclaredIn(
  value: unknown,
  { declared, expected, plain }: SearchedField,
): Generator<UndeclaredPii> {
  if (plain) {
    if (typeof value !== 'string') return;
    for (const { of, start, end } of findPii(value, { expected })) {
      if (of === declared) continue;
      yield { of, place: { start: codePoints(value, start), end: codePoints(value, end) } };
    }
    return;
  }
  const classes = new Set<PiiClass>();
  for (const text of textsIn(value))
    for (const { of } of findPii(text, { expected })) classes.add(of);
  for (const of of [...classes].sort()) if (of !== declared) yield { of };
}

/** Yields all texts in a value, names included. Nesting may be too deep for recursion. */
function* textsIn(value: unknown): Generator<string> {
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') yield next;
    if (typeof next !== 'object' || next === null) continue;
    for (const [name, inner] of Object.entries(next)) {
      if (!Array.isArray(next)) yield name;
      open.push(inner);
    }
  }
}

/** Counts the code points in the first `units` code units of a text. */
function codePoints(text: string, units: number): number {
  let count = 0;
  for (let at = 0; at < units; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}
