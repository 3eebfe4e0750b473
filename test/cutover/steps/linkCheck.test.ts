/** Links of a page have a target: a file, an anchor, or an address of a host that an input names. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { startServer, type TestServer } from '../world/httpServer.ts';
import { httpWorld, type HttpWorld } from './httpWorld.ts';
import { membersOf, stepOf } from './stepOf.ts';

const LINK_CHECK = stepOf('link.check');
let server: TestServer;
let world: HttpWorld;

beforeAll(async () => {
  server = await startServer();
  world = httpWorld(server.origin);
  mkdirSync(join(world.folder, 'docs'));
  world.write('docs/other.md', '# A heading\n');
  world.write('docs/a b.md', 'x');
});
afterAll(async () => {
  world.remove();
  await server.close();
});
beforeEach(() => {
  server.seen.length = 0;
});

function check(members: Members): Promise<StepResult> {
  return LINK_CHECK.apply(world.work(membersOf('link.check', members), { input: null }));
}

/** Checks a page in docs/. */
function checkPage(text: string, name: string = 'docs/page.md'): Promise<StepResult> {
  world.write(name, text);
  return check({ file: name });
}

describe('links of a file', () => {
  it('pass where files and anchors are there', async () => {
    const text =
      '# Top\n[a](other.md#a-heading) [b](#top) [c](../docs/) [d](a%20b.md) [e](<a b.md>) [f](other.md?x#)';
    expect(await checkPage(text)).toEqual({
      verdict: 'PASS',
      says: '6 links have a target',
      results: { failed: 0, count: 6 },
    });
    expect(
      await checkPage('<a href="other.md">x</a><p id="p"><a href="#p">', 'docs/page.html'),
    ).toMatchObject({
      verdict: 'PASS',
      results: { count: 2 },
    });
  });

  it('fail by name where they are not', async () => {
    const text = '[a](nosuch.md?token=canary) [b](#no) [c](other.md#no) [d](other.md)';
    expect(await checkPage(text)).toEqual({
      verdict: 'FAIL',
      says: '3 of 4 links have no target: "nosuch.md", "#no", "other.md#no"',
      results: { failed: 3, count: 4 },
    });
  });

  it('fail where no file can have the name', async () => {
    const text = `[a](${'x'.repeat(5000)}) [b](other.md/x) [c](a%00b)`;
    const { verdict, results } = await checkPage(text);
    expect([verdict, results]).toEqual(['FAIL', { failed: 2, count: 2 }]);
  });

  it('to other places are counted, and prove nothing', async () => {
    const text =
      '[a](mailto:x@y.example) [b](https://other.example/) [c](../../etc/passwd) [d](/x) [e](javascript:1)';
    expect(await checkPage(text)).toEqual({
      verdict: 'INCONCLUSIVE',
      says: 'no link could be judged; 5 links to other places not looked up',
      results: { failed: 0, count: 0 },
    });
    expect((await checkPage(`${text} [f](other.md)`)).says).toBe(
      '1 link has a target; 5 links to other places not looked up',
    );
    expect(server.seen).toHaveLength(0);
  });

  it('are requested at hosts that inputs name', async () => {
    server.handler = ({ method, path }) => {
      if (path === '/no') return { status: 404 };
      if (path === '/get') return { status: method === 'HEAD' ? 405 : 200 };
      return { status: path === '/login' ? 401 : 302 };
    };
    const links = ['/yes', '/get', '/login', '/no'].map((path) => `[x](${server.origin}${path})`);
    expect(await checkPage(links.join(' '))).toMatchObject({
      verdict: 'FAIL',
      says: `1 of 4 links has no target: "${server.origin}/no"`,
    });
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'HEAD /yes',
      'HEAD /get',
      'GET /get',
      'HEAD /login',
      'HEAD /no',
    ]);
  });

  it('are inconclusive where there is none, and a failure where there is no page', async () => {
    expect(await checkPage('no link')).toEqual({
      verdict: 'INCONCLUSIVE',
      says: 'the page has no link',
      results: { failed: 0, count: 0 },
    });
    await expect(check({ file: 'nosuch.md' })).rejects.toThrow('there is no file');
    await expect(check({ file: 'docs' })).rejects.toThrow('there is no file');
    await expect(check({})).rejects.toThrow('nothing says how the step is done');
    await expect(
      checkPage('[a](b)' + Array.from({ length: 2001 }, (_, n) => `[x](x${n})`).join('')),
    ).rejects.toThrow('2002 links, more than 2000');
  });
});

describe('links of a page of the application', () => {
  it('are requested there, and its anchors searched for', async () => {
    server.handler = ({ path }) => {
      const body = `<a href="/a">a</a><a href="b?c#d">b</a><a href="#e">e</a><p id="e"><a href="#f">f</a><a href="https://other.example/">o</a><a href="//evil.example/">p</a>`;
      return path === '/docs/'
        ? { headers: { 'content-type': 'text/html' }, body }
        : { status: path === '/a' ? 200 : 404 };
    };
    expect(await check({ url: '/docs/' })).toEqual({
      verdict: 'FAIL',
      says: `2 of 4 links have no target: "b#d", "#f"; 2 links to other places not looked up`,
      results: { failed: 2, count: 4 },
    });
    expect(server.seen.map(({ path }) => path)).toEqual(['/docs/', '/a', '/docs/b?c']);
  });

  it('fail where the page is not there', async () => {
    server.handler = () => ({ status: 404 });
    expect(await check({ url: '/docs/' })).toEqual({
      verdict: 'FAIL',
      says: 'the page has status 404',
    });
    server.handler = (_, response) => {
      response.destroy();
      return null;
    };
    expect((await check({ url: '/docs/' })).verdict).toBe('FAIL');
  });

  it('end with an abort', async () => {
    const controller = new AbortController();
    server.handler = ({ path }) => {
      if (path !== '/') controller.abort(new Error('panic'));
      return { body: '<a href="/a"><a href="/b">' };
    };
    const work = world.work({ url: '/' }, { signal: controller.signal });
    await expect(LINK_CHECK.apply(work)).rejects.toThrow('panic');
    expect(server.seen).toHaveLength(2);
  });
});
