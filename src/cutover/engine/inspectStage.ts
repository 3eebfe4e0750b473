/**
 * A stage of a rollout while it soaks: a look is due now and then, and nothing is in flight in between, so that no
 * process has to live for the weeks of a rollout.
 */

import { formatDuration } from '../../record/duration.ts';
import { endOf, type FollowedStage } from '../rollout/followStage.ts';
import { sayOpen, saySoak, sayWait } from '../rollout/saySoak.ts';
import type { SoakState } from '../rollout/stageSoak.ts';
import type { Step } from '../runbook.ts';
import { underWay } from './attend.ts';
import type { Looked } from './gates.ts';
import type { LiveRun } from './liveRun.ts';
import { figuresNow, goBackBy, standIn, writeLook } from './stageLook.ts';

/** One look of a stage, if it is due; null if it was stopped, or the run goes back or is held. */
export async function inspectStage(run: LiveRun, step: Step): Promise<Looked | null> {
  const { world, rehearsal } = run;
  const before = standIn(run, step);
  // A process may have been killed between the look that rolls back and the way back.
  if (rehearsal === null) goBackBy(run, step, before, null);
  if (!isAtWork(run)) return null;
  if (rehearsal === null && world.now().getTime() < before.state.dueAt) return waitOf(before);
  const figures = await underWay(run, (signal) => figuresNow(run, step, signal));
  if (figures === null) return null;
  const after = writeLook(run, step, figures);
  goBackBy(run, step, after, null);
  if (!isAtWork(run)) return null;
  if (rehearsal !== null) return rehearsedEnd(after.state);
  return ended(after, world.now().getTime()) ?? waitOf(after);
}

function isAtWork({ held }: LiveRun): boolean {
  const { status } = held.record.state;
  return status === 'RUNNING' || status === 'WAITING';
}

function rehearsedEnd(state: SoakState): Looked {
  const bad = state.open.filter(({ band }) => band === 'fail' || band === 'rollback');
  const unread = state.open.filter(({ band }) => band === 'unknown');
  const says = `one look, as this is a rehearsal; ${sayOpen(state)}`;
  if (bad.length > 0) return { ends: { verdict: 'FAIL', says } };
  return { ends: { verdict: unread.length > 0 ? 'INCONCLUSIVE' : 'PASS', says } };
}

function ended(stand: FollowedStage, now: number): Looked | null {
  const { stage, state, begun } = stand;
  const end = endOf(stand, stage.within, now);
  if (end === null) return null;
  if (end === 'passed') return { ends: { verdict: 'PASS', says: saySoak(stage, state) } };
  const says = `given up after ${formatDuration(now - begun)}, ${sayOpen(state)}`;
  return { ends: { verdict: 'INCONCLUSIVE', says } };
}

function waitOf({ stage, state }: FollowedStage): Looked {
  return { waits: { reason: 'soak', until: state.dueAt, says: sayWait(stage, state) } };
}
