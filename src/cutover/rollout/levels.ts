/** How much a rollout may err, and what each of its hypotheses has of that. Pure. */

import type { Metric, Runbook } from '../runbook.ts';

/**
 * Probability that a rollout without any fault goes back, over all its stages, metrics and looks; and that a gate of
 * it passes what is beyond its limit.
 */
export const ROLLOUT_ALPHA = 0.01;

/** Hypotheses of one look that are estimates: a number that stands for itself is none. */
function hypothesesOf({ measure, pass, rollback, baseline }: Metric, baselines: number): number {
  if (measure === 'number') return 0;
  if (measure === 'kinds') return 1;
  return (pass === null && rollback === null ? 0 : 1) + (baseline === null ? 0 : baselines);
}

/** What metrics of a stage are compared with: the old version while it has users, and an earlier stage if there is one. */
function baselinesOf(percent: number | null, isFirst: boolean): number {
  if (percent === null) return 0;
  return (isFirst || percent < 100 ? 1 : 0) + (isFirst ? 0 : 1);
}

/**
 * Level of one hypothesis: the first step of Holm's procedure over all of a rollout, as the first that is
 * rejected ends it. It holds whatever depends on what, and however often is looked.
 */
export function levelOf({ stages, metrics, rollout }: Runbook): number {
  const split = rollout?.observe === null || rollout === null ? 0 : 1;
  const count = stages.reduce((sum, { percent }, at) => {
    const baselines = baselinesOf(percent, at === 0);
    const own = metrics.reduce((all, metric) => all + hypothesesOf(metric, baselines), 0);
    return sum + own + (percent === null ? 0 : split);
  }, 0);
  return ROLLOUT_ALPHA / Math.max(1, count);
}
