/** What is read from others, and told to them: caches, results of CI, messages. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import type { StepName } from '../../../src/cutover/steps/stepTypes.ts';
import { json, startServer, type TestServer } from '../world/httpServer.ts';
import { httpWorld, type HttpWorld } from './httpWorld.ts';
import { membersOf, stepOf } from './stepOf.ts';

let server: TestServer;
let world: HttpWorld;

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
});

function apply(use: StepName, members: Members): Promise<StepResult> {
  return stepOf(use).apply(world.work(membersOf(use, members), { input: null }));
}

function cut(): void {
  server.handler = (_, response) => {
    response.destroy();
    return null;
  };
}

describe('cache.verify', () => {
  const ASSET = 'new version';
  const sha256 = createHash('sha256').update(ASSET).digest('hex');

  it('passes for the new version, and tells that it came from a cache', async () => {
    server.handler = () => ({ body: ASSET, headers: { etag: '"2"', age: '120' } });
    const members = { url: '/app.js', sha256: sha256.toUpperCase(), headers: { etag: '"2"' } };
    expect(await apply('cache.verify', members)).toEqual({
      verdict: 'PASS',
      says: '3 of 3 expectations hold; from a cache, 120s old',
      results: { failed: 0, count: 3 },
    });
    expect(server.seen[0]?.headers).not.toHaveProperty('cache-control');
  });

  it.each([
    [{ 'x-cache': 'Hit from cloudfront' }, '; from a cache'],
    [{ 'cf-cache-status': 'MISS' }, ''],
    [{ age: '0' }, ''],
    [{ age: 'canary' }, ''],
  ])('fails for the old one: %j', async (headers, cached) => {
    server.handler = () => ({ body: 'old version', headers });
    expect(await apply('cache.verify', { url: '/app.js', sha256 })).toEqual({
      verdict: 'FAIL',
      says: `the body has another digest${cached}`,
      results: { failed: 1, count: 2 },
    });
  });

  it('knows a page by its reference to the asset, or by its JSON', async () => {
    server.handler = () => ({ body: '<script src="assets/app.2.js"></script> /assets/app.3.js' });
    expect(await apply('cache.verify', { url: '/', references: '/assets/app.2.js' })).toMatchObject(
      { verdict: 'PASS' },
    );
    expect(await apply('cache.verify', { url: '/', references: '/assets/app.3.js' })).toMatchObject(
      {
        verdict: 'FAIL',
        says: 'the page does not refer to the asset',
      },
    );
    server.handler = () => json({ build: 2 });
    expect(await apply('cache.verify', { url: '/', expect: { build: 2 } })).toMatchObject({
      verdict: 'PASS',
    });
    expect(await apply('cache.verify', { url: '/', expect: { build: 3 } })).toMatchObject({
      verdict: 'FAIL',
    });
  });

  it('needs something to expect, and an answer', async () => {
    await expect(apply('cache.verify', { url: '/' })).rejects.toThrow('nothing says by what');
    cut();
    expect((await apply('cache.verify', { url: '/', sha256 })).verdict).toBe('FAIL');
  });
});

describe('ci.green', () => {
  const COMMIT = '0123456789abcdef0123456789abcdef01234567';

  async function saysOf(text: string, more: Members = {}): Promise<string> {
    world.write('ci.json', text);
    const { verdict, says } = await apply('ci.green', { commit: COMMIT, file: 'ci.json', ...more });
    return `${verdict} ${says}`;
  }

  it.each([
    [COMMIT, 'passed', 'PASS CI has passed for the commit'],
    [COMMIT.slice(0, 7), 'success', 'PASS CI has passed for the commit'],
    [COMMIT.slice(0, 6), 'success', 'FAIL the result of CI is for another commit'],
    [`${COMMIT.slice(0, 39)}8`, 'success', 'FAIL the result of CI is for another commit'],
    [COMMIT, 'failed', 'FAIL CI has not passed for the commit'],
    [COMMIT, 'pending', 'FAIL CI has not passed for the commit'],
    [null, 'passed', 'INCONCLUSIVE CI says no commit'],
    [COMMIT, null, 'INCONCLUSIVE CI says no status'],
  ])('of %s with %s: %s', async (commit, status, expected) => {
    expect(await saysOf(JSON.stringify({ commit, status }))).toBe(expected);
  });

  it('finds commit and status where they are', async () => {
    const text = JSON.stringify({ run: { sha: COMMIT, state: 'green' } });
    const paths = { commitAt: 'run.sha', statusAt: 'run.state' };
    expect(await saysOf(text, { ...paths, passed: 'green' })).toMatch(/^PASS/);
    expect(await saysOf(text, paths)).toMatch(/^FAIL/);
  });

  it('is inconclusive without data', async () => {
    expect(await saysOf('{')).toBe('INCONCLUSIVE the file is not JSON');
    expect(await apply('ci.green', { commit: COMMIT, file: 'nosuch.json' })).toMatchObject({
      verdict: 'INCONCLUSIVE',
    });
    await expect(apply('ci.green', { commit: COMMIT })).rejects.toThrow('nothing says how');
  });

  it('may be an answer, for which a token is sent', async () => {
    server.handler = ({ headers }) =>
      headers.authorization === 'Bearer canary'
        ? json({ sha: COMMIT, state: 'success' })
        : json({}, 401);
    const members = {
      commit: COMMIT,
      url: `${server.origin}/status`,
      commitAt: 'sha',
      statusAt: 'state',
    };
    expect(await apply('ci.green', members)).toEqual({
      verdict: 'INCONCLUSIVE',
      says: 'the answer has status 401',
    });
    const sent = { ...members, send: { Authorization: 'Bearer canary' } };
    expect(await apply('ci.green', sent)).toMatchObject({ verdict: 'PASS' });
    cut();
    const { verdict, says } = await apply('ci.green', sent);
    expect([verdict, says.includes('canary')]).toEqual(['INCONCLUSIVE', false]);
  });
});

describe('notify', () => {
  it('sends a text as JSON', async () => {
    server.handler = () => ({ body: 'ok' });
    const members = {
      text: 'cutover "wien" began',
      url: `${server.origin}/hook/canary`,
      to: 'support',
    };
    world.inputs.set('hook', server.origin);
    const step = stepOf('notify');
    expect(step.plan(members)).toBe('send a message to support');
    expect(await step.apply(world.work(members))).toEqual({
      verdict: 'PASS',
      says: 'the message was sent',
    });
    expect(JSON.parse(server.seen[0]?.body.toString() ?? '')).toEqual({
      text: 'cutover "wien" began',
    });
  });

  it('may be done by a program, or in a form of its own', async () => {
    world.run = () => ({});
    const run = ['mail', '-s', '{text}', '{to}'];
    expect(await apply('notify', { text: 'began', run, to: 'support' })).toMatchObject({
      verdict: 'PASS',
    });
    expect(world.calls[0]?.argv).toEqual(['mail', '-s', 'began', 'support']);
    expect(Buffer.from(world.calls[0]?.input ?? []).toString()).toBe('began');
    server.handler = () => ({});
    const own = { url: `${server.origin}/`, data: { summary: 'is {text}' } };
    await apply('notify', { text: 'began', ...own });
    expect(server.seen[0]?.body.toString()).toBe('{"summary":"is began"}');
  });

  it('that does not arrive is a warning, and shows no address', async () => {
    const members = { text: 'x', url: `${server.origin}/hook/canary?a=canary` };
    server.handler = () => ({ status: 404 });
    expect(await apply('notify', members)).toEqual({
      verdict: 'WARN',
      says: 'the request was refused with status 404',
    });
    server.handler = () => ({ status: 500 });
    expect((await apply('notify', members)).verdict).toBe('WARN');
    cut();
    const { verdict, says } = await apply('notify', members);
    expect([verdict, says]).toEqual([
      'WARN',
      'the message was not sent: the connection broke before the whole answer was there',
    ]);
    world.run = () => ({ code: 1 });
    expect((await apply('notify', { text: 'x', run: ['mail'] })).verdict).toBe('WARN');
    expect((await apply('notify', { text: 'x' })).verdict).toBe('WARN');
    expect((await apply('notify', { text: 'x', url: 'https://other.example/' })).verdict).toBe(
      'WARN',
    );
  });

  it('is rehearsed without being sent, and ends with an abort', async () => {
    const step = stepOf('notify');
    const work = world.work({ text: 'x', url: `${server.origin}/` });
    expect(await step.dryRun?.(work)).toMatchObject({ verdict: 'PASS' });
    expect(await step.dryRun?.(world.work({ text: 'x' }))).toMatchObject({ verdict: 'WARN' });
    expect(server.seen).toHaveLength(0);
    const controller = new AbortController();
    server.handler = () => {
      controller.abort(new Error('panic'));
      return null;
    };
    const ended = world.work(work.members, { signal: controller.signal });
    await expect(step.apply(ended)).rejects.toThrow('panic');
  });
});
