/**
 * A rollout for real: PostgreSQL, two versions of a service, a router and its users, with the runner as a process
 * that is killed in each soak. The weeks are seconds; nothing else is played.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { hasPostgres } from '../../kit/postgres.ts';
import { isLong } from '../../kit/long.ts';
import { workFolder } from '../../kit/project.ts';
import { sealift, start, type Ran } from '../../kit/run.ts';
import { startRolloutWorld, type RolloutWorld } from './rolloutWorld.ts';
import { sendUsers } from './traffic.ts';

const work = workFolder('rollout-real');
const RUNBOOK = `runbook: gradual
roles: { operator: [ada] }
inputs: { db: { secret: DB_URL }, app: { secret: V1_URL }, v2: { secret: V2_URL } }
steps:
  - { id: healthy, use: http.check, on: v2, url: /health, json: { processors_available: true } }
rollout:
  set: { key: V2_ROLLOUT_PERCENT, file: flags.json }
  observe: { log: route.log, test: sample-ratio, minSamples: 100, tolerance: 15 }
  stages:
    - { percent: 10, soak: 4s, checkAt: [2s, 4s], look: 1s }
    - { percent: 50, soak: 4s, every: 2s, look: 1s }
    - { percent: 100, soak: 4s, every: 2s, zero: v1_calls, zeroFor: 3s }
    - deprecate: v1
      url: /process-full
      deprecation: { method: HEAD }
      soak: 3s
      every: 1s
      zero: v1_calls
      then: remove
      remove: { use: exec, run: [node, remove.mjs], env: [V1_URL], idempotent: true, undo: { run: [node, remove.mjs, back], env: [V1_URL], idempotent: true, keepsWrites: true } }
metrics:
  - { id: success, sql: q1.sql, measure: share, pass: ">=70", rollback: "<70", minSamples: 20 }
  - { id: stuck, sql: q2.sql, pass: "==0", rollback: ">10", grace: 20s }
  - { id: errors, sql: q4.sql, measure: kinds, pass: "<=10", margin: 10, rollback: ">10" }
  - { id: v1_calls, log: v1.log, pattern: DEPRECATED, pass: "==0" }
monitor:
  - { id: oom, use: log.watch, file: v2.log, pattern: OOMKilled, expect: "== 0", every: 1s, for: 1s, onFail: rollback }
triggers:
  - { when: "oom > 0", severity: S0, action: rollback }
onRollback: { percent: 0, verify: "v1==100%", within: 10s, drain: 20s, drained: stuck, restartAt: 10 }
`;

const REMOVE = `const removed = process.argv[2] !== 'back';
const answer = await fetch(process.env.V1_URL + '/behave', { method: 'POST', body: JSON.stringify({ removed }) });
process.exit(answer.status === 200 ? 0 : 1);
`;

interface Scene {
  readonly world: RolloutWorld;
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

let scene: Scene | null = null;
afterEach(async () => {
  await scene?.stop();
  scene = null;
});

async function begin(name: string): Promise<Scene> {
  const world = await startRolloutWorld(join(work, name));
  writeFileSync(join(world.folder, 'gradual.yaml'), RUNBOOK);
  writeFileSync(join(world.folder, 'remove.mjs'), REMOVE);
  const over = new AbortController();
  const traffic = sendUsers({
    router: world.router.url,
    users: Infinity,
    rate: 150,
    signal: over.signal,
  });
  const stop = async (): Promise<void> => {
    over.abort();
    await traffic;
    await world.stop();
  };
  const env = { DB_URL: world.database, V1_URL: world.v1.url, V2_URL: world.v2.url };
  scene = { world, env, stop };
  return scene;
}

function command({ world, env }: Scene, args: readonly string[]): ReturnType<typeof start> {
  return start([...args, 'gradual.yaml', '--who', 'ada'], { cwd: world.folder, env });
}

interface View {
  readonly status: string;
  readonly why: string | null;
  readonly steps: readonly {
    readonly id: string;
    readonly status: string;
    readonly says: string;
  }[];
}

async function view({ world, env }: Scene): Promise<View | null> {
  const ran = await sealift(['rollout', 'status', 'gradual.yaml', '--json'], {
    cwd: world.folder,
    env,
  });
  return ran.code === 0
    ? (JSON.parse(ran.stdout) as { facts: { cutover: View } }).facts.cutover
    : null;
}

async function until(at: Scene, holds: (view: View) => boolean): Promise<View> {
  for (let look = 0; look < 300; look += 1) {
    const seen = await view(at);
    if (seen !== null && holds(seen)) return seen;
    await wait(100);
  }
  const { world, env } = at;
  const told = await sealift(['rollout', 'status', 'gradual.yaml'], { cwd: world.folder, env });
  throw new Error(`it did not come to that: ${told.stdout}${told.stderr}`);
}

function soaks(id: string): (view: View) => boolean {
  return ({ steps }) => steps.some((step) => step.id === id && step.status === 'STARTED');
}

function percent({ world }: Scene): number {
  const settings = JSON.parse(readFileSync(world.settings, 'utf8')) as Record<string, number>;
  return settings['V2_ROLLOUT_PERCENT'] ?? NaN;
}

/** Kills the runner while a stage soaks, after it has looked at least once. */
async function killedIn(at: Scene, soak: string, args: readonly string[]): Promise<void> {
  const { child, ended } = command(at, args);
  await until(at, soaks(soak));
  await wait(1200);
  child.kill('SIGKILL');
  expect((await ended).signal, soak).toBe('SIGKILL');
}

