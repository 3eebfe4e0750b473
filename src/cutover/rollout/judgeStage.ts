/**
 * Judges the looks of one stage of a rollout, one after the other. Each metric is a hypothesis or two: against
 * its own limits, and against a baseline, which is the old version in the same window or an earlier stage. The
 * intervals are valid however often they are looked at (docs/rollout-statistics.md), each at the level that a
 * rollout has for one of its hypotheses. Pure.
 */

import { openOddsTest, type OddsTest } from '../../sequential/oddsTest.ts';
import { shareInterval, type Interval, type Share } from '../../sequential/share.ts';
import { oddsQuotient, quantileInterval, quotient } from '../../sequential/spread.ts';
import type { Metric, Observe } from '../runbook.ts';
import { bandOfInterval, bandOfNumber, type Limits, type RolloutBand } from './bands.ts';
import {
  SPLIT,
  type Figure,
  type Figures,
  type ShareFigure,
  type SpreadFigure,
} from './figures.ts';
import { sayKinds, sayNumber, sayQuantile, sayShare, saySplit, sayTimes } from './sayJudged.ts';

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

export const ALWAYS_VALID: Tests = {
  share: shareInterval,
  quantile: quantileInterval,
  odds: openOddsTest,
};

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

export interface StageJudge {
  /** Judges the next look; figures are of the whole stage so far. */
  add(figures: Figures): readonly Judged[];
}

const UNREAD: Figure = { unknown: 'it was not read' };

/** Opens the judge of a stage, before its first look. */
export function openStageJudge(plan: JudgePlan, tests: Tests = ALWAYS_VALID): StageJudge {
  const judges = plan.metrics.map((metric) => metricJudge(metric, plan, tests));
  const split = plan.observe === null ? null : splitJudge(plan.observe, plan, tests);
  return {
    add(figures) {
      return [
        ...(split === null ? [] : [split(figures.get(SPLIT) ?? UNREAD)]),
        ...judges.flatMap((judge) => judge(figures)),
      ];
    },
  };
}

type MetricJudge = (figures: Figures) => readonly Judged[];

function metricJudge(metric: Metric, plan: JudgePlan, tests: Tests): MetricJudge {
  const { id } = metric;
  const times = metric.measure === 'share' ? openTimes(metric, plan, tests) : null;
  return (figures) => {
    const figure = figures.get(id) ?? UNREAD;
    if ('unknown' in figure) return [unknown(id, figure.unknown)];
    if ('number' in figure) return [judgeNumber(metric, figure.number)];
    if ('kinds' in figure) return [judgeKinds(metric, figure, plan, tests)];
    if ('bounds' in figure) return judgeSpread(metric, figure, plan, tests);
    const own = judgeShare(metric, figure, plan, tests);
    return times === null ? own : [...own, ...times(figure)];
  };
}

function unknown(metric: string, says: string, against: string | null = null): Judged {
  return { metric, against, band: 'unknown', says, seen: null, low: null, high: null, of: null };
}

function limitsOf({ pass, rollback, margin }: Metric): Limits {
  return { pass, rollback, margin };
}

function judgeNumber(metric: Metric, number: number): Judged {
  const band = bandOfNumber(number, limitsOf(metric));
  const says = sayNumber(number);
  const seen = { seen: number, low: number, high: number };
  return { metric: metric.id, against: null, band, says, ...seen, of: null };
}

function percentOf({ low, high }: Interval): Interval {
  return { low: low * 100, high: high * 100 };
}

/** Few samples hold, whatever they say. */
function withLeast(band: RolloutBand, of: number, least: number): RolloutBand {
  return of < least && band !== 'unknown' ? 'hold' : band;
}

function judgeShare(
  metric: Metric,
  { fresh }: ShareFigure,
  { alpha }: JudgePlan,
  tests: Tests,
): readonly Judged[] {
  if (metric.pass === null && metric.rollback === null) return [];
  const seen = percentOf(tests.share(fresh, alpha));
  const { of } = fresh;
  const band = withLeast(bandOfInterval(seen, limitsOf(metric)), of, metric.minSamples);
  const says = sayShare(fresh, seen, metric.minSamples);
  return [{ metric: metric.id, against: null, band, says, seen: shareOf(fresh), ...seen, of }];
}

