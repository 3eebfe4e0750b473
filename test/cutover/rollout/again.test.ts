/** Stages of a rollout are judged again by the figures of their looks: what was decided follows from them, or is found. */

import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { judgeStages } from '../../../src/cutover/evidence/stagesAgain.ts';
import { readRun } from '../../../src/cutover/engine/heldRun.ts';
import type { JournalEntry } from '../../../src/journal/line.ts';
import { workFolder } from '../../kit/project.ts';
import { goOn, openPlayed, type PlayedRun, type Stage } from '../engine/play.ts';
import { HOUR, metrics, number, page, type Answer } from './playedRollout.ts';

const work = workFolder('rollout-again');
const RUNBOOK = `runbook: gradual
roles: { operator: [ada] }
inputs: { db: "sqlite:app.db" }
rollout:
  set: { key: percent, file: flags.json }
  stages:
    - { percent: 10, soak: 24h, every: 6h }
    - { percent: 50, soak: 24h, every: 6h }
metrics:
  - { id: success, sql: q1.sql, measure: share, pass: ">=95", rollback: "<95", margin: 2, minSamples: 100, baseline: { pass: "<=4", rollback: ">1" } }
  - { id: p99, sql: q3.sql, measure: quantile, baseline: { pass: "<=3", rollback: ">1" } }
  - { id: stuck, sql: q2.sql, pass: "==0", rollback: ">10" }
onRollback: { percent: 0, restartAt: 10 }
`;

function share(percent: number): Answer {
  return ({ since, until }) => {
    const of = BigInt(Math.round(((until - since) / HOUR) * 200));
    const part = (of * BigInt(percent)) / 100n;
    const base = (9n * of * 97n) / 100n;
    return page(['version', 'part', 'of'], ['v2', part, of], ['v1', base, 9n * of]);
  };
}

const spread: Answer = ({ since, until }) => {
  const of = BigInt(Math.round(((until - since) / HOUR) * 200));
  const rows = ['v1', 'v2'].flatMap((version) =>
    [
      ['100', of],
      ['200', of],
      ['400', of / 10n],
      [null, 0n],
    ].map(([upto, n]) => [version, upto ?? null, n ?? null] as const),
  );
  return page(['version', 'upto', 'n'], ...rows);
};

const nothing: Answer = () => page(['version', 'part', 'of'], ['v2', 0n, 0n], ['v1', 0n, 0n]);
const noTimes: Answer = () => page(['version', 'upto', 'n'], ['v2', '100', 0n], ['v1', '100', 0n]);

async function lines(
  name: string,
  percent: number,
): Promise<{ run: PlayedRun; entries: readonly JournalEntry[] }> {
  const { play } = metrics({
    'q1.sql': share(percent),
    'q2.sql': () => number(0),
    'q3.sql': spread,
  });
  const run = await played(join(work, name), play);
  return { run, entries: readRun(run.held.places).entries };
}

async function played(at: string, play: Stage): Promise<PlayedRun> {
  for (let visit = 0; visit < 100; visit += 1) {
    const run = openPlayed(at, RUNBOOK, play);
    const pause = await goOn(run, 'waits');
    if (pause.kind !== 'waits') return run;
    play.clock = Math.max(play.clock, pause.until ?? 0);
  }
  throw new Error('it does not end');
}

function found({ loaded, held }: PlayedRun, entries: readonly JournalEntry[]): string[] {
  const { runbook, planHash } = loaded;
  const sources = {
    run: held.places.run,
    runbook,
    planHash,
    lines: entries,
    where: 'journal',
    outputs: [],
    approvals: [],
  };
  return judgeStages(runEvidence(sources as never)).map(({ reason }) => reason);
}

describe('the stages of a rollout, judged again', () => {
  let good: Awaited<ReturnType<typeof lines>>;
  let bad: Awaited<ReturnType<typeof lines>>;
  beforeAll(async () => {
    good = await lines('good', 97);
    bad = await lines('bad', 80);
  });

  it('are as they were', () => {
    expect(good.run.held.record.state.status).toBe('COMPLETED');
    expect(found(good.run, good.entries)).toEqual([]);
    expect(bad.run.held.record.state.status).toBe('ROLLED_BACK');
    expect(found(bad.run, bad.entries)).toEqual([]);
  });

  it('have ends that are not known where nothing was counted yet, and go on', async () => {
    const answers = { 'q1.sql': nothing, 'q2.sql': () => number(0), 'q3.sql': noTimes };
    const { play } = metrics(answers);
    const at = join(work, 'nothing');
    for (const hour of [0, 7, 13]) {
      play.clock = Date.parse('2026-12-06T02:00:00Z') + hour * HOUR;
      await goOn(openPlayed(at, RUNBOOK, play), 'waits');
    }
    const run = openPlayed(at, RUNBOOK, play);
    run.held.close();
    expect(run.held.record.samples.get('step:soak-10')).toHaveLength(2);
    expect(run.held.record.state.status).toBe('WAITING');
    expect(found(run, readRun(run.held.places).entries)).toEqual([]);
  });

  it('are found where a figure was changed', () => {
    const changed = good.entries.map((line) =>
      line.event === 'sampled'
        ? { ...line, figures: { ...(line['figures'] as object), stuck: { number: 3 } } }
        : line,
    );
    const reasons = found(good.run, changed);
    expect(reasons).toContain('a look of soak-10 was judged otherwise than by its figures');
    expect(reasons).toContain('soak-10 was passed, and its figures do not show that');
  });

  it('are found where a look was left out', () => {
    const last = good.entries.findLastIndex(
      ({ event, of }) => event === 'sampled' && of === 'step:soak-50',
    );
    const without = good.entries.filter((_, at) => at !== last);
    expect(found(good.run, without)).toEqual([
      'soak-50 was passed, and its figures do not show that',
    ]);
  });

  it('are found where the run looked on after a look that rolls back', () => {
    const look = bad.entries.findIndex(({ of }) => of === 'step:soak-10');
    const [line] = bad.entries.slice(look, look + 1);
    if (line === undefined) throw new Error('no look');
    expect(found(bad.run, [...bad.entries.slice(0, look + 1), line])).toContain(
      'soak-10 went on after a look that rolls back',
    );
  });

  it('are found where nothing was a reason to go back', () => {
    const changed = bad.entries.map((line) =>
      line.event === 'sampled'
        ? {
            ...line,
            figures: {
              ...(line['figures'] as object),
              success: { fresh: { part: 1164, of: 1200 }, base: { part: 10_476, of: 10_800 } },
            },
          }
        : line,
    );
    expect(found(bad.run, changed)).toContain(
      'soak-10 began the way back, and its figures do not show why',
    );
  });
});
