/**
 * Judges the looks of one stage of a rollout, one after the other. Each metric is a hypothesis or two: against
 * its own limits, and against a baseline, which is the old version in the same window or an earlier stage. The
 * intervals are valid however often they are read (docs/rollout-statistics.md), each at the level that a
 * rollout has for one of its hypotheses. Pure.
 */

import { openOddsTest } from '../../sequential/oddsTest.ts';
import { shareInterval, type Interval, type Share } from '../../sequential/share.ts';
import { oddsQuotient, quantileInterval } from '../../sequential/spread.ts';
import type { Metric, Observe } from '../runbook.ts';
import { bandOfNumber, intervalBands, type RolloutBand } from './bands.ts';
import {
  SPLIT,
  type Figure,
  type Figures,
  type KindsFigure,
  type ShareFigure,
  type UnknownFigure,
} from './figures.ts';
import {
  endsOf,
  ofEarlierStage,
  sum,
  unknown,
  withLeast,
  type JudgePlan,
  type Judged,
  type Tests,
} from './judged.ts';
import { openSpread } from './judgeQuantile.ts';
import { sayKinds, sayNumber, sayShare, saySplit, sayTimes } from './sayJudged.ts';

/** The tests of a run. */
export const ALWAYS_VALID: Tests = {
  share: shareInterval,
  quantile: quantileInterval,
  odds: openOddsTest,
};

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
  const own = openShare(metric, plan, tests);
  const times = metric.measure === 'share' ? openTimes(metric, plan, tests) : null;
  const spread = openSpread(metric, plan, tests);
  const kinds = openKinds(metric, plan, tests);
  const grows = openGrowth();
  return (figures) => {
    const figure = figures.get(id) ?? UNREAD;
    if ('unknown' in figure) return [unknown(id, figure.unknown)];
    if (!grows(figure)) return [unknown(id, 'it counts fewer than before')];
    if ('number' in figure) return [judgeNumber(metric, figure.number)];
    if ('kinds' in figure) return [kinds(figure)];
    if ('bounds' in figure) return spread(figure);
    return times === null ? own(figure) : [...own(figure), ...times(figure)];
  };
}

/**
 * Whether counts of a stage have not become fewer since the last look that counted: those of a log that has
 * rotated, or of rows that were removed, are not all of the stage. A number stands for itself.
 */
function openGrowth(): (figure: Exclude<Figure, UnknownFigure>) => boolean {
  let before: readonly number[] = [];
  return (figure) => {
    const now = countsIn(figure);
    const isFewer = now.some((count, at) => count < (before[at] ?? 0));
    if (!isFewer) before = now;
    return !isFewer;
  };
}

/** Counts that only grow in a stage; the buckets of a histogram may change. */
function countsIn(figure: Exclude<Figure, UnknownFigure>): readonly number[] {
  if ('number' in figure) return [];
  if ('kinds' in figure) return [figure.of, sum(Object.values(figure.kinds))];
  if ('bounds' in figure) return [sum(figure.fresh)];
  const { part, of } = figure.fresh;
  return [part, of - part];
}

function judgeNumber(metric: Metric, number: number): Judged {
  const band = bandOfNumber(number, metric);
  const says = sayNumber(number);
  const seen = { seen: number, low: number, high: number };
  return { metric: metric.id, against: null, band, says, ...seen, of: null };
}

function percentOf({ low, high }: Interval): Interval {
  return { low: low * 100, high: high * 100 };
}

function openShare(
  metric: Metric,
  { alpha }: JudgePlan,
  tests: Tests,
): (figure: ShareFigure) => readonly Judged[] {
  const { id, pass, rollback, minSamples } = metric;
  if (pass === null && rollback === null) return () => [];
  const bandOf = intervalBands(metric);
  return ({ fresh }) => {
    const seen = percentOf(tests.share(fresh, alpha));
    const { of } = fresh;
    const band = withLeast(bandOf(seen), of, minSamples);
    const says = sayShare(fresh, seen, minSamples);
    return [{ metric: id, against: null, band, says, seen: shareOf(fresh), ...seen, of }];
  };
}

function shareOf({ part, of }: Share): number | null {
  return of === 0 ? null : (part / of) * 100;
}

