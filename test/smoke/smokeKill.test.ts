/**
 * smoke and freeze killed at any moment: the journal is valid, what is live verifies, and the next
 * one works. 6 kills of each, or as many as SEALIFT_KILLS_SMOKE says.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { randomOf } from '../dogschool/random.ts';
import { countChanges, startHalting } from '../fault/barrier.ts';
import { newProject, treeOf } from '../fault/fixture.ts';
import { times } from '../kit/long.ts';
import { sealift } from '../kit/run.ts';
import { build, journal, promoteHere, scanHere } from '../promote/fixture.ts';

const KILLS = times('SEALIFT_KILLS_SMOKE', 3, 100, 12);

let project: string;

beforeAll(async () => {
  project = await newProject();
  const text = '{"format":1,"modules":{"owners":{"count":{"atLeast":1},"last":{}}}}';
  writeFileSync(join(project, 'mapping/smoke.json'), text);
  await build(project, 'one');
  await scanHere(project);
  await promoteHere(project);
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

const SMOKE = (): string[] => ['smoke', '--project', project];
const FREEZE = (why: string): string[] => {
  return ['freeze', '--who', 'ada', '--why', why, '--project', project];
};

/** Candidates, mapping and the live link: what smoke must not change. */
const unchanged = (): unknown =>
  treeOf(project, ['storage_reports', 'storage_journal', 'mapping/freeze.json']);

const random = randomOf(1, 'smoke-kill');

/** Kills a command at a change to the disk; returns whether it came to that. */
async function kill(args: readonly string[], changes: number, round: number): Promise<boolean> {
  const anywhere = random.integer(1, changes);
  const place = [anywhere, /journal\.ndjson/, anywhere, /freeze\.json/][round % 4] ?? anywhere;
  const halted = startHalting(args, place);
  if (await halted.reached) halted.child.kill('SIGKILL');
  return (await halted.ended).signal === 'SIGKILL';
}

const rounds = async (
  args: (round: number) => readonly string[],
  after: (killed: number) => Promise<void>,
): Promise<number> => {
  const { changes, code, stderr } = await countChanges(args(0));
  expect([code, stderr]).toEqual([0, '']);
  expect(changes).toBeGreaterThan(4);
  let killed = 0;
  for (let round = 0; killed < KILLS && round < 4 * KILLS; round += 1) {
    if (!(await kill(args(round + 1), changes, round))) continue;
    killed += 1;
    await after(killed);
  }
  return killed;
};

async function expectIntact(): Promise<void> {
  const verified = await sealift(['verify-checksums', '--candidate', 'live', '--project', project]);
  expect([verified.code, verified.stderr]).toEqual([0, expect.anything()]);
}

it(`smoke leaves all as it was, killed ${KILLS} times`, async () => {
  const before = unchanged();
  const killed = await rounds(SMOKE, async () => {
    expect(unchanged()).toEqual(before);
    const events = journal(project).entries;
    expect((await sealift(SMOKE())).code).toBe(0);
    const grown = journal(project).entries;
    expect(grown.slice(0, events.length)).toEqual(events);
    expect(grown.at(-1)).toMatchObject({ event: 'smoke', verdict: 'PASS' });
  });
  await expectIntact();
  expect(killed).toBe(KILLS);
}, 1_200_000);

it(`freeze leaves the old freeze or the new one, killed ${KILLS} times`, async () => {
  const path = join(project, 'mapping/freeze.json');
  const reason = (): string => (JSON.parse(readFileSync(path, 'utf8')) as { why: string }).why;
  const killed = await rounds(
    (round) => FREEZE(`CHG-${round}`),
    async () => {
      expect(reason()).toMatch(/^(?:CHG-\d+|again)$/);
      // One that is in the journal and not on the disk is refused until it is done again.
      const frozen = journal(project).entries.filter(({ event }) => event === 'mapping-frozen');
      expect(frozen.length).toBeGreaterThan(0);
      const tested = await sealift(SMOKE());
      if (tested.code !== 0)
        expect(tested.stderr).toContain('not the one that the journal records');
      expect((await sealift(FREEZE('again'))).code).toBe(0);
      expect([reason(), (await sealift(SMOKE())).code]).toEqual(['again', 0]);
    },
  );
  await expectIntact();
  expect(killed).toBe(KILLS);
}, 1_200_000);
