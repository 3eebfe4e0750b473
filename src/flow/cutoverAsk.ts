/**
 * cutover pause, abort, panic: what a person wants of a run from another terminal. The process that works on it
 * takes it up within a second; where there is none, this one writes it down itself.
 */

import { assertNamed } from '../cutover/engine/beginRun.ts';
import { runbookOf } from '../cutover/engine/keptRunbook.ts';
import { askedEvents } from '../cutover/engine/askedEvents.ts';
import type { AskKind } from '../cutover/engine/runRequests.ts';
import { readRun, type HeldRun } from '../cutover/engine/heldRun.ts';
import { placesOf, runNamed, type RunPlaces } from '../cutover/engine/runPlaces.ts';
import { beginningIn } from '../cutover/engine/runRecord.ts';
import { readRunbook } from '../cutover/readRunbook.ts';
import { isFinal } from '../cutover/runState.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { personOf } from './cutoverParts.ts';
import { recordOrAsk, TAKEN_UP } from './cutoverRecord.ts';
import { assertRollout } from './rolloutParts.ts';
import { redactorFor } from './cutoverSecrets.ts';

export interface AskOptions {
  readonly project: string;
  readonly runbook: string;
  readonly run: string | null;
  readonly who: string | null;
  readonly why: string | null;
  /** The command that a person has typed. */
  readonly command: string;
}

/** Asks for one of them. */
export function cutoverAsk(request: AskKind, options: AskOptions, env: Environment): Outcome {
  const who = personOf(options.who, env);
  const given = readRunbook(options.runbook, env.cwd);
  const paths = projectPaths(options.project);
  const places = placesOf(paths, runNamed(paths, given.runbook.name, options.run));
  const loaded = runbookOf(places, given);
  if (options.command.startsWith('rollout ')) assertRollout(loaded.runbook, loaded.name);
  assertNamed(loaded.runbook, who);
  if (beginningIn(readRun(places).entries) === null) throw notBegun(places);
  const { command } = options;
  const why = redactorFor(loaded.runbook, env.variables).text(options.why ?? '');
  const facts = why === '' ? {} : { why };
  const write = (held: HeldRun): Outcome => {
    const { status } = held.record.state;
    const events = isFinal(status) ? [] : askedEvents(request, held.record.state);
    if (events.length === 0) throw notNow(request, status, places);
    for (const event of events) held.commit(event, { ...facts, who });
    return told(command, places, `the run is ${held.record.state.status}`);
  };
  const work = { paths, places, loaded, command, who };
  return recordOrAsk(work, { request, who, why }, write, env) ?? told(command, places, TAKEN_UP);
}

function told(command: string, { run }: RunPlaces, what: string): Outcome {
  return actionOutcome({ command, facts: { run }, notes: [`${run}: ${what}`] });
}

const VERBS: Readonly<Record<AskKind, string>> = { pause: 'pause', abort: 'abort', panic: 'stop' };

function notBegun({ run }: RunPlaces): Failure {
  return new Failure('USAGE', {
    what: 'the run has not begun',
    where: run,
    hint: 'begin one with sealift cutover run',
  });
}

function notNow(request: AskKind, status: string, { run }: RunPlaces): Failure {
  return new Failure('HELD', {
    what: `there is nothing to ${VERBS[request]}, as the run is ${status}`,
    where: run,
    hint: 'see sealift cutover status',
  });
}
