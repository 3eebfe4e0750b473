/**
 * The states of a run: whatever happens, in whatever order, at most one step is under way, no gate is
 * skipped, and an end can be reached.
 */

import {
  assert,
  array,
  boolean,
  constantFrom,
  integer,
  property,
  record,
  type Arbitrary,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../src/cutover/readRunbook.ts';
import { runStepsOf } from '../../src/cutover/runSteps.ts';
import { afterEvent, requiredNotPassed, stepsToUndo } from '../../src/cutover/runMoves.ts';
import {
  isFinal,
  isOver,
  isUnderWay,
  plannedRun,
  VERDICTS,
  WAITS,
  type RunEvent,
  type RunState,
  type RunStep,
  type StepStatus,
} from '../../src/cutover/runState.ts';
import { WITHOUT_WINDOW } from './runbooks.ts';

const RUN = runStepsOf(parseRunbook(WITHOUT_WINDOW, 'wien.yaml').runbook);

/** The state after events, all of which have to be possible. */
function after(...events: readonly RunEvent[]): RunState {
  return events.reduce<RunState>((state, event) => {
    const next = afterEvent(RUN, state, event);
    if (typeof next === 'string') throw new Error(`${event.event}: ${next}`);
    return next;
  }, plannedRun(RUN));
}

/** The events of steps that pass. */
function passed(...ids: readonly string[]): readonly RunEvent[] {
  return ids.flatMap((step): readonly RunEvent[] => [
    { event: 'step-intended', step },
    { event: 'step-applied', step },
    { event: 'step-ended', step, verdict: 'PASS' },
  ]);
}

const BEGUN: RunEvent = { event: 'run-begun' };
const MIGRATED = passed('tag', 'backup', 'freeze', 'migrate');
const CHECKED = passed('verify', 'acl', 'auth');
const BACK: RunEvent = { event: 'rollback-begun', lossAccepted: false };
const undone = (step: string): readonly RunEvent[] => [
  { event: 'undo-intended', step },
  { event: 'undo-ended', step, succeeded: true },
];

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;

/** Five steps, of which each may be of any kind. */
const STEPS: Arbitrary<readonly RunStep[]> = array(
  record({
    kind: constantFrom('check', 'artifact', 'change', 'gate', 'notice'),
    isConditional: boolean(),
    needsBefore: boolean(),
    isRepeatable: boolean(),
    hasUndo: boolean(),
    undoLosesWrites: boolean(),
    isPointOfNoReturn: boolean(),
  }),
  { minLength: NAMES.length, maxLength: NAMES.length },
).map((drawn) =>
  drawn.map(({ needsBefore, hasUndo, ...facts }, at) => ({
    ...facts,
    id: NAMES[at] ?? '',
    hasUndo: hasUndo && facts.kind === 'change',
    requires: needsBefore && at > 0 ? [NAMES[at - 1] ?? ''] : [],
  })),
);

const EVENT_NAMES = [
  'run-begun',
  'step-intended',
  'step-applied',
  'step-ended',
  'step-left-out',
  'step-waived',
  'recovered',
  'step-probed',
  'wait-begun',
  'wait-ended',
  'paused',
  'resumed',
  'aborted',
  'rollback-begun',
  'undo-intended',
  'undo-ended',
  'run-ended',
] as const satisfies readonly RunEvent['event'][];

/** Any event, with any members. */
const EVENT: Arbitrary<RunEvent> = record({
  event: constantFrom(...EVENT_NAMES),
  step: constantFrom(...NAMES),
  verdict: constantFrom(...VERDICTS),
  isThere: boolean(),
  reason: constantFrom(...WAITS),
  lossAccepted: boolean(),
  succeeded: boolean(),
}).map(({ step, ...event }) => {
  return (/^(?:step|undo)-/.test(event.event) ? Object.assign(event, { step }) : event) as RunEvent;
});

function eventsOf(step: string): readonly RunEvent[] {
  const ended = VERDICTS.map((verdict): RunEvent => ({ event: 'step-ended', step, verdict }));
  return ended.concat([
    { event: 'step-intended', step },
    { event: 'step-applied', step },
    { event: 'step-left-out', step },
    { event: 'step-waived', step },
    { event: 'step-probed', step, presence: 'there', byPerson: false },
    { event: 'step-probed', step, presence: 'absent', byPerson: false },
    { event: 'step-probed', step, presence: 'begun', byPerson: false },
    { event: 'step-probed', step, presence: 'there', byPerson: true },
    { event: 'step-probed', step, presence: 'absent', byPerson: true },
    { event: 'undo-intended', step },
    { event: 'undo-ended', step, succeeded: true },
    { event: 'undo-ended', step, succeeded: false },
  ]);
}

/** Each event with each of its members once. */
const ALL_EVENTS: readonly RunEvent[] = [
  ...NAMES.flatMap(eventsOf),
  { event: 'run-begun' },
  { event: 'recovered' },
  { event: 'wait-begun', reason: 'soak' },
  { event: 'wait-ended' },
  { event: 'paused' },
  { event: 'resumed' },
  { event: 'aborted' },
  { event: 'rollback-begun', lossAccepted: false },
  { event: 'rollback-begun', lossAccepted: true },
  { event: 'run-ended' },
];

/** The states that can follow a state. */
function possible(steps: readonly RunStep[], state: RunState): RunState[] {
  const next = ALL_EVENTS.map((event) => afterEvent(steps, state, event));
  return next.filter((one) => typeof one !== 'string');
}

/** Walks through events, those that cannot happen left out; `see` gets each state with the one before. */
function walk(
  steps: readonly RunStep[],
  events: readonly RunEvent[],
  see: (state: RunState, before: RunState, event: RunEvent) => void,
): RunState {
  let state = plannedRun(steps);
  for (const event of events) {
    const next = afterEvent(steps, state, event);
    if (typeof next === 'string') continue;
    see(next, state, event);
    state = next;
  }
  return state;
}

/** Numbers that choose among what can happen; runs end seldom, so that they get far. */
const CHOICES = array(integer({ min: 0, max: 999 }), {
  minLength: 40,
  maxLength: 80,
  size: 'max',
});

function isBad(status: StepStatus): boolean {
  return status === 'FAIL' || status === 'INCONCLUSIVE' || status === 'UNKNOWN';
}

function wander(
  steps: readonly RunStep[],
  choices: readonly number[],
  see: (state: RunState) => void,
): void {
  let state = plannedRun(steps);
  for (const choice of choices) {
    const next = possible(steps, state);
    const open = next.filter(({ status }) => !isFinal(status) && status !== 'ROLLING_BACK');
    const further = open.filter(({ status, steps: all }) => {
      return status === 'RUNNING' && !all.some(isBad);
    });
    const preferred = choice < 700 ? [further, open, next] : [open, next];
    const among = (choice < 950 ? preferred : [next]).find((one) => one.length > 0) ?? [];
    const chosen = among[choice % Math.max(1, among.length)];
    if (chosen === undefined) return;
    see(chosen);
    state = chosen;
  }
}

const RUNS = { numRuns: 200 };
const EVENTS = array(EVENT, { minLength: 30, maxLength: 90, size: 'max' });

/** What must hold in every state. */
function assertSafe(steps: readonly RunStep[], state: RunState): void {
  expect(state.steps.filter(isUnderWay).length).toBeLessThanOrEqual(1);
  expect(state.waitsFor !== null).toBe(state.status === 'WAITING');
  if (isFinal(state.status)) expect(state.steps.some(isUnderWay)).toBe(false);
  for (const [at, step] of steps.entries()) {
    const status = state.steps[at] ?? 'PENDING';
    if (step.kind === 'gate') expect(['WAIVED', 'WARN']).not.toContain(status);
    if (status === 'PENDING') expect(state.effects[at]).toBe(false);
  }
}

describe('what must hold in every state', () => {
  const at = after(BEGUN, ...MIGRATED, ...CHECKED);

  it('holds in one that was reached, and not in others (negative control)', () => {
    const gate = RUN.findIndex(({ id }) => id === 'approve');
    assertSafe(RUN, at);
    for (const wrong of [
      { ...at, steps: at.steps.with(gate, 'WAIVED') },
      { ...at, steps: at.steps.with(0, 'STARTED').with(1, 'UNDOING') },
      { ...at, status: 'ABORTED' as const, steps: at.steps.with(0, 'STARTED') },
      { ...at, waitsFor: 'soak' as const },
    ]) {
      expect(() => {
        assertSafe(RUN, wrong);
      }).toThrow();
    }
  });
});

describe('a run', () => {
  it('gets far in these tests', () => {
    const seen = new Set<string>();
    assert(
      property(STEPS, CHOICES, (steps, choices) => {
        wander(steps, choices, ({ status, steps: all }) => {
          for (const one of [status, ...all]) seen.add(one);
        });
      }),
      RUNS,
    );
    expect(seen).toEqual(
      new Set([...seen, 'COMPLETED', 'ROLLED_BACK', 'ROLLBACK_FAILED', 'ABORTED']),
    );
    expect(seen).toEqual(new Set([...seen, 'WAIVED', 'UNKNOWN', 'UNDO_FAILED', 'WARN']));
  });

  it('has at most one step under way, whatever events come', () => {
    assert(
      property(STEPS, EVENTS, (steps, events) => {
        walk(steps, events, (state) => {
          assertSafe(steps, state);
        });
      }),
      RUNS,
    );
    assert(
      property(STEPS, CHOICES, (steps, choices) => {
        wander(steps, choices, (state) => {
          assertSafe(steps, state);
        });
      }),
      RUNS,
    );
  });

  it('begins a step only when all before it are over, and every gate before it has passed', () => {
    let begun = 0;
    assert(
      property(STEPS, CHOICES, (steps, choices) => {
        let before = plannedRun(steps);
        wander(steps, choices, (state) => {
          const at = state.steps.findIndex(
            (status, place) => status === 'STARTED' && before.steps[place] !== 'STARTED',
          );
          for (const [place, step] of steps.slice(0, Math.max(0, at)).entries()) {
            begun += 1;
            const status = state.steps[place] ?? 'PENDING';
            expect(isOver(status)).toBe(true);
            if (step.kind === 'gate') expect(status).toBe('PASS');
          }
          before = state;
        });
      }),
      RUNS,
    );
    expect(begun).toBeGreaterThan(500);
  });

  it('reaches an end from every state', () => {
    assert(
      property(STEPS, CHOICES, (steps, choices) => {
        wander(steps, choices, (state) => {
          expect(isFinal(ending(steps, state).status)).toBe(true);
        });
      }),
      RUNS,
    );
  });

  it('is completed only with every step over, and rolled back only with nothing left to undo', () => {
    assert(
      property(STEPS, CHOICES, (steps, choices) => {
        wander(steps, choices, (state) => {
          if (state.status === 'COMPLETED') expect(state.steps.every(isOver)).toBe(true);
          if (state.status === 'ROLLED_BACK') expect(stepsToUndo(steps, state)).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  it('changes nothing by an event that cannot happen', () => {
    assert(
      property(STEPS, EVENTS, (steps, events) => {
        const state = walk(steps, events, () => {});
        const kept = structuredClone(state);
        for (const event of events) afterEvent(steps, state, event);
        expect(state).toEqual(kept);
      }),
      RUNS,
    );
  });
});

/** Ends a run as an operator would: what is under way ends, then it is undone. */
function ending(steps: readonly RunStep[], from: RunState): RunState {
  let state = from;
  const step = (event: RunEvent): boolean => {
    const next = afterEvent(steps, state, event);
    if (typeof next === 'string') return false;
    state = next;
    return true;
  };
  if (isFinal(state.status)) return state;
  step({ event: 'recovered' });
  if (state.status !== 'ROLLING_BACK' && !step({ event: 'rollback-begun', lossAccepted: true })) {
    step({ event: 'aborted' });
    return state;
  }
  for (const { id } of stepsToUndo(steps, state)) {
    step({ event: 'undo-intended', step: id });
    step({ event: 'undo-ended', step: id, succeeded: true });
  }
  step({ event: 'run-ended' });
  return state;
}

describe('the run of a cutover', () => {
  it('goes through all steps, with an approval that is waited for', () => {
    const state = after(
      BEGUN,
      ...MIGRATED,
      ...CHECKED,
      { event: 'step-intended', step: 'approve' },
      { event: 'wait-begun', reason: 'approval' },
      { event: 'wait-ended' },
      { event: 'step-ended', step: 'approve', verdict: 'PASS' },
      ...passed('open'),
      { event: 'run-ended' },
    );
    expect(state.status).toBe('COMPLETED');
  });

  it('is rolled back by a breach while it waits for an approval', () => {
    const waiting = [
      BEGUN,
      ...MIGRATED,
      ...CHECKED,
      { event: 'step-intended', step: 'approve' },
      { event: 'wait-begun', reason: 'approval' },
    ] as const;
    expect(after(...waiting, BACK).status).toBe('ROLLING_BACK');
    const state = after(...waiting, BACK, ...undone('migrate'), ...undone('freeze'), {
      event: 'run-ended',
    });
    expect(state.status).toBe('ROLLED_BACK');
  });

  it('undoes steps from the last to the first, and ends when all are undone', () => {
    const back = [BEGUN, ...MIGRATED, BACK] as const;
    expect(() => after(...back, ...undone('freeze'))).toThrow(
      'a later step is to be undone before',
    );
    expect(() => after(...back, ...undone('migrate'), { event: 'run-ended' })).toThrow(
      'a step is not undone',
    );
  });

  it('stops at a check that fails, and does not go on until a person has decided', () => {
    const failed = [
      BEGUN,
      ...MIGRATED,
      { event: 'step-intended', step: 'verify' },
      { event: 'step-ended', step: 'verify', verdict: 'FAIL' },
    ] as const;
    expect(after(...failed).status).toBe('PAUSED');
    expect(() => after(...failed, ...passed('acl'))).toThrow('the run is not running');
    expect(after(...failed, { event: 'resumed' }, ...passed('verify')).status).toBe('RUNNING');
    expect(() => after(...failed, { event: 'resumed' }, ...passed('acl'))).toThrow(
      'an earlier step is not over',
    );
  });

  it('never takes an inconclusive check for a success', () => {
    const events: readonly RunEvent[] = [
      BEGUN,
      ...MIGRATED,
      { event: 'step-intended', step: 'verify' },
      { event: 'step-ended', step: 'verify', verdict: 'INCONCLUSIVE' },
    ];
    expect(after(...events).status).toBe('PAUSED');
    expect(() => after(...events, { event: 'resumed' }, { event: 'run-ended' })).toThrow(
      'not over',
    );
  });

  it('lets no waiver take the place of what an approval requires, nor of an approval', () => {
    const failed: readonly RunEvent[] = [
      BEGUN,
      ...MIGRATED,
      { event: 'step-intended', step: 'verify' },
      { event: 'step-ended', step: 'verify', verdict: 'FAIL' },
    ];
    expect(() => after(...failed, { event: 'step-waived', step: 'verify' })).toThrow(
      'a later step requires it to pass',
    );
    expect(() => after(BEGUN, { event: 'step-waived', step: 'approve' })).toThrow(
      'a gate cannot be waived',
    );
  });

  it('lets a step that was left out not count for a later one, which can be left out with it', () => {
    const facts = { kind: 'change', isRepeatable: true, hasUndo: false } as const;
    const plain = { ...facts, undoLosesWrites: false, isPointOfNoReturn: false };
    const steps: readonly RunStep[] = [
      { ...plain, id: 'a', isConditional: true, requires: [] },
      { ...plain, id: 'b', isConditional: true, requires: ['a'] },
      { ...plain, id: 'c', isConditional: false, requires: ['b'] },
    ];
    let state = plannedRun(steps);
    for (const event of [
      BEGUN,
      { event: 'step-left-out', step: 'a' },
      { event: 'step-left-out', step: 'b' },
    ] as const) {
      const next = afterEvent(steps, state, event);
      if (typeof next === 'string') throw new Error(next);
      state = next;
    }
    expect(state.steps).toEqual(['WAIVED', 'WAIVED', 'PENDING']);
    expect(afterEvent(steps, state, { event: 'step-intended', step: 'c' })).toBe(
      'a step that it requires has not passed',
    );
    expect(steps.map((step) => requiredNotPassed(steps, state, step))).toEqual([[], ['a'], ['b']]);
  });

  it('knows nothing of a step that a crash cut off, until its probe has told', () => {
    const cut: readonly RunEvent[] = [
      BEGUN,
      ...passed('tag', 'backup', 'freeze'),
      { event: 'step-intended', step: 'migrate' },
      { event: 'recovered' },
    ];
    expect([after(...cut).status, after(...cut).steps[3]]).toEqual(['PAUSED', 'UNKNOWN']);
    expect(() => after(...cut, { event: 'resumed' })).toThrow('nothing is known of a step');
    const there = after(...cut, {
      event: 'step-probed',
      step: 'migrate',
      presence: 'there',
      byPerson: false,
    });
    expect(there.steps[3]).toBe('VERIFYING');
    // Not declared to be repeatable: a person decides.
    const gone = after(...cut, {
      event: 'step-probed',
      step: 'migrate',
      presence: 'absent',
      byPerson: false,
    });
    expect(gone.steps[3]).toBe('PENDING');
    expect(after(...cut, BACK, ...undone('migrate')).steps[3]).toBe('UNDONE');
  });

  it('goes on with a rollback that a crash cut off', () => {
    const state = after(
      BEGUN,
      ...MIGRATED,
      BACK,
      { event: 'undo-intended', step: 'migrate' },
      { event: 'recovered' },
      ...undone('migrate'),
      ...undone('freeze'),
      { event: 'run-ended' },
    );
    expect(state.status).toBe('ROLLED_BACK');
  });

  it('loses no write after the point of no return, unless a person accepts that', () => {
    const open: readonly RunEvent[] = [
      BEGUN,
      ...MIGRATED,
      ...CHECKED,
      ...passed('approve', 'open'),
    ];
    expect(() => after(...open, BACK)).toThrow('later writes would be lost');
    expect(after(...open, { event: 'rollback-begun', lossAccepted: true }).status).toBe(
      'ROLLING_BACK',
    );
  });

  it('waits with an abort for the end of a change', () => {
    const events: readonly RunEvent[] = [BEGUN, { event: 'step-intended', step: 'tag' }];
    expect(() => after(...events, { event: 'aborted' })).toThrow('a change is under way');
    expect(after(BEGUN, ...passed('tag'), { event: 'aborted' }).status).toBe('ABORTED');
    expect(() => after(BEGUN, { event: 'aborted' }, ...passed('tag'))).toThrow('the run is over');
  });
});
