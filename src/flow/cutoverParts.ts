/** What the commands of a cutover have in common: the runbook that may run, the run that they open, and its outcome. */

import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { lintRunbook } from '../cutover/lintRunbook.ts';
import type { LiveRun, Rehearsal } from '../cutover/engine/liveRun.ts';
import { openRun } from '../cutover/engine/openRun.ts';
import { readRun } from '../cutover/engine/heldRun.ts';
import { placesOf } from '../cutover/engine/runPlaces.ts';
import { storyOfRun } from '../cutover/engine/storyOfRun.ts';
import { commandOf, nextCommand, statusLines, viewRun } from '../cutover/engine/runView.ts';
import type { Pause } from '../cutover/engine/advance.ts';
import { readRunbook, type LoadedRunbook } from '../cutover/readRunbook.ts';
import type { Runbook } from '../cutover/runbook.ts';
import type { OpenedWorld, OperatorLocks } from '../cutover/world/openWorld.ts';
import { realFolder } from '../disk/noLinks.ts';
import { readSigners } from '../mapping/signersFile.ts';
import type { KeptApproval } from '../journal/approvalFile.ts';
import { EXIT } from '../outcome/exitCode.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { judgeReviewer, refuse, type Judged } from '../project/reviewers.ts';
import { signersInForce } from '../project/reviewSubject.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { addSecrets } from './cutoverSecrets.ts';

/** Reads a runbook that may run: one without a BLOCKER of lint. @throws Failure USAGE, MAPPING */
export function runnable(path: string, { cwd, now }: Environment): LoadedRunbook {
  const loaded = readRunbook(path, cwd);
  const blockers = lintRunbook(loaded, now()).filter(({ severity }) => severity === 'BLOCKER');
  if (blockers.length === 0) return loaded;
  throw new Failure('MAPPING', {
    what: `the runbook has ${counted(blockers.length, 'BLOCKER')}, so it does not run`,
    where: loaded.name,
    hint: `see them with sealift cutover lint ${loaded.name}`,
  });
}

/** Returns the name of the person at work. @throws Failure USAGE if there is none */
export function personOf(who: string | null, env: Environment): string {
  const name = operatorOf(who, env);
  if (name !== null) return name;
  throw new Failure('USAGE', {
    what: 'a cutover needs the name of the person who works on it',
    where: '--who',
    hint: 'give your name with --who, or set MIGRATE_OPERATOR',
  });
}

export interface OpenedWork {
  readonly paths: ProjectPaths;
  readonly run: string;
  readonly loaded: LoadedRunbook;
  /** The runbook with the inputs of this run. */
  readonly runbook: Runbook;
  readonly opened: OpenedWorld;
  readonly locks: OperatorLocks;
  readonly command: string;
  readonly who: string | null;
  readonly rehearsal: Rehearsal | null;
}

/** Opens a run for this process. @throws Failure BUSY, JOURNAL, DISK, USAGE */
export function openWork(work: OpenedWork, env: Environment): LiveRun {
  const { paths, run, loaded, runbook, opened, command, who, rehearsal } = work;
  const { progress } = env;
  addSecrets(runbook, opened.world.variables, opened.world.redactor);
  const live: LiveRun = openRun({
    paths,
    places: placesOf(paths, run),
    runbook,
    plan: { path: loaded.name, planHash: loaded.planHash },
    world: opened.world,
    outputsOf: (id) => opened.outputsOf(id),
    othersAtWork: () => work.locks.refusal(),
    command,
    who,
    pid: env.pid,
    rehearsal,
    say: (line) => progress.say(line),
    shows(label) {
      progress.begin(label, 0, { passing: true });
      return () => progress.end();
    },
    stopping: env.stopping,
    judge(reviewer, kept, excluded) {
      const expected = live.held.record.begun?.signers ?? null;
      return judgeOf(paths, reviewer, kept, { excluded, expected }, env);
    },
  });
  return live;
}

/** Who may not approve, and the digest of the allowed signers that the run began with. */
export interface Judges {
  readonly excluded: readonly string[];
  readonly expected: string | null;
}

/** Judges who made an approval: another person than those, with an allowed key where the project has any. */
export async function judgeOf(
  paths: ProjectPaths,
  reviewer: string,
  kept: KeptApproval,
  { excluded, expected }: Judges,
  env: Environment,
): Promise<Judged> {
  const { runProgram, temporary, pid } = env;
  const signers = await signersOf(paths);
  if (digestOf(signers) !== expected) {
    return refuse(reviewer, 'the allowed signers are not those that the run began with');
  }
  return judgeReviewer(reviewer, kept, {
    runProgram,
    temporary,
    pid,
    signers,
    others: excluded.map((name) => ({ name, did: 'operates' }) as const),
    at: env.now().toISOString(),
  });
}

