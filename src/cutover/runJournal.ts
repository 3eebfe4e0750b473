/**
 * The journal of a run: its events as lines (journal/line.ts), and the state that they give. The line of an
 * intent is durable before the effect, that of a result after it, so a step whose last line is an intent
 * has no result. Pure: who reads the file gives its lines.
 */

import { broken, type JournalEntry, type JournalMembers } from '../journal/line.ts';
import { Failure } from '../outcome/failure.ts';
import {
  afterEvent,
  plannedRun,
  VERDICTS,
  WAITS,
  type RunEvent,
  type RunState,
  type RunStep,
} from './runState.ts';

/** What a line says beside the event, for people and for the evidence. */
export interface LineFacts {
  /** Operator, approver, or the trigger that fired. */
  readonly who?: string;
  /** Why, such as that of a waiver. */
  readonly why?: string;
}

/** A run: which runbook, as it was when the run began. */
export interface RunIdentity {
  readonly runbook: string;
  /** Lower-case hex. */
  readonly planHash: string;
}

/** Returns the members of the line that begins a run. */
export function beginMembers(
  { runbook, planHash }: RunIdentity,
  facts: LineFacts = {},
): JournalMembers {
  return { ...facts, event: 'run-begun', runbook, planHash };
}

/** Returns the members of any other line. */
export function runMembers(
  event: Exclude<RunEvent, { readonly event: 'run-begun' }>,
  facts: LineFacts = {},
): JournalMembers {
  return { ...facts, ...event };
}

type Reader = (members: JournalMembers) => RunEvent | null;

const plain = (
  event: 'recovered' | 'wait-ended' | 'paused' | 'resumed' | 'aborted' | 'run-ended',
) => [event, (): RunEvent => ({ event })] as const;
const ofStep = (
  event: 'step-intended' | 'step-applied' | 'step-left-out' | 'step-waived' | 'undo-intended',
): readonly [string, Reader] => [
  event,
  ({ step }) => (typeof step === 'string' ? { event, step } : null),
];

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['run-begun', () => ({ event: 'run-begun' })],
  ofStep('step-intended'),
  ofStep('step-applied'),
  ofStep('step-left-out'),
  ofStep('step-waived'),
  ofStep('undo-intended'),
  plain('recovered'),
  plain('wait-ended'),
  plain('paused'),
  plain('resumed'),
  plain('aborted'),
  plain('run-ended'),
  [
    'step-ended',
    ({ step, verdict }) => {
      const known = VERDICTS.find((one) => one === verdict);
      if (typeof step !== 'string' || known === undefined) return null;
      return { event: 'step-ended', step, verdict: known };
    },
  ],
  [
    'step-probed',
    ({ step, isThere, byPerson }) =>
      typeof step === 'string' && typeof isThere === 'boolean' && typeof byPerson === 'boolean'
        ? { event: 'step-probed', step, isThere, byPerson }
        : null,
  ],
  [
    'wait-begun',
    ({ reason }) => {
      const known = WAITS.find((one) => one === reason);
      return known === undefined ? null : { event: 'wait-begun', reason: known };
    },
  ],
  [
    'rollback-begun',
    ({ lossAccepted }) =>
      typeof lossAccepted === 'boolean' ? { event: 'rollback-begun', lossAccepted } : null,
  ],
  [
    'undo-ended',
    ({ step, succeeded }) =>
      typeof step === 'string' && typeof succeeded === 'boolean'
        ? { event: 'undo-ended', step, succeeded }
        : null,
  ],
]);

/** Reads the event of a line; null for one that this version does not know, or that lacks a member. */
export function runEventOf(entry: JournalMembers): RunEvent | null {
  return READERS.get(entry.event)?.(entry) ?? null;
}

/**
 * Replays the journal of a run, in batches of verified lines. An event that is not known, or that could not
 * happen, is a failure: a state that is guessed could skip a gate.
 * @throws Failure JOURNAL; USAGE if the runbook is not the one that the run began with
 */
export function replayRun(
  steps: readonly RunStep[],
  { runbook, planHash }: RunIdentity,
  lines: Iterable<JournalEntry>,
  where: string,
): RunState {
  let state = plannedRun(steps);
  for (const entry of lines) {
    if (entry.event === 'begin' || entry.event === 'cut') continue;
    if (entry.event === 'run-begun' && entry['planHash'] !== planHash) {
      throw new Failure('USAGE', {
        what: 'the runbook is not the one that the run began with',
        where: runbook,
        hint: 'restore it, or begin another run',
      });
    }
    const event = runEventOf(entry);
    const next = event === null ? 'the event is not known' : afterEvent(steps, state, event);
    if (typeof next === 'string') {
      throw broken(`a line of the run cannot be, ${next}`, `${where}:${entry.seq}`);
    }
    state = next;
  }
  return state;
}
