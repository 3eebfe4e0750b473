/** The journal of a run: its lines give the state again, and nothing else does. */

import { describe, expect, it } from 'vitest';

import { recordOf } from '../../src/cutover/engine/runRecord.ts';
import { runEventOf } from '../../src/cutover/runJournal.ts';
import { parseRunbook } from '../../src/cutover/readRunbook.ts';
import { runStepsOf } from '../../src/cutover/runSteps.ts';
import type { RunEvent, RunState } from '../../src/cutover/runState.ts';
import {
  encodeLines,
  NO_CHAIN,
  parseJournal,
  type JournalMembers,
} from '../../src/journal/line.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { WITHOUT_WINDOW } from './runbooks.ts';

const AT = '2026-12-06T01:00:00.000Z';
const { runbook, planHash } = parseRunbook(WITHOUT_WINDOW, 'wien.yaml');
const STEPS = runStepsOf(runbook);
const PLAN = { path: 'wien.yaml', planHash };
const BEGUN = { event: 'run-begun', runbook: 'wien-pilot', planHash };

type LaterEvent = Exclude<RunEvent, { readonly event: 'run-begun' }>;

/** One of each event but the first. */
const EVENTS: readonly LaterEvent[] = [
  { event: 'step-intended', step: 'tag' },
  { event: 'step-applied', step: 'tag' },
  { event: 'step-ended', step: 'tag', verdict: 'PASS' },
  { event: 'step-left-out', step: 'tag' },
  { event: 'step-waived', step: 'tag' },
  { event: 'step-probed', step: 'tag', presence: 'there', byPerson: false },
  { event: 'recovered' },
  { event: 'wait-begun', reason: 'approval' },
  { event: 'wait-ended' },
  { event: 'paused' },
  { event: 'resumed' },
  { event: 'aborted' },
  { event: 'rollback-begun', lossAccepted: false },
  { event: 'undo-intended', step: 'tag' },
  { event: 'undo-ended', step: 'tag', succeeded: true },
  { event: 'run-ended' },
];

/** Writes lines as a journal does, and replays them. */
function replayed(events: readonly LaterEvent[], first: JournalMembers = BEGUN): RunState {
  const members = [first, ...events];
  const { bytes } = encodeLines(members, NO_CHAIN, AT);
  const { entries } = parseJournal(bytes, 'run.ndjson');
  return recordOf(STEPS, PLAN, entries, 'run.ndjson').record.state;
}

/** The line of the failure with which a call ends. */
function failureOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
  return 'none';
}

describe('the lines of a run', () => {
  it.each(EVENTS.map((event) => [event.event, event] as const))(
    '%s is read as written',
    (_, event) => {
      const { bytes } = encodeLines([{ ...event, who: 'ada', why: 'told so' }], NO_CHAIN, AT);
      const [, entry] = parseJournal(bytes, 'run.ndjson').entries;
      expect(entry).toMatchObject({ who: 'ada', why: 'told so' });
      expect(entry === undefined ? null : runEventOf(entry)).toEqual(event);
    },
  );

  it.each([
    [{ event: 'step-danced', step: 'tag' }],
    [{ event: 'step-ended', step: 'tag', verdict: 'GOOD' }],
    [{ event: 'step-intended' }],
    [{ event: 'step-probed', step: 'tag', presence: 'yes' }],
    [{ event: 'wait-begun', reason: 'lunch' }],
    [{ event: 'rollback-begun' }],
    [{ event: 'undo-ended', step: 'tag' }],
  ])('are no event where they are not right: %j', (members) => {
    expect(runEventOf(members)).toBeNull();
  });

  it('give the state of the run again', () => {
    const state = replayed(EVENTS.slice(0, 3));
    expect([state.status, state.steps[0], state.steps[1]]).toEqual(['RUNNING', 'PASS', 'PENDING']);
    const cut = replayed([...EVENTS.slice(0, 3), { event: 'step-intended', step: 'backup' }]);
    expect(cut.steps[1]).toBe('STARTED');
  });

  it('are refused with an event that could not happen', () => {
    expect(failureOf(() => replayed([{ event: 'step-intended', step: 'open' }]))).toBe(
      'JOURNAL a line of the run cannot be, an earlier step is not over (run.ndjson:3): find out what changed it, then restore the copy that you keep elsewhere',
    );
    const unknown = { event: 'step-danced', step: 'tag' } as unknown as LaterEvent;
    expect(failureOf(() => replayed([unknown]))).toContain('the event is not known (run.ndjson:3)');
  });

  it('are refused for another runbook than the one that the run began with', () => {
    const changed = parseRunbook(WITHOUT_WINDOW.replace('takes: 20m', 'takes: 25m'), 'wien.yaml');
    const first = { ...BEGUN, planHash: changed.planHash };
    expect(failureOf(() => replayed([], first))).toBe(
      'USAGE the runbook is not the one that the run began with (wien.yaml): restore it from runbook.yaml in the folder of the run, or go back with sealift cutover rollback',
    );
  });
});
