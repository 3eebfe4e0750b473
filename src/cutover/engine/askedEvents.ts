/** What `pause`, `abort` and `panic` are in the states of a run, whether a process works on it or not. Pure. */

import { isUnderWay, type RunEvent, type RunState } from '../runState.ts';
import type { AskKind } from './runRequests.ts';

/** Returns the events of what a person asks for; none if there is nothing to do. */
export function askedEvents(request: AskKind, state: RunState): readonly RunEvent[] {
  const { status } = state;
  const goes = status === 'RUNNING' || status === 'WAITING';
  // Of a step that waits, nothing is in flight.
  const isCutOff = status !== 'WAITING' && state.steps.some(isUnderWay);
  const cut: readonly RunEvent[] = isCutOff ? [{ event: 'recovered' }] : [];
  // A way back is not left halfway; one that was stopped does not go on by itself.
  if (status === 'ROLLING_BACK') {
    return request === 'panic' && isCutOff ? [...cut, { event: 'run-ended' }] : [];
  }
  if (request === 'abort') return [...cut, { event: 'aborted' }];
  if (request === 'panic' && isCutOff) return cut;
  return goes ? [{ event: 'paused' }] : [];
}
