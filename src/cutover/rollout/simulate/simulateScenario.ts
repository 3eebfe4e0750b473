/** Many rollouts of one scenario, and what has become of them. Pure. */

import type { Runbook } from '../../runbook.ts';
import type { Judged, Tests } from '../judged.ts';
import { ALWAYS_VALID } from '../judgeStage.ts';
import { worldOf } from './figuresOfWorld.ts';
import { randomNumbers } from './randomNumbers.ts';
import type { Scenario } from './scenarios.ts';
import { simulateRollout, type RolloutEnd, type SimulatedRollout } from './simulateRollout.ts';

/** Times in ms from the beginning of a rollout; null where there is none. */
export interface Spent {
  readonly median: number | null;
  /** 95 of 100 are not later. */
  readonly most: number | null;
}

/** Rollouts that have ended in one way. */
export interface Ended {
  readonly rollouts: number;
  readonly spent: Spent;
  /** How many were ended or kept by a metric at a stage, the most frequent first. */
  readonly by: readonly Cause[];
}

export interface Cause {
  /** Metric, or the split. */
  readonly metric: string;
  /** What it was compared with; null for its own limits. */
  readonly against: string | null;
  readonly stage: string;
  readonly rollouts: number;
}

export interface Tally {
  readonly scenario: Scenario;
  readonly rollouts: number;
  readonly ends: Readonly<Record<RolloutEnd, Ended>>;
  /** When a metric was first shown not to pass, of those rollouts in which one was. */
  readonly shown: { readonly rollouts: number; readonly spent: Spent };
}

export interface Simulated {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly tests?: Tests;
}

/** Rollouts of a scenario, so many as are wanted. */
export interface Simulation {
  run(rollouts: number): void;
  tally(): Tally;
}

/** Opens the simulation of a scenario; the same seed gives the same rollouts. */
export function openSimulation(
  runbook: Runbook,
  { scenario, seed, tests = ALWAYS_VALID }: Simulated,
): Simulation {
  const world = worldOf(runbook, scenario, randomNumbers(seed));
  const tally = openTally();
  return {
    run(rollouts) {
      for (let count = 0; count < rollouts; count++) {
        tally.add(simulateRollout(runbook, world, tests));
      }
    },
    tally: () => tally.tallied(scenario),
  };
}

interface OpenTally {
  add(rollout: SimulatedRollout): void;
  tallied(scenario: Scenario): Tally;
}

function openTally(): OpenTally {
  const times: Record<RolloutEnd, number[]> = { promoted: [], 'rolled back': [], held: [] };
  const causes: Record<RolloutEnd, Map<string, Cause>> = {
    promoted: new Map(),
    'rolled back': new Map(),
    held: new Map(),
  };
  const shown: number[] = [];
  const endedOf = (end: RolloutEnd): Ended => ({
    rollouts: times[end].length,
    spent: spentOf(times[end]),
    by: [...causes[end].values()].toSorted((one, other) => other.rollouts - one.rollouts),
  });
  return {
    add({ end, at, by, shownAt, stages }) {
      times[end].push(at);
      if (shownAt !== null) shown.push(shownAt);
      const stage = stages.at(-1)?.stage.name ?? '';
      for (const one of by) addCause(causes[end], one, stage);
    },
    tallied(scenario) {
      const ends = {
        promoted: endedOf('promoted'),
        'rolled back': endedOf('rolled back'),
        held: endedOf('held'),
      };
      const rollouts = Object.values(ends).reduce((sum, ended) => sum + ended.rollouts, 0);
      const first = { rollouts: shown.length, spent: spentOf(shown) };
      return { scenario, rollouts, ends, shown: first };
    },
  };
}

function addCause(
  causes: Map<string, Cause>,
  { metric, against }: Pick<Judged, 'metric' | 'against'>,
  stage: string,
): void {
  const key = JSON.stringify([metric, against, stage]);
  const rollouts = (causes.get(key)?.rollouts ?? 0) + 1;
  causes.set(key, { metric, against, stage, rollouts });
}

const MOST = 0.95;

function spentOf(times: readonly number[]): Spent {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number): number | null =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { median: at(0.5), most: at(MOST) };
}
