/** How long steps took in the last run or rehearsal of a runbook, by its journal. */

import type { ProjectPaths } from '../../project/paths.ts';
import { readRun } from './heldRun.ts';
import { placesOf, runsOf } from './runPlaces.ts';

export interface MeasuredTimes {
  /** Name of the run; null if there is none. */
  readonly run: string | null;
  /** Milliseconds from the intent of a step to its result, by id. */
  readonly steps: ReadonlyMap<string, number>;
}

/** Returns the times of the last run in which a step ended. */
export function measuredTimes(paths: ProjectPaths, runbook: string): MeasuredTimes {
  for (const run of runsOf(paths, runbook).toReversed()) {
    const steps = new Map<string, number>();
    const begun = new Map<string, number>();
    for (const { event, step, at } of readRun(placesOf(paths, run)).entries) {
      if (typeof step !== 'string') continue;
      if (event === 'step-intended') begun.set(step, Date.parse(at));
      const from = begun.get(step);
      if (event === 'step-ended' && from !== undefined) steps.set(step, Date.parse(at) - from);
    }
    if (steps.size > 0) return { run, steps };
  }
  return { run: null, steps: new Map() };
}
