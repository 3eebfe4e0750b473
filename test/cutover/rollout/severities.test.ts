/** The runbook of a rollout of four weeks: what each of its gates and severities does, at the hour when it does it. */

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { attestedLine } from '../../../src/cutover/engine/attestedLine.ts';
import { workFolder } from '../../kit/project.ts';
import { goOn, openPlayed, type PlayedRun, type Stage } from '../engine/play.ts';
import { HOUR, metrics, number, page, type Answer } from './playedRollout.ts';

const work = workFolder('rollout-severities');
let count = 0;

const RUNBOOK = `runbook: gradual
roles: { operator: [ada], support: [dee] }
inputs: { db: "sqlite:app.db", app: "http://127.0.0.1:8080" }
rollout:
  set: { key: percent, file: flags.json }
  observe: { sql: users.sql, test: sample-ratio, minSamples: 400 }
  stages:
    - { percent: 10, soak: 24h, checkAt: [1h, 6h, 24h], look: 1h }
    - { percent: 100, soak: 7d, every: 1d, look: 6h, zero: v1_calls }
    - { deprecate: v1, url: /process-full, soak: 7d, every: 1d, zero: v1_calls, then: remove }
metrics:
  - { id: success, sql: success.sql, measure: share, pass: ">=95", rollback: "<95", margin: 1, minSamples: 100 }
  - { id: long, sql: long.sql, measure: share, pass: "<=10", rollback: ">10", margin: 2, for: 6h }
  - { id: errors, sql: errors.sql, measure: kinds, pass: "<=0.1", margin: 1 }
  - { id: v1_calls, sql: calls.sql, pass: "==0" }
  - { id: complaints, attest: support, pass: "==0" }
triggers:
  - { when: "complaints > 0", for: 1h, severity: S1, action: rollback }
onRollback: { percent: 0, restartAt: 10 }
`;

const BEGUN = Date.parse('2026-12-06T02:00:00Z');
const hourOf = (at: number): number => (at - BEGUN) / HOUR;

/** Of 300 users an hour with the new version, so many percent. */
function share(percent: (hour: number) => number): Answer {
  return ({ since, until }) => {
    const hours = Array.from({ length: Math.round((until - since) / HOUR) }, (_, at) => at);
    const of = hours.length * 300;
    const part = hours.reduce((sum, at) => sum + 3 * percent(hourOf(since) + at), 0);
    return page(
      ['version', 'part', 'of'],
      ['v2', BigInt(part), BigInt(of)],
      ['v1', 9n * BigInt(part), 9n * BigInt(of)],
    );
  };
}

function errors(percent: number): Answer {
  return ({ since, until }) => {
    const of = Math.round(((until - since) / HOUR) * 300);
    const news = BigInt(Math.round((of * percent) / 100));
    const rows = [
      ['v2', '', BigInt(of)],
      ['v2', 'timeout', 3n],
      ['v2', 'no memory', news],
      ['v1', '', BigInt(of)],
      ['v1', 'timeout', 9n],
    ] as const;
    return page(['version', 'kind', 'n'], ...rows.filter(([, , n]) => n > 0n));
  };
}

/** Of 3,000 users an hour, so many percent have the new version; all of them at 100 %. */
function users(percent: number): Answer {
  return ({ since, until }) => {
    const of = Math.round(((until - since) / HOUR) * 3000);
    const fresh = Math.round((of * (since > BEGUN + 20 * HOUR ? 100 : percent)) / 100);
    return page(['version', 'n'], ['v2', BigInt(fresh)], ['v1', BigInt(of - fresh)]);
  };
}

const healthy = (): Record<string, Answer> => ({
  'success.sql': share(() => 97),
  'long.sql': share(() => 2),
  'errors.sql': errors(0),
  'users.sql': users(10),
  'calls.sql': () => number(0),
});

interface Visits {
  readonly hours: number;
  /** Called before each visit. */
  readonly before?: (run: PlayedRun, hour: number) => void;
}

/** Plays it as a scheduler does that comes each hour, until it ends or waits for people. */
async function visited(play: Stage, { hours, before }: Visits): Promise<PlayedRun> {
  const folder = join(work, String((count += 1)));
  for (let hour = 0; ; hour += 1) {
    play.clock = BEGUN + hour * HOUR;
    const run = openPlayed(folder, RUNBOOK, play);
    before?.(run, hour);
    const pause = await goOn(run, 'waits');
    const waitsForPeople = pause.kind === 'waits' && pause.reason === 'approval';
    if (pause.kind !== 'waits' || waitsForPeople || hour >= hours) return run;
  }
}

function hours({ held: { record } }: PlayedRun): number {
  return Math.round(hourOf(Date.parse(record.lastAt)));
}

