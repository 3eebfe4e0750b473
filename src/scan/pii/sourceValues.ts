/** Looks for values of the source that a policy keeps out of the candidate. */

import type { TaintMatch } from '../../taint/taintSet.ts';
import { codePoints, textsIn } from './texts.ts';

/** A value of the source in a field: its origin, and its place in a text. */
export interface SourceFault {
  readonly kind: 'source';
  /** Number of the column that it comes from. */
  readonly origin: number;
  /** In code points, [start, end); absent if the value is a structure. */
  readonly place?: { readonly start: number; readonly end: number };
}

/** A field in which values of the source are looked for. */
export interface TaintedField {
  readonly name: string;
  /**
   * Origins of a class that the policy lets into the field: single words of these, such as a surname that
   * other people have as well, are no finding in it.
   */
  readonly allows: readonly number[];
}

/** Separates words. */
const SEPARATOR = /[^\p{L}\p{N}\p{M}]/u;

/** Returns the values found, ascending by place; in a structure one for each origin. */
export function sourceFaults(
  value: unknown,
  find: (text: string) => Iterable<TaintMatch>,
  { allows }: Pick<TaintedField, 'allows'>,
): SourceFault[] {
  const matchesIn = (text: string): TaintMatch[] =>
    [...find(text)].filter(({ of, start, end }) => {
      return !allows.includes(of) || SEPARATOR.test(text.slice(start, end));
    });
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value);
    return matchesIn(text).map(({ of: origin, start, end }) => ({
      kind: 'source',
      origin,
      place: { start: codePoints(text, start), end: codePoints(text, end) },
    }));
  }
  const origins = new Set<number>();
  for (const { text } of textsIn(value)) for (const { of } of matchesIn(text)) origins.add(of);
  return [...origins].sort((a, b) => a - b).map((origin) => ({ kind: 'source', origin }));
}
