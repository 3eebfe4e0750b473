import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { readRun } from '../../../src/cutover/engine/heldRun.ts';
import type { StepResult } from '../../../src/cutover/steps/stepType.ts';
import { answer } from '../../../src/flow/cutoverAnswers.ts';
import { workFolder } from '../../kit/project.ts';
import { goOn, openPlayed, played, stage, type PlayedRun, type Stage } from './play.ts';

const RUNBOOK = `runbook: played
roles: { operator: [ada], approver: [bo] }
inputs: { db: { secret: DB } }
steps:
  - { id: tested, use: exec, run: [tested], changes: false }
  - { id: freeze, use: exec, run: [freeze], idempotent: true, undo: { run: [undo freeze] } }
  - { id: migrate, use: sql.migrate, files: "*.sql", undo: { use: exec, run: [undo migrate], when: migrate.applied > 0 } }
  - { id: verify, use: exec, run: [verify], changes: false }
  - { id: open, use: exec, run: [open], idempotent: true, verify: { use: exec, run: [healthy], changes: false } }
triggers:
  - { when: "verify.failed > 0", severity: S0, action: rollback }
`;

const work = workFolder('engine-run');
let count = 0;
const fresh = (): string => join(work, String((count += 1)));

function events(run: PlayedRun): string[] {
  return readRun(run.held.places).entries.map(({ event, step }) =>
    typeof step === 'string' ? `${event} ${step}` : event,
  );
}

function fails(says = 'it does not hold'): StepResult {
  return { verdict: 'FAIL', says };
}

