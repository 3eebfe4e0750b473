/** A rollout as a run: its stages soak, are judged, promoted and taken back, whatever process does it. */

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { recover } from '../../../src/cutover/engine/recover.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { workFolder } from '../../kit/project.ts';
import { goOn, openPlayed, type PlayedRun, type Stage } from '../engine/play.ts';
import { HOUR, metrics, number, page, type Answer } from './playedRollout.ts';

const work = workFolder('rollout-engine');
let count = 0;
const folder = (): string => join(work, String((count += 1)));

const RUNBOOK = `runbook: gradual
roles: { operator: [ada], support: [dee] }
inputs: { db: "sqlite:app.db" }
rollout:
  set: { key: percent, file: flags.json }
  stages:
    - { percent: 10, soak: 24h, checkAt: [1h, 6h, 24h], within: 72h }
    - { percent: 50, soak: 48h, every: 12h }
metrics:
  - { id: success, sql: q1.sql, measure: share, pass: ">=95", rollback: "<95", margin: 1, minSamples: 100 }
  - { id: stuck, sql: q2.sql, pass: "==0", rollback: ">10", grace: 2h }
onRollback: { percent: 0, restartAt: 10 }
`;

const SHORT = RUNBOOK.replace(
  '24h, checkAt: [1h, 6h, 24h], within: 72h',
  '2h, every: 1h, within: 2h',
);

/** So many users an hour, of which so many parts of a hundred went well. */
function share(perHour: number, percent: (at: number) => number): Answer {
  return ({ since, until }) => {
    const of = Math.floor(((until - since) / HOUR) * perHour);
    return page(['part', 'of'], [BigInt(Math.round((of * percent(until)) / 100)), BigInt(of)]);
  };
}

const healthy = (): Record<string, Answer> => ({
  'q1.sql': share(200, () => 97),
  'q2.sql': () => number(0),
});

function statusOf(run: PlayedRun): string {
  return run.held.record.state.status;
}

function looks(run: PlayedRun, id: string): readonly string[] {
  return (run.held.record.samples.get(`step:${id}`) ?? []).map(({ verdict }) => verdict);
}

function hours(run: PlayedRun): number {
  const { begun, lastAt } = run.held.record;
  return Math.round((Date.parse(lastAt) - Date.parse(begun?.at ?? '')) / HOUR);
}

/** Plays a rollout as a scheduler does: a process for each time at which something is due. */
async function played(at: string, text: string, play: Stage): Promise<PlayedRun> {
  for (let visit = 0; visit < 1000; visit += 1) {
    const run = openPlayed(at, text, play);
    const pause = await goOn(run, 'waits');
    if (pause.kind !== 'waits') return run;
    play.clock = Math.max(play.clock, pause.until ?? 0);
  }
  throw new Error('it does not end');
}

