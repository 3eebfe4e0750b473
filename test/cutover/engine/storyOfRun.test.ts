/** The story of a run, as its report shows it: from the journals of runs that went well, badly, back, and on. */

import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bandOfNumber, bandsOf, numberCondition } from '../../../src/cutover/engine/storyBands.ts';
import type { Condition } from '../../../src/cutover/condition.ts';
import { readRun } from '../../../src/cutover/engine/heldRun.ts';
import type { Rehearsal } from '../../../src/cutover/engine/liveRun.ts';
import { fileRequest, type RunRequest } from '../../../src/cutover/engine/runRequests.ts';
import { storyOfRun } from '../../../src/cutover/engine/storyOfRun.ts';
import type { StepResult } from '../../../src/cutover/steps/stepType.ts';
import { encodeLines, NO_CHAIN, parseJournal } from '../../../src/journal/line.ts';
import type { RunStory, StoryStep } from '../../../src/outcome/runStory.ts';
import { workFolder } from '../../kit/project.ts';
import { approve } from './approve.ts';
import { goOn, openPlayed, stage, type PlayedRun, type Stage } from './play.ts';

const RUNBOOK = `runbook: played
title: The shop moves
window: { tz: Europe/Vienna, start: "2026-12-06 03:00", for: 4h }
roles: { operator: [ada], approver: [bo, cy] }
inputs: { db: { secret: DB } }
phases:
  - id: before
    title: Before
    steps:
      - { id: freeze, use: exec, run: [freeze], idempotent: true, undo: { run: [undo freeze] } }
      - { id: calm, use: sql.count, query: calm, expect: "<= 5", until: { for: 4m, every: 1m } }
  - id: after
    title: After
    steps:
      - { id: approve, use: gate.approval, role: approver, of: 2, expires: 1h, requires: [calm] }
      - { id: said, use: attest, role: approver, text: the shop is closed }
      - { id: open, use: exec, run: [open], idempotent: true, pointOfNoReturn: true, undo: { run: [undo open], keepsWrites: true } }
monitor:
  - { id: http5xx, use: log.watch, file: access.log, pattern: " 5", expect: "<= 0.005", every: 1m, for: 3m, onFail: page }
triggers:
  - { when: "http5xx > 0.01", for: 2m, severity: S1, action: rollback }
  - { when: "calm.failed > 0", severity: S0, action: rollback }
`;

const work = workFolder('engine-story');
let count = 0;
const fresh = (): string => join(work, String((count += 1)));
const number = (value: number): StepResult => ({
  verdict: 'PASS',
  says: `${value} seen`,
  results: { count: value },
});

function ask(run: PlayedRun, play: Stage, request: RunRequest): void {
  fileRequest(run.held.places, request, new Date(play.clock).toISOString(), process.pid);
}

function storyOf({ held, loaded }: PlayedRun): RunStory {
  const story = storyOfRun('played-1', loaded.runbook, readRun(held.places));
  if (story === null) throw new Error('the run has not begun');
  return story;
}

/** A stage on which all passes, with so many errors by time. */
function calmStage(errors: (minute: number) => number = () => 0.001): Stage {
  const play = stage();
  const begun = play.clock;
  play.acts['http5xx'] = () => number(errors((play.clock - begun) / 60_000));
  play.acts['calm'] = () => number(3);
  return play;
}

/** Goes on until the run waits for people; each gate is opened by bo and cy. */
async function throughGates(play: Stage, folder = fresh()): Promise<PlayedRun> {
  await goOn(openPlayed(folder, RUNBOOK, play), 'waits');
  for (let minute = 0; ; minute += 1) {
    const run = openPlayed(folder, RUNBOOK, play);
    const { status, waitsFor, steps } = run.held.record.state;
    if (status !== 'WAITING' || minute > 30) {
      run.held.close();
      return run;
    }
    const gate = ['approve', 'said'][steps.slice(2, 4).indexOf('STARTED')];
    if (waitsFor === 'approval' && gate !== undefined) {
      approve(run, play, 'bo', gate);
      play.clock += 1000;
      if (gate === 'approve') approve(run, play, 'cy', gate);
    }
    play.clock += 60_000;
    await goOn(run, 'waits');
  }
}

const stepOf = ({ steps }: RunStory, id: string): StoryStep => {
  const step = steps.find((one) => one.id === id);
  if (step === undefined) throw new Error(id);
  return step;
};

