/** The world of a rollout does what its tests will depend on: it splits users, notes jobs, and goes wrong as told. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isInRollout } from '../../../src/cohort/cohort.ts';
import { hasPostgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { httpWorld } from '../steps/httpWorld.ts';
import { stepOf } from '../steps/stepOf.ts';
import { ROLLOUT, startRolloutWorld, type RolloutWorld } from './rolloutWorld.ts';
import { requestsOf, sendUsers, userName, type Sent } from './traffic.ts';

const able = hasPostgres();
const folder = workFolder('rollout');
let world: RolloutWorld;

interface Decision {
  readonly time: string;
  readonly user: string;
  readonly version: string;
}

function decisions(): Decision[] {
  const lines = readFileSync(world.decisions, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Decision);
}

/** Share of the users since a decision that got v2, by the log. */
function shareOfNew(since: number): number {
  const versions = new Map(
    decisions()
      .slice(since)
      .map(({ user, version }) => [user, version]),
  );
  return [...versions.values()].filter((version) => version === 'v2').length / versions.size;
}

/** Runs a query for what has begun since a time. */
function query(name: string, since: Date): Promise<(string | null)[][]> {
  const text = readFileSync(join(world.folder, `${name}.sql`), 'utf8');
  const until = new Date(Date.now() + 60_000);
  return world.run(
    text
      .replaceAll(':since', `'${since.toISOString()}'`)
      .replaceAll(':until', `'${until.toISOString()}'`),
  );
}

/** Waits until no job is under way, but for so many. */
async function whenDone(stuck: number = 0): Promise<void> {
  await expect
    .poll(async () => (await world.run(OPEN))[0]?.[0], { timeout: 60_000, interval: 20 })
    .toBe(String(stuck));
}

const OPEN = `SELECT count(*) FROM imports WHERE status = 'processing'`;

/** Sends users who have not been here, and waits for their jobs. */
async function send(users: number, first: number, stuck: number = 0): Promise<Sent> {
  const sent = await sendUsers({ router: world.router.url, users, first });
  await whenDone(stuck);
  return sent;
}

async function health(url: string): Promise<unknown> {
  return (await fetch(`${url}/health`)).json();
}

