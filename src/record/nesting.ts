/** How deep a value is nested: what is nested deeper than a source may nest it is nobody's record. Pure. */

import { MAX_DEPTH } from './jsonText.ts';

/** Whether the value that JSON.parse has made of a text is nested deeper than {@link MAX_DEPTH}. */
export function isTooDeep(value: unknown, text: string): boolean {
  // Each level takes two brackets, so that most records need no look.
  return text.length > 2 * MAX_DEPTH && reaches(value, MAX_DEPTH);
}

/** Whether there are more levels than `left`; looks no deeper than that. */
function reaches(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  // Both for arrays and for objects that a parser has made; an iterator would take longer.
  for (const name in value) {
    if (reaches((value as Readonly<Record<string, unknown>>)[name], left - 1)) return true;
  }
  return false;
}
