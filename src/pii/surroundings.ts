/** Where numbers stand in a text: digits in URLs and UUIDs are parts of identifiers. */

import type { PiiClass, PiiMatch } from './piiClass.ts';

const NONE: readonly RegExpExecArray[] = [];

/**
 * Returns all matches of a global pattern. Unlike `matchAll`, it does not copy the pattern, which
 * would cost more than most searches.
 */
export function matchesOf(pattern: RegExp, text: string): readonly RegExpExecArray[] {
  pattern.lastIndex = 0;
  let match = pattern.exec(text);
  if (match === null) return NONE;
  const matches: RegExpExecArray[] = [];
  for (; match !== null; match = pattern.exec(text)) {
    matches.push(match);
    if (match[0] === '') pattern.lastIndex += 1;
  }
  return matches;
}

/** Yields the matches of a global pattern that pass a check, as checked ones. */
export function* checkedMatches(
  text: string,
  of: PiiClass,
  pattern: RegExp,
  isOne: (match: string) => boolean,
): Generator<PiiMatch> {
  for (const { index, 0: match } of matchesOf(pattern, text)) {
    if (isOne(match)) yield { of, tier: 'checked', start: index, end: index + match.length };
  }
}

export function digitsOf(text: string): string {
  return text.replaceAll(/\D/g, '');
}

/** Whether `at` is inside a URL: numbers in its path are identifiers. */
export function isInUrl(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 2048), at);
  return /(?:[a-z][a-z0-9+.-]*:\/\/|(?<![\p{L}\p{N}])www\.)[^\s<>"]*$/iu.test(before);
}

const UUID = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/gi;

/** Whether a range shares characters with a UUID. */
export function isInUuid(text: string, start: number, end: number): boolean {
  const from = Math.max(0, start - 36);
  return [...matchesOf(UUID, text.slice(from, end + 36))].some(
    ({ index, 0: uuid }) => from + index < end && from + index + uuid.length > start,
  );
}
