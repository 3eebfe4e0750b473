/**
 * What a rollout is simulated with: nothing is wrong, or one thing that the runbook says its gates have to see.
 * All of it comes from `usual`, `sees` and `traffic`. Pure.
 */

import { pointerTo } from '../../../mapping/place.ts';
import { parseCondition, isMet } from '../../condition.ts';
import type { Metric, Runbook } from '../../runbook.ts';
import { SPLIT } from '../figures.ts';

/** What is wrong in a scenario. */
export interface Fault {
  /** Metric, or {@link SPLIT}. */
  readonly metric: string;
  /** As `sees` has it: a share in percent, a factor, or a number. */
  readonly sees: number;
  /** Of a distribution of times, what is slower. */
  readonly slower: 'all' | 'slowest';
  /** Number of the first stage in which it is there, from 0 on. */
  readonly from: number;
}

export interface Scenario {
  readonly name: string;
  /** What is true in it, as a clause. */
  readonly says: string;
  /** Null where nothing is wrong. */
  readonly fault: Fault | null;
}

/** What a runbook does not say that a simulation needs, and where. */
export interface Missing {
  readonly pointer: string;
  readonly what: string;
  readonly hint: string;
}

/** What a metric usually is; null where nothing says it. */
export function usualOf({ usual, measure, pass }: Metric): number | null {
  if (usual !== null) return usual;
  if (measure === 'kinds') return 0;
  if (measure !== 'number' || pass === null) return null;
  const condition = parseCondition(pass);
  return condition !== null && isMet(condition, 0) ? 0 : null;
}

/** The first thing that is missing; null if nothing is. */
export function missingIn({ rollout, stages, metrics }: Runbook): Missing | null {
  if (rollout === null || !stages.some(({ percent }) => percent !== null)) {
    const what = 'the runbook has no rollout, so there is nothing to simulate';
    return { pointer: '', what, hint: 'write its stages under "rollout"' };
  }
  if (rollout.traffic === null) {
    const what = 'a simulation has to know how many users there are';
    const hint = 'add "traffic" to the rollout: distinct users a day';
    return { pointer: '/rollout', what, hint };
  }
  const measured = metrics.filter(({ attest }) => attest === null);
  const open = measured.find((one) => one.measure !== 'quantile' && usualOf(one) === null);
  if (open !== undefined) {
    const unit = open.measure === 'share' ? 'in percent' : 'as its source gives it';
    const what = `a simulation has to know what ${open.id} usually is`;
    return { pointer: open.pointer, what, hint: `add "usual" to the metric, ${unit}` };
  }
  if (rollout.observe?.sees === null || rollout.observe === null) {
    if (measured.every(({ sees }) => sees === null)) {
      const what = 'nothing says what the gates have to see';
      const hint = 'add "sees" to a metric: what it is with a fault that has to be seen';
      return { pointer: measured[0]?.pointer ?? pointerTo('metrics'), what, hint };
    }
  }
  return null;
}

export const HEALTHY: Scenario = { name: 'healthy', says: 'nothing is wrong', fault: null };

/** All scenarios of a runbook, the healthy one first; faults are there from a stage on. */
export function scenariosOf(
  { metrics, rollout, stages }: Runbook,
  from: number,
): readonly Scenario[] {
  const seen = metrics.flatMap((metric) => scenariosOfMetric(metric, from));
  const first = stages.find(({ percent }) => percent !== null)?.percent ?? 100;
  const sees = rollout?.observe?.sees ?? null;
  const split: readonly Scenario[] =
    sees === null
      ? []
      : [
          {
            name: 'split',
            says: `${sees} % of the users instead of ${first} %, and so on`,
            fault: { metric: SPLIT, sees, slower: 'all', from },
          },
        ];
  return [HEALTHY, ...seen, ...split];
}

function scenariosOfMetric(metric: Metric, from: number): readonly Scenario[] {
  const { id, sees, attest, measure, quantile } = metric;
  if (sees === null || attest !== null) return [];
  const fault = { metric: id, sees, slower: 'all', from } as const;
  if (measure !== 'quantile') return [{ name: id, says: saysOf(metric, sees), fault }];
  const name = `P${quantile * 100}`;
  return [
    { name: id, says: `everything takes ${sees} times as long`, fault },
    {
      name: `${id}-tail`,
      says: `only the slowest take ${sees} times as long, ${name} among them`,
      fault: { ...fault, slower: 'slowest' },
    },
  ];
}

function saysOf(metric: Metric, sees: number): string {
  const { id, measure } = metric;
  const usual = usualOf(metric) ?? 0;
  if (measure === 'share') return `${id} is ${sees} % instead of ${usual} %`;
  if (measure === 'kinds') return `an error of a new kind has ${sees} %`;
  return `${id} is ${sees} instead of ${usual}`;
}
