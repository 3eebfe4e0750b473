/**
 * cutover pause, abort, panic: what a person wants of a run from another terminal. The process that works on it
 * takes it up within a second; where there is none, this one writes it down itself.
 */

import { fileRequest, type RequestKind } from '../cutover/engine/runRequests.ts';
import { holdRun, readRun } from '../cutover/engine/heldRun.ts';
import { placesOf, runNamed, type RunPlaces } from '../cutover/engine/runPlaces.ts';
import { beginningIn } from '../cutover/engine/runRecord.ts';
import { readRunbook } from '../cutover/readRunbook.ts';
import { afterEvent } from '../cutover/runMoves.ts';
import { isUnderWay, type RunEvent, type RunState } from '../cutover/runState.ts';
import { runStepsOf } from '../cutover/runSteps.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { personOf } from './cutoverParts.ts';

export interface AskOptions {
  readonly project: string;
  readonly runbook: string;
  readonly run: string | null;
  readonly who: string | null;
  readonly why: string | null;
}

/** Asks for one of them. */
export function cutoverAsk(
  request: Extract<RequestKind, 'pause' | 'abort' | 'panic'>,
  options: AskOptions,
  env: Environment,
): Outcome {
  const who = personOf(options.who, env);
  const loaded = readRunbook(options.runbook, env.cwd);
  const paths = projectPaths(options.project);
  const places = placesOf(paths, runNamed(paths, loaded.runbook.name, options.run));
  if (beginningIn(readRun(places).entries) === null) throw notBegun(places);
  const command = `cutover ${request}`;
  const facts = options.why === null ? {} : { why: options.why };
  const steps = runStepsOf(loaded.runbook);
  try {
    const plan = { path: loaded.name, planHash: loaded.planHash };
    const { pid, now } = env;
    const held = holdRun({
      paths,
      places,
      steps,
      plan,
      command,
      who,
      pid,
      now,
      redact: (one) => one,
    });
    try {
      const event = eventOf(request, held.record.state);
      const refused = afterEvent(steps, held.record.state, event);
      if (typeof refused === 'string') throw notNow(request, refused, places);
      held.commit(event, { ...facts, who });
      return told(command, places, `the run is ${held.record.state.status}`);
    } finally {
      held.close();
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'BUSY') throw error;
    const at = env.now().toISOString();
    fileRequest(places, { request, who, why: options.why ?? '', facts: {} }, at, env.pid);
    return told(command, places, 'the process that works on the run takes it up within a second');
  }
}

function eventOf(request: 'pause' | 'abort' | 'panic', { steps }: RunState): RunEvent {
  if (request === 'abort') return { event: 'aborted' };
  // Of a step that no process works on any more, nothing is known.
  const isCut = request === 'panic' && steps.some(isUnderWay);
  return isCut ? { event: 'recovered' } : { event: 'paused' };
}

function told(command: string, { run }: RunPlaces, what: string): Outcome {
  return actionOutcome({ command, facts: { run }, notes: [`${run}: ${what}`] });
}

function notBegun({ run }: RunPlaces): Failure {
  return new Failure('USAGE', {
    what: 'the run has not begun',
    where: run,
    hint: 'begin one with sealift cutover run',
  });
}

function notNow(request: string, refused: string, { run }: RunPlaces): Failure {
  return new Failure('HELD', {
    what: `there is nothing to ${request}, as ${refused}`,
    where: run,
    hint: 'see sealift cutover status',
  });
}