describe('a gate of a rollout', () => {
  it('waits for a person who says that there are no complaints', async () => {
    const run = await visited(metrics(healthy()).play, { hours: 30 });
    expect(run.held.record.state.waitsFor).toBe('approval');
    expect(hours(run)).toBe(24);
    expect(run.runbook.steps.find(({ id }) => id === 'complaints-10')?.members).toMatchObject({
      role: 'support',
      text: 'complaints = 0 at 10 % of the users',
    });
  });

  it('goes back at once where fewer than 95 of 100 go well', async () => {
    const { play } = metrics({ ...healthy(), 'success.sql': share(() => 90) });
    const run = await visited(play, { hours: 30 });
    expect(run.held.record.state.status).toBe('ROLLED_BACK');
    expect(run.held.record.why).toMatch(/^success at soak-10/);
    expect(hours(run)).toBeLessThanOrEqual(3);
  });

  it('goes back where too much is slow for six hours, and not before', async () => {
    const { play } = metrics({ ...healthy(), 'long.sql': share(() => 25) });
    const run = await visited(play, { hours: 30 });
    expect(run.held.record.state.status).toBe('ROLLED_BACK');
    expect(run.held.record.why).toMatch(/^long at soak-10/);
    expect(hours(run)).toBe(7);
  });

  it('holds, and does not go back, where errors are of a new type', async () => {
    const { play } = metrics({ ...healthy(), 'errors.sql': errors(5) });
    const run = await visited(play, { hours: 30 });
    expect(run.held.record.state.status).toBe('WAITING');
    expect(run.held.record.state.waitsFor).toBe('soak');
    expect(play.effects).toEqual(['percent-10']);
    const looks = run.held.record.samples.get('step:soak-10') ?? [];
    expect(looks.slice(1).every(({ verdict }) => verdict === 'FAIL')).toBe(true);
  });

  it('holds where 13 % of the users have the new version instead of 10', async () => {
    const { play } = metrics({ ...healthy(), 'users.sql': users(13) });
    const run = await visited(play, { hours: 30 });
    expect(run.held.record.state.waitsFor).toBe('soak');
    expect(play.effects).toEqual(['percent-10']);
  });
});

const later = (hour: number): Record<string, Answer> => ({
  ...healthy(),
  'success.sql': share((at) => (at < hour ? 97 : 60)),
});

const hold = (run: PlayedRun, hour: number): void => {
  if (hour === 5) run.held.commit({ event: 'paused' }, { who: 'ada', why: 'a customer calls' });
};

describe('a version that turns bad', () => {
  it('goes back while the run waits for a person to promote it', async () => {
    const { play } = metrics(later(26));
    const folder = join(work, 'waits');
    let run: PlayedRun | null = null;
    for (let hour = 0; hour <= 40; hour += 1) {
      play.clock = BEGUN + hour * HOUR;
      run = openPlayed(folder, RUNBOOK, play);
      const pause = await goOn(run, 'waits');
      if (hour === 25) expect(pause).toMatchObject({ step: 'complaints-10', reason: 'approval' });
      if (pause.kind !== 'waits') break;
    }
    expect(run?.held.record.state.status).toBe('ROLLED_BACK');
    expect(run?.held.record.why).toMatch(/^success at soak-10/);
    expect(run === null ? 0 : hours(run)).toBeLessThan(40);
  });

  it('goes back while the run is held by a person', async () => {
    const { play } = metrics(later(8));
    const folder = join(work, 'held');
    let run: PlayedRun | null = null;
    for (let hour = 0; hour <= 40; hour += 1) {
      play.clock = BEGUN + hour * HOUR;
      run = openPlayed(folder, RUNBOOK, play);
      hold(run, hour);
      const pause = await goOn(run, 'waits');
      if (pause.kind === 'over') break;
      expect(play.effects).toEqual(['percent-10']);
    }
    expect(run?.held.record.state.status).toBe('ROLLED_BACK');
    expect(run?.held.record.why).toMatch(/^success at soak-10/);
  });
});

const told = (at: number, complaints: number) => (run: PlayedRun, hour: number) => {
  if (hour !== at) return;
  run.held.commit(
    ...attestedLine(run.runbook, { metric: 'complaints', number: complaints, who: 'dee' }),
  );
};

describe('complaints', () => {
  it('take a rollout back an hour after they were told, so that people can look first', async () => {
    const run = await visited(metrics(healthy()).play, { hours: 30, before: told(5, 2) });
    expect(run.held.record.state.status).toBe('ROLLED_BACK');
    expect(run.held.record.why).toBe('complaints > 0 for 1h (S1)');
    expect(hours(run)).toBe(6);
  });

  it('of which there are none change nothing (negative control)', async () => {
    const run = await visited(metrics(healthy()).play, { hours: 30, before: told(5, 0) });
    expect(run.held.record.state.waitsFor).toBe('approval');
    expect(hours(run)).toBe(24);
  });
});
