/**
 * rollout simulate: what the gates of a runbook would do, with a virtual clock: in rollouts that are made up of what
 * the runbook says is usual, with and without the faults that it says have to be seen; or in those of a run, judged
 * again. Changes nothing.
 */

import { setImmediate } from 'node:timers/promises';

import { readRun } from '../cutover/engine/heldRun.ts';
import { runbookOf } from '../cutover/engine/keptRunbook.ts';
import { placesOf, runsOf } from '../cutover/engine/runPlaces.ts';
import { recordOf, type RunRecord } from '../cutover/engine/runRecord.ts';
import type { LoadedRunbook } from '../cutover/readRunbook.ts';
import { figuresIn } from '../cutover/rollout/figures.ts';
import { worldOf } from '../cutover/rollout/simulate/figuresOfWorld.ts';
import { needsOf } from '../cutover/rollout/simulate/needs.ts';
import { randomNumbers } from '../cutover/rollout/simulate/randomNumbers.ts';
import { replayRollout, type RecordedStage } from '../cutover/rollout/simulate/replayRollout.ts';
import {
  HEALTHY,
  missingIn,
  scenariosOf,
  type Scenario,
} from '../cutover/rollout/simulate/scenarios.ts';
import {
  needLines,
  replayLines,
  tallyLines,
  timelineLines,
} from '../cutover/rollout/simulate/simulateLines.ts';
import { simulateRollout } from '../cutover/rollout/simulate/simulateRollout.ts';
import { openSimulation, type Tally } from '../cutover/rollout/simulate/simulateScenario.ts';
import { soakOf } from '../cutover/rollout/stageOfStep.ts';
import type { Runbook, Stage } from '../cutover/runbook.ts';
import { runStepsOf } from '../cutover/runSteps.ts';
import { isoTime } from '../outcome/age.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { runnable } from './cutoverParts.ts';

export interface SimulateOptions {
  readonly project: string;
  readonly runbook: string;
  /** Rollouts of each scenario. */
  readonly rollouts: number;
  /** Whole number; the same one gives the same rollouts. */
  readonly seed: number;
  /** Percentage of the first stage that has the faults; null for all stages. */
  readonly faultsAt: number | null;
  /** Name of a run whose looks are judged again; null to make them up. */
  readonly from: string | null;
}

/** Rollouts between two signs of progress. */
const CHUNK = 10;

export async function rolloutSimulate(
  options: SimulateOptions,
  env: Environment,
): Promise<Outcome> {
  const loaded = runnable(options.runbook, env);
  if (options.from !== null) return replayed(loaded, options.project, options.from);
  const { runbook } = loaded;
  assertComplete(loaded);
  const tallies: Tally[] = [];
  for (const scenario of scenariosOf(runbook, firstWithFaults(loaded, options.faultsAt))) {
    tallies.push(await tallied(runbook, scenario, options, env));
  }
  const needs = needsOf(runbook);
  const world = worldOf(runbook, HEALTHY, randomNumbers(options.seed));
  const one = simulateRollout(runbook, world);
  return actionOutcome({
    command: 'rollout simulate',
    facts: {
      simulated: tallies,
      rollout: {
        ...one,
        stages: one.stages.map(({ stage, ...rest }) => ({ stage: stage.name, ...rest })),
      },
      needs,
      seed: options.seed,
    },
    notes: [
      ...tallyLines(tallies),
      'one rollout in which nothing is wrong:',
      ...timelineLines(one),
      'what the gates need:',
      ...needLines(needs),
    ],
  });
}

async function tallied(
  runbook: Runbook,
  scenario: Scenario,
  { rollouts, seed }: SimulateOptions,
  { progress, signal }: Environment,
): Promise<Tally> {
  const simulation = openSimulation(runbook, { scenario, seed });
  progress.begin(scenario.name, rollouts, { unit: 'rollout', passing: true });
  for (let done = 0; done < rollouts;) {
    const count = Math.min(CHUNK, rollouts - done);
    simulation.run(count);
    done += count;
    progress.update(done);
    await setImmediate();
    signal.throwIfAborted();
  }
  progress.end();
  return simulation.tally();
}

function assertComplete({ runbook, where }: LoadedRunbook): void {
  const missing = missingIn(runbook);
  if (missing === null) return;
  const { what, pointer, hint } = missing;
  throw new Failure('USAGE', { what, where: where(pointer), hint });
}

/** Number of the stage from which on faults are there. */
function firstWithFaults({ runbook, name }: LoadedRunbook, percent: number | null): number {
  if (percent === null) return 0;
  const found = runbook.stages.findIndex((stage) => stage.percent === percent);
  if (found >= 0) return found;
  const stages = runbook.stages.flatMap((stage) => stage.percent ?? []);
  throw new Failure('USAGE', {
    what: `no stage has ${percent} % of the users`,
    where: name,
    hint: `give one of ${stages.join(', ')} with --faults-at`,
  });
}

/** Judges the looks of a run again, by the runbook as it is now. */
function replayed(given: LoadedRunbook, project: string, from: string): Outcome {
  const { runbook } = given;
  const paths = projectPaths(project);
  const places = placesOf(paths, runOf(paths, runbook.name, from));
  const kept = runbookOf(places, given);
  const identity = { path: kept.name, planHash: kept.planHash };
  const { entries } = readRun(places);
  const { record } = recordOf(runStepsOf(kept.runbook), identity, entries, places.journal);
  const stages = replayRollout(runbook, (stage) => recordedOf(record, stage));
  if (stages.length === 0) {
    throw new Failure('USAGE', {
      what: 'the run has no look of a stage of this runbook',
      where: from,
      hint: 'leave --from out to simulate rollouts instead',
    });
  }
  const told = stages.map(({ stage, begun, at, ...rest }) => ({
    stage: stage.name,
    begun: isoTime(begun / 1000),
    at: isoTime(at / 1000),
    ...rest,
  }));
  return actionOutcome({
    command: 'rollout simulate',
    facts: { replayed: { run: from, stages: told } },
    notes: replayLines(stages),
  });
}

function runOf(paths: ProjectPaths, runbook: string, from: string): string {
  const runs = runsOf(paths, runbook);
  if (runs.includes(from)) return from;
  const last = runs.at(-1);
  throw new Failure('USAGE', {
    what: 'there is no such run',
    where: from,
    hint:
      last === undefined
        ? 'leave --from out to simulate rollouts instead'
        : `the last one is ${last}`,
  });
}

function recordedOf(record: RunRecord, stage: Stage): RecordedStage | null {
  const id = soakOf(stage);
  const begun = Date.parse(record.steps.get(id)?.begunAt ?? '');
  const looks = (record.samples.get(`step:${id}`) ?? []).map(({ at, figures }) => ({
    at,
    figures: figuresIn(figures),
  }));
  return looks.length === 0 || Number.isNaN(begun) ? null : { begun, looks };
}
