/** The story of a rollout, as its picture shows it: from lines of rollouts that went well, badly, anew, and on. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openSpans, type Span } from '../../../src/cutover/engine/spanList.ts';
import { storyOfRun } from '../../../src/cutover/engine/storyOfRun.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { judgedIn } from '../../../src/cutover/rollout/judgedIn.ts';
import type { JournalEntry } from '../../../src/journal/line.ts';
import type { RolloutLane, StoryRollout } from '../../../src/outcome/rolloutStory.ts';
import { WIEN } from '../runbooks.ts';
import { FOUR_WEEKS, rolloutJournal, rolloutRun, say, type Story } from './rolloutJournal.ts';

const HOUR = 3_600_000;
const HEAD = '0'.repeat(64);
const BAD = (stage: string, hour: number): object =>
  stage === '50' && hour > 8 ? { success: 92.5 } : {};

function rolloutOf(story: Story = {}): StoryRollout {
  const { rollout } = rolloutRun(story);
  if (rollout === undefined) throw new Error('there is no rollout');
  return rollout;
}

/** The story of lines, and of more of them by hand: an hour after each other. */
function withLines(story: Story, ...more: readonly (readonly [string, object])[]): StoryRollout {
  const { runbook, entries } = rolloutJournal(story);
  const writer = { lines: [...entries], clock: Date.parse(entries.at(-1)?.at ?? '') };
  for (const [event, members] of more) {
    writer.clock += HOUR;
    say(writer, event, members);
  }
  const { rollout } = storyOfRun('run', runbook, { entries: writer.lines, head: HEAD }) ?? {};
  if (rollout === undefined) throw new Error('there is no rollout');
  return rollout;
}

const laneOf = ({ lanes }: StoryRollout, metric: string, isCompared = false): RolloutLane => {
  const lane = lanes.find((one) => one.metric === metric && one.isCompared === isCompared);
  if (lane === undefined) throw new Error(metric);
  return lane;
};
const kinds = ({ moments }: StoryRollout): string[] =>
  moments.map(({ kind, stage }) => `${kind} ${stage}`);

