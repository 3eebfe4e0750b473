/**
 * cutover run, rehearse, resume, tick, rollback: works on a run of a runbook until it ends, is held, or waits
 * longer than the command does. One process at a time, and one operator at a time where there is a database.
 */

import { advance, type Pause } from '../cutover/engine/advance.ts';
import {
  assertNoOpenRun,
  assertNamed,
  assertOperates,
  assertSameFiles,
  filesRead,
  MAX_FILE,
} from '../cutover/engine/beginRun.ts';
import { drive } from '../cutover/engine/drive.ts';
import type { LiveRun, Rehearsal } from '../cutover/engine/liveRun.ts';
import { probeUnknown, recover, resumeRefusal } from '../cutover/engine/recover.ts';
import { beginningIn } from '../cutover/engine/runRecord.ts';
import { readRun } from '../cutover/engine/heldRun.ts';
import { nextRun, placesOf, runNamed } from '../cutover/engine/runPlaces.ts';
import { keepFiles, keepRunbook, keepSigners, runbookOf } from '../cutover/engine/keptRunbook.ts';
import { readRunbook, type LoadedRunbook } from '../cutover/readRunbook.ts';
import type { Runbook } from '../cutover/runbook.ts';
import { afterEvent } from '../cutover/runMoves.ts';
import { isFinal } from '../cutover/runState.ts';
import { programsLeft } from '../cutover/world/runningPrograms.ts';
import { openWorld } from '../cutover/world/openWorld.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { answer, answerForUndo, type Answer } from './cutoverAnswers.ts';
import { digestOf, personOf, runnable, signersOf } from './cutoverParts.ts';
import { worked } from './cutoverHeld.ts';
import { assertRollout } from './rolloutParts.ts';
import { rehearsed } from './cutoverRehearsal.ts';

interface Common {
  readonly project: string;
  /** Path of the runbook. */
  readonly runbook: string;
  readonly who: string | null;
}

export interface RunOptions extends Common {
  /** Name of what is cut over, as it was typed; null if it was not. */
  readonly confirmed: string | null;
  /** Whether to wait for people and times, instead of ending there. */
  readonly waits: boolean;
}

export interface RehearseOptions extends Common {
  /** Numbers of watches to rehearse a breach with. */
  readonly breaches: ReadonlyMap<string, number>;
  /** Whether to stay where the last step ends. */
  readonly stays: boolean;
}

export interface ResumeOptions extends Common {
  /** The command that a person has typed. */
  readonly command: string;
  readonly run: string | null;
  readonly answers: readonly Answer[];
  readonly waits: boolean;
  /** Why; null if nothing was said. */
  readonly why: string | null;
}

export interface TickOptions extends Common {
  readonly command: string;
  readonly run: string | null;
}

export interface RollbackOptions extends Common {
  readonly command: string;
  readonly run: string | null;
  /** Name of the run whose later writes are given up; null for none. */
  readonly lossAccepted: string | null;
  /** Of steps whose way back has failed, or was cut off: whether it was done, or is done again. */
  readonly answers: readonly Answer[];
  readonly why: string | null;
}

/** Begins a run, and works on it until it ends or is held. */
export async function cutoverRun(options: RunOptions, env: Environment): Promise<Outcome> {
  const loaded = runnable(options.runbook, env);
  const { runbook } = loaded;
  assertConfirmed(runbook, options.confirmed, loaded.name);
  const { waits } = options;
  return begun({ command: 'cutover run', waits, rehearsal: null }, options, loaded, runbook, env);
}

/** Rehearses a run: all steps on other inputs, and then the way back. */
export async function cutoverRehearse(
  options: RehearseOptions,
  env: Environment,
): Promise<Outcome> {
  const loaded = runnable(options.runbook, env);
  const rehearsal = { goesBack: !options.stays, breaches: options.breaches };
  const how = { command: 'cutover rehearse', waits: true, rehearsal };
  return begun(how, options, loaded, rehearsed(loaded), env);
}

interface Beginning {
  readonly command: string;
  readonly waits: boolean;
  readonly rehearsal: Rehearsal | null;
}

