/**
 * Patterns of a mapping, in RE2 syntax. They run in an engine of linear time, never in the
 * runtime's own: a mapping is data, and a hostile one must not hang a run.
 */

import { RE2JS } from 're2js';

/** Returns a matcher of whole texts; null if the pattern does not compile. */
export function wholeMatch(pattern: string): ((text: string) => boolean) | null {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch {
    return null;
  }
  return (text) => compiled.testExact(text);
}