describe.skipIf(!hasPostgres())('a rollout for real', () => {
  it('goes through all stages, although its process is killed in each soak', async () => {
    const at = await begin('green');
    const percents: number[] = [];
    const stages = ['soak-10', 'soak-50', 'soak-100', 'soak-v1'];
    for (const [number, soak] of stages.entries()) {
      await killedIn(at, soak, number === 0 ? ['cutover', 'run'] : ['rollout', 'watch']);
      percents.push(percent(at));
    }
    const ran: Ran = await command(at, ['rollout', 'watch']).ended;
    expect(ran.stderr).toContain('gone-v1');
    expect(ran.code).toBe(0);
    expect(percents).toEqual([10, 50, 100, 100]);
    const { status, steps } = (await view(at)) ?? { status: '', steps: [] };
    expect(status).toBe('COMPLETED');
    expect(steps.map(({ status: one }) => one).every((one) => one === 'PASS')).toBe(true);
    const answer = await fetch(`${at.world.v1.url}/process-full`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(404);
    const { folder } = at.world;
    const own = { cwd: folder, env: at.env };
    expect(await sealift(['evidence', 'key', 'evidence.pem'], own)).toMatchObject({ code: 0 });
    const build = [
      'evidence',
      'build',
      'bag',
      '--run',
      'gradual-1',
      '--signing-key',
      'evidence.pem',
    ];
    expect(await sealift(build, own)).toMatchObject({ code: 0 });
    const verify = ['evidence', 'verify', 'bag', '--public-key', 'evidence.pem.pub'];
    expect(await sealift(verify, own)).toMatchObject({ code: 0, stderr: '' });
    const html = readFileSync(
      join(folder, 'storage_reports/latest-rollout-watch/report.html'),
      'utf8',
    );
    expect(html).toContain('The rollout');
  }, 240_000);

  // The same without processes that are killed is in engine.test.ts.
  it.runIf(isLong('a rollout for real that is bad'))(
    'goes back where the second stage is bad, although it is killed while that shows',
    async () => {
      const at = await begin('bad');
      const first = command(at, ['cutover', 'run']);
      await until(at, soaks('soak-50'));
      await at.world.v2.behave({ success: 0.3 });
      await wait(1000);
      first.child.kill('SIGKILL');
      await first.ended;
      const ran = await command(at, ['rollout', 'watch']).ended;
      expect(ran.code).toBe(4);
      const { status, why, steps } = (await view(at)) ?? { status: '', why: '', steps: [] };
      expect(status).toBe('ROLLED_BACK');
      expect(why).toMatch(/^(?:success|errors) at soak-50 is beyond its limit, /);
      expect(steps.find(({ id }) => id === 'percent-50')?.status).toBe('UNDONE');
      expect(percent(at)).toBe(0);
      // The next attempt begins with the first stage.
      await at.world.v2.behave({ success: 0.97 });
      const again = command(at, ['cutover', 'run']);
      await until(at, soaks('soak-10'));
      expect(percent(at)).toBe(10);
      again.child.kill('SIGKILL');
      await again.ended;
    },
    240_000,
  );

  it.runIf(isLong('a rollout for real that runs out of memory'))(
    'goes back at once where a log has a pattern that must not be there',
    async () => {
      const at = await begin('oom');
      const first = command(at, ['cutover', 'run']);
      await until(at, soaks('soak-10'));
      await at.world.v2.behave({ outOfMemory: true });
      const ran = await first.ended;
      expect(ran.code).toBe(4);
      expect((await view(at))?.why).toMatch(/oom > 0/);
      expect(percent(at)).toBe(0);
    },
    240_000,
  );
});
