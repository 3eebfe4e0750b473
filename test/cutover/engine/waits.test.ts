/** What a run does while it waits: for people, for a time, for a check that has to pass for some time. */

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { soaked } from '../../../src/cutover/engine/gates.ts';
import { fileRequest, type RunRequest } from '../../../src/cutover/engine/runRequests.ts';
import type { Sample } from '../../../src/cutover/engine/runRecord.ts';
import type { StepResult } from '../../../src/cutover/steps/stepType.ts';
import type { GateSubject } from '../../../src/journal/approval.ts';
import { workFolder } from '../../kit/project.ts';
import { approve } from './approve.ts';
import { goOn, openPlayed, played, stage, type PlayedRun, type Stage } from './play.ts';

const HEAD = `runbook: played
roles: { operator: [ada], approver: [bo, cy, dee] }
inputs: { db: { secret: DB } }
`;
const GATE = `${HEAD}steps:
  - { id: freeze, use: exec, run: [freeze], idempotent: true, undo: { run: [undo freeze] } }
  - { id: seen, use: exec, run: [seen], changes: false }
  - { id: approve, use: gate.approval, role: approver, of: 2, expires: 1h, requires: [seen] }
  - { id: open, use: exec, run: [open], idempotent: true, pointOfNoReturn: true }
monitor:
  - { id: http5xx, use: exec, run: [http5xx], changes: false, every: 1m, for: 10m, onFail: page }
triggers:
  - { when: "http5xx > 0.01", for: 5m, severity: S1, action: rollback }
`;

const work = workFolder('engine-waits');
let count = 0;
const fresh = (): string => join(work, String((count += 1)));
const number = (value: number): StepResult => ({
  verdict: 'PASS',
  says: '',
  results: { count: value },
});

function ask(run: PlayedRun, play: Stage, request: RunRequest): void {
  fileRequest(run.held.places, request, new Date(play.clock).toISOString(), process.pid);
}

/** Opens a run, and goes on until it waits; the run stays open. */
async function waiting(text: string, play: Stage): Promise<PlayedRun> {
  const folder = fresh();
  await goOn(openPlayed(folder, text, play), 'waits');
  return openPlayed(folder, text, play);
}

