/** Deploying, and turning writes on and off: done by a program or a request, seen in health. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { isSameCommit } from '../../../../src/cutover/steps/application/commit.ts';
import type { Members } from '../../../../src/cutover/steps/stepType.ts';
import { json, startServer, type TestServer } from '../../world/httpServer.ts';
import { httpWorld, type HttpWorld } from '../httpWorld.ts';
import { membersOf, stepOf } from '../stepOf.ts';

let server: TestServer;
let world: HttpWorld;
/** The application, as it is. */
const app = { commit: 'aaaaaaa1', worker: 'aaaaaaa1', writes: true, status: 200, changes: 0 };

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const APP_DEPLOY = stepOf('app.deploy');
const APP_WRITES = stepOf('app.writes');

beforeAll(async () => {
  server = await startServer();
  world = httpWorld(server.origin);
});
afterAll(async () => {
  world.remove();
  await server.close();
});
beforeEach(() => {
  server.seen.length = 0;
  world.calls.length = 0;
  world.run = () => ({});
  Object.assign(app, {
    commit: 'aaaaaaa1',
    worker: 'aaaaaaa1',
    writes: true,
    status: 200,
    changes: 0,
  });
  server.handler = ({ method, path, body }) => {
    if (path === '/health')
      return json({ commit: app.commit, writes_enabled: app.writes }, app.status);
    if (path === '/worker') return json({ build: { sha: app.worker }, commit: app.worker });
    app.changes += 1;
    const sent = JSON.parse(body.toString()) as { commit?: string; set?: string };
    if (sent.commit !== undefined) app.commit = sent.commit;
    if (sent.set !== undefined) app.writes = sent.set === 'on';
    return json({ method }, 202);
  };
});

function deployBy(more: Members = {}): Members {
  return membersOf('app.deploy', { commit: COMMIT, health: '/health', url: '/deploy', ...more });
}

function writesTo(set: string, more: Members = {}): Members {
  return membersOf('app.writes', { set, url: '/writes', ...more });
}