function shareOf({ part, of }: Share): number | null {
  return of === 0 ? null : (part / of) * 100;
}

/** What is bad about a share: what is missing from one that should be high, all of one that should be low. */
function badOf({ part, of }: Share, isHighGood: boolean): Share {
  return { part: isHighGood ? of - part : part, of };
}

/** Compares how often it goes wrong; null where the metric has no baseline. */
function openTimes(
  metric: Metric,
  plan: JudgePlan,
  tests: Tests,
): ((figure: ShareFigure) => readonly Judged[]) | null {
  const { id, baseline, minSamples } = metric;
  if (baseline === null || plan.percent === null) return null;
  const isHighGood = isHigh(metric);
  const limits = { ...baseline, margin: 0 };
  const told = (seen: Interval, times: number | null, of: number, against: string): Judged => {
    const band = withLeast(bandOfInterval(seen, limits), of, minSamples);
    const says = sayTimes(times, seen, against);
    return { metric: id, against, band, says, seen: times, ...seen, of };
  };
  const earlier = plan.before?.figures.get(id);
  if (plan.before !== null) {
    const { name } = plan.before;
    if (earlier === undefined || !('fresh' in earlier) || 'bounds' in earlier) {
      return () => [unknown(id, `the stage of ${name} has left no number`, name)];
    }
    const base = badOf(earlier.fresh, isHighGood);
    return ({ fresh }) => {
      const bad = badOf(fresh, isHighGood);
      const [one, other] = [bad, base].map((share) => tests.share(share, plan.alpha / 2));
      if (one === undefined || other === undefined) return [];
      return [told(oddsQuotient(one, other), timesOf(bad, base), bad.of, name)];
    };
  }
  return sameWindow(isHighGood, id, plan, tests, told);
}

/** Whether more of a share is better. */
export function isHigh({ pass, rollback }: Pick<Metric, 'pass' | 'rollback'>): boolean {
  return pass === null ? rollback?.startsWith('<') === true : pass.startsWith('>');
}

type Told = (seen: Interval, times: number | null, of: number, against: string) => Judged;

/** Compares with the old version, window by window, so that the hour of the day does not matter. */
function sameWindow(
  isHighGood: boolean,
  id: string,
  { versions, alpha }: JudgePlan,
  tests: Tests,
  told: Told,
): (figure: ShareFigure) => readonly Judged[] {
  const test = tests.odds();
  const nothing: Share = { part: 0, of: 0 };
  let before = { fresh: nothing, base: nothing };
  return ({ fresh, base }) => {
    if (base === undefined) {
      return [unknown(id, `the query has no row of ${versions.old} to compare with`, versions.old)];
    }
    const now = { fresh: badOf(fresh, isHighGood), base: badOf(base, isHighGood) };
    const stratum = {
      fresh: difference(now.fresh, before.fresh),
      base: difference(now.base, before.base),
    };
    if (stratum.fresh === null || stratum.base === null) {
      return [unknown(id, 'the query counts fewer than at the look before', versions.old)];
    }
    test.add({ fresh: stratum.fresh, base: stratum.base });
    before = now;
    const times = timesOf(now.fresh, now.base);
    return [told(test.interval(alpha), times, now.fresh.of, versions.old)];
  };
}

/** What has come since; null where something was taken away. */
function difference(now: Share, before: Share): Share | null {
  const [part, of] = [now.part - before.part, now.of - before.of];
  return part < 0 || of < part ? null : { part, of };
}

/** Odds of one share against another; null where that cannot be told. */
function timesOf(one: Share, other: Share): number | null {
  const times = (one.part * (other.of - other.part)) / ((one.of - one.part) * other.part);
  return Number.isFinite(times) ? times : null;
}