/** The allowed signers of a project, frozen where it has a mapping; null without any. @throws Failure MAPPING */
export async function signersOf(paths: ProjectPaths): Promise<string | null> {
  if (existsSync(join(paths.mapping, 'project.json'))) return (await signersInForce(paths)).text;
  if (!existsSync(paths.mapping)) return null;
  return (await readSigners(realFolder(paths.mapping)))?.text ?? null;
}

/** Returns the SHA-256 of the allowed signers, lower-case hex; null without any. */
export function digestOf(signers: string | null): string | null {
  return signers === null ? null : hash('sha256', signers, 'hex');
}

/** Makes the outcome of a command that worked on a run. */
export function runOutcome(
  { run, loaded, command, rehearsal }: OpenedWork,
  live: LiveRun,
  pause: Pause,
  env: Environment,
): Outcome {
  const { record, places } = live.held;
  const view = viewRun(run, loaded.name, live.runbook, live.watches, record, env.now());
  const story = storyOfRun(run, live.runbook, readRun(places));
  // A way back that a person wanted is done.
  const isBack = command.endsWith(' rollback') && record.state.status === 'ROLLED_BACK';
  const failure = isBack ? null : failureOf(loaded, live, pause, rehearsal !== null);
  const lines = statusLines(view, 'none').filter((line) => !line.startsWith('process'));
  return {
    ...actionOutcome({ command, facts: { cutover: view }, notes: lines }),
    ...(story === null ? {} : { story }),
    ...(isBack ? { exitCode: EXIT.rolledBack } : {}),
    ...(failure === null ? {} : { status: 'FAILED' as const, failure: failure.toJSON() }),
  };
}

function failureOf(
  { name: path }: LoadedRunbook,
  { held: { record, places }, runbook }: LiveRun,
  pause: Pause,
  isRehearsal: boolean,
): Failure | null {
  const next = nextCommand(path, runbook, record);
  const where = places.run;
  const why = record.why === null ? '' : `: ${record.why}`;
  const command = commandOf(runbook);
  const { status, steps } = record.state;
  if (status === 'COMPLETED') return null;
  if (pause.kind === 'waits') {
    const at = pause.step === null ? '' : ` at ${pause.step}`;
    return new Failure('WAITING', {
      what: `the run waits${at}, ${pause.says}`,
      where,
      hint: `go on with ${next ?? `${command} tick ${path}`}`,
    });
  }
  if (status === 'ROLLED_BACK') {
    if (isRehearsal && !steps.includes('FAIL') && record.isRehearsed) return null;
    return new Failure('ROLLED_BACK', {
      what: `the run was rolled back${why}`,
      where,
      hint: `see ${command} status ${path}`,
    });
  }
  if (pause.kind === 'stopped') {
    return new Failure('HELD', {
      what: 'the command was told to stop, and began nothing else',
      where,
      hint: `go on with sealift cutover resume ${path} --who NAME`,
    });
  }
  return new Failure('HELD', {
    what: heldText(record.state.status, runbook, record, why),
    where,
    hint:
      status === 'PAUSED'
        ? `see ${command} status ${path}, then go on with ${next ?? ''}, or back with ${command} rollback ${path} --who NAME`
        : `see ${command} status ${path}${next === null ? '' : `, then go on with ${next}`}`,
  });
}

function heldText(
  status: string,
  runbook: Runbook,
  record: LiveRun['held']['record'],
  why: string,
): string {
  if (status === 'ABORTED') return 'the run was aborted, and what it has done stays as it is';
  if (status === 'ROLLBACK_FAILED') return `the way back is not complete${why}`;
  const at = record.state.steps.findIndex((one) => /^(?:FAIL|INCONCLUSIVE|UNKNOWN)$/.test(one));
  const step = runbook.steps[at];
  if (step === undefined) return `the run is held${why}`;
  const verdict = record.state.steps[at];
  if (verdict === 'UNKNOWN') return `the run is held, as nothing is known of ${step.id}`;
  const says = record.steps.get(step.id)?.says ?? '';
  return `the run is held at ${step.id}, ${verdict === 'FAIL' ? 'which failed' : 'which told nothing'}${says === '' ? '' : `, ${says}`}`;
}
