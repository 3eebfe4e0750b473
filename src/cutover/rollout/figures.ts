/**
 * What one look of a rollout has read of each metric, as the journal keeps it: counts, and no value of a record.
 * All counts are of the time since the stage began, so that what is not read at one look is read at the next. Pure.
 */

import type { Share } from '../../sequential/share.ts';

/** A number as it stands. */
export interface NumberFigure {
  readonly number: number;
}

/** How many of how many, of the new version and, where the same query tells, of the old one. */
export interface ShareFigure {
  readonly fresh: Share;
  readonly base?: Share;
}

/** A histogram: upper ends of its buckets, ascending; counts have one more, for what is above the last. */
export interface SpreadFigure {
  readonly bounds: readonly number[];
  readonly fresh: readonly number[];
  readonly base?: readonly number[];
}

/** Kinds of errors by the SHA-256 of their names, 16 hex digits; `of` is how many there were, errors or not. */
export interface KindsFigure {
  readonly kinds: Readonly<Record<string, number>>;
  readonly of: number;
  readonly baseKinds?: readonly string[];
}

/** Why there is no number, as a clause. */
export interface UnknownFigure {
  readonly unknown: string;
}

export type Figure = NumberFigure | ShareFigure | SpreadFigure | KindsFigure | UnknownFigure;

/** Figures of one look by metric; that of the split has the name {@link SPLIT}. */
export type Figures = ReadonlyMap<string, Figure>;

/** Name of the share of users with the new version. No metric has it: names do not begin so. */
export const SPLIT = '%split';

/** Reads the figures of a line of the journal; what has none of the forms is unknown. */
export function figuresIn(written: unknown): Figures {
  const members = Object.entries(Object(written) as Record<string, unknown>);
  return new Map(members.map(([id, one]) => [id, figureIn(one)]));
}

const NOT_READ: UnknownFigure = { unknown: 'the line of the journal has no figure' };

function figureIn(written: unknown): Figure {
  const one = Object(written) as Record<string, unknown>;
  const { number, unknown, fresh, base, bounds, kinds, of, baseKinds } = one;
  if (typeof unknown === 'string') return { unknown };
  if (typeof number === 'number') return { number };
  if (isShare(fresh) && bounds === undefined) {
    return isShare(base) ? { fresh, base } : { fresh };
  }
  if (areNumbers(bounds) && areCounts(fresh, bounds.length + 1)) {
    return areCounts(base, bounds.length + 1) ? { bounds, fresh, base } : { bounds, fresh };
  }
  if (isCounts(kinds) && isCount(of)) {
    return Array.isArray(baseKinds)
      ? { kinds, of, baseKinds: baseKinds.map(String) }
      : { kinds, of };
  }
  return NOT_READ;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isShare(value: unknown): value is Share {
  const { part, of } = Object(value) as Record<string, unknown>;
  return isCount(part) && isCount(of) && part <= of;
}

function areNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

function areCounts(value: unknown, length: number): value is readonly number[] {
  return Array.isArray(value) && value.length === length && value.every(isCount);
}

function isCounts(value: unknown): value is Readonly<Record<string, number>> {
  return typeof value === 'object' && value !== null && Object.values(value).every(isCount);
}
