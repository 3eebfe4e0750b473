/**
 * promote and rollback in a target, broken off: the command is killed, the server crashes, the connection
 * is cut. What is live is one of the two schemas, whole, at every moment, the ledger says which, and the
 * next command goes on without a hand and journals how it ended. 6 kills and 2 crashes, or as many as
 * SEALIFT_KILLS_TARGET and SEALIFT_CRASHES_TARGET say; half of them while the schemas are being swapped.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomOf } from '../dogschool/random.ts';
import { seedOf, times } from '../kit/long.ts';
import { hasPostgres, postgresHome, startPostgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import type { Ran, Running } from '../kit/run.ts';
import type { GatePlace } from '../target/gate.ts';
import { ANSWER, brokenOff, COMMIT, momentOf, WAITS } from './targetMoments.ts';
import {
  DATABASE,
  movedTarget,
  placeOf,
  readAlways,
  twoCandidates,
  type Move,
  type MovedTarget,
} from './targetMoves.ts';

const KILLS = times('SEALIFT_KILLS_TARGET', 6, 100, 12);
const CRASHES = times('SEALIFT_CRASHES_TARGET', 2, 20, 6);
const random = randomOf(seedOf(process.env, Date.now()), 'target-kill');
const project = workFolder('target-kill');
let seals: readonly [string, string];

beforeAll(async () => {
  seals = await twoCandidates(project);
});

/** A move that is possible: to the one that is not live. */
async function possibleMove(target: MovedTarget): Promise<readonly [Move, string]> {
  const seal = target.other(await target.liveAndWhole());
  const isBack = random.chance(0.5) && (await target.hasBefore());
  return [isBack ? 'rollback' : 'promote', seal];
}

/**
 * The next commands: what they say and leave after a move to `seal` was broken off. Returns how the journal
 * says that it ended, or that it had no end to find out.
 */
async function assertGoesOn(
  target: MovedTarget,
  [move, seal]: readonly [Move, string],
): Promise<'done' | 'not-done' | 'ended'> {
  await target.whenAlone();
  const live = await target.liveAndWhole();
  const open = target.open();
  const how = live === seal ? 'after it had taken effect' : 'before it took effect';
  const said =
    open === null
      ? 'interrupted'
      : `a ${open.move} of the target begun at ${open.at} was interrupted ${how}`;
  // A rollback that was journaled to its end would go one step further.
  const next = open === null && live === seal ? 'promote' : move;
  const rehearsed = await target.run(next, seal, '--dry-run');
  expect(rehearsed.code, rehearsed.stderr).toBe(0);
  expect(rehearsed.stdout.includes(said)).toBe(open !== null);
  expect(target.open()).toEqual(open);
  const again = await target.run(next, seal);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stdout.includes(said)).toBe(open !== null);
  expect(await target.liveAndWhole()).toBe(seal);
  await target.assertAgreed();
  if (open === null) return 'ended';
  const end = live === seal ? 'done' : 'not-done';
  expect(target.recovered(open.intent)).toBe(end);
  return end;
}

