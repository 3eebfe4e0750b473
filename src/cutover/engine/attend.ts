/**
 * What a run attends to in every state that is not final, also while a step is under way or while it waits for
 * people: requests of other terminals, looks of watches that are due, and triggers.
 */

import { sampleWatch } from './sampleWatch.ts';
import { isChanging, type LiveRun } from './liveRun.ts';
import { react } from './react.ts';
import { askedEvents } from './askedEvents.ts';
import { attestedLine } from './attestedLine.ts';
import { guardStage } from './guardStage.ts';
import { closeRequest, openRequests, type FiledRequest } from './runRequests.ts';
import { isFinal } from '../runState.ts';
import { PANIC } from './attempt.ts';
import { dueAt } from './watches.ts';

/** Milliseconds between two times. */
export const BEAT_MS = 500;

/** Attends once. `stop` ends what is under way; null if nothing is. */
export async function attend(run: LiveRun, stop: AbortController | null): Promise<void> {
  for (const request of openRequests(run.held.places)) takeUp(run, request, stop);
  const now = run.world.now().getTime();
  for (const watch of run.watches) {
    const due = dueAt(watch, run.held.record);
    if (due !== null && due <= now && !isFinal(run.held.record.state.status)) {
      await sampleWatch(run, watch);
    }
  }
  await guardStage(run, stop);
  await react(run, stop);
}

/**
 * Returns what work gives while the run attends to all else; null if it was stopped, by a panic or by a way
 * back that began meanwhile.
 */
export async function underWay<T>(
  run: LiveRun,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const stop = new AbortController();
  const over = new AbortController();
  const attending = keepAttending(run, stop, over.signal);
  try {
    const result = await work(stop.signal);
    return stop.signal.aborted ? null : result;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return null;
  } finally {
    over.abort();
    await attending;
  }
}

async function keepAttending(
  run: LiveRun,
  stop: AbortController,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await run.world.pause(BEAT_MS, over);
    } catch (error) {
      if (over.aborted) return;
      throw error;
    }
    if (isFinal(run.held.record.state.status)) return;
    try {
      await attend(run, stop);
    } catch (error) {
      stop.abort();
      throw error;
    }
  }
}

/** Does what a request says if it can be done now; it stays open otherwise. */
function takeUp(run: LiveRun, request: FiledRequest, stop: AbortController | null): void {
  const { held } = run;
  const { state } = held.record;
  if (isFinal(state.status)) {
    closeRequest(held.places, request);
    return;
  }
  if (request.request === 'approved') {
    held.commit({ ...request.facts, event: 'approved' }, { who: request.who });
    closeRequest(held.places, request);
    return;
  }
  if (request.request === 'attested') {
    held.commit(...attestedLine(run.runbook, request));
    closeRequest(held.places, request);
    return;
  }
  // An end of the run waits for a change that is under way; a check is cut off. A way back goes on to its end.
  const waits = state.status === 'ROLLING_BACK' || isChanging(run);
  if (request.request === 'abort' && waits) return;
  if (request.request === 'panic') stop?.abort(PANIC);
  if (request.request === 'abort') stop?.abort();
  const { who, why } = request;
  const facts = { who, ...(why === '' ? {} : { why }) };
  for (const event of askedEvents(request.request, state)) held.commit(event, facts);
  closeRequest(held.places, request);
}
