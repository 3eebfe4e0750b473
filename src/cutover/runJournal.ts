/**
 * The journal of a run: its events as lines (journal/line.ts), and the state that they give. The line of an
 * intent is durable before the effect, that of a result after it, so a step whose last line is an intent
 * has no result. Pure: who reads the file gives its lines.
 */

import type { JournalMembers } from '../journal/line.ts';
import { TOLD, VERDICTS, WAITS, type RunEvent } from './runState.ts';

type Reader = (members: JournalMembers) => RunEvent | null;

const plain = (
  event: 'recovered' | 'wait-ended' | 'paused' | 'resumed' | 'aborted' | 'run-ended',
) => [event, (): RunEvent => ({ event })] as const;
const ofStep = (
  event:
    | 'step-intended'
    | 'step-applied'
    | 'step-left-out'
    | 'step-forced'
    | 'step-waived'
    | 'undo-intended',
): readonly [string, Reader] => [
  event,
  ({ step }) => (typeof step === 'string' ? { event, step } : null),
];

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['run-begun', () => ({ event: 'run-begun' })],
  ofStep('step-intended'),
  ofStep('step-applied'),
  ofStep('step-left-out'),
  ofStep('step-forced'),
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
    ({ step, presence, byPerson }) => {
      const told = TOLD.find((one) => one === presence);
      if (typeof step !== 'string' || told === undefined || typeof byPerson !== 'boolean')
        return null;
      return { event: 'step-probed', step, presence: told, byPerson };
    },
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