/** What a command has said at its end: one line. */
function lineOf({ stderr }: Ran): string {
  expect(stderr).not.toMatch(/\n\s+at |defect|undefined|\[object/);
  const lines = stderr.split('\n').filter((line) => line.startsWith('sealift '));
  expect(lines, stderr).toHaveLength(1);
  return lines[0] ?? '';
}

/** Promotes the one that is not live; returns how many milliseconds that takes. */
async function promoted(target: MovedTarget): Promise<number> {
  const begun = performance.now();
  const live = await target.liveAndWhole();
  const { code, stderr } = await target.start('promote', target.other(live)).ended;
  expect(code, stderr).toBe(0);
  return Math.ceil(performance.now() - begun);
}

describe.skipIf(!hasPostgres())('a promote or rollback in a target', () => {
  let target: MovedTarget;

  beforeAll(async () => {
    target = await movedTarget(project, seals, await startPostgres());
  });
  afterAll(async () => {
    await target.gate.close();
    await target.server.stop();
  });

  it(`shows a reader one schema, whole, and goes on after it was killed at ${KILLS} moments`, async () => {
    const most = await promoted(target);
    const stop = await readAlways(target.server);
    const ends = new Set<string>();
    for (let round = 0; round < KILLS; round += 1) {
      const move = await possibleMove(target);
      await brokenOff(target, move, momentOf(round, most, random), async ({ child }) => {
        child.kill('SIGKILL');
      });
      ends.add(await assertGoesOn(target, move));
    }
    const [seen, read] = await stop();
    expect(seen.size).toBe(2);
    expect(read).toBeGreaterThan(KILLS);
    // Of the first six moments, the first and the last are such.
    if (KILLS >= 6) expect([...ends]).toEqual(expect.arrayContaining(['done', 'not-done']));
  }, 3_600_000);

  type Started = Running & { readonly move: readonly [Move, string] };

  /** Starts a move that gets no answer from this place on. */
  async function startedTo(move: Move, place: GatePlace): Promise<Started> {
    if (move === 'rollback' && !(await target.hasBefore())) await promoted(target);
    const seal = target.other(await target.liveAndWhole());
    target.gate.reset(place);
    // The schema that was loaded has another name afterwards.
    const more = move === 'promote' ? ['--schema', placeOf(seal)] : [];
    const running = target.start(move, seal, ...more);
    await Promise.race([target.gate.shut, running.ended]);
    expect(target.gate.isShut(), 'the place was reached').toBe(true);
    return { ...running, move: [move, seal] };
  }

  /** Starts a move that waits for a lock of another session. */
  async function startedToWait(): Promise<Started & { letGo: () => Promise<void> }> {
    const move = ['promote', target.other(await target.liveAndWhole())] as const;
    const letGo = await target.hold();
    const running = target.start(...move);
    await target.whenSession(WAITS);
    return { ...running, move, letGo };
  }

  it.each(['promote', 'rollback'] as const)(
    'has the ledger tell what it did when the answer to COMMIT is lost: %s',
    async (name) => {
      const { ended, move } = await startedTo(name, ANSWER);
      await target.whenLive(move[1]);
      target.gate.reset(null);
      target.gate.cut();
      const ran = await ended;
      expect(ran.code, ran.stderr).toBe(0);
      expect(await target.liveAndWhole()).toBe(move[1]);
      await target.assertAgreed();
      const again = await target.run('promote', move[1], '--schema', placeOf(move[1]));
      expect(again.stdout, again.stderr).toContain('it was already live there');
    },
  );

  it.each(['promote', 'rollback'] as const)(
    'says that it is not known what a %s did when the server is lost with that answer',
    async (name) => {
      const { ended, move } = await startedTo(name, ANSWER);
      await target.whenLive(move[1]);
      target.gate.cut(true);
      const ran = await ended;
      expect(ran.code).toBe(1);
      expect(lineOf(ran)).toContain('it is not known whether');
      target.gate.reset(null);
      expect(await assertGoesOn(target, move)).toBe('done');
    },
  );

  it('says that nothing was changed when the connection is lost before COMMIT', async () => {
    const { ended, move } = await startedTo('promote', { text: COMMIT });
    target.gate.reset(null);
    target.gate.cut();
    const ran = await ended;
    expect(ran.code).toBe(1);
    expect(lineOf(ran)).toMatch(/did not take effect .*: nothing was changed;/);
    await target.assertAgreed();
    expect(await target.liveAndWhole()).not.toBe(move[1]);
    expect(await assertGoesOn(target, move)).toBe('ended');
  });

  it('changes nothing when it is interrupted while it waits for a lock', async () => {
    const { child, ended, move, letGo } = await startedToWait();
    child.kill('SIGINT');
    const ran = await ended;
    await letGo();
    expect(ran.code).toBe(130);
    expect(lineOf(ran)).toContain('interrupted, nothing is half done; run it again');
    expect(await assertGoesOn(target, move)).toBe('not-done');
  });

  it('does not claim that nothing was changed when it is interrupted while the server commits', async () => {
    const { child, ended, move } = await startedTo('rollback', ANSWER);
    child.kill('SIGINT');
    const ran = await ended;
    expect(ran.code).toBe(130);
    expect(lineOf(ran)).toContain('interrupted, nothing is half done; run it again');
    target.gate.reset(null);
    await target.whenLive(move[1]);
    expect(await assertGoesOn(target, move)).toBe('done');
  });

  it('is awaited by the next command, also a dry run, when it is killed while the server commits', async () => {
    const { server } = target;
    await server.run('postgres', `ALTER SYSTEM SET synchronous_standby_names = 'none'`);
    await server.run('postgres', 'SELECT pg_reload_conf()');
    const seal = target.other(await target.liveAndWhole());
    const { child, ended } = target.start('promote', seal);
    await target.whenSession(`wait_event = 'SyncRep'`);
    child.kill('SIGKILL');
    await ended;
    const rehearsed = target.start('promote', seal, '--dry-run');
    await target.whenSession(`query LIKE '%pg_try_advisory_lock%'`);
    await server.run('postgres', 'ALTER SYSTEM RESET synchronous_standby_names');
    await server.run('postgres', 'SELECT pg_reload_conf()');
    const ran = await rehearsed.ended;
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('was interrupted after it had taken effect');
    expect(await assertGoesOn(target, ['promote', seal])).toBe('done');
  });

  it('is found out where it is not whole, or its ledger says otherwise (negative control)', async () => {
    await target.liveAndWhole();
    await target.assertAgreed();
    const undo = async (change: string, back: string): Promise<void> => {
      await target.server.run(DATABASE, change);
      await expect(target.liveAndWhole()).rejects.toThrow('expected');
      await target.server.run(DATABASE, back);
      await target.liveAndWhole();
    };
    const first = `(SELECT min(id) FROM sealift.dogs)`;
    await undo(
      `UPDATE sealift.dogs SET note = note || '?' WHERE id = ${first}`,
      `UPDATE sealift.dogs SET note = rtrim(note, '?') WHERE id = ${first}`,
    );
    await undo('CREATE SCHEMA sealift__half', 'DROP SCHEMA sealift__half');
    const moves = 'sealift_ledger.moves';
    const lastOne = `seq = (SELECT max(seq) FROM ${moves})`;
    await undo(
      `UPDATE ${moves} SET seal_id = 'x' || seal_id WHERE ${lastOne}`,
      `UPDATE ${moves} SET seal_id = substr(seal_id, 2) WHERE ${lastOne}`,
    );
    await target.server.run(DATABASE, `UPDATE ${moves} SET intent = 'another' WHERE ${lastOne}`);
    await expect(target.assertAgreed()).rejects.toThrow('expected');
  });
});

describe.skipIf(postgresHome() === null)(
  'a promote or rollback in a target whose server crashes',
  () => {
    let target: MovedTarget;

    beforeAll(async () => {
      target = await movedTarget(project, seals, await startPostgres({ durable: true }));
    });
    afterAll(async () => {
      await target.gate.close();
      await target.server.stop();
    });

    it(`says what is known, and goes on, at ${CRASHES} moments`, async () => {
      const most = await promoted(target);
      for (let round = 0; round < CRASHES; round += 1) {
        const move = await possibleMove(target);
        const ran = await brokenOff(target, move, momentOf(round, most, random), async () => {
          target.gate.reset(null);
          await target.server.crash();
        });
        expect([0, 1], ran.stderr).toContain(ran.code);
        if (ran.code === 0) expect(await target.liveAndWhole()).toBe(move[1]);
        else expect(lineOf(ran).includes('it is not known whether')).toBe(target.open() !== null);
        await assertGoesOn(target, move);
      }
    }, 3_600_000);
  },
);
