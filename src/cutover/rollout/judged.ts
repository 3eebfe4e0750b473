/** What is judged at a look of a stage, what by, and what is said of it. Pure. */

import type { OddsTest } from '../../sequential/oddsTest.ts';
import type { Interval, Share } from '../../sequential/share.ts';
import type { quantileInterval } from '../../sequential/spread.ts';
import type { Metric, Observe } from '../runbook.ts';
import type { RolloutBand } from './bands.ts';
import type { Figures } from './figures.ts';

/** What a look says about one hypothesis. */
export interface Judged {
  /** Metric, or {@link SPLIT}. */
  readonly metric: string;
  /** What it was compared with, such as `v1` or `10 %`; null for its own limits. */
  readonly against: string | null;
  readonly band: RolloutBand;
  /** What was seen, as a clause. */
  readonly says: string;
  /** The best guess, and the interval of what can be true, in the unit of the limits; null without any. */
  readonly seen: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** How many were counted; null for a number that stands for itself. */
  readonly of: number | null;
}

/** The tests that intervals come from; those of a fixed sample take their place only to show that they fail. */
export interface Tests {
  readonly share: (seen: Share, alpha: number) => Interval;
  readonly quantile: typeof quantileInterval;
  readonly odds: () => OddsTest;
}

/** What a stage is judged by. */
export interface JudgePlan {
  readonly metrics: readonly Metric[];
  /** Null where the split is not observed. */
  readonly observe: Observe | null;
  /** Share of users that should have the new version, in percent; null once the old one is deprecated. */
  readonly percent: number | null;
  readonly versions: { readonly old: string; readonly new: string };
  /** Level of one hypothesis. */
  readonly alpha: number;
  /** The last figures of an earlier stage; null where the old version is the baseline. */
  readonly before: { readonly name: string; readonly figures: Figures } | null;
}

/** What could not be read, or compared. */
export function unknown(metric: string, says: string, against: string | null = null): Judged {
  return { metric, against, band: 'unknown', says, seen: null, low: null, high: null, of: null };
}

/** Adds counts up. */
export function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}

/** Ends as the journal has them: one that is not known is none, as JSON has no infinity. */
export function endsOf({ low, high }: Interval): Pick<Judged, 'low' | 'high'> {
  return { low: Number.isFinite(low) ? low : null, high: Number.isFinite(high) ? high : null };
}

/**
 * What a comparison with an earlier stage comes to: it holds, and does not roll back. That stage was at other hours
 * and on other days, so what differs may be these and not the version.
 */
export function ofEarlierStage(judged: Judged): Judged {
  return judged.band === 'rollback' ? { ...judged, band: 'hold' } : judged;
}

/** Few samples hold, whatever they say. */
export function withLeast(band: RolloutBand, of: number, least: number): RolloutBand {
  return of < least && band !== 'unknown' ? 'hold' : band;
}