describe('a run', () => {
  it('does each step once, in the order of the runbook, and writes down each before and after', async () => {
    const play = stage();
    const run = await played(fresh(), RUNBOOK, play);
    expect(play.effects).toEqual(['freeze', 'migrate', 'open']);
    expect(run.held.record.state.status).toBe('COMPLETED');
    expect(events(run)).toEqual([
      'begin',
      'run-begun',
      'step-intended tested',
      'step-ended tested',
      'step-intended freeze',
      'step-applied freeze',
      'step-ended freeze',
      'step-intended migrate',
      'step-applied migrate',
      'step-ended migrate',
      'step-intended verify',
      'step-ended verify',
      'step-intended open',
      'step-applied open',
      'step-ended open',
      'run-ended',
    ]);
  });

  it.each(['tested', 'freeze', 'migrate', 'open'])(
    'is held at %s where that fails, and nothing after it is done',
    async (id) => {
      const play = stage();
      play.acts[id] = () => fails();
      const run = await played(fresh(), RUNBOOK, play);
      expect(run.held.record.state.status).toBe('PAUSED');
      const all = ['freeze', 'migrate', 'open'];
      const at = all.indexOf(id);
      expect(play.effects).toEqual(id === 'tested' ? [] : all.slice(0, at));
      expect(play.said.at(-1)).toMatch(new RegExp(`${id}  .+  FAIL  it does not hold$`));
    },
  );

  it('goes back by itself where a trigger says so, from the last step to the first', async () => {
    const play = stage();
    play.acts['verify'] = () => ({ ...fails(), results: { failed: 2 } });
    play.acts['migrate'] = () => ({ verdict: 'PASS', says: '', results: { applied: 7 } });
    const run = await played(fresh(), RUNBOOK, play);
    expect(run.held.record.state.status).toBe('ROLLED_BACK');
    expect(play.effects).toEqual(['freeze', 'migrate', 'undo migrate', 'undo freeze']);
    expect(run.held.record.why).toBe('verify.failed > 0 (S0)');
  });

  it('leaves out a way back whose condition does not hold', async () => {
    const play = stage();
    play.acts['verify'] = () => fails();
    play.acts['migrate'] = () => ({ verdict: 'PASS', says: '', results: { applied: 0 } });
    await played(fresh(), RUNBOOK, play);
    expect(play.effects).toEqual(['freeze', 'migrate', 'undo freeze']);
  });

  it('says that it could not go back where an action of the way back fails, and goes on there later', async () => {
    const play = stage();
    const folder = fresh();
    play.acts['verify'] = () => fails();
    play.acts['undo freeze'] = () => fails('the application does not answer');
    const run = await played(folder, RUNBOOK, play);
    expect(run.held.record.state.status).toBe('ROLLBACK_FAILED');
    expect(run.held.record.why).toBe('freeze could not be undone, the application does not answer');
    play.acts['undo freeze'] = () => ({ verdict: 'PASS', says: '' });
    const again = openPlayed(folder, RUNBOOK, play);
    again.held.commit({ event: 'rollback-begun', lossAccepted: false });
    await goOn(again);
    expect(again.held.record.state.status).toBe('ROLLED_BACK');
    expect(play.effects.filter((effect) => effect === 'undo freeze')).toHaveLength(1);
  });

  it('does a step again that was held, once a person has resumed it', async () => {
    const play = stage();
    const folder = fresh();
    play.acts['open:verify'] = () => fails('not healthy yet');
    await played(folder, RUNBOOK, play);
    delete play.acts['open:verify'];
    const again = openPlayed(folder, RUNBOOK, play);
    again.held.commit({ event: 'resumed' });
    await goOn(again);
    expect(again.held.record.state.status).toBe('COMPLETED');
  });

  it('is held before a step that requires one which was left out, and leaves out what can be', async () => {
    const play = stage();
    const folder = fresh();
    const steps = [
      '{ id: tested, use: exec, run: [tested], changes: false }',
      '{ id: maybe, use: exec, run: [maybe], idempotent: true, when: tested.failed > 0 }',
      '{ id: after, use: exec, run: [after], idempotent: true, when: tested.failed > 0, requires: [maybe] }',
      '{ id: last, use: exec, run: [last], idempotent: true, requires: [tested, after] }',
    ];
    const text = `runbook: played\nroles: { operator: [ada] }\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
    await played(folder, text, play);
    const again = openPlayed(folder, text, play);
    again.held.commit({ event: 'resumed' });
    await goOn(again);
    const { state, why } = again.held.record;
    expect(state.status).toBe('PAUSED');
    expect(why).toBe('last was not begun, as it requires after to have passed');
    expect(play.effects).toEqual([]);
    const back = openPlayed(folder, text, play);
    back.held.commit({ event: 'rollback-begun', lossAccepted: false });
    await goOn(back);
    expect(back.held.record.state.status).toBe('ROLLED_BACK');
  });

  it('lets no step be waived that a later one requires, and says so when it is asked to', async () => {
    const play = stage();
    const folder = fresh();
    play.acts['verify'] = () => fails();
    const text = RUNBOOK.replace('id: open,', 'id: open, requires: [verify],').replace(
      /triggers:[^]*$/,
      '',
    );
    await played(folder, text, play);
    const held = openPlayed(folder, text, play);
    const waive = (step: string): void => {
      answer(held, [{ step, kind: 'waive' }], 'ada', 'it is well enough');
    };
    expect(() => {
      waive('verify');
    }).toThrow('a later step requires it to pass');
    expect(held.held.record.state.status).toBe('PAUSED');
    delete play.acts['verify'];
    held.held.commit({ event: 'resumed' });
    await goOn(held);
    expect(held.held.record.state.status).toBe('COMPLETED');
  });

  it('is held by its own check of an effect, though the step says that it has passed', async () => {
    const play = stage();
    play.acts['healthy'] = () => fails('status 503 instead of 200');
    const run = await played(fresh(), RUNBOOK, play);
    expect(run.held.record.state.status).toBe('PAUSED');
    expect(run.held.record.steps.get('open')).toMatchObject({
      verdict: 'FAIL',
      says: 'status 503 instead of 200',
    });
  });

  it('repeats the check of an effect until it has passed all through its time, or is given up', async () => {
    const text = RUNBOOK.replace(
      'run: [healthy], changes: false }',
      'run: [healthy], changes: false, until: { for: 1m, every: 10s, within: 3m } }',
    );
    const play = stage();
    let looks = 0;
    play.acts['healthy'] = () =>
      (looks += 1) < 4 ? fails('starts') : { verdict: 'PASS', says: '' };
    const run = await played(fresh(), text, play);
    expect(run.held.record.state.status).toBe('COMPLETED');
    expect(looks).toBeGreaterThan(5);
    play.acts['healthy'] = () => fails('status 503');
    const other = await played(fresh(), text, play);
    expect(other.held.record.steps.get('open')).toMatchObject({
      verdict: 'FAIL',
      says: expect.stringMatching(/^status 503; given up after 3m/),
    });
  });

  it('does not begin a change where another operator could be at work, and goes on when none can', async () => {
    const play = stage();
    const folder = fresh();
    play.others = 'the lock was lost';
    const run = await played(folder, RUNBOOK, play);
    expect(run.held.record).toMatchObject({
      why: 'freeze was not begun, as the lock was lost',
      state: { status: 'PAUSED' },
    });
    expect(play.effects).toEqual([]);
    play.others = null;
    const again = openPlayed(folder, RUNBOOK, play);
    again.held.commit({ event: 'resumed' });
    await goOn(again);
    expect(again.held.record.state.status).toBe('COMPLETED');
  });

  it('is one process at a time', () => {
    const folder = fresh();
    const run = openPlayed(folder, RUNBOOK, stage());
    expect(() => openPlayed(folder, RUNBOOK, stage())).toThrow(
      /sealift cutover run \(process \d+, since .+\) is at work/,
    );
    run.held.close();
  });

  it('is refused where the clock is earlier than its last line', async () => {
    const folder = fresh();
    const play = stage();
    play.acts['tested'] = () => fails();
    await played(folder, RUNBOOK, play);
    play.clock -= 3_600_000;
    expect(() => openPlayed(folder, RUNBOOK, play)).toThrow(
      /the clock is earlier than the last line of the run/,
    );
  });
});

/** Stands for kill -9: nothing after it is done by this process. */
class Killed extends Error {}

function killedAt(number: number): { readonly play: Stage; seen: () => number } {
  let moment = 0;
  const play = stage(() => {
    moment += 1;
    if (moment === number) throw new Killed();
  });
  return { play, seen: () => moment };
}

/** Runs a runbook whose process is killed at a moment, and then as often as it takes with no further kill. */
async function killedAndResumed(
  number: number,
  acts: Stage['acts'],
): Promise<{ readonly play: Stage; readonly run: PlayedRun | null; readonly wasKilled: boolean }> {
  const folder = fresh();
  const { play } = killedAt(number);
  Object.assign(play.acts, acts);
  let wasKilled = false;
  for (let process = 0; process < 3; process += 1) {
    let run: PlayedRun | null = null;
    try {
      run = openPlayed(folder, RUNBOOK, play);
      await goOn(run);
      return { play, run, wasKilled };
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      wasKilled = true;
      run?.held.close();
    }
  }
  return { play, run: null, wasKilled };
}

describe('a run that is killed at any moment', () => {
  it('comes to the same end, and does nothing twice that can tell whether it was done', async () => {
    let moments = 0;
    for (let number = 1; ; number += 1) {
      const { play, run, wasKilled } = await killedAndResumed(number, {});
      if (!wasKilled) break;
      moments += 1;
      expect([number, run?.held.record.state.status]).toEqual([number, 'COMPLETED']);
      // What is idempotent may come again; a migration may not.
      expect([number, [...new Set(play.effects)]]).toEqual([number, ['freeze', 'migrate', 'open']]);
      expect([number, play.effects.filter((one) => one === 'migrate')]).toEqual([
        number,
        ['migrate'],
      ]);
    }
    expect(moments).toBeGreaterThan(30);
  });

  it('goes back to the same end', async () => {
    let moments = 0;
    const acts: Stage['acts'] = {
      verify: () => fails(),
      migrate: () => ({ verdict: 'PASS', says: '', results: { applied: 1 } }),
    };
    for (let number = 1; ; number += 1) {
      const { play, run, wasKilled } = await killedAndResumed(number, acts);
      if (!wasKilled) break;
      moments += 1;
      const { status } = run?.held.record.state ?? {};
      expect([number, status]).toEqual([number, 'ROLLED_BACK']);
      expect([number, [...new Set(play.effects)]]).toEqual([
        number,
        ['freeze', 'migrate', 'undo migrate', 'undo freeze'],
      ]);
    }
    expect(moments).toBeGreaterThan(30);
  });
});