describe('the story of a run', () => {
  it('that went well tells steps, waits, gates, samples and what it is bound to', async () => {
    const run = await throughGates(calmStage());
    const story = storyOf(run);
    expect(story).toMatchObject({
      run: 'played-1',
      title: 'The shop moves',
      status: 'COMPLETED',
      begunBy: 'ada',
      isOver: true,
      waysBack: [],
      stays: [],
      window: { from: Date.parse('2026-12-06T02:00:00Z'), to: Date.parse('2026-12-06T06:00:00Z') },
    });
    expect(story.steps.map(({ id, status, phase }) => [id, status, phase])).toEqual([
      ['freeze', 'PASS', 'Before'],
      ['calm', 'PASS', 'Before'],
      ['approve', 'PASS', 'After'],
      ['said', 'PASS', 'After'],
      ['open', 'PASS', 'After'],
    ]);
    for (const { attempts } of story.steps) {
      expect(attempts).toEqual([expect.objectContaining({ kind: 'do', ended: 'PASS' })]);
      expect(attempts[0]?.to).toBeGreaterThanOrEqual(attempts[0]?.from ?? Infinity);
    }
    expect(story.stretches.map(({ kind, step }) => [kind, step])).toEqual([
      ['soak', 'calm'],
      ['approval', 'approve'],
      ['approval', 'said'],
      ['soak', null],
    ]);
    expect(story.stretches.every(({ from, to }) => to !== null && to > from)).toBe(true);
    const [gate, said] = story.gates;
    expect(gate).toMatchObject({
      step: 'approve',
      role: 'approver',
      needed: 2,
      requires: ['calm'],
    });
    expect(gate?.says).toBe('approved by bo, cy');
    expect(gate?.openedAt).toBe(stepOf(story, 'approve').attempts[0]?.to);
    expect(gate?.approvals.map(({ who, isEarlier }) => [who, isEarlier])).toEqual([
      ['bo', false],
      ['cy', false],
    ]);
    expect(gate?.approvals[0]?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(said).toMatchObject({ statement: 'the shop is closed', needed: 1 });
    expect(story.deeds.map(({ who, did }) => `${who} ${did}`)).toEqual([
      'ada began the run',
      'bo approved the gate approve',
      'cy approved the gate approve',
      'bo stated at said: the shop is closed',
    ]);
    const journal = readRun(run.held.places);
    expect(story.proof).toMatchObject({ head: journal.head, lines: journal.entries.length });
    expect(story.triggers.map(({ kind, times }) => [kind, times])).toEqual([
      ['trigger', 0],
      ['trigger', 0],
      ['monitor', 0],
    ]);
    expect(story.proof.inputs).toEqual([['db', 'database']]);
    expect(storyOf(run)).toEqual(story);
  });

  it('tells samples with bands, of watches and of checks that had to pass for some time', async () => {
    const { series } = storyOf(await throughGates(calmStage((minute) => minute / 10_000)));
    const [watch, step] = series;
    expect(watch).toMatchObject({ id: 'http5xx', isStep: false, pass: '<= 0.005', breaches: 0 });
    expect(watch?.bands).toEqual([
      { from: null, to: 0.005, kind: 'pass' },
      { from: 0.005, to: 0.01, kind: 'hold' },
      { from: 0.01, to: null, kind: 'breach' },
    ]);
    expect(watch?.lowest?.value).toBe(0);
    expect(watch?.highest).toEqual(watch?.parts.at(-1)?.highest);
    expect(step).toMatchObject({ id: 'calm', isStep: true, every: 60_000, for: 240_000 });
    expect(step?.verdicts).toEqual([['PASS', step?.looks]]);
    expect(step?.bands.map(({ kind }) => kind)).toEqual(['pass', 'hold']);
  });

  it('that a trigger took back tells when, why, in which order, and what followed', async () => {
    const play = calmStage((minute) => (minute > 0 ? 0.02 : 0));
    const story = storyOf(await throughGates(play));
    expect(story).toMatchObject({ status: 'ROLLED_BACK', why: 'http5xx > 0.01 for 2m (S1)' });
    const [trigger] = story.triggers;
    const [back] = story.waysBack;
    expect(trigger).toMatchObject({ times: 1, series: 'http5xx' });
    expect(trigger?.firings).toEqual([
      expect.objectContaining({ at: back?.from, value: 0.02, followed: 'the way back began' }),
    ]);
    expect(back).toMatchObject({ who: null, laterWrites: 'none', passed: [] });
    expect(back?.undos.map(({ step, succeeded }) => [step, succeeded])).toEqual([['freeze', true]]);
    expect(back?.undos[0]?.parts).toMatchObject([{ use: 'exec', progress: 'done' }]);
    expect(stepOf(story, 'freeze').attempts.map(({ kind, ended }) => [kind, ended])).toEqual([
      ['do', 'PASS'],
      ['undo', 'UNDONE'],
    ]);
    // What waited was cut off by the way back.
    expect(stepOf(story, 'calm')).toMatchObject({ status: 'INCONCLUSIVE' });
    expect(story.stretches.at(-1)).toMatchObject({ kind: 'back', to: back?.to });
    expect(story.series[0]?.breaches).toBeGreaterThan(1);
  });

  it('that has failed tells where it is held, and who took it back after a point of no return', async () => {
    const play = calmStage();
    play.acts['open'] = () => ({ verdict: 'FAIL', says: 'it does not answer' });
    const held = await throughGates(play);
    expect(storyOf(held)).toMatchObject({ status: 'PAUSED', isOver: false });
    expect(storyOf(held).stretches.at(-1)).toMatchObject({
      kind: 'held',
      to: null,
      step: 'open',
      says: 'it does not answer',
    });
    play.acts['undo freeze'] = () => ({ verdict: 'FAIL', says: 'it is stuck' });
    const run = openPlayed(join(work, String(count)), RUNBOOK, play);
    const event = { event: 'rollback-begun', lossAccepted: true } as const;
    run.held.commit(event, { who: 'ada', operator: 'ada', why: 'no answer' });
    await goOn(run);
    const story = storyOf(run);
    expect(story).toMatchObject({ status: 'ROLLBACK_FAILED', stays: ['freeze'] });
    const [back] = story.waysBack;
    expect(back).toMatchObject({ who: 'ada', passed: ['open'], laterWrites: 'given up' });
    expect(back?.undos.map(({ step, succeeded, says }) => [step, succeeded, says])).toEqual([
      ['open', true, ''],
      ['freeze', false, 'it is stuck'],
    ]);
    expect(story.deeds.at(-1)).toMatchObject({ who: 'ada', why: 'no answer' });
    expect(story.deeds.at(-1)?.did).toBe('took the run back, accepting the loss of later writes');
  });

  it('that was cut off tells what is unknown, and how it went on', async () => {
    const play = calmStage();
    const folder = fresh();
    const run = openPlayed(folder, RUNBOOK, play);
    // As if the process had ended here.
    run.held.commit({ event: 'step-intended', step: 'freeze' }, { who: 'ada' });
    run.held.close();
    expect(stepOf(storyOf(run), 'freeze')).toMatchObject({
      status: 'STARTED',
      attempts: [{ to: null, ended: null, who: 'ada' }],
    });
    play.clock += 600_000;
    const { attempts } = stepOf(storyOf(await throughGates(play, folder)), 'freeze');
    expect(attempts.map(({ kind, ended }) => [kind, ended])).toEqual([
      ['do', 'UNKNOWN'],
      ['do', 'PASS'],
    ]);
    expect(attempts[0]).toMatchObject({ says: 'the process that ran it has ended' });
    expect((attempts[0]?.to ?? 0) - (attempts[0]?.from ?? 0)).toBe(600_000);
  });

  it('that is held and taken up tells who did so, and an approval of an earlier look', async () => {
    const play = calmStage();
    const folder = fresh();
    await goOn(openPlayed(folder, RUNBOOK, play), 'waits');
    const run = openPlayed(folder, RUNBOOK, play);
    ask(run, play, { request: 'pause', who: 'cy', why: 'lunch' });
    await goOn(run);
    const again = openPlayed(folder, RUNBOOK, play);
    again.held.commit({ event: 'resumed' }, { who: 'ada', operator: 'ada' });
    again.held.close();
    const story = storyOf(again);
    expect(story.deeds).toMatchObject([
      { who: 'ada', did: 'began the run' },
      { who: 'cy', did: 'held the run', why: 'lunch' },
      { who: 'ada', did: 'went on with the run' },
    ]);
    expect(story.stretches.map(({ kind }) => kind)).toEqual(['soak', 'held']);
    expect(story.status).toBe('RUNNING');
  });

  it('of a rehearsal tells that it was one, and that gates were passed by', async () => {
    const rehearsal: Rehearsal = { goesBack: true, breaches: new Map() };
    const run = openPlayed(fresh(), RUNBOOK, calmStage(), rehearsal);
    await goOn(run);
    const story = storyOf(run);
    expect(story).toMatchObject({ isRehearsal: true, isRehearsed: true, status: 'ROLLED_BACK' });
    expect(story.gates[0]).toMatchObject({
      approvals: [],
      says: expect.stringContaining('rehears'),
    });
    expect(story.waysBack).toMatchObject([{ isEndOfRehearsal: true, who: null }]);
    expect(story.triggers.every(({ times }) => times === 0)).toBe(true);
  });

  it('is none before its first line', () => {
    const { loaded, held } = openPlayed(fresh(), RUNBOOK, calmStage());
    held.close();
    const { entries, head } = parseJournal(Buffer.alloc(0), 'journal');
    expect(storyOfRun('played-1', loaded.runbook, { entries, head })).toBeNull();
  });
});

/** Numbers of many looks: one extreme, and a breach in a hundred. */
function value(at: number): number {
  if (at === 7777) return 0.5;
  return at % 100 === 0 ? 0.02 : 0.001;
}

function condition(text: string): Condition {
  const parsed = numberCondition(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

function kinds(pass: string | null, ...breaches: readonly string[]): unknown[] {
  return bandsOf({
    pass: pass === null ? null : condition(pass),
    breaches: breaches.map(condition),
    otherwise: 'hold',
  }).map(({ from, to, kind }) => [from, to, kind]);
}

describe('a series', () => {
  it('has at most 240 parts of 20,000 looks, and loses neither extremes nor breaches', () => {
    const { loaded, held } = openPlayed(fresh(), RUNBOOK, calmStage());
    held.close();
    const begun = readRun(held.places).entries.find(({ event }) => event === 'run-begun');
    const { at: _at, seq: _seq, prev: _prev, ...first } = begun ?? { event: '' };
    const samples = Array.from({ length: 20_000 }, (_, at) => ({
      event: 'sampled',
      of: 'watch:http5xx',
      verdict: at === 9000 ? 'FAIL' : 'PASS',
      value: at === 5000 ? null : value(at),
      says: '',
    }));
    const { bytes } = encodeLines([first, ...samples], NO_CHAIN, '2026-12-06T02:00:00.000Z');
    const story = storyOfRun('played-1', loaded.runbook, parseJournal(bytes, 'journal'));
    const [series] = story?.series ?? [];
    expect(series?.parts.length).toBeLessThanOrEqual(240);
    expect(series?.parts.length).toBeGreaterThan(100);
    expect(series).toMatchObject({ looks: 20_000, numberless: 1, breaches: 200 });
    expect(series?.highest?.value).toBe(0.5);
    expect(series?.verdicts).toEqual([
      ['PASS', 19_999],
      ['FAIL', 1],
    ]);
    const sum = (of: 'looks' | 'breaches'): number =>
      (series?.parts ?? []).reduce((total, part) => total + part[of], 0);
    expect([sum('looks'), sum('breaches')]).toEqual([20_000, 200]);
    expect(series?.parts.filter(({ highest }) => highest?.value === 0.5)).toHaveLength(1);
    expect(series?.parts.filter(({ verdict }) => verdict === 'FAIL')).toHaveLength(1);
    expect(JSON.stringify(story).length).toBeLessThan(100_000);
  });

  it('has bands that a look falls into as the engine judges it', () => {
    expect(kinds('== 0', 'x > 10')).toEqual([
      [null, 0, 'hold'],
      [0, 0, 'pass'],
      [0, 10, 'hold'],
      [10, null, 'breach'],
    ]);
    expect(kinds('>= 95', 'x < 90')).toEqual([
      [null, 90, 'breach'],
      [90, 95, 'hold'],
      [95, null, 'pass'],
    ]);
    expect(kinds(null, 'x > 1', 'x > 5')).toEqual([
      [null, 1, 'pass'],
      [1, null, 'breach'],
    ]);
    expect(kinds(null)).toEqual([]);
    const text = fc
      .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>='), fc.integer({ min: -9, max: 9 }))
      .map(([comparison, limit]) => condition(`${comparison} ${limit}`));
    fc.assert(
      fc.property(fc.option(text), fc.array(text, { maxLength: 3 }), fc.double(), (...given) => {
        const [pass, breaches, seen] = given;
        const judges = { pass, breaches, otherwise: 'hold' } as const;
        const within = bandsOf(judges).filter(
          ({ from, to }) => (from === null || from < seen) && (to === null || seen < to),
        );
        // A number on a limit is of one of the bands beside it.
        if (Number.isInteger(seen) || Number.isNaN(seen) || bandsOf(judges).length === 0) return;
        expect(within.map(({ kind }) => kind)).toEqual([bandOfNumber(judges, seen)]);
      }),
    );
    expect(numberCondition("status == 'PASS'")).toBeNull();
  });
});