describe.skipIf(!able)('the world of a rollout', () => {
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    world = await startRolloutWorld(folder, { stuckAfter: '1 second' });
  });
  afterAll(() => world?.stop());

  it('is healthy, with all users on v1', async () => {
    const healthy = { status: 'healthy', processors_available: true };
    expect(await health(world.v1.url)).toEqual(healthy);
    expect(await health(world.v2.url)).toEqual(healthy);
    expect(await health(world.router.url)).toEqual({ status: 'healthy', percent: 0 });
  });

  it('sends one in ten of 200 users to v2 at 10 %', async () => {
    const since = new Date();
    world.setPercent(10);
    const sent = await send(200, 1);
    const numbers = Array.from({ length: 200 }, (_, at) => at + 1);
    const fresh = numbers.filter((at) => isInRollout(userName(at), 10, ROLLOUT));
    expect(fresh.length / 200).toBeGreaterThan(0.05);
    expect(fresh.length / 200).toBeLessThan(0.15);
    expect(shareOfNew(0)).toBe(fresh.length / 200);
    const requests = fresh.reduce((sum, at) => sum + requestsOf(at), 0);
    expect(sent).toEqual({ users: 200, v1: 280 - requests, v2: requests, failed: 0 });
    expect(await query('q6', since)).toSatisfy(
      (rows: string[][]) => rows.reduce((sum, [, , n]) => sum + Number(n), 0) === 280,
    );
    const log = readFileSync(world.v1.log, 'utf8');
    expect(log.match(/\[DEPRECATED\] \/process-full called/g)).toHaveLength(280 - requests);
  });

  it('notes jobs that mostly end well, by queries', async () => {
    const since = new Date(0);
    const rows = await query('q1', since);
    expect(rows.map(([version]) => version)).toEqual(['v1', 'v2']);
    const [[, part, of] = []] = rows;
    expect(Number(part) / Number(of)).toBeGreaterThan(0.93);
    expect(await query('q2', since)).toEqual([['0']]);
    const buckets = (await query('q3', since)).filter(([version]) => version === 'v1');
    const counts = buckets.map(([, , n]) => Number(n));
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(Number(of));
    expect(buckets.map(([, upto]) => upto)).toEqual(
      expect.arrayContaining(['60000', '120000', '300000', '600000', '1800000']),
    );
    const kinds = (await query('q4', since)).filter(([version]) => version === 'v1');
    expect(kinds[0]).toEqual(['v1', '', of]);
    const failed = kinds.slice(1).reduce((sum, [, , n]) => sum + Number(n), 0);
    expect(failed).toBe(Number(of) - Number(part));
    const [[, slow, all] = []] = await query('q5', since);
    expect([Number(slow) <= 5, all]).toEqual([true, of]);
  });

  it('takes v2 from no one at 50 %, and goes on with the last valid percentage', async () => {
    const had = new Set(decisions().flatMap(({ user, version }) => (version === 'v2' ? user : [])));
    world.setPercent(50);
    const since = decisions().length;
    await send(100, 1);
    const now = decisions().slice(since);
    expect(now.filter(({ user, version }) => had.has(user) && version === 'v1')).toEqual([]);
    expect(shareOfNew(since)).toBeGreaterThan(0.38);
    expect(shareOfNew(since)).toBeLessThan(0.62);
    for (const wrong of ['100', null, 200]) {
      world.setPercent(wrong);
      expect(await health(world.router.url)).toEqual({ status: 'healthy', percent: 50 });
    }
  });

  it('may be slow, fail in a way of its own, and leave jobs stuck', async () => {
    const since = new Date();
    world.setPercent(100);
    await world.v2.behave({ success: 0.8, slow: 8, extraError: { type: 'new_kind', share: 0.1 } });
    await send(100, 1001);
    const [[version, part, of] = []] = await query('q1', since);
    expect([version, Number(part) / Number(of) < 0.85]).toEqual(['v2', true]);
    const kinds = new Map((await query('q4', since)).map(([, kind, n]) => [kind, Number(n)]));
    expect(kinds.get('new_kind')).toBeGreaterThan(5);
    const [[, over] = []] = await query('q5', since);
    expect(Number(over) / Number(of)).toBeGreaterThan(0.3);
    const buckets = await query('q3', since);
    expect(buckets.at(-1)).toEqual(['v2', null, over]);
    await world.v2.behave({ success: 0.97, slow: 1, extraError: null, stuck: 1 });
    await send(5, 2006, 9);
    await expect.poll(() => query('q2', since), { timeout: 60_000 }).toEqual([['9']]);
    await world.v2.behave({ stuck: 0 });
    await world.run(`DELETE FROM imports WHERE status = 'processing'`);
  });

  it('may misroute, whatever is set', async () => {
    const misled = Array.from({ length: 100 }, (_, at) => userName(at + 1)).filter((user) =>
      isInRollout(user, 13, ROLLOUT),
    );
    await world.router.behave({ percent: 13 });
    for (const percent of [10, 0]) {
      world.setPercent(percent);
      const since = decisions().length;
      await send(100, 1);
      expect(shareOfNew(since)).toBe(misled.length / 100);
    }
    await world.router.behave({ percent: null });
    const since = decisions().length;
    await send(20, 1);
    expect(shareOfNew(since)).toBe(0);
  });

  it('says what health and logs are read for', async () => {
    await world.v2.behave({ processorsAvailable: false, outOfMemory: true });
    const ill = { status: 'degraded', processors_available: false };
    expect(await health(world.v2.url)).toEqual(ill);
    const log = readFileSync(world.v2.log, 'utf8');
    expect(log).toMatch(/^\d{4}-\d\d-\d\dT\S+Z the worker was ended: OOMKilled$/m);
    expect(log).toMatch(/Z ERROR processors_available: false$/m);
    await world.v2.behave({ processorsAvailable: true });
  });

  it('announces the end of v1, which may then be gone', async () => {
    const runbook = httpWorld(world.v1.url);
    const members = { url: '/process-full', method: 'HEAD', link: ['successor-version'] };
    const check = (): ReturnType<ReturnType<typeof stepOf>['apply']> => {
      const work = runbook.work(members);
      return stepOf('http.deprecation').apply({
        ...work,
        world: { ...work.world, now: () => new Date() },
      });
    };
    expect(await check()).toMatchObject({ verdict: 'PASS', results: { failed: 0, count: 4 } });
    await world.v1.behave({ removed: true });
    expect(await check()).toMatchObject({ verdict: 'FAIL', results: { failed: 4, count: 4 } });
    const gone = await fetch(`${world.v1.url}/process-full`, { method: 'POST', body: '{}' });
    expect(gone.status).toBe(404);
    await world.v1.behave({ removed: false });
    runbook.remove();
  });

  it('may crash, which leaves jobs stuck, and starts again at its address', async () => {
    world.setPercent(100);
    await world.v2.behave({ slow: 10_000 });
    await sendUsers({ router: world.router.url, users: 5, first: 3006 });
    await world.v2.kill();
    expect(await sendUsers({ router: world.router.url, users: 1 })).toMatchObject({ failed: 1 });
    await world.v2.startAgain();
    expect(await send(5, 3006, 9)).toEqual({ users: 5, v1: 0, v2: 9, failed: 0 });
  });

  it('has users who send on their own, until they are ended', async () => {
    const program = fileURLToPath(new URL('traffic.ts', import.meta.url));
    const env = { ROUTER_URL: world.router.url, RATE: '50', FIRST: '4001' };
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const since = decisions().length;
    await expect.poll(() => decisions().length, { timeout: 60_000 }).toBeGreaterThan(since + 20);
    child.kill('SIGTERM');
    await once(child, 'close');
    const sent = JSON.parse(said) as Sent;
    expect(sent).toMatchObject({ v1: 0, failed: 0 });
    expect(sent.v2).toBe(decisions().length - since);
  });
});