async function begun(
  { command, waits, rehearsal }: Beginning,
  options: Common,
  loaded: LoadedRunbook,
  runbook: Runbook,
  env: Environment,
): Promise<Outcome> {
  const who = personOf(options.who, env);
  assertOperates(runbook, who);
  const paths = projectPaths(options.project);
  assertNoOpenRun(paths, runbook, loaded.name);
  const run = nextRun(paths, runbook.name);
  const opened = openWorld({ path: options.runbook, runbook, paths, run, who }, env);
  const signers = await signersOf(paths);
  const facts = {
    runbook: runbook.name,
    planHash: loaded.planHash,
    files: filesRead(runbook, opened.world.files, opened.world.input),
    target: await opened.target(),
    rehearsal: rehearsal !== null,
    signers: digestOf(signers),
    tool: env.tool.version,
  };
  const work = { paths, run, loaded, runbook, opened, command, who, rehearsal };
  return worked(work, env, async (live) => {
    // Another operator may have begun it, and ended, while this one waited for the database.
    if (live.held.record.begun !== null) throw begunMeanwhile(run, loaded.name);
    keepRunbook(live.held.places, loaded);
    keepSigners(live.held.places, signers);
    keepFiles(live.held.places, facts.files, (path) => opened.world.files.read(path, MAX_FILE));
    live.held.commit({ event: 'run-begun' }, { ...facts, who, operator: who });
    return goOn(live, waits);
  });
}

async function goOn(live: LiveRun, waits: boolean): Promise<Pause> {
  return waits ? drive(live, (pause) => tellWait(live, pause)) : advance(live);
}

/** Takes up a run that was held, cut off or left waiting, and works on it until it ends or is held. */
export async function cutoverResume(options: ResumeOptions, env: Environment): Promise<Outcome> {
  const who = personOf(options.who, env);
  return takenUp(options.command, options, who, env, async (live) => {
    assertOperates(live.runbook, who);
    recover(live);
    answer(live, options.answers, who, options.why);
    const unclear = await probeUnknown(live);
    if (unclear.length > 0) throw unclearFailure(unclear, options.runbook);
    if (live.held.record.state.status === 'PAUSED') {
      assertResumes(live, options.runbook);
      live.held.commit({ event: 'resumed' }, { who, operator: who });
    }
    return goOn(live, options.waits);
  });
}

/** Does what can be done now, for a scheduler: no process has to live as long as the run. */
export async function cutoverTick(options: TickOptions, env: Environment): Promise<Outcome> {
  return takenUp(options.command, options, options.who, env, async (live) => {
    // What was cut off is taken up if its probe is clear; a person's pause is left alone.
    if (recover(live) && (await probeUnknown(live)).length === 0 && resumeRefusal(live) === null) {
      live.held.commit({ event: 'resumed' });
    }
    return advance(live);
  });
}

/** Takes a run back, from the last step to the first. */
export async function cutoverRollback(
  options: RollbackOptions,
  env: Environment,
): Promise<Outcome> {
  const who = personOf(options.who, env);
  return takenUp(options.command, options, who, env, async (live) => {
    assertNamed(live.runbook, who);
    recover(live);
    answerForUndo(live, options.answers, who, options.why);
    const { record, places } = live.held;
    if (record.state.status === 'ROLLED_BACK') {
      live.say(`${places.run} was rolled back before, and nothing was recorded now`);
      return { kind: 'over' };
    }
    if (record.state.status === 'ROLLING_BACK') return drive(live, () => {});
    const lossAccepted = options.lossAccepted === places.run;
    if (options.lossAccepted !== null && !lossAccepted)
      throw otherRun(options.lossAccepted, places.run);
    const event = { event: 'rollback-begun', lossAccepted } as const;
    const refused = afterEvent(live.steps, record.state, event);
    if (typeof refused === 'string') throw noWayBack(refused, places.run, options.runbook);
    const why = options.why ?? `${who} took it back`;
    live.held.commit(event, { who, operator: who, why });
    return drive(live, () => {});
  });
}

