/** Secrets, wherever a step gets them, and whatever a server does with them: none is said or kept. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Members } from '../../../src/cutover/steps/stepType.ts';
import type { StepName } from '../../../src/cutover/steps/stepTypes.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { json, startServer, type Handler, type TestServer } from '../world/httpServer.ts';
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

/** Steps with a secret in every place that can have one. */
function stepsWith(secret: string): readonly (readonly [StepName, Members])[] {
  const url = `${server.origin}/a?token=${secret}#${secret}`;
  const sent = { send: { Authorization: `Bearer ${secret}`, 'X-Key': secret }, within: '5s' };
  const expected = { json: { a: secret }, headers: { 'x-echo': secret } };
  const how = { ...sent, url, data: { secret } };
  return [
    ['http.check', { url, ...sent, method: 'POST', body: 'body.txt', ...expected }],
    ['http.check', { url, ...sent, location: { host: 'other.example', query: ['a'] } }],
    ['http.check', { url: `https://ada:${secret}@other.example/` }],
    ['http.check', { url, send: { 'X-Key': `${secret}\n` } }],
    ['http.check', { url: `https://other.example/?${secret}` }],
    ['http.deprecation', { url, ...sent, method: 'POST', body: 'body.txt', link: ['sunset'] }],
    ['http.cases', { file: 'cases.yaml', with: { password: secret } }],
    ['app.deploy', { commit: 'abcdef1', health: url, ...how, within: '1s' }],
    ['app.writes', { set: 'off', health: url, ...how, within: '1s' }],
    [
      'config.set',
      { key: 'KEY', set: secret, ...how, read: { url, send: sent.send, json: 'a' }, within: '1s' },
    ],
    ['config.set', { key: 'KEY', set: secret, file: '.env' }],
    ['config.set', { key: 'KEY', set: `${secret}\n`, file: '.env' }],
    [
      'config.set',
      { key: 'KEY', set: secret, run: ['set', '{set}'], read: { run: ['get', secret] } },
    ],
    ['cache.verify', { url, ...sent, headers: { etag: secret }, references: url }],
    ['ci.green', { commit: 'abcdef1', url, ...sent }],
    ['notify', { text: 'began', url, send: sent.send, data: { secret } }],
    ['notify', { text: 'began', run: ['mail', secret] }],
    ['link.check', { url }],
    ['link.check', { file: 'page.md' }],
  ];
}

const CASES = `groups:
  - name: a
    cases:
      - { name: login, method: POST, url: "/login?p=\${password}", form: { p: "\${password}" }, expect: {}, keeps: { kept: { header: x-echo } } }
      - { name: then, url: "/x/\${kept}", send: { Cookie: "\${kept}" }, data: { k: "\${kept}" }, expect: { json: { a: "\${kept}" }, headers: { x-echo: "\${password}" }, location: { host: "\${kept}" } } }
`;

/** What servers do with what they get. */
function answersWith(secret: string): readonly Handler[] {
  const echo = { 'x-echo': secret, location: `https://${secret}.example/?a=${secret}` };
  const set = { 'set-cookie': `${secret}=${secret}`, age: secret };
  const end = { deprecation: secret, sunset: `${secret}, 1`, link: `<${secret}>; rel=${secret}` };
  return [
    () => ({
      ...json({ a: 'b', commit: secret, status: secret }),
      headers: { ...echo, ...set, ...end },
    }),
    () => ({ status: 302, headers: echo, body: secret }),
    () => ({ status: 500, headers: echo, body: `<a href="/x?${secret}">${secret}</a>` }),
    (_, response) => {
      response.socket?.end(`HTTP/1.1 ${secret}\r\n\r\n`);
      return null;
    },
  ];
}

/** All that a step says, returns, throws and keeps. */
async function traceOf(use: StepName, members: Members): Promise<string> {
  const step = stepOf(use);
  const work = world.work(members);
  const trace: unknown[] = [];
  const acts = [
    () => step.dryRun?.(work),
    () => step.apply(work),
    () => step.verify?.(work),
    () => step.probe?.(work),
  ];
  for (const act of acts) {
    try {
      trace.push(await act());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      trace.push(error.line());
    }
  }
  return JSON.stringify([trace, ...world.outputs.values()]);
}

describe('a canary', () => {
  it('is in nothing that a step says or keeps', async () => {
    let traces = 0;
    for (let number = 0; number < 12; number += 1) {
      const secret = `canary${number}x9f3`;
      // As the values of inputs are made known.
      world.secrets.set(secret, 'token');
      world.write('body.txt', secret);
      world.write('cases.yaml', CASES);
      world.write('.env', `KEY=old${secret}\n`);
      world.write('page.md', `[a](${server.origin}/x?t=${secret}) [b](nosuch.md?t=${secret})`);
      world.run = () => ({ stdout: secret, stderr: secret, code: number % 2 });
      for (const handler of answersWith(secret)) {
        server.handler = handler;
        for (const [use, members] of stepsWith(secret)) {
          membersOf(use, members);
          const trace = await traceOf(use, members);
          expect(trace.includes('canary'), `${use}: ${trace}`).toBe(false);
          traces += trace.length > 10 ? 1 : 0;
        }
      }
    }
    expect(traces).toBe(12 * 4 * 19);
  });

  it('would be found (negative control)', async () => {
    server.handler = () => json({});
    const members = { url: '/', json: { canary: 'canary' } };
    expect(await traceOf('http.check', members)).toContain('canary');
  });
});
