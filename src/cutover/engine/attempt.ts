/**
 * One attempt of an action: its members complete, within its time, to a result. What goes wrong in it is a
 * verdict that says what, and never more than a line.
 */

import { Failure, failureLine } from '../../outcome/failure.ts';
import { formatDuration, LONGEST_TIMER_MS } from '../../record/duration.ts';
import { inputOf, kindOf, type Action } from '../runbook.ts';
import type { DoneStep, Kept, Presence, StepResult, StepWork } from '../steps/stepType.ts';
import type { LiveRun } from './liveRun.ts';
import { completeMembers } from './completeMembers.ts';
import { lastKnownGood } from './lastKnownGood.ts';

/** Reason of an abort by `sealift cutover panic`. */
export const PANIC = 'panic';

/** Limit of what reads only; what changes something takes as long as it takes, or as `timeout` says. */
const CHECK_MS = 600_000;

export type Way = 'apply' | 'verify' | 'dryRun';

/** Does an action; a way that its type does not have is passed. @throws Failure of a panic */
export async function attempt(
  run: LiveRun,
  id: string,
  action: Action,
  way: Way,
  signal: AbortSignal,
): Promise<StepResult> {
  const type = doneType(run, action);
  const does = type[way];
  if (does === undefined) return { verdict: 'PASS', says: '' };
  return timed(run, action, signal, async (within) =>
    does.call(type, workOf(run, id, action, within)),
  );
}

/** Reads what a step is about to change, where its type can tell; empty where it cannot. */
export async function findBefore(
  run: LiveRun,
  id: string,
  action: Action,
  signal: AbortSignal,
): Promise<Kept> {
  const type = doneType(run, action);
  if (type.before === undefined) return {};
  let found: Kept = {};
  await timed(run, action, signal, async (within) => {
    found = (await type.before?.(workOf(run, id, action, within))) ?? {};
    return { verdict: 'PASS', says: '' };
  });
  return found;
}

/** Tells whether the effect of an action is there. */
export async function probe(
  run: LiveRun,
  id: string,
  action: Action,
  signal: AbortSignal,
): Promise<Presence> {
  const type = doneType(run, action);
  if (type.probe === undefined) return 'unclear';
  let presence: Presence = 'unclear';
  await timed(run, action, signal, async (within) => {
    presence = (await type.probe?.(workOf(run, id, action, within))) ?? 'unclear';
    return { verdict: 'PASS', says: '' };
  });
  return presence;
}

function doneType({ types }: LiveRun, { use }: Action): DoneStep {
  const type = types[use];
  if (type.kind === 'gate') throw new TypeError(`${use} is opened, and not done`);
  return type;
}

function workOf(run: LiveRun, id: string, action: Action, signal: AbortSignal): StepWork {
  const { world, held, runbook } = run;
  return {
    id,
    members: completeMembers(action, runbook, world.input),
    goesBack: runbook.steps.some(({ undo }) => undo.includes(action)),
    input: inputOf(action),
    kept: (step) => held.record.steps.get(step)?.kept ?? {},
    knownGood: () => {
      return lastKnownGood({
        run: held.places.run,
        runbook,
        record: held.record,
        end: held.end(),
      });
    },
    world,
    signal,
  };
}

async function timed(
  run: LiveRun,
  action: Action,
  signal: AbortSignal,
  work: (within: AbortSignal) => Promise<StepResult>,
): Promise<StepResult> {
  const limit = limitOf(run, action);
  const timeout = limit === null ? null : AbortSignal.timeout(Math.min(limit, LONGEST_TIMER_MS));
  const within = timeout === null ? signal : AbortSignal.any([signal, timeout]);
  try {
    const result = await work(within);
    return { ...result, says: run.world.redactor.text(result.says) };
  } catch (error) {
    if (signal.aborted) throw error;
    if (timeout?.aborted === true && limit !== null) {
      return { verdict: 'FAIL', says: `it took longer than ${formatDuration(limit)}` };
    }
    if (!(error instanceof Failure)) throw error;
    return { verdict: 'FAIL', says: run.world.redactor.text(failureLine(error.toJSON())) };
  }
}

function limitOf({ runbook }: LiveRun, action: Action): number | null {
  const { command } = action.members;
  const named = typeof command === 'string' ? runbook.commands.get(command) : undefined;
  const own = action.timeout ?? named?.timeout ?? null;
  return own ?? (kindOf(action) === 'check' ? CHECK_MS : null);
}