describe('the story of a rollout', () => {
  const healthy = rolloutOf();

  it('that went well has its stages, what counted of their soaks, and who let it go on', () => {
    expect(healthy.stages.map(({ percent, ended }) => [percent, ended])).toEqual([
      [10, 'passed'],
      [50, 'passed'],
      [100, 'passed'],
      [null, 'passed'],
    ]);
    for (const { passed, soak, stretches, restarts, missed } of healthy.stages) {
      expect([passed, restarts, missed]).toEqual([soak, 0, 0]);
      expect(stretches.map(({ kind }) => kind)).toEqual(['counted']);
    }
    expect(healthy.stages.map(({ reached, checkpoints }) => [reached.length, checkpoints])).toEqual(
      [3, 4, 7, 14].map((count) => [count, count]),
    );
    expect(healthy.stages[1]?.gates).toMatchObject([
      { kind: 'approval', role: 'lead', people: ['bo'], isBefore: true },
      { kind: 'attestation', role: 'support', people: ['dee'], isBefore: false },
    ]);
    expect(healthy.levels.map(({ percent }) => percent)).toEqual([10, 50, 100]);
    expect(kinds(healthy)).toEqual([
      'begun 0',
      'attested 0',
      'approved 1',
      'promoted 1',
      'attested 1',
      'approved 2',
      'promoted 2',
      'attested 2',
      'promoted 3',
      'over 3',
    ]);
    expect((healthy.to - healthy.from) / HOUR / 24).toBeGreaterThan(24);
  });

  it('has a lane for each hypothesis, with its limits, and what it is compared with in each stage', () => {
    expect(healthy.lanes.map(({ metric, isCompared }) => `${metric} ${isCompared}`)).toEqual([
      ' false',
      'success false',
      'success true',
      'success true',
      'stuck false',
      'p99 false',
      'p99 true',
      'p99 true',
      'errors false',
      'v1_calls false',
    ]);
    const [split, own, window, compared] = healthy.lanes;
    expect(split?.stages.map(({ limits }) => [limits.pass?.value, limits.margin])).toEqual([
      [10, 2],
      [50, 10],
      [100, 1],
    ]);
    expect(own?.stages[0]?.limits).toEqual({
      pass: { comparison: '>=', value: 95 },
      rollback: { comparison: '<', value: 95 },
      margin: 1,
    });
    expect(window?.stages.map(({ against }) => against)).toEqual(['v1']);
    expect(compared?.stages.map(({ against }) => against)).toEqual(['10 %', '50 %']);
    // An earlier stage holds, and does not roll back.
    expect(compared?.stages[0]?.limits.rollback).toBeNull();
    expect(laneOf(healthy, 'p99').quantile).toBe(0.99);
    expect(laneOf(healthy, 'v1_calls').stages.map(({ stage }) => stage)).toEqual([2, 3]);
    // A number that has to be zero for some time is not decided before.
    expect(laneOf(healthy, 'v1_calls').parts[0]).toMatchObject({ band: 'hold', seen: 0 });
  });

  it('that was rolled back says at which stage, which metric decided, and what it was', () => {
    const back = rolloutOf({ truth: BAD });
    expect(back.stages.map(({ ended }) => ended)).toEqual([
      'passed',
      'rolled back',
      'not reached',
      'not reached',
    ]);
    const moment = back.moments.find(({ kind }) => kind === 'back');
    expect(moment).toMatchObject({ stage: 1, who: null, look: { band: 'rollback' } });
    expect(back.lanes[moment?.lane ?? -1]).toBe(laneOf(back, 'success'));
    expect(moment?.look?.high).toBeLessThan(95);
    expect(moment?.at).toBe(back.stages[1]?.endedAt);
    expect(back.moments.at(-1)).toMatchObject({ kind: 'back over', stage: 1 });
    expect(back.levels.map(({ percent }) => percent)).toEqual([10, 50, 0]);
  });

  it('tells the time that was lost by a failure, and that was missed', () => {
    const anew = rolloutOf({
      truth: (stage, hour) => (stage === '50' && hour > 20 && hour < 25 ? { stuck: 4 } : {}),
      isAway: (stage, hour) => stage === '50' && hour > 30 && hour < 43,
    });
    const [, stage] = anew.stages;
    expect(stage).toMatchObject({ ended: 'passed', restarts: 1, missed: 1, passed: 48 * HOUR });
    expect(stage?.stretches.map(({ kind, from, to }) => [kind, (to - from) / HOUR])).toEqual([
      // The first two hours of a failure are within its grace, in which it is read each half hour.
      ['lost', 22.5],
      ['failed', 1.5],
      ['counted', 6],
      ['missed', 13],
      ['counted', 42],
    ]);
    const moment = anew.moments.find(({ kind }) => kind === 'anew');
    expect(moment).toMatchObject({ stage: 1, look: { seen: 4, band: 'fail' } });
    expect(anew.lanes[moment?.lane ?? -1]?.metric).toBe('stuck');
  });

  it('shows what is not known in each hypothesis of a metric, and does not count that time', () => {
    const story = rolloutOf({
      truth: (stage, hour) => (stage === '10' && hour > 5 && hour < 8 ? { stuck: null } : {}),
      endsAt: (stage, hour) => stage === '10' && hour > 7,
    });
    expect(laneOf(story, 'stuck').stages[0]?.last).toMatchObject({ band: 'unknown', seen: null });
    expect(story.stages[0]).toMatchObject({ ended: 'under way', passed: 5 * HOUR, looks: 7 });
  });

  const atNine: Story = { endsAt: (stage, hour) => stage === '50' && hour > 9 };

  it('tells who held it, who went on, and who took it back', () => {
    const held = withLines(atNine, ['paused', { who: 'cy', why: 'lunch' }]);
    expect(held.stages[1]?.ended).toBe('held');
    expect(held.moments.at(-1)).toMatchObject({
      kind: 'held',
      who: 'cy',
      says: 'lunch',
      lane: null,
    });
    const resumed = withLines(
      atNine,
      ['paused', { who: 'cy', why: 'lunch' }],
      ['resumed', { who: 'ada' }],
      ['rollback-begun', { lossAccepted: false, who: 'ada', why: 'complaints' }],
    );
    expect(kinds(resumed).slice(-3)).toEqual(['held 1', 'resumed 1', 'back 1']);
    expect(resumed.moments.at(-1)).toMatchObject({ who: 'ada', says: 'complaints', lane: null });
    expect(resumed.stages[1]?.ended).toBe('rolled back');
    const ended = withLines(atNine, ['aborted', { who: 'ada', why: 'late' }]);
    expect(ended.stages[1]?.ended).toBe('ended');
  });

  it('does not take a process that has ended for a decision', () => {
    const story: Story = { stopsAt: (step) => step === 'soak-10' };
    const cut = ['recovered', { why: 'the process that ran it has ended' }] as const;
    const intended = ['step-intended', { step: 'soak-10' }] as const;
    const again = withLines(story, intended, cut, ['step-probed', PROBED], ['resumed', {}]);
    expect(kinds(again)).toEqual(['begun 0']);
    expect(kinds(withLines(story, intended, cut))).toEqual(['begun 0', 'held 0']);
  });

  it('begins a soak anew that was given up, and says so', () => {
    const story = withLines(
      atNine,
      ['wait-ended', {}],
      ['step-ended', { step: 'soak-50', verdict: 'INCONCLUSIVE', says: 'given up after 9h' }],
      ['resumed', { who: 'ada' }],
      ['step-intended', { step: 'soak-50' }],
    );
    expect(kinds(story).slice(-3)).toEqual(['held 1', 'resumed 1', 'anew 1']);
    expect(story.stages[1]).toMatchObject({ passed: 0, restarts: 1 });
    expect(story.stages[1]?.stretches.map(({ kind }) => kind)).toEqual(['lost']);
  });

  it('is the same for the same lines, and none for a run without a rollout', () => {
    expect(JSON.stringify(rolloutOf())).toBe(JSON.stringify(healthy));
    const { runbook } = parseRunbook(WIEN, 'wien.yaml');
    const [begun] = rolloutJournal({ stopsAt: () => true }).entries;
    if (begun === undefined) throw new Error('there is no line');
    const story = storyOfRun('wien', runbook, { entries: [begun], head: HEAD });
    expect(story).not.toHaveProperty('rollout');
  });

  it('is of a rollout that has not begun: no look, no moment, no stage', () => {
    const { stages, lanes, moments, levels } = rolloutOf({
      stopsAt: (step) => step !== 'observed',
    });
    expect([lanes, moments, levels]).toEqual([[], [], []]);
    expect(stages.every(({ ended }) => ended === 'not reached')).toBe(true);
  });
});

