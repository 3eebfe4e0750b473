/** Judges a quantile of times, such as P99: against its own limits, and against a baseline. Pure. */

import type { Interval } from '../../sequential/share.ts';
import { quotient } from '../../sequential/spread.ts';
import type { Metric } from '../runbook.ts';
import { intervalBands } from './bands.ts';
import type { Figure, SpreadFigure } from './figures.ts';
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
import { sayQuantile, sayTimes } from './sayJudged.ts';

export type SpreadJudge = (figure: SpreadFigure) => readonly Judged[];

export function openSpread(metric: Metric, plan: JudgePlan, tests: Tests): SpreadJudge {
  const { id, quantile, minSamples, pass, rollback, baseline } = metric;
  const bandOf = intervalBands(metric);
  const times = baseline === null || plan.percent === null ? null : openSlower(metric, plan, tests);
  return (figure) => {
    const { bounds, fresh } = figure;
    const of = sum(fresh);
    const told: Judged[] = [];
    if (pass !== null || rollback !== null) {
      const seen = tests.quantile({ bounds, counts: fresh }, quantile, plan.alpha);
      const band = withLeast(bandOf(seen), of, minSamples);
      const says = sayQuantile(quantile, seen, of, minSamples);
      told.push({ metric: id, against: null, band, says, seen: null, ...endsOf(seen), of });
    }
    return times === null ? told : [...told, ...times(figure, of)];
  };
}

/**
 * Compares a quantile: with the old version in the same window while it has users, and with an earlier stage, which
 * only holds, and whose interval stays.
 */
function openSlower(
  metric: Metric,
  plan: JudgePlan,
  tests: Tests,
): (figure: SpreadFigure, of: number) => readonly Judged[] {
  const { id, quantile, minSamples, baseline } = metric;
  const { alpha, before, versions, percent } = plan;
  const bandOf = intervalBands({ pass: null, rollback: null, ...baseline, margin: 0 });
  const intervalOf = (bounds: readonly number[], counts: readonly number[]): Interval =>
    tests.quantile({ bounds, counts }, quantile, alpha / 2);
  const told = (fresh: Interval, other: Interval, of: number, against: string): Judged => {
    const seen = quotient(fresh, other);
    const says = sayTimes(null, seen, against, `P${quantile * 100}`);
    const band = withLeast(bandOf(seen), of, minSamples);
    return { metric: id, against, band, says, seen: null, ...endsOf(seen), of };
  };
  const earlier = before?.figures.get(id);
  const fixed =
    earlier !== undefined && 'bounds' in earlier ? intervalOf(earlier.bounds, earlier.fresh) : null;
  return ({ bounds, fresh, base }, of) => {
    const own = intervalOf(bounds, fresh);
    const judged: Judged[] = [];
    if (base !== undefined && percent !== 100) {
      judged.push(told(own, intervalOf(bounds, base), Math.min(of, sum(base)), versions.old));
    } else if (before === null) {
      const what = `the query has no row of ${versions.old} to compare with`;
      judged.push(unknown(id, what, versions.old));
    }
    if (before === null) return judged;
    const counts = spreadIn(earlier, bounds);
    if (counts === undefined || fixed === null) {
      return [...judged, unknown(id, 'it has left no numbers to compare with', before.name)];
    }
    const least = Math.min(of, sum(counts));
    return [...judged, ofEarlierStage(told(own, fixed, least, before.name))];
  };
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
