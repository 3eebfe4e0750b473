/**
 * Figures of a metric as chance makes them, but for one rollout of ten: what its gate does with them, it does in at
 * least nine of ten. Pure.
 */

import { binomialQuantile } from '../../../sequential/binomial.ts';
import type { Metric } from '../../runbook.ts';
import type { Figure } from '../figures.ts';
import { isHigh } from '../judgeStage.ts';
import { latenciesOf, probabilitiesOf, type Latencies } from './latencies.ts';

/** One rollout of ten has worse figures, or better ones. */
const UNLUCKY = 0.9;

/** How the new version does: as a fault is described, in the unit of `sees`. */
export interface Likely {
  readonly users: number;
  readonly value: number;
  /** What chance makes of it. */
  readonly looks: 'worse' | 'better' | 'average';
}

/** Makes figures of a metric; `base` is how the old version does, and how many users of it there are to each. */
export type LikelyFigure = (
  likely: Likely,
  base: { readonly value: number; readonly perUser: number },
) => Figure;

/** How many of so many are met, where many are bad. */
function partOf(users: number, rate: number, looks: Likely['looks']): number {
  if (looks === 'average') return Math.round(users * rate);
  return binomialQuantile(users, rate, looks === 'worse' ? UNLUCKY : 1 - UNLUCKY);
}

const OPPOSITE = { worse: 'better', better: 'worse', average: 'average' } as const;

/** Figures of a metric that is an estimate; times are compared up to `most` times as long. */
export function likelyFigure(metric: Metric, most: number): LikelyFigure {
  const { measure, quantile } = metric;
  if (measure === 'kinds') {
    return ({ users, value, looks }) => ({
      kinds: { new: partOf(users, value / 100, looks) },
      of: users,
      baseKinds: [],
    });
  }
  if (measure === 'quantile') {
    const latencies = latenciesOf(metric.usual ?? 1, quantile, most);
    return ({ users, value, looks }, base) => ({
      bounds: latencies.bounds,
      fresh: countsOf(latencies, { users, value, looks }),
      base: countsOf(latencies, {
        users: Math.round(users * base.perUser),
        value: base.value,
        looks: 'average',
      }),
    });
  }
  const isHighGood = isHigh(metric);
  return ({ users, value, looks }, base) => {
    const chance = isHighGood ? OPPOSITE[looks] : looks;
    const of = Math.round(users * base.perUser);
    return {
      fresh: { part: partOf(users, value / 100, chance), of: users },
      base: { part: partOf(of, base.value / 100, 'average'), of },
    };
  };
}

function countsOf(latencies: Latencies, { users, value, looks }: Likely): readonly number[] {
  let above = 1;
  let left = users;
  return probabilitiesOf(latencies, { times: value, what: 'all' }).map((probability) => {
    above = Math.max(0, above - probability);
    const after = Math.min(left, above < 1e-12 ? 0 : partOf(users, above, looks));
    const count = left - after;
    left = after;
    return count;
  });
}

/** Users of the new version, of all; the share is in percent. */
export function likelySplit({ users, value, looks }: Likely): Figure {
  return { fresh: { part: partOf(users, value / 100, looks), of: users } };
}