describe('a gate', () => {
  it('opens when as many people have approved as it needs, each once', async () => {
    const play = stage();
    play.acts['http5xx'] = () => number(0);
    const run = await waiting(GATE, play);
    expect(run.held.record.state).toMatchObject({ status: 'WAITING', waitsFor: 'approval' });
    approve(run, play, 'bo', 'approve');
    approve(run, play, 'bo', 'approve', { statement: 'and again' });
    expect(await goOn(run, 'waits')).toMatchObject({
      kind: 'waits',
      says: '1 of 2 of the role approver, so far bo',
    });
    const later = openPlayed(join(work, String(count)), GATE, play);
    approve(later, play, 'cy', 'approve');
    await goOn(later);
    expect(later.held.record.state.status).toBe('COMPLETED');
    expect(later.held.record.steps.get('approve')?.says).toBe('approved by bo, cy');
    expect(play.effects).toEqual(['freeze', 'open']);
  });

  it.each([
    ['of another run', {}, { run: 'played-2' }],
    ['of another step', {}, { step: 'open' }],
    ['of another plan', {}, { plan: 'f'.repeat(64) }],
    ['for another database', {}, { target: 'f'.repeat(64) }],
    ['made before what was seen since', {}, { evidence: 'f'.repeat(64) }],
    ['that has expired', { time: '2026-12-05T00:00:00.000Z' }],
    ['of the day after tomorrow', { time: '2026-12-08T00:00:00.000Z' }],
    ['of a person without the role', { reviewer: 'eve' }],
  ])('does not open by an approval %s', async (_, differs, elsewhere?: Partial<GateSubject>) => {
    const play = stage();
    play.acts['http5xx'] = () => number(0);
    const run = await waiting(GATE, play);
    approve(run, play, 'bo', 'approve', differs, elsewhere);
    approve(run, play, 'cy', 'approve');
    expect(await goOn(run, 'waits')).toMatchObject({
      says: '1 of 2 of the role approver, so far cy',
    });
  });

  it('needs new approvals where the run went on and came back to it', async () => {
    const play = stage();
    play.acts['http5xx'] = () => number(0);
    const folder = fresh();
    await goOn(openPlayed(folder, GATE, play), 'waits');
    const run = openPlayed(folder, GATE, play);
    approve(run, play, 'bo', 'approve');
    ask(run, play, { request: 'pause', who: 'ada', why: 'lunch' });
    await goOn(run);
    expect(run.held.record.state.status).toBe('PAUSED');
    expect(run.held.record.why).toBe('lunch');
    const again = openPlayed(folder, GATE, play);
    again.held.commit({ event: 'resumed' });
    // The gate is the same, and so is what was seen: the approval counts.
    expect(await goOn(again, 'waits')).toMatchObject({
      says: expect.stringContaining('so far bo'),
    });
  });

  it('does not keep a breach from rolling back: the numbers count while the run waits for people', async () => {
    const play = stage();
    const begun = play.clock;
    play.acts['http5xx'] = () => number(play.clock - begun > 600_000 ? 0.02 : 0);
    const run = await played(fresh(), GATE, play);
    expect(run.held.record.state.status).toBe('ROLLED_BACK');
    expect(run.held.record.why).toBe('http5xx > 0.01 for 5m (S1)');
    expect(play.effects).toEqual(['freeze', 'undo freeze']);
    const minutes = (play.clock - begun) / 60_000;
    expect(minutes).toBeGreaterThan(15);
    expect(minutes).toBeLessThan(18);
  });

  it('holds the run where there are no numbers any more, and says so', async () => {
    const play = stage();
    play.acts['http5xx'] = () => ({ verdict: 'INCONCLUSIVE', says: 'the log is missing' });
    const run = await played(fresh(), GATE, play);
    expect(run.held.record.state.status).toBe('PAUSED');
    expect(run.held.record.why).toBe('there is no number for "http5xx > 0.01"');
  });
});

describe('a trigger that freezes', () => {
  const FREEZES = `${HEAD}steps:
  - { id: first, use: exec, run: [first], idempotent: true, undo: { run: [undo first] } }
  - { id: freeze, use: app.writes, set: off, url: /writes, undo: { set: on, act: open } }
  - { id: last, use: exec, run: [last], idempotent: true }
monitor:
  - { id: http5xx, use: exec, run: [http5xx], changes: false, every: 1m, for: 10m, onFail: page }
triggers:
  - { when: "http5xx > 0.01", severity: S1, action: freeze }
`.replace(', act: open', '');

  it('holds the run, and what it has frozen is open again after the way back', async () => {
    const play = stage();
    play.acts['http5xx'] = () => number(1);
    const folder = fresh();
    const run = await played(folder, FREEZES, play);
    expect(run.held.record.state).toMatchObject({
      status: 'PAUSED',
      steps: ['PENDING', 'PENDING', 'PENDING'],
    });
    expect(play.effects).toEqual(['freeze']);
    const back = openPlayed(folder, FREEZES, play);
    back.held.commit({ event: 'rollback-begun', lossAccepted: false });
    await goOn(back);
    expect(back.held.record.state.status).toBe('ROLLED_BACK');
    // The way back of a step is played as the step.
    expect(play.effects).toEqual(['freeze', 'freeze']);
  });
});

