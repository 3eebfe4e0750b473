/**
 * What is sampled again and again while a run goes on: the monitors of a runbook, and the metrics that its
 * triggers name. What a trigger names is watched from the beginning to the end of the run, in every state;
 * other monitors are for the hours after the last step. Pure.
 */

import { parseCondition } from '../condition.ts';
import type { Metric, Monitor, Runbook } from '../runbook.ts';
import { isOver } from '../runState.ts';
import type { RunRecord } from './runRecord.ts';

export interface Watch {
  /** Name of its samples in the journal. */
  readonly key: string;
  /** Name for triggers; null for none. */
  readonly id: string | null;
  /** Milliseconds between two looks; infinite where a person gives the number. */
  readonly every: number;
  /** Whether it is watched in every state. */
  readonly always: boolean;
  /** Milliseconds after the last step for which it is watched; 0 for a metric. */
  readonly for: number;
  readonly looks: { readonly monitor: Monitor } | { readonly metric: Metric };
}

/** Returns what is watched in a run. */
export function watchesOf({ monitor, metrics, triggers }: Runbook): readonly Watch[] {
  const named = new Set(triggers.map(({ when }) => parseCondition(when)?.name));
  const monitors = monitor.map((one, at): Watch => {
    const { id, every } = one;
    const always = id !== null && named.has(id);
    return { key: `watch:${id ?? at}`, id, every, always, for: one.for, looks: { monitor: one } };
  });
  const numbers = metrics
    .filter(({ id }) => named.has(id))
    .map((metric): Watch => {
      const { id } = metric;
      // What a person has said stays until a person says otherwise.
      const every = metric.attest === null ? metric.every : Number.POSITIVE_INFINITY;
      return { key: `watch:${id}`, id, every, always: true, for: 0, looks: { metric } };
    });
  return [...monitors, ...numbers];
}

/** Returns when the last step of a run was over, in ms since 1970; null if one is not. */
export function stepsEndedAt({ state, steps, begun }: RunRecord): number | null {
  if (!state.steps.every(isOver)) return null;
  const ends = [...steps.values()].flatMap(({ endedAt }) => endedAt ?? []);
  return Math.max(Date.parse(begun?.at ?? ''), ...ends.map((at) => Date.parse(at)));
}

/**
 * Returns how long a watch still has to look after the last step, in ms; null before it has ended. Time between
 * two looks counts if none was missed, as with a check that has to pass for some time.
 */
export function leftToWatch(watch: Watch, record: RunRecord): number | null {
  const ended = stepsEndedAt(record);
  if (ended === null) return null;
  const looks = (record.samples.get(watch.key) ?? []).filter(({ at }) => at >= ended);
  const watched = looks.reduce((sum, { at, verdict }, number) => {
    const before = looks[number - 1];
    const counts =
      before !== undefined && verdict !== 'INCONCLUSIVE' && at - before.at <= 2 * watch.every;
    return counts ? sum + at - before.at : sum;
  }, 0);
  return Math.max(0, watch.for - watched);
}

/** Returns when a watch is to look next, in ms since 1970; null if it does not at this stage of the run. */
export function dueAt(watch: Watch, record: RunRecord): number | null {
  const { state, samples, begun } = record;
  const goesBack = state.status === 'ROLLING_BACK';
  const ended = stepsEndedAt(record);
  if (begun === null || goesBack || !Number.isFinite(watch.every)) return null;
  if (!watch.always && ended === null) return null;
  const last = samples.get(watch.key)?.at(-1)?.at;
  const from = watch.always ? Date.parse(begun.at) : (ended ?? 0);
  const next = last === undefined || last < from ? from : last + watch.every;
  return !watch.always && leftToWatch(watch, record) === 0 ? null : next;
}