describe('app.deploy', () => {
  it('by a request has passed when health reports the commit', async () => {
    const work = world.work(deployBy({ send: { authorization: 'Bearer canary' } }));
    expect(APP_DEPLOY.plan(work.members)).toBe(`deploy ${COMMIT}`);
    expect(await APP_DEPLOY.apply(work)).toEqual({
      verdict: 'PASS',
      says: 'health reports the commit',
      results: { applied: 1 },
      kept: { commit: COMMIT },
    });
    const [sent] = server.seen;
    expect([sent?.method, sent?.path, sent?.body.toString()]).toEqual([
      'POST',
      '/deploy',
      JSON.stringify({ commit: COMMIT }),
    ]);
    // The secret of the request is for its host alone.
    expect(server.seen[1]?.headers.authorization).toBeUndefined();
    expect(await APP_DEPLOY.verify?.(work)).toMatchObject({ verdict: 'PASS' });
    expect(await APP_DEPLOY.probe?.(work)).toBe('there');
  });

  it('by a program gets its arguments and variables, and waits for health', async () => {
    world.run = ({ argv }) => {
      app.commit = argv[2]?.slice(0, 12) ?? '';
      return {};
    };
    let looks = 0;
    const whole = server.handler;
    server.handler = (request, response) => {
      looks += 1;
      if (looks === 1) return json({ commit: 'bbbbbbb2' });
      return looks === 2 ? json({}, 503) : whole(request, response);
    };
    const before = world.paused();
    const run = ['deploy', '--sha', '{commit}', '--only={other}'];
    const work = world.work(
      membersOf('app.deploy', { commit: COMMIT, health: '/health', run, env: ['TOKEN'] }),
    );
    expect((await APP_DEPLOY.apply(work)).verdict).toBe('PASS');
    expect(world.calls).toMatchObject([
      { argv: ['deploy', '--sha', COMMIT, '--only={other}'], env: ['TOKEN'], keepAs: 'step' },
    ]);
    expect(world.paused() - before).toBe(3000);
  });

  it('of several services has passed when all report the commit', async () => {
    const work = world.work(deployBy({ health: ['/health', '/worker'], within: '3s' }));
    expect(await APP_DEPLOY.probe?.(work)).toBe('absent');
    await expect(APP_DEPLOY.apply(work)).rejects.toThrow(
      '1 of 2 services report the commit, 3s after the change was made',
    );
    expect(await APP_DEPLOY.probe?.(work)).toBe('unclear');
    expect(await APP_DEPLOY.verify?.(work)).toMatchObject({
      verdict: 'FAIL',
      results: { failed: 1 },
    });
    app.worker = COMMIT;
    expect(await APP_DEPLOY.probe?.(work)).toBe('there');
  });

  it('finds what is there before, and goes back to that', async () => {
    expect(await APP_DEPLOY.before?.(world.work(deployBy()))).toEqual({ before: 'aaaaaaa1' });
    const two = { health: ['/health', '/worker'] };
    expect(await APP_DEPLOY.before?.(world.work(deployBy(two)))).toEqual({ before: 'aaaaaaa1' });
    app.worker = 'bbbbbbb2';
    expect(await APP_DEPLOY.before?.(world.work(deployBy(two)))).toEqual({});
    app.commit = COMMIT;
    const back = deployBy({ back: true });
    expect(APP_DEPLOY.plan(back)).toBe('deploy what health reported before');
    const known = world.work(back, { kept: () => ({ before: 'aaaaaaa1' }) });
    expect(await APP_DEPLOY.probe?.(known)).toBe('absent');
    expect((await APP_DEPLOY.apply(known)).verdict).toBe('PASS');
    expect([app.commit, await APP_DEPLOY.probe?.(known)]).toEqual(['aaaaaaa1', 'there']);
  });

  it('does not go back to what is not known (negative control)', async () => {
    const back = world.work(deployBy({ back: true }));
    await expect(APP_DEPLOY.apply(back)).rejects.toThrow('not known what to go back to');
    app.commit = 'a value\nof two lines';
    expect(await APP_DEPLOY.before?.(world.work(deployBy()))).toEqual({});
    expect(app.changes).toBe(0);
  });

  it('reads the commit where it is', async () => {
    app.worker = COMMIT;
    const work = world.work(deployBy({ health: '/worker', commitAt: 'build.sha' }));
    expect(await APP_DEPLOY.verify?.(work)).toMatchObject({ verdict: 'PASS' });
    const other = world.work(deployBy({ health: '/worker', commitAt: 'sha' }));
    expect(await APP_DEPLOY.verify?.(other)).toMatchObject({
      verdict: 'FAIL',
      says: 'health reports no commit',
    });
    expect(await APP_DEPLOY.probe?.(other)).toBe('unclear');
  });

  it('fails where the request is refused, and is a failure where its end is not known', async () => {
    server.handler = () => json({}, 403);
    expect(await APP_DEPLOY.apply(world.work(deployBy()))).toEqual({
      verdict: 'FAIL',
      says: 'the request was refused with status 403',
    });
    expect(server.seen).toHaveLength(1);
    server.handler = () => json({}, 502);
    await expect(APP_DEPLOY.apply(world.work(deployBy()))).rejects.toThrow(
      'status 502, and whether',
    );
    world.run = () => ({ code: 3 });
    const run = membersOf('app.deploy', {
      commit: COMMIT,
      health: '/health',
      run: ['/opt/deploy'],
    });
    await expect(APP_DEPLOY.apply(world.work(run))).rejects.toThrow(
      'the program ended with code 3',
    );
    world.run = () => ({ code: null, endedBy: 'SIGKILL' });
    await expect(APP_DEPLOY.apply(world.work(run))).rejects.toThrow('ended with SIGKILL');
  });

  it('is a failure where health goes on to report another commit', async () => {
    server.handler = () => json({ commit: 'aaaaaaa1' });
    const work = world.work(deployBy({ within: '10s' }));
    await expect(APP_DEPLOY.apply(work)).rejects.toThrow(
      'health reports another commit, 10s after',
    );
    expect(await APP_DEPLOY.verify?.(work)).toMatchObject({ verdict: 'FAIL' });
  });

  it('is rehearsed without an effect', async () => {
    expect(await APP_DEPLOY.dryRun?.(world.work(deployBy()))).toEqual({
      verdict: 'PASS',
      says: 'health reports another commit',
    });
    app.commit = COMMIT;
    expect(await APP_DEPLOY.dryRun?.(world.work(deployBy()))).toEqual({
      verdict: 'PASS',
      says: 'health reports the commit already',
    });
    app.status = 503;
    expect(await APP_DEPLOY.dryRun?.(world.work(deployBy()))).toEqual({
      verdict: 'INCONCLUSIVE',
      says: 'health has status 503',
    });
    expect([app.changes, world.calls]).toEqual([0, []]);
  });

  it('has exactly one way to be done', async () => {
    const none = world.work(membersOf('app.deploy', { commit: COMMIT, health: '/health' }));
    await expect(APP_DEPLOY.apply(none)).rejects.toThrow('nothing says how the step is done');
    await expect(APP_DEPLOY.dryRun?.(none)).rejects.toThrow('nothing says how');
    await expect(APP_DEPLOY.apply(world.work(deployBy({ run: ['x'] })))).rejects.toThrow(
      'two members',
    );
    expect([app.changes, world.calls]).toEqual([0, []]);
  });
});