async function takenUp(
  command: string,
  options: Common & { readonly run: string | null },
  who: string | null,
  env: Environment,
  does: (live: LiveRun) => Promise<Pause>,
): Promise<Outcome> {
  const goesBackBy = command.endsWith(' rollback');
  // A way back goes by the runbook as the run began with it, whatever has become of the file.
  const given = goesBackBy ? readRunbook(options.runbook, env.cwd) : runnable(options.runbook, env);
  const paths = projectPaths(options.project);
  const run = runNamed(paths, given.runbook.name, options.run);
  const loaded = goesBackBy ? runbookOf(placesOf(paths, run), given) : given;
  if (command.startsWith('rollout ')) assertRollout(loaded.runbook, loaded.name);
  const isRehearsal = beginningIn(readRun(placesOf(paths, run)).entries)?.isRehearsal === true;
  const rehearsal = isRehearsal ? { goesBack: true, breaches: new Map<string, number>() } : null;
  const runbook = isRehearsal ? rehearsed(loaded) : loaded.runbook;
  const opened = openWorld({ path: options.runbook, runbook, paths, run, who }, env);
  const work = { paths, run, loaded, runbook, opened, command, who, rehearsal };
  return worked(work, env, async (live) => {
    const { begun: before, state, undone } = live.held.record;
    if (before === null) throw notBegun(run, loaded.name);
    assertNoneRuns(live);
    if (isFinal(state.status) && !goesBackBy) return { kind: 'over' };
    // A way back must be possible whatever has become of the files.
    const goesBack = goesBackBy || state.status === 'ROLLING_BACK';
    if (!goesBack) {
      assertSameFiles(before.files, filesRead(runbook, opened.world.files, opened.world.input));
    }
    // What is undone may be the database itself, which is another one from then on.
    if (!goesBack || undone.size === 0) assertSameTarget(before.target, await opened.target(), run);
    return does(live);
  });
}

function assertConfirmed({ target }: Runbook, confirmed: string | null, where: string): void {
  if (target === null || confirmed === target) return;
  throw new Failure('USAGE', {
    what:
      confirmed === null
        ? 'what is cut over has to be named, so that no other run is begun by mistake'
        : 'the name is not that of what is cut over',
    where,
    hint: 'give the "target" of the runbook with --confirm',
  });
}

/** @throws Failure BUSY if a program is at work that a process of this run has left */
function assertNoneRuns({ held: { places } }: LiveRun): void {
  const left = programsLeft(places.folder);
  if (left.length === 0) return;
  throw new Failure('BUSY', {
    what: `a program of the run goes on, although the process that started it has ended (process ${left.join(', ')})`,
    where: places.run,
    hint: 'wait until it has ended, or end it, then run again',
  });
}

function notBegun(run: string, path: string): Failure {
  return new Failure('USAGE', {
    what: 'the run has not begun, as its command was cut off before its first step',
    where: run,
    hint: `begin another one with sealift cutover run ${path}`,
  });
}

function begunMeanwhile(run: string, path: string): Failure {
  return new Failure('BUSY', {
    what: 'another process has begun this run meanwhile',
    where: run,
    hint: `see sealift cutover status ${path}`,
  });
}

function assertResumes(live: LiveRun, path: string): void {
  const refused = resumeRefusal(live);
  if (refused === null) return;
  throw new Failure('HELD', {
    what: `the run does not go on, as ${refused}`,
    where: live.held.places.run,
    hint: `say with --again STEP or --waive STEP, and --why, how it goes on, or go back with sealift cutover rollback ${path}`,
  });
}

function unclearFailure(steps: readonly string[], path: string): Failure {
  return new Failure('HELD', {
    what: `nothing tells whether ${steps.join(', ')} was done`,
    where: path,
    hint: 'find out, then say it with --done STEP or --again STEP, and --why',
  });
}

function assertSameTarget(before: string, now: string, run: string): void {
  if (before === now) return;
  throw new Failure('USAGE', {
    what: 'the databases or applications are not those that the run began with',
    where: run,
    hint: 'set the variables of the inputs to what they were',
  });
}

function otherRun(given: string, run: string): Failure {
  return new Failure('USAGE', {
    what: 'what is given up is named by the run that is taken back',
    where: `--accept-data-loss ${given}`,
    hint: `give ${run}`,
  });
}

function noWayBack(refused: string, run: string, path: string): Failure {
  const loses = refused === 'later writes would be lost';
  return new Failure('HELD', {
    what: `the run is not taken back, as ${refused}`,
    where: run,
    hint: loses
      ? `carry back what was written since, or give it up with --accept-data-loss ${run}`
      : `see sealift cutover status ${path}`,
  });
}

/** Tells what a run begins to wait for, with the command that ends it. */
function tellWait({ say, held }: LiveRun, pause: Pause): void {
  if (pause.kind !== 'waits') return;
  say(
    `waiting  ${held.places.run}${pause.step === null ? '' : ` at ${pause.step}`}: ${pause.says}`,
  );
}
