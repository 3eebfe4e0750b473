/** One request, and what is expected of its answer. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { json, startServer, type Reply, type TestServer } from '../world/httpServer.ts';
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
  server.handler = () => json({ ok: true, db: { ready: true }, commit: 'abc1234' });
});

const HTTP_CHECK = stepOf('http.check');

function check(members: Members): Promise<StepResult> {
  return HTTP_CHECK.apply(world.work(membersOf('http.check', members)));
}

/** What is said of a reply. */
async function saysOf(reply: Reply, members: Members): Promise<string> {
  server.handler = () => reply;
  const { verdict, says, results } = await check({ url: '/', ...members });
  return `${verdict} ${results?.failed}/${results?.count} ${says}`;
}

function redirect(location: string): Reply {
  return { status: 302, headers: { location } };
}

function set(...cookies: string[]): Reply {
  return { headers: { 'set-cookie': cookies } };
}

describe('an answer as expected', () => {
  it('passes', async () => {
    const members = {
      url: '/healthz?token=hunter22',
      status: 200,
      headers: { 'Content-Type': 'application/json' },
      json: { ok: true, 'db.ready': true },
    };
    expect(await check(members)).toEqual({
      verdict: 'PASS',
      says: 'status 200, 4 of 4 expectations hold',
      results: { failed: 0, count: 4 },
    });
    expect(HTTP_CHECK.plan(members)).toBe('request /healthz');
  });

  it('is of status 200 if nothing else is said', async () => {
    expect(await check({ url: '/' })).toMatchObject({ verdict: 'PASS', results: { count: 1 } });
    expect(await saysOf({ status: 204 }, {})).toBe('FAIL 1/1 status 204 instead of 200');
    expect(await saysOf({ status: 204 }, { status: 204 })).toMatch(/^PASS/);
  });

  it('may be one of another method, with headers and a body', async () => {
    world.write('event.json', '{"type":"test"}');
    const send = { 'Content-Type': 'application/json', 'X-Attempt': 1 };
    await check({ url: '/webhook', method: 'POST', body: 'event.json', send });
    const [seen] = server.seen;
    expect([seen?.method, seen?.body.toString()]).toEqual(['POST', '{"type":"test"}']);
    expect(seen?.headers).toMatchObject({ 'content-type': 'application/json', 'x-attempt': '1' });
  });
});

describe('an answer that is not as expected', () => {
  it('fails with all that does not hold, and no value of it', async () => {
    const reply = json({ ok: 'hunter22', n: '1' }, 503);
    const expected = { json: { ok: true, 'db.ready': true, n: 1 }, headers: { 'X-A': 'b' } };
    expect(await saysOf(reply, expected)).toBe(
      'FAIL 5/5 status 503 instead of 200, header X-A is missing, ok is not true, db.ready is missing, n is not 1',
    );
    const other = { ...reply, headers: { 'x-a': 'hunter22' } };
    expect(await saysOf(other, { status: 503, headers: { 'x-a': 'b' } })).toBe(
      'FAIL 1/2 header x-a is not as expected',
    );
  });

  it('fails as a whole where it is not JSON', async () => {
    expect(await saysOf({ body: '<html>' }, { json: { a: 1, b: 2 } })).toBe(
      'FAIL 2/3 the body is not JSON',
    );
  });

  it('fails by its body', async () => {
    const sha256 = createHash('sha256').update('abc').digest('hex');
    const expected = { sha256, minBytes: 3, maxBytes: 3 };
    expect(await saysOf({ body: 'abc' }, expected)).toMatch(/^PASS/);
    expect(await saysOf({ body: 'ab' }, expected)).toBe(
      'FAIL 2/4 the body has another digest, the body has 2 bytes, fewer than 3',
    );
    expect(await saysOf({ body: 'abcd' }, { maxBytes: 3 })).toBe(
      'FAIL 1/2 the body has 4 bytes, more than 3',
    );
  });

  it('names a few faults of many', async () => {
    const names = Object.fromEntries('abcdefgh'.split('').map((name) => [name, 1]));
    expect(await saysOf(json({}), { json: names })).toBe(
      'FAIL 8/9 a is missing, b is missing, c is missing, d is missing, e is missing, 3 more',
    );
  });
});