describe('a rollout', () => {
  it('of a good version goes through its stages in the time that they soak', async () => {
    const { play } = metrics(healthy());
    const run = await played(folder(), RUNBOOK, play);
    expect(play.said.join('\n')).toContain('soak-50');
    expect(statusOf(run)).toBe('COMPLETED');
    expect(play.effects).toEqual(['percent-10', 'percent-50']);
    expect(looks(run, 'soak-10')).toEqual(['WARN', 'PASS', 'PASS']);
    expect(hours(run)).toBe(72);
  });

  it('of a bad one goes back at once, to the percentage of the runbook', async () => {
    const { play } = metrics({ ...healthy(), 'q1.sql': share(200, () => 90) });
    const run = await played(folder(), RUNBOOK, play);
    expect(statusOf(run)).toBe('ROLLED_BACK');
    expect(run.held.record.why).toMatch(
      /^success at soak-10 is beyond its limit, 90\.0 % of 1,200 \(/,
    );
    expect(hours(run)).toBe(6);
    expect(play.effects.slice(1)).not.toContain('percent-50');
  });

  it('in its second stage goes back there, and the first one is not undone a second time', async () => {
    let at50 = Infinity;
    const { play } = metrics({
      'q1.sql': share(2000, (at) => (at > at50 + 14 * HOUR ? 80 : 97)),
      'q2.sql': () => number(0),
    });
    play.acts['percent-50'] = () => {
      at50 = play.clock;
      return { verdict: 'PASS', says: '' };
    };
    const run = await played(folder(), RUNBOOK, play);
    expect(statusOf(run)).toBe('ROLLED_BACK');
    // The way back of a stage has the id of its step.
    expect(play.effects).toEqual(['percent-10', 'percent-50', 'percent-50']);
  });

  it.each<[string, Stage['acts'][string]]>([
    ['has failed', () => ({ verdict: 'FAIL', says: 'no' })],
    ['was cut off', () => Promise.reject(new Error('killed'))],
  ])('goes back to the stage before where the next percentage %s', async (_, act) => {
    const { play } = metrics(healthy());
    play.acts['percent-50'] = act;
    const at = folder();
    const text = RUNBOOK.replace('percent: 0, restartAt', 'percent: before, restartAt');
    await played(at, text, play).catch((error: unknown) => error);
    delete play.acts['percent-50'];
    const run = openPlayed(at, text, play);
    recover(run);
    run.held.commit({ event: 'rollback-begun', lossAccepted: false }, { why: 'so' });
    await goOn(run);
    expect(statusOf(run)).toBe('ROLLED_BACK');
    expect(play.said.filter((line) => line.startsWith('undo'))).toEqual([
      'undo  percent-50  config.set  PASS',
      'undo  percent-10  config.set  PASS  left out, as percent-50.undone == 0 does not hold',
    ]);
  });

  it('is held, and not promoted, while too few users have been seen', async () => {
    const { play } = metrics({ ...healthy(), 'q1.sql': share(1, () => 100) });
    const run = await played(folder(), RUNBOOK, play);
    expect(statusOf(run)).toBe('PAUSED');
    expect(run.held.record.steps.get('soak-10')?.says).toMatch(
      /^given up after 3d .*, success is not decided: 100 % of \d+ \(/,
    );
    expect(play.effects).toEqual(['percent-10']);
  });

  it('does not go back by fewer samples than the runbook wants', async () => {
    const { play } = metrics({ ...healthy(), 'q1.sql': share(1, () => 0) });
    const run = await played(folder(), RUNBOOK, play);
    expect(statusOf(run)).toBe('PAUSED');
    const enough = metrics({ ...healthy(), 'q1.sql': share(200, () => 0) });
    expect(statusOf(await played(folder(), RUNBOOK, enough.play))).toBe('ROLLED_BACK');
  });

  it('begins its soak anew after a failure, but not while that is within its grace', async () => {
    const begun = Date.parse('2026-12-06T02:00:00Z');
    const stuck =
      (from: number, to: number): Answer =>
      ({ until }) => {
        const at = (until - begun) / HOUR;
        return number(at >= from && at < to ? 3 : 0);
      };
    const often = RUNBOOK.replace('checkAt: [1h, 6h, 24h]', 'checkAt: [1h, 6h, 24h], look: 30m');
    const short = metrics({ ...healthy(), 'q2.sql': stuck(10, 11) });
    expect(hours(await played(folder(), often, short.play))).toBe(72);
    const long = metrics({ ...healthy(), 'q2.sql': stuck(10, 13) });
    expect(hours(await played(folder(), often, long.play))).toBeGreaterThan(72 + 10);
  });

  it('is extended while the old version has calls, and its soak does not begin anew', async () => {
    const begun = Date.parse('2026-12-06T02:00:00Z');
    const zero = RUNBOOK.replace(
      'every: 12h }',
      'every: 12h, look: 1h, zero: calls, zeroFor: 12h }',
    ).replace('onRollback', '  - { id: calls, sql: q3.sql, pass: "==0" }\nonRollback');
    const calls: Answer = ({ until }) => number((until - begun) / HOUR < 24 + 44 ? 5 : 0);
    const { play } = metrics({ ...healthy(), 'q3.sql': calls });
    const run = await played(folder(), zero, play);
    expect(statusOf(run)).toBe('COMPLETED');
    expect(hours(run)).toBe(24 + 44 + 12);
    const quiet = metrics({ ...healthy(), 'q3.sql': () => number(0) });
    expect(hours(await played(folder(), zero, quiet.play))).toBe(72);
  });

  it.each([
    ['in its first hours, in the time of the stage', 3, 48],
    ['until late, a day after the first look without a call', 40, 72],
  ])('ends, though the old version was called %s', async (_, last, takes) => {
    const begun = Date.parse('2026-12-06T02:00:00Z');
    const { play } = metrics({
      ...healthy(),
      'q3.sql': ({ since, until }) => {
        const calls = Array.from({ length: last }, (__, at) => begun + (at + 0.5) * HOUR);
        return number(calls.filter((at) => at >= since && at < until).length);
      },
    });
    const text =
      `${RUNBOOK.slice(0, RUNBOOK.indexOf('    - { percent: 10'))}    - { percent: 100, soak: 48h, every: 6h, zero: calls }
${RUNBOOK.slice(RUNBOOK.indexOf('metrics:'))}`.replace(
        'onRollback: { percent: 0, restartAt: 10 }',
        '  - { id: calls, sql: q3.sql, pass: "==0" }\nonRollback: { percent: 0, restartAt: 100 }',
      );
    const run = await played(folder(), text, play);
    expect(statusOf(run)).toBe('COMPLETED');
    expect(hours(run)).toBe(takes);
  });

  it('goes back when more than ten are stuck, whatever the grace', async () => {
    const { play } = metrics({ ...healthy(), 'q2.sql': () => number(11) });
    const run = await played(folder(), RUNBOOK, play);
    expect(statusOf(run)).toBe('ROLLED_BACK');
    expect(hours(run)).toBe(1);
  });

  it.each<[string, Answer, RegExp]>([
    ['nothing', () => page(['n']), /0 rows instead of 1/],
    ['two rows', () => page(['n'], ['1'], ['2']), /2 rows instead of 1/],
    ['two columns', () => page(['a', 'b'], ['1', '2']), /2 columns instead of 1/],
    ['NULL', () => page(['n'], [null]), /returns NULL/],
    ['NaN', () => page(['n'], ['NaN']), /does not return a number/],
    ['infinity', () => page(['n'], ['Infinity']), /does not return a number/],
    ['a text', () => page(['n'], ['none']), /does not return a number/],
    ['an error', () => new Failure('TARGET', { what: 'the server is gone' }), /the server is gone/],
  ])('does not go on where a query returns %s', async (_, answer, says) => {
    const { play } = metrics({ ...healthy(), 'q2.sql': answer });
    const run = await played(folder(), SHORT, play);
    expect(statusOf(run)).toBe('PAUSED');
    expect(looks(run, 'soak-10').every((verdict) => verdict === 'INCONCLUSIVE')).toBe(true);
    expect(run.held.record.steps.get('soak-10')?.says).toMatch(says);
    expect(play.effects).toEqual(['percent-10']);
  });

  it.each<[string, Answer, RegExp]>([
    ['no row', () => page(['part', 'of']), /returns no row/],
    ['two rows', () => page(['part', 'of'], [1n, 2n], [1n, 2n]), /2 rows of a version/],
    ['a part that is NULL', () => page(['part', 'of'], [null, 2n]), /not both counts/],
    ['more than all', () => page(['part', 'of'], [3n, 2n]), /"part" is more than "of"/],
    ['a share', () => page(['part', 'of'], ['0.97', 1n]), /not both counts/],
    ['a negative count', () => page(['part', 'of'], [-1n, 2n]), /not both counts/],
    ['another version', () => page(['version', 'part', 'of'], ['v3', 1n, 2n]), /another version/],
    ['no such column', () => page(['good', 'of'], [1n, 2n]), /no column "part"/],
    ['a column twice', () => page(['part', 'part', 'of'], [1n, 1n, 2n]), /2 columns "part"/],
  ])('does not go on where a share has %s', async (_, answer, says) => {
    const { play } = metrics({ ...healthy(), 'q1.sql': answer });
    const run = await played(folder(), SHORT, play);
    expect(statusOf(run)).toBe('PAUSED');
    expect(run.held.record.steps.get('soak-10')?.says).toMatch(says);
  });

  it('goes back by the look after which its process was killed, whatever the next one would see', async () => {
    let stuck = 11;
    const { play } = metrics({ ...healthy(), 'q2.sql': () => number(stuck) });
    const at = folder();
    const killed: Stage = {
      ...play,
      moments(name) {
        if (name === 'after line sampled') throw new Error('killed');
      },
    };
    await goOn(openPlayed(at, RUNBOOK, killed), 'waits');
    killed.clock += HOUR;
    await expect(goOn(openPlayed(at, RUNBOOK, killed), 'waits')).rejects.toThrow('killed');
    stuck = 0;
    play.clock = killed.clock;
    const run = await played(at, RUNBOOK, play);
    expect(statusOf(run)).toBe('ROLLED_BACK');
    expect(run.held.record.why).toBe('stuck at soak-10 is beyond its limit, 11');
    expect(looks(run, 'soak-10')).toHaveLength(1);
  });

  it('goes on in another process after each look, and ends as it would have', async () => {
    const { play } = metrics(healthy());
    const at = folder();
    let looked = 0;
    for (; looked < 100; looked += 1) {
      const run = openPlayed(at, RUNBOOK, play);
      const pause = await goOn(run, 'waits');
      if (pause.kind !== 'waits') break;
      play.clock = Math.max(play.clock, pause.until ?? 0);
    }
    const run = openPlayed(at, RUNBOOK, play);
    run.held.close();
    expect(statusOf(run)).toBe('COMPLETED');
    expect(hours(run)).toBe(72);
    expect(looked).toBe(7);
  });

  it('does not count the time around a checkpoint that was missed', async () => {
    const { play } = metrics(healthy());
    const at = folder();
    const visits = [0, 1, 20, 25];
    for (const hour of visits) {
      play.clock = Date.parse('2026-12-06T02:00:00Z') + hour * HOUR + 60_000;
      await goOn(openPlayed(at, RUNBOOK, play), 'waits');
    }
    const run = openPlayed(at, RUNBOOK, play);
    run.held.close();
    expect(looks(run, 'soak-10')).toHaveLength(3);
    expect(statusOf(run)).toBe('WAITING');
    const waiting = await goOn(openPlayed(at, RUNBOOK, play), 'waits');
    expect(waiting).toMatchObject({ kind: 'waits', step: 'soak-10' });
    expect('says' in waiting ? waiting.says : '').toMatch(
      /^6h .*of 1d passed, 1 checkpoint missed; tick at least every 30m to miss none$/,
    );
  });

  it('does not count what a clock has skipped, and goes on from there', async () => {
    const { play } = metrics(healthy());
    const at = folder();
    const patient = RUNBOOK.replace(', within: 72h', '');
    const visit = async (): Promise<PlayedRun> => {
      const run = openPlayed(at, patient, play);
      await goOn(run, 'waits');
      return run;
    };
    await visit();
    play.clock += HOUR;
    await visit();
    // A year forward: the soak is not over by that.
    play.clock += 365 * 24 * HOUR;
    const run = await visit();
    expect(statusOf(run)).toBe('WAITING');
    expect(run.held.record.steps.get('soak-10')?.verdict).toBeNull();
  });

  it('refuses to go on with a clock that went back', async () => {
    const { play } = metrics(healthy());
    const at = folder();
    await goOn(openPlayed(at, RUNBOOK, play), 'waits');
    play.clock += HOUR;
    await goOn(openPlayed(at, RUNBOOK, play), 'waits');
    play.clock -= 2 * HOUR;
    expect(() => openPlayed(at, RUNBOOK, play)).toThrow(/the clock is earlier than the last line/);
  });
});