describe('after a crash, a deployment', () => {
  it.each([
    ['there', 'after its effect', true],
    ['absent', 'before it', false],
  ])('is %s if it was ended %s', async (presence, _, isDone) => {
    const controller = new AbortController();
    const whole = server.handler;
    server.handler = (request, response) => {
      if (isDone) void whole(request, response);
      controller.abort(new Error('killed'));
      return null;
    };
    const members = { commit: COMMIT, health: '/health', url: '/deploy' };
    const work = world.work(members, { signal: controller.signal });
    await expect(APP_DEPLOY.apply(work)).rejects.toThrow('killed');
    server.handler = whole;
    expect(await APP_DEPLOY.probe?.(world.work(members))).toBe(presence);
  });

  it('is unclear if health cannot be read', async () => {
    app.status = 500;
    const members = { commit: COMMIT, health: '/health', url: '/deploy' };
    expect(await APP_DEPLOY.probe?.(world.work(members))).toBe('unclear');
    server.handler = (_, response) => {
      response.destroy();
      return null;
    };
    expect(await APP_DEPLOY.probe?.(world.work(members))).toBe('unclear');
    server.handler = () => ({ body: 'ok' });
    expect(await APP_DEPLOY.probe?.(world.work(members))).toBe('unclear');
  });

  it('waits no longer than its signal lets it', async () => {
    const controller = new AbortController();
    server.handler = ({ path }) => {
      if (path === '/health') controller.abort(new Error('panic'));
      return json({ commit: 'aaaaaaa1' });
    };
    const members = { commit: COMMIT, health: '/health', url: '/deploy' };
    const work = world.work(members, { signal: controller.signal });
    await expect(APP_DEPLOY.apply(work)).rejects.toThrow('panic');
  });
});

describe('two names of a commit', () => {
  it.each([
    [COMMIT, COMMIT, true],
    [COMMIT, COMMIT.toUpperCase(), true],
    [COMMIT, COMMIT.slice(0, 7), true],
    [COMMIT.slice(0, 12), COMMIT, true],
    [COMMIT, COMMIT.slice(0, 6), false],
    [COMMIT, '', false],
    [COMMIT, `${COMMIT.slice(0, 11)}f`, false],
    ['v1.2.3', 'v1.2.3', true],
    ['v1.2.3-rc1', 'v1.2.3', false],
  ])('%s and %s are of one: %s', (one, other, expected) => {
    expect([isSameCommit(one, other), isSameCommit(other, one)]).toEqual([expected, expected]);
  });
});

