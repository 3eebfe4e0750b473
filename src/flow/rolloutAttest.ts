/**
 * rollout attest: a person gives the number of a metric, such as that of complaints. It is a look of that metric: a
 * trigger that names it acts on it, whether a process works on the run or the next one takes it up.
 */

import { assertRollout } from './rolloutParts.ts';
import { parseCondition } from '../cutover/condition.ts';
import { attestedLine } from '../cutover/engine/attestedLine.ts';
import { readRun, type HeldRun } from '../cutover/engine/heldRun.ts';
import { runbookOf } from '../cutover/engine/keptRunbook.ts';
import { placesOf, runNamed } from '../cutover/engine/runPlaces.ts';
import { beginningIn } from '../cutover/engine/runRecord.ts';
import { readRunbook } from '../cutover/readRunbook.ts';
import type { Runbook } from '../cutover/runbook.ts';
import { isFinal } from '../cutover/runState.ts';
import { Failure } from '../outcome/failure.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { isSameName } from '../run/personName.ts';
import { personOf } from './cutoverParts.ts';
import { recordOrAsk, TAKEN_UP } from './cutoverRecord.ts';

export interface AttestOptions {
  readonly project: string;
  readonly runbook: string;
  readonly run: string | null;
  readonly who: string | null;
  readonly metric: string;
  readonly number: number;
}

/** Writes the number into the journal, or hands it to the process that works on the run. */
export function rolloutAttest(options: AttestOptions, env: Environment): Outcome {
  const who = personOf(options.who, env);
  const given = readRunbook(options.runbook, env.cwd);
  const paths = projectPaths(options.project);
  const places = placesOf(paths, runNamed(paths, given.runbook.name, options.run));
  const loaded = runbookOf(places, given);
  const { runbook } = loaded;
  assertRollout(runbook, loaded.name);
  assertMayAttest(runbook, options.metric, who);
  if (beginningIn(readRun(places).entries) === null) throw over(places.run);
  const { metric, number } = options;
  const told = (what: string): Outcome =>
    actionOutcome({
      command: 'rollout attest',
      facts: { run: places.run, metric, number },
      notes: [`${places.run}: ${metric} is ${number}, said by ${who}; ${what}`],
    });
  const write = (held: HeldRun): Outcome => {
    if (isFinal(held.record.state.status)) throw over(places.run);
    held.commit(...attestedLine(runbook, { metric, number, who }));
    return told(
      isJudged(runbook, metric)
        ? 'triggers judge it at the next tick'
        : 'it is recorded, and no trigger of the runbook judges it',
    );
  };
  const work = { paths, places, loaded, command: 'rollout attest', who };
  const request = { request: 'attested', who, metric, number } as const;
  return recordOrAsk(work, request, write, env) ?? told(TAKEN_UP);
}

/** Whether a trigger names a metric. */
function isJudged({ triggers }: Runbook, metric: string): boolean {
  return triggers.some(({ when }) => parseCondition(when)?.name === metric);
}

/** @throws Failure USAGE unless the metric is one of a role that the person has */
function assertMayAttest({ metrics, roles }: Runbook, id: string, who: string): void {
  const metric = metrics.find((one) => one.id === id);
  if (metric === undefined || metric.attest === null) {
    const said = metrics.flatMap((one) => (one.attest === null ? [] : [one.id]));
    throw new Failure('USAGE', {
      what: `no person gives the number of ${quoteName(id)}`,
      where: 'METRIC',
      hint: didYouMean(id, said, 'name a metric of the runbook that has "attest"'),
    });
  }
  const role = metric.attest;
  if ((roles.get(role) ?? []).some((name) => isSameName(name, who))) return;
  throw new Failure('USAGE', {
    what: `${who} does not have the role ${role}`,
    where: id,
    hint: 'have a person of that role say it',
  });
}

function over(run: string): Failure {
  return new Failure('HELD', {
    what: 'nothing is recorded, as the run has not begun, or is over',
    where: run,
    hint: 'see sealift rollout status',
  });
}