function judgeSpread(
  metric: Metric,
  { bounds, fresh, base }: SpreadFigure,
  { alpha, before, versions, percent }: JudgePlan,
  tests: Tests,
): readonly Judged[] {
  const { id, quantile, minSamples, baseline } = metric;
  const of = sum(fresh);
  const told: Judged[] = [];
  if (metric.pass !== null || metric.rollback !== null) {
    const seen = tests.quantile({ bounds, counts: fresh }, quantile, alpha);
    const band = withLeast(bandOfInterval(seen, limitsOf(metric)), of, minSamples);
    const says = sayQuantile(quantile, seen, of, minSamples);
    told.push({ metric: id, against: null, band, says, seen: null, ...finite(seen), of });
  }
  if (baseline === null || percent === null) return told;
  const earlier = before?.figures.get(id);
  const against = before?.name ?? versions.old;
  const counts = before === null ? base : spreadIn(earlier, bounds);
  if (counts === undefined) {
    const what = before === null ? `the query has no row of ${against}` : 'it has left no numbers';
    return [...told, unknown(id, `${what} to compare with`, against)];
  }
  const [one, other] = [fresh, counts].map((list) =>
    tests.quantile({ bounds, counts: list }, quantile, alpha / 2),
  );
  if (one === undefined || other === undefined) return told;
  const seen = quotient(one, other);
  const band = bandOfInterval(seen, { ...baseline, margin: 0 });
  const says = sayTimes(null, seen, against, `P${quantile * 100}`);
  const enough = withLeast(band, Math.min(of, sum(counts)), minSamples);
  return [...told, { metric: id, against, band: enough, says, seen: null, ...finite(seen), of }];
}

function spreadIn(
  figure: Figure | undefined,
  bounds: readonly number[],
): readonly number[] | undefined {
  if (figure === undefined || !('bounds' in figure)) return undefined;
  const same = figure.bounds.length === bounds.length;
  return same && bounds.every((bound, at) => bound === figure.bounds[at])
    ? figure.fresh
    : undefined;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}

/** An end that is not known is none: the journal has no infinity. */
function finite({ low, high }: Interval): { readonly low: number; readonly high: number | null } {
  return { low, high: Number.isFinite(high) ? high : null };
}

function judgeKinds(
  metric: Metric,
  { kinds, of, baseKinds }: Extract<Figure, { readonly kinds: unknown }>,
  { alpha, before, versions }: JudgePlan,
  tests: Tests,
): Judged {
  const { id, minSamples } = metric;
  const earlier = before?.figures.get(id);
  const against = before?.name ?? versions.old;
  const inStage = earlier !== undefined && 'kinds' in earlier ? Object.keys(earlier.kinds) : null;
  if (before === null ? baseKinds === undefined : inStage === null) {
    return unknown(id, `there are no kinds of ${against} to compare with`, against);
  }
  const known = new Set([...(baseKinds ?? []), ...(inStage ?? [])]);
  const news = Object.entries(kinds).filter(([kind]) => !known.has(kind));
  const fresh = { part: news.reduce((all, [, count]) => all + count, 0), of };
  const seen = percentOf(tests.share({ ...fresh, part: Math.min(fresh.part, of) }, alpha));
  const band = withLeast(bandOfInterval(seen, limitsOf(metric)), of, minSamples);
  const says = sayKinds(news.length, fresh, against, seen);
  return { metric: id, against, band, says, seen: shareOf(fresh), ...seen, of };
}

function splitJudge(
  { minSamples, tolerance }: Observe,
  { percent, alpha }: JudgePlan,
  tests: Tests,
): (figure: Figure) => Judged {
  return (figure) => {
    if ('unknown' in figure) return unknown(SPLIT, figure.unknown);
    if (!('fresh' in figure) || 'bounds' in figure) return unknown(SPLIT, 'it has no share');
    const { fresh } = figure;
    const seen = percentOf(tests.share(fresh, alpha));
    const expected = percent ?? 100;
    const band = splitBand(seen, expected, tolerance ?? toleranceOf(expected));
    const enough = withLeast(band, fresh.of, minSamples);
    const says = saySplit(fresh, seen, expected, minSamples);
    return {
      metric: SPLIT,
      against: null,
      band: enough,
      says,
      seen: shareOf(fresh),
      ...seen,
      of: fresh.of,
    };
  };
}

/** How far a split may be off, in points of percent, where nothing is said: a fifth of the smaller part, one at least. */
export function toleranceOf(percent: number): number {
  return Math.max(1, Math.min(percent, 100 - percent) / 5);
}

/** A sample-ratio test: another share is shown, or that of the stage within its tolerance, or neither. */
function splitBand({ low, high }: Interval, percent: number, tolerance: number): RolloutBand {
  if (percent < low || percent > high) return 'fail';
  return low >= percent - tolerance && high <= percent + tolerance ? 'pass' : 'hold';
}