describe('app.writes', () => {
  it('are turned off and on, as health reports', async () => {
    const off = world.work(writesTo('off'));
    expect(APP_WRITES.plan(off.members)).toBe('turn writes off');
    expect(await APP_WRITES.probe?.(off)).toBe('absent');
    expect(await APP_WRITES.apply(off)).toEqual({
      verdict: 'PASS',
      says: 'writes are off',
      results: { applied: 1 },
    });
    expect([await APP_WRITES.probe?.(off), app.writes]).toEqual(['there', false]);
    const on = world.work(writesTo('on'));
    expect(await APP_WRITES.verify?.(on)).toEqual({
      verdict: 'FAIL',
      says: 'in health writes_enabled is not true',
      results: { failed: 1 },
    });
    expect((await APP_WRITES.apply(on)).verdict).toBe('PASS');
    expect(app.writes).toBe(true);
  });

  it('are turned off by a program, with the value among its arguments', async () => {
    world.run = () => {
      app.writes = false;
      return {};
    };
    const run = ['az', 'appconfig', 'kv', 'set', '--key', 'WRITES', '--value', '{set}'];
    const work = world.work(
      membersOf('app.writes', { set: 'off', run, expect: { writes_enabled: false } }),
    );
    expect((await APP_WRITES.apply(work)).verdict).toBe('PASS');
    expect(world.calls[0]?.argv.at(-1)).toBe('off');
  });

  it('have a request of their own form', async () => {
    server.handler = ({ path }) => json({ maintenance: path === '/h' });
    const more = {
      url: '/m/{set}',
      method: 'PUT',
      data: { maintenance: true, to: '{set}', of: ['is {set}'] },
    };
    const work = world.work(
      writesTo('off', { ...more, health: '/h', expect: { maintenance: true } }),
    );
    expect((await APP_WRITES.apply(work)).verdict).toBe('PASS');
    const [sent] = server.seen;
    expect([sent?.method, sent?.path]).toEqual(['PUT', '/m/off']);
    expect(JSON.parse(sent?.body.toString() ?? '')).toEqual({
      maintenance: true,
      to: 'off',
      of: ['is off'],
    });
  });

  it('are a failure where the application goes on as before', async () => {
    server.handler = () => json({ writes_enabled: true });
    await expect(APP_WRITES.apply(world.work(writesTo('off', { within: '2s' })))).rejects.toThrow(
      'in health writes_enabled is not false, 2s after the change was made',
    );
  });

  it('cannot be told where health lacks what is expected, or has a part of it', async () => {
    server.handler = () => json({});
    expect(await APP_WRITES.probe?.(world.work(writesTo('off')))).toBe('unclear');
    server.handler = () => json({ a: 1, b: 1 });
    const part = writesTo('off', { expect: { a: 1, b: 2 } });
    expect(await APP_WRITES.probe?.(world.work(part))).toBe('unclear');
    expect(await APP_WRITES.dryRun?.(world.work(part))).toMatchObject({ verdict: 'INCONCLUSIVE' });
  });

  it('are rehearsed without an effect', async () => {
    expect(await APP_WRITES.dryRun?.(world.work(writesTo('off')))).toMatchObject({
      verdict: 'PASS',
    });
    expect([app.changes, app.writes]).toEqual([0, true]);
    const none = world.work(membersOf('app.writes', { set: 'off' }));
    await expect(APP_WRITES.dryRun?.(none)).rejects.toThrow('nothing says how the step is done');
  });

  it.each([
    ['there', true],
    ['absent', false],
  ])('are %s after a crash', async (presence, isDone) => {
    const controller = new AbortController();
    const whole = server.handler;
    server.handler = (request, response) => {
      if (isDone) void whole(request, response);
      controller.abort(new Error('killed'));
      return null;
    };
    const work = world.work(writesTo('off'), { signal: controller.signal });
    await expect(APP_WRITES.apply(work)).rejects.toThrow('killed');
    server.handler = whole;
    expect(await APP_WRITES.probe?.(world.work(writesTo('off')))).toBe(presence);
  });
});
