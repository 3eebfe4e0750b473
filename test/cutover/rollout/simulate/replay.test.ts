/** The looks of a run are judged again as they were, and otherwise where the runbook is another one since. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { keepRunbook } from '../../../../src/cutover/engine/keptRunbook.ts';
import { placesOf } from '../../../../src/cutover/engine/runPlaces.ts';
import { parseRunbook } from '../../../../src/cutover/readRunbook.ts';
import { projectPaths } from '../../../../src/project/paths.ts';
import { sealift } from '../../../kit/run.ts';
import { workFolder } from '../../../kit/project.ts';
import { goOn, openPlayed } from '../../engine/play.ts';
import { HOUR, metrics, number, page, type Asked } from '../playedRollout.ts';

const work = workFolder('rollout-replay');

const RUNBOOK = `runbook: gradual
roles: { operator: [ada] }
inputs: { db: "sqlite:app.db" }
rollout:
  set: { key: percent, file: flags.json }
  observe: { sql: q0.sql, test: sample-ratio, minSamples: 100 }
  stages:
    - { percent: 10, soak: 24h, every: 6h }
    - { percent: 50, soak: 48h, every: 12h }
metrics:
  - { id: success, sql: q1.sql, measure: share, pass: ">=95", rollback: "<95", margin: 1, minSamples: 100 }
  - { id: stuck, sql: q2.sql, pass: "==0", rollback: ">10", grace: 2h }
onRollback: { percent: 0, restartAt: 10 }
`;

const usersOf = ({ since, until }: Asked): number => Math.floor(((until - since) / HOUR) * 1000);

/** Plays a run in which 96.5 % succeed, and the split is that of its stage. */
async function playRun(): Promise<void> {
  let percent = 10;
  const { play } = metrics({
    'q0.sql': (asked) => {
      const fresh = Math.round((usersOf(asked) * percent) / 100);
      const rows = [
        ['v2', BigInt(fresh)],
        ['v1', BigInt(usersOf(asked) - fresh)],
      ] as const;
      return page(['version', 'n'], ...rows);
    },
    'q1.sql': (asked) => {
      const of = Math.floor((usersOf(asked) * percent) / 100);
      return page(['part', 'of'], [BigInt(Math.round(of * 0.965)), BigInt(of)]);
    },
    'q2.sql': () => number(0),
  });
  for (;;) {
    const run = openPlayed(work, RUNBOOK, play);
    const pause = await goOn(run, 'waits');
    if (play.effects.includes('percent-50')) percent = 50;
    if (pause.kind !== 'waits') break;
    play.clock = Math.max(play.clock, pause.until ?? 0);
  }
  const places = placesOf(projectPaths(work), 'gradual-1');
  keepRunbook(places, parseRunbook(RUNBOOK, 'gradual.yaml'));
}

async function replayed(text: string): Promise<readonly string[]> {
  writeFileSync(join(work, 'gradual.yaml'), text);
  const args = ['rollout', 'simulate', 'gradual.yaml', '--from', 'gradual-1'];
  const { stdout } = await sealift(args, { cwd: work });
  return stdout.trim().split('\n');
}

beforeAll(playRun);

describe('a run that is judged again', () => {
  it('is decided as it was by the same runbook', async () => {
    expect(await replayed(RUNBOOK)).toEqual([
      '10 % passes after 1d, at look 4 of 4',
      '50 % passes after 2d, at look 4 of 4',
      'rollout simulate: DONE',
    ]);
  });

  it('would have passed sooner with shorter stages', async () => {
    const lines = await replayed(RUNBOOK.replace('soak: 48h', 'soak: 24h'));
    expect(lines[1]).toBe('50 % passes after 1d, at look 2 of 4');
  });

  it('would have gone back with a stricter limit, and no later stage is judged', async () => {
    const strict = RUNBOOK.replace('">=95", rollback: "<95"', '">=98", rollback: "<98"');
    const lines = await replayed(strict);
    expect(lines[0]).toMatch(
      /^10 % rolls back after \d+[hd], at look [1-4] of 4: success rolls back: /,
    );
    expect(lines).toHaveLength(2);
  });

  it('is not decided where its looks end before', async () => {
    const [line] = await replayed(RUNBOOK.replace('soak: 24h', 'soak: 72h'));
    expect(line).toMatch(/^10 % is not decided after 1d, at look 4 of 4/);
  });

  it('has to be there', async () => {
    writeFileSync(join(work, 'gradual.yaml'), RUNBOOK);
    const args = ['rollout', 'simulate', 'gradual.yaml', '--from', 'gradual-7'];
    const { stderr, code } = await sealift(args, { cwd: work });
    expect(code).toBe(64);
    expect(stderr).toContain('there is no such run (gradual-7): the last one is gradual-1');
  });
});