describe('a redirect', () => {
  const SIGNED = 'https://files.example/a%20b.pdf?X-Amz-Signature=abc&X-Amz-Expires=300';
  const location = {
    host: 'files.example',
    path: '/a%20b.pdf',
    query: ['X-Amz-Signature', 'X-Amz-Expires'],
  };

  it('is no answer as expected, unless it is expected', async () => {
    expect(await saysOf(redirect(SIGNED), {})).toBe('FAIL 1/1 status 302 instead of 200');
    expect(await saysOf(redirect(SIGNED), { location })).toMatch(/^PASS 0\/5/);
    expect(await saysOf(redirect(SIGNED), { location, status: 302 })).toMatch(/^PASS 0\/5/);
    expect(await saysOf(redirect(SIGNED), { status: 302, headers: { location: SIGNED } })).toMatch(
      /^PASS 0\/2/,
    );
    expect(server.seen.map(({ path }) => path)).toEqual(['/', '/', '/', '/']);
  });

  it('fails by its target, whose signature is not shown', async () => {
    const other = redirect('https://evil.example/b?X-Amz-Signature=&X-Amz-Expires=1');
    expect(await saysOf(other, { location })).toBe(
      'FAIL 3/5 the redirect does not go to files.example, the redirect does not go to /a%20b.pdf, the redirect has no X-Amz-Signature',
    );
    expect(await saysOf({ status: 302 }, { location })).toContain('header location is no address');
    expect(await saysOf({ status: 200 }, { location })).toContain(
      'status 200 instead of a redirect',
    );
  });

  it('may be relative to the application', async () => {
    const host = `127.0.0.1:${server.port}`;
    expect(await saysOf(redirect('/login'), { location: { host, path: '/login' } })).toMatch(
      /^PASS/,
    );
  });

  it('is not expected without its target', async () => {
    await expect(check({ url: '/', status: 302 })).rejects.toThrow(
      'nothing says where it should go',
    );
    expect(server.seen).toHaveLength(0);
  });
});

describe('cookies', () => {
  it('have their attributes', async () => {
    const reply = set('sid=hunter22; Path=/; HttpOnly; Secure; SameSite=Lax', 'old=; Max-Age=0');
    const sid = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', cleared: false };
    expect(await saysOf(reply, { cookies: { sid, old: { cleared: true } } })).toMatch(/^PASS 0\/7/);
    expect(await saysOf(set('sid=hunter22; path=/a'), { cookies: { sid, other: sid } })).toBe(
      'FAIL 9/11 httpOnly of cookie sid is not true, secure of cookie sid is not true, sameSite of cookie sid is not Lax, path of cookie sid is not /, cookie other is not set',
    );
  });
});

function tryOut(members: Members): Promise<StepResult> | undefined {
  return HTTP_CHECK.dryRun?.(world.work(membersOf('http.check', members)));
}

describe('a dry run', () => {
  it.each(['GET', 'HEAD'])('makes the check of a %s', async (method) => {
    expect(await tryOut({ url: '/', method })).toMatchObject({ verdict: 'PASS' });
    expect(server.seen.map((seen) => seen.method)).toEqual([method]);
    server.handler = () => ({ status: 503 });
    expect(await tryOut({ url: '/', method })).toMatchObject({ verdict: 'FAIL' });
  });

  it('says what it would send by POST, and sends nothing', async () => {
    world.write('event.json', '{"type":"test"}');
    const members = { url: '/webhook?token=hunter22', method: 'POST', body: 'event.json' };
    expect(await tryOut(members)).toEqual({
      verdict: 'PASS',
      says: 'POST /webhook not sent, as it may change something',
    });
    expect(server.seen).toEqual([]);
    await check(members);
    expect(server.seen.map(({ method }) => method)).toEqual(['POST']);
  });

  it('finds that a request could not be made', async () => {
    await expect(tryOut({ url: '/', method: 'POST', body: 'nosuch.json' })).rejects.toThrow(
      'there is no file of at most 4 MiB',
    );
    await expect(tryOut({ url: '//evil.example', method: 'POST' })).rejects.toThrow('is none');
    expect(server.seen).toEqual([]);
  });
});

describe('a request that cannot be judged or sent', () => {
  it('fails with the reason where the server is down', async () => {
    const down = await startServer();
    world.inputs.set('down', down.origin);
    await down.close();
    expect(await check({ url: `${down.origin}/?token=hunter22` })).toEqual({
      verdict: 'FAIL',
      says: `the host refuses the connection (127.0.0.1:${down.port})`,
      results: { failed: 1, count: 1 },
    });
  });

  it('fails after the time that it has', async () => {
    server.handler = () => null;
    const { verdict, says } = await check({ url: '/', within: '1s' });
    expect([verdict, says]).toEqual([
      'FAIL',
      `the host gave no whole answer within 1s (127.0.0.1:${server.port})`,
    ]);
  });

  it('throws for a host that no input names, and a body that is not there', async () => {
    await expect(check({ url: 'http://evil.example/' })).rejects.toThrow('no input of the runbook');
    await expect(check({ url: '/', method: 'POST', body: 'nosuch.json' })).rejects.toThrow(
      'there is no file of at most 4 MiB',
    );
  });

  it('ends with an abort', async () => {
    const controller = new AbortController();
    server.handler = () => {
      controller.abort(new Error('panic'));
      return null;
    };
    const work = world.work({ url: '/' }, { signal: controller.signal });
    await expect(HTTP_CHECK.apply(work)).rejects.toThrow('panic');
  });
});
