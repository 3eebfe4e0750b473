/** Checks the nesting depth of values; a record is nested no deeper than a source may be. Pure. */

import { MAX_DEPTH } from './jsonText.ts';

/** Whether the parsed value of a JSON `text` is nested deeper than {@link MAX_DEPTH}. */
export function isTooDeep(value: unknown, text: string): boolean {
  // Each level takes two brackets, so most records are too short.
  return text.length > 2 * MAX_DEPTH && reaches(value, MAX_DEPTH);
}

/** Whether there are more levels than `left`; does not go deeper. */
function reaches(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  // Works for arrays and for parsed objects; an iterator would take longer.
  for (const name in value) {
    if (reaches((value as Readonly<Record<string, unknown>>)[name], left - 1)) return true;
  }
  return false;
}
