/**
 * The bands of a metric as hypotheses: an interval of what can be true passes when all of it passes, and rolls
 * back when all of it rolls back; between the two nothing is decided yet. Pure.
 */

import type { RolloutBand } from '../../outcome/rolloutStory.ts';
import type { Interval } from '../../sequential/share.ts';
import { isMet, parseCondition, type Condition } from '../condition.ts';

export type { RolloutBand };

/** Conditions as the runbook has them; `margin` widens `pass`, in the unit of the metric. */
export interface Limits {
  readonly pass: string | null;
  readonly rollback: string | null;
  readonly margin: number;
}

/** Judges what can be true, an interval with both of its ends. */
export type IntervalBands = (seen: Interval) => RolloutBand;

/** Makes limits ready for many intervals. */
export function intervalBands({ pass, rollback, margin }: Limits): IntervalBands {
  const good = pass === null ? null : parsed(pass);
  const bad = rollback === null ? null : parsed(rollback);
  return (seen) => {
    if (bad !== null && lies(seen, bad, 0)) return 'rollback';
    if (good === null || lies(seen, good, margin)) return 'pass';
    return isApart(seen, good) ? 'fail' : 'hold';
  };
}

/** Judges a number that is a fact, and no estimate. */
export function bandOfNumber(seen: number, { pass, rollback }: Limits): RolloutBand {
  if (rollback !== null && isMet(parsed(rollback), seen)) return 'rollback';
  return pass === null || isMet(parsed(pass), seen) ? 'pass' : 'fail';
}

function parsed(text: string): Condition {
  const condition = parseCondition(text);
  if (condition === null) throw new TypeError('a condition that the schema refuses');
  return condition;
}

/** Whether all of an interval satisfies a condition that is wider by a margin. */
function lies({ low, high }: Interval, { comparison, value }: Condition, margin: number): boolean {
  const limit = Number(value);
  switch (comparison) {
    case '>=':
      return low >= limit - margin;
    case '>':
      return margin === 0 ? low > limit : low >= limit - margin;
    case '<=':
      return high <= limit + margin;
    case '<':
      return margin === 0 ? high < limit : high <= limit + margin;
    case '==':
      return low >= limit - margin && high <= limit + margin;
    default:
      return low > limit || high < limit;
  }
}

/** Whether nothing of an interval satisfies a condition. */
function isApart({ low, high }: Interval, { comparison, value }: Condition): boolean {
  const limit = Number(value);
  if (comparison.startsWith('>')) return high < limit;
  if (comparison.startsWith('<')) return low > limit;
  return comparison === '==' && (low > limit || high < limit);
}
