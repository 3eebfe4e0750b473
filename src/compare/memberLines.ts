/** Members of a record with their values, for a terminal. Pure. */

import type { Members } from './mergeRecords.ts';

/** Maximum length of a shown value, in Unicode code points. */
const MAX_VALUE = 300;

/** Returns a line for each of the members, or all, after a sign that tells the side. */
export function memberLines(
  sign: string,
  record: Members,
  names: readonly string[] | null,
): string[] {
  return (names ?? Object.keys(record))
    .filter((name) => Object.hasOwn(record, name))
    .map((name) => `  ${sign} ${name}: ${cut(JSON.stringify(record[name]))}`);
}

function cut(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_VALUE + 2));
  return characters.length > MAX_VALUE ? `${characters.slice(0, MAX_VALUE).join('')}…` : text;
}