describe('the hours after the last step', () => {
  it('are watched, and a failing monitor calls the on-call, once, and again after it has passed', async () => {
    const play = stage();
    const text = GATE.replace(/ {2}- \{ id: approve.*\n/, '').replace(/triggers:\n.*\n/, '');
    let looks = 0;
    play.acts['http5xx'] = () => {
      looks += 1;
      return looks < 3 || looks === 6 ? number(0) : { verdict: 'FAIL', says: '' };
    };
    const begun = play.clock;
    const run = await played(fresh(), text, play);
    expect(run.held.record.state.status).toBe('COMPLETED');
    expect(looks).toBeGreaterThanOrEqual(10);
    expect(play.clock - begun).toBeGreaterThanOrEqual(600_000);
    // Once for each time that it has failed: it passed in between.
    expect(play.said.filter((line) => line.startsWith('page: '))).toEqual([
      'page: the monitor http5xx does not pass',
      'page: the monitor http5xx does not pass',
    ]);
  });
});

describe('after a point of no return', () => {
  const LATE = `${HEAD}steps:
  - { id: change, use: exec, run: [change], undo: { run: [undo change] } }
  - { id: open, use: exec, run: [open], idempotent: true, pointOfNoReturn: true, undo: { run: [shut], keepsWrites: true } }
monitor:
  - { id: healthy, use: exec, run: [healthy], changes: false, every: 1m, for: 10m, onFail: rollback }
`;

  it('a monitor does not give up what was written since: it holds the run', async () => {
    const play = stage();
    play.acts['healthy'] = () => ({ verdict: 'FAIL', says: 'no' });
    const run = await played(fresh(), LATE, play);
    expect(run.held.record.state.status).toBe('PAUSED');
    expect(run.held.record.why).toBe(
      'the monitor healthy does not pass; it does not go back by itself, as later writes would be lost',
    );
    expect(play.effects).toEqual(['change', 'open']);
  });

  it('it goes back by itself where nothing is lost by that', async () => {
    const play = stage();
    play.acts['healthy'] = () => ({ verdict: 'FAIL', says: 'no' });
    const text = LATE.replace('run: [undo change] }', 'run: [undo change], keepsWrites: true }');
    const run = await played(fresh(), text, play);
    expect(run.held.record.state.status).toBe('ROLLED_BACK');
    expect(play.effects).toEqual(['change', 'open', 'shut', 'undo change']);
  });
});

describe('a check that has to pass for some time', () => {
  const SOAK = `${HEAD}steps:
  - { id: soak, use: exec, run: [soak], changes: false, until: { for: 10m, every: 1m, within: 30m } }
`;

  it('passes when it has passed all through it, and begins anew after a failure', async () => {
    const play = stage();
    const begun = play.clock;
    let looks = 0;
    play.acts['soak'] = () => {
      looks += 1;
      return looks === 6 ? { verdict: 'FAIL', says: 'no' } : { verdict: 'PASS', says: 'ready' };
    };
    const run = await played(fresh(), SOAK, play);
    expect(run.held.record.state.status).toBe('COMPLETED');
    expect(run.held.record.steps.get('soak')?.says).toMatch(/^ready, for 10m/);
    expect((play.clock - begun) / 60_000).toBeGreaterThan(15.9);
  });

  it('is given up when it is said to', async () => {
    const play = stage();
    play.acts['soak'] = () => ({ verdict: 'FAIL', says: 'status 503' });
    const run = await played(fresh(), SOAK, play);
    expect(run.held.record.steps.get('soak')).toMatchObject({ verdict: 'FAIL' });
    expect(run.held.record.steps.get('soak')?.says).toMatch(/^status 503; given up after 30m/);
  });

  it('goes on in another process: no process has to live that long', async () => {
    const play = stage();
    const folder = fresh();
    for (let tick = 0; tick < 11; tick += 1) {
      const pause = await goOn(openPlayed(folder, SOAK, play), 'waits');
      if (tick < 10) expect([tick, pause]).toMatchObject([tick, { kind: 'waits', reason: 'soak' }]);
      else expect(pause).toEqual({ kind: 'over' });
      play.clock += 61_000;
    }
  });

  it.each([
    ['one look', [[0, 'PASS']], 0],
    [
      'two looks',
      [
        [0, 'PASS'],
        [60, 'PASS'],
      ],
      60,
    ],
    [
      'a look that was missed',
      [
        [0, 'PASS'],
        [60, 'PASS'],
        [600, 'PASS'],
        [660, 'PASS'],
      ],
      120,
    ],
    [
      'a look without an answer',
      [
        [0, 'PASS'],
        [60, 'INCONCLUSIVE'],
        [120, 'PASS'],
        [180, 'PASS'],
      ],
      60,
    ],
    [
      'a failure',
      [
        [0, 'PASS'],
        [60, 'PASS'],
        [120, 'FAIL'],
        [180, 'PASS'],
        [240, 'WARN'],
      ],
      60,
    ],
  ] as const)('counts what lies between looks that passed: %s', (_, looks, seconds) => {
    const samples = looks.map(([at, verdict]): Sample => ({ at: at * 1000, verdict, value: null }));
    expect(soaked(samples, 60_000)).toBe(seconds * 1000);
  });
});

/** A step that lasts until it is stopped, or for some time. */
function lasting(run: () => PlayedRun, play: Stage, request: RunRequest): Stage['acts'][string] {
  return async (signal) => {
    ask(run(), play, request);
    const until = play.clock + 20_000;
    while (play.clock < until && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    signal.throwIfAborted();
    return { verdict: 'PASS', says: 'in peace' };
  };
}

describe('another terminal', () => {
  const STEPS = `${HEAD}steps:
  - { id: check, use: exec, run: [check], changes: false }
  - { id: change, use: exec, run: [change], undo: { run: [undo change] } }
  - { id: last, use: exec, run: [last], idempotent: true }
`;

  async function asked(id: string, request: RunRequest): Promise<{ run: PlayedRun; play: Stage }> {
    const play = stage();
    const run: PlayedRun = openPlayed(fresh(), STEPS, play);
    play.acts[id] = lasting(() => run, play, request);
    await goOn(run);
    return { run, play };
  }

  it('pauses a run after the step that is under way', async () => {
    const { run, play } = await asked('change', {
      request: 'pause',
      who: 'bo',
      why: '',
    });
    expect(run.held.record.state.status).toBe('PAUSED');
    expect(play.effects).toEqual(['change']);
  });

  it('stops what is under way by a panic, and of a change nothing is known then', async () => {
    const { run, play } = await asked('change', {
      request: 'panic',
      who: 'bo',
      why: 'smoke',
    });
    expect(run.held.record.state).toMatchObject({
      status: 'PAUSED',
      steps: ['PASS', 'UNKNOWN', 'PENDING'],
    });
    expect(run.held.record.why).toBe('smoke');
    expect(play.effects).toEqual([]);
  });

  it('aborts at once in a check, and leaves everything as it is', async () => {
    const { run, play } = await asked('check', { request: 'abort', who: 'bo', why: '' });
    expect(run.held.record.state.status).toBe('ABORTED');
    expect(play.effects).toEqual([]);
  });

  it('stops a way back by a panic; it does not go on by itself, and another one does', async () => {
    const play = stage();
    const folder = fresh();
    await goOn(openPlayed(folder, STEPS, play));
    const run: PlayedRun = openPlayed(folder, STEPS, play);
    const back = { event: 'rollback-begun', lossAccepted: false } as const;
    run.held.commit(back);
    const panic = { request: 'panic', who: 'bo', why: 'wrong database' } as const;
    play.acts['undo change'] = lasting(() => run, play, panic);
    await goOn(run);
    expect(run.held.record.state.status).toBe('ROLLBACK_FAILED');
    expect([run.held.record.why, play.effects]).toEqual(['wrong database', ['change', 'last']]);
    delete play.acts['undo change'];
    const again = openPlayed(folder, STEPS, play);
    again.held.commit(back);
    await goOn(again);
    expect(again.held.record.state.status).toBe('ROLLED_BACK');
    expect(play.effects).toEqual(['change', 'last', 'undo change']);
  });

  it('aborts in a change when that has ended', async () => {
    const { run, play } = await asked('change', { request: 'abort', who: 'bo', why: '' });
    expect(run.held.record.state.status).toBe('ABORTED');
    expect(play.effects).toEqual(['change']);
  });
});
