/**
 * What a process finds that takes a run up: steps of which there is no result. Each is UNKNOWN until its probe,
 * or a person, tells whether its effect is there.
 */

import type { Step } from '../runbook.ts';
import { afterEvent } from '../runMoves.ts';
import { isUnderWay, type Told } from '../runState.ts';
import type { Presence } from '../steps/stepType.ts';
import { attempt, probe } from './attempt.ts';
import { underWay } from './attend.ts';
import { waits, type LiveRun } from './liveRun.ts';

/** Marks what was under way when the last process ended as UNKNOWN; returns whether there was anything. */
export function recover(run: LiveRun): boolean {
  const { held, runbook } = run;
  const { state } = held.record;
  const inFlight = runbook.steps.some((step, at) => {
    const status = state.steps[at] ?? 'PENDING';
    // Of a step that waits, nothing was in flight.
    return isUnderWay(status) && !(status === 'STARTED' && waits(step));
  });
  if (!inFlight) return false;
  held.commit({ event: 'recovered' }, { why: 'the process that ran it has ended' });
  return true;
}

/** Probes all steps that are UNKNOWN; returns those of which nothing but a person can tell. */
export async function probeUnknown(run: LiveRun): Promise<readonly string[]> {
  const { held, runbook } = run;
  const unclear: string[] = [];
  // A way back undoes what may be there.
  if (held.record.state.status !== 'PAUSED') return unclear;
  for (const [at, step] of runbook.steps.entries()) {
    if (held.record.state.steps[at] !== 'UNKNOWN') continue;
    const presence = await presenceOf(run, step, run.steps[at]?.kind === 'check' || waits(step));
    // A trigger or a person may have ended the run meanwhile, at the very end of the probe, too.
    if (held.record.state.status !== 'PAUSED') return unclear;
    if (presence === 'unclear') unclear.push(step.id);
    else {
      held.commit({ event: 'step-probed', step: step.id, presence, byPerson: false });
      run.say(`${step.id}: ${SAYS[presence]}`);
    }
  }
  return unclear;
}

const SAYS: Readonly<Record<Told, string>> = {
  there: 'its effect is there',
  absent: 'nothing of its effect is there',
  begun: 'its effect is there in part, and it goes on',
};

async function presenceOf(run: LiveRun, step: Step, readsOnly: boolean): Promise<Presence> {
  // What only reads has no effect that could be there.
  if (readsOnly || step.members['idempotent'] === true) return 'absent';
  const { probe: check } = step;
  if (check === null) {
    return (await underWay(run, (signal) => probe(run, step.id, step, signal))) ?? 'unclear';
  }
  const result = await underWay(run, (signal) => attempt(run, step.id, check, 'apply', signal));
  if (result?.verdict === 'PASS') return 'there';
  return result?.verdict === 'FAIL' ? 'absent' : 'unclear';
}

/** Why a run cannot go on; null if it can. */
export function resumeRefusal({ steps, held }: LiveRun): string | null {
  const next = afterEvent(steps, held.record.state, { event: 'resumed' });
  return typeof next === 'string' ? next : null;
}