/** What is bad about a share: what is missing from one that should be high, all of one that should be low. */
function badOf({ part, of }: Share, isHighGood: boolean): Share {
  return { part: isHighGood ? of - part : part, of };
}

/**
 * Compares how often it goes wrong: with the old version in the same window while it has users, and with an earlier
 * stage, which only holds; null where the metric has no baseline.
 */
function openTimes(
  metric: Metric,
  plan: JudgePlan,
  tests: Tests,
): ((figure: ShareFigure) => readonly Judged[]) | null {
  const { id, baseline, minSamples } = metric;
  if (baseline === null || plan.percent === null) return null;
  const isHighGood = isHigh(metric);
  const bandOf = intervalBands({ ...baseline, margin: 0 });
  const told = (seen: Interval, times: number | null, of: number, against: string): Judged => {
    const band = withLeast(bandOf(seen), of, minSamples);
    const says = sayTimes(times, seen, against);
    return { metric: id, against, band, says, seen: times, ...endsOf(seen), of };
  };
  const { before, percent } = plan;
  if (before === null) return sameWindow(isHighGood, id, plan, tests, told);
  const earlier = earlierStage(isHighGood, id, before, plan.alpha, tests, told);
  const window = percent < 100 ? sameWindow(isHighGood, id, plan, tests, told) : null;
  return (figure) => [
    ...(window === null || figure.base === undefined ? [] : window(figure)),
    ofEarlierStage(earlier(figure)),
  ];
}

type Told = (seen: Interval, times: number | null, of: number, against: string) => Judged;

/** Compares with the figures that an earlier stage has left. */
function earlierStage(
  isHighGood: boolean,
  id: string,
  { name, figures }: NonNullable<JudgePlan['before']>,
  alpha: number,
  tests: Tests,
  told: Told,
): (figure: ShareFigure) => Judged {
  const earlier = figures.get(id);
  if (earlier === undefined || !('fresh' in earlier) || 'bounds' in earlier) {
    return () => unknown(id, `the stage of ${name} has left no number`, name);
  }
  const base = badOf(earlier.fresh, isHighGood);
  const other = tests.share(base, alpha / 2);
  return ({ fresh }) => {
    const bad = badOf(fresh, isHighGood);
    const seen = oddsQuotient(tests.share(bad, alpha / 2), other);
    return told(seen, timesOf(bad, base), bad.of, name);
  };
}

/** Whether more of a share is better. */
export function isHigh({ pass, rollback }: Pick<Metric, 'pass' | 'rollback'>): boolean {
  return pass === null ? rollback?.startsWith('<') === true : pass.startsWith('>');
}

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

function openKinds(
  metric: Metric,
  { alpha, before, versions }: JudgePlan,
  tests: Tests,
): (figure: KindsFigure) => Judged {
  const { id, minSamples } = metric;
  const bandOf = intervalBands(metric);
  const earlier = before?.figures.get(id);
  const against = before?.name ?? versions.old;
  const inStage = earlier !== undefined && 'kinds' in earlier ? Object.keys(earlier.kinds) : null;
  return ({ kinds, of, baseKinds }) => {
    if (before === null ? baseKinds === undefined : inStage === null) {
      return unknown(id, `there are no kinds of ${against} to compare with`, against);
    }
    const known = new Set([...(baseKinds ?? []), ...(inStage ?? [])]);
    const news = Object.entries(kinds).filter(([kind]) => !known.has(kind));
    const fresh = { part: news.reduce((all, [, count]) => all + count, 0), of };
    const seen = percentOf(tests.share({ ...fresh, part: Math.min(fresh.part, of) }, alpha));
    const band = withLeast(bandOf(seen), of, minSamples);
    const says = sayKinds(news.length, fresh, against, seen);
    return { metric: id, against, band, says, seen: shareOf(fresh), ...seen, of };
  };
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

/**
 * A sample-ratio test: the share of the stage within its tolerance is shown, or another one, or neither. Where all
 * users should have the new version, a single one who has not would show another share: who came while it was set,
 * and never again. So there it has to be below the tolerance.
 */
function splitBand({ low, high }: Interval, percent: number, tolerance: number): RolloutBand {
  if (low >= percent - tolerance && high <= percent + tolerance) return 'pass';
  const least = percent === 100 ? percent - tolerance : percent;
  return percent < low || least > high ? 'fail' : 'hold';
}