const PROBED = { step: 'soak-10', presence: 'absent', byPerson: false };

/** Lines of so many looks of the first stage, a second after each other. */
function manyLooks(count: number, bandAt: (look: number) => string): readonly JournalEntry[] {
  const { entries } = rolloutJournal({ stopsAt: (step) => step === 'soak-10' });
  const lines = [...entries];
  const begun = Date.parse(lines.at(-1)?.at ?? '');
  say({ lines, clock: begun }, 'step-intended', { step: 'soak-10' });
  for (let look = 1; look <= count; look += 1) {
    const seen = look === 7777 ? 12 : 96;
    const one = { metric: 'success', against: null, band: bandAt(look), of: look };
    const judged = [{ ...one, seen, low: 95, high: look === 8888 ? 99.9 : 97 }];
    const of = 'step:soak-10';
    say({ lines, clock: begun + look * 1000 }, 'sampled', {
      of,
      verdict: 'WARN',
      value: null,
      judged,
    });
  }
  return lines;
}

describe('a lane of many looks', () => {
  const { runbook } = parseRunbook(FOUR_WEEKS, 'gradual.yaml');
  const storyOf = (entries: readonly JournalEntry[]): StoryRollout => {
    const { rollout } = storyOfRun('run', runbook, { entries, head: HEAD }) ?? {};
    if (rollout === undefined) throw new Error('there is no rollout');
    return rollout;
  };

  it('has at most 240 parts of 100,000 looks, and loses neither extremes nor the worst band', () => {
    const story = storyOf(manyLooks(100_000, (look) => (look === 50_000 ? 'rollback' : 'pass')));
    const { parts, stages } = laneOf(story, 'success');
    expect(parts.length).toBeLessThanOrEqual(240);
    expect(parts.length).toBeGreaterThan(100);
    expect(parts.reduce((sum, { looks }) => sum + looks, 0)).toBe(100_000);
    expect(parts.filter(({ lowest }) => lowest === 12)).toHaveLength(1);
    expect(parts.filter(({ high }) => high === 99.9)).toHaveLength(1);
    // A change of the band is where it was.
    expect(parts.filter(({ band }) => band === 'rollback')).toMatchObject([{ looks: 1 }]);
    expect(stages[0]).toMatchObject({
      looks: 100_000,
      bands: [
        ['pass', 99_999],
        ['rollback', 1],
      ],
    });
    expect(JSON.stringify(story).length).toBeLessThan(60_000);
  });

  it('stays as small where each look changes its band, and so do moments and stretches', () => {
    const story = storyOf(manyLooks(20_000, (look) => (look % 2 === 0 ? 'fail' : 'pass')));
    const { parts } = laneOf(story, 'success');
    expect(parts.length).toBeLessThanOrEqual(240);
    expect(parts.length).toBeGreaterThan(100);
    const [stage] = story.stages;
    expect(stage?.restarts).toBe(10_000);
    expect(stage?.stretches.length).toBeLessThanOrEqual(240);
    expect(story.moments).toHaveLength(60);
    expect(story.leftOut).toBe(10_001 - 60);
    expect(JSON.stringify(story).length).toBeLessThan(120_000);
  });

  it('takes nothing from a line that has not its form', () => {
    const number = { metric: 'success', against: null, band: 'pass' };
    expect(
      judgedIn([null, 3, {}, { metric: 3, band: 'pass' }, { metric: 'a', band: 'good' }]),
    ).toEqual([]);
    expect(judgedIn('pass')).toEqual([]);
    expect(judgedIn([{ ...number, seen: '97', low: null, high: Infinity, of: {} }])).toMatchObject([
      { seen: null, low: null, high: null, of: null },
    ]);
    const other = [{ ...number, metric: 'other' }];
    const entries = manyLooks(3, () => 'pass').map((entry) =>
      entry.event === 'sampled' ? Object.assign(entry, { judged: other }) : entry,
    );
    expect(storyOf(entries).lanes).toEqual([]);
  });
});

describe('spans', () => {
  it('are never more than they may be, in order, and lose nothing, whatever is added', () => {
    interface One extends Span {
      readonly kind: number;
      readonly count: number;
    }
    const one = fc.record({ kind: fc.nat(3), gap: fc.integer({ min: -5, max: 1000 }) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 2000, size: 'max' }), (list) => {
        const spans = openSpans<One>({
          most: 40,
          alikeFor: 0,
          isAlike: (a, b) => a.kind === b.kind,
          canJoin: () => true,
          joined: (a, b) => ({
            from: Math.min(a.from, b.from),
            to: Math.max(a.to, b.to),
            kind: Math.max(a.kind, b.kind),
            count: a.count + b.count,
          }),
        });
        let at = 0;
        for (const { kind, gap } of list) {
          at += gap;
          spans.add({ from: at, to: at, kind, count: 1 });
          expect(spans.list.length).toBeLessThanOrEqual(40);
        }
        expect(spans.list.reduce((sum, { count }) => sum + count, 0)).toBe(list.length);
        const worst = Math.max(0, ...list.map(({ kind }) => kind));
        expect(Math.max(0, ...spans.list.map(({ kind }) => kind))).toBe(worst);
      }),
      { numRuns: 30 },
    );
  });
});
