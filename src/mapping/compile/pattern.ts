/**
 * Patterns of a mapping, in RE2 syntax. They run in an engine of linear time, never in the
 * runtime's own: a mapping is data, and a hostile one must not hang a run.
 */

import { RE2JS } from 're2js';

/** Returns a matcher of whole texts; null if the pattern does not compile. */
export function wholeMatch(pattern: string): ((text: string) => boolean) | null {
  const compiled = compiledOf(pattern);
  return compiled === null ? null : (text) => compiled.testExact(text);
}

/** Returns a search for the pattern anywhere in a text; null if it does not compile. */
export function searchFor(pattern: string): ((text: string) => boolean) | null {
  const compiled = compiledOf(pattern);
  return compiled === null ? null : (text) => compiled.test(text);
}

/** Returns a search for all places of the pattern in a text, [start, end) each; null as above. */
export function searchAll(pattern: string): ((text: string) => [number, number][]) | null {
  const compiled = compiledOf(pattern);
  if (compiled === null) return null;
  return (text) => {
    const places: [number, number][] = [];
    const matcher = compiled.matcher(text);
    while (matcher.find()) {
      if (matcher.end() > matcher.start()) places.push([matcher.start(), matcher.end()]);
    }
    return places;
  };
}

function compiledOf(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}
