/** Requests of a file: sessions, CSRF, separation of credentials, uploads, signed redirects. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import {
  json,
  startServer,
  type Arrived,
  type Reply,
  type TestServer,
} from '../world/httpServer.ts';
import { httpWorld, type HttpWorld } from './httpWorld.ts';
import { membersOf, stepOf } from './stepOf.ts';

let server: TestServer;
/** Another host, with the files. */
let files: TestServer;
let world: HttpWorld;

beforeAll(async () => {
  [server, files] = await Promise.all([startServer(), startServer()]);
  world = httpWorld(server.origin);
});
afterAll(async () => {
  world.remove();
  await Promise.all([server.close(), files.close()]);
});
beforeEach(() => {
  server.seen.length = 0;
  world.outputs.clear();
  world.inputs.delete('files');
  files.handler = () => ({ body: PDF });
});

const PDF = '%PDF-1.7\r\n--x';
const PASSWORD = 'hunter22-canary';
const HTTP_CASES = stepOf('http.cases');

interface App {
  /** Whether it forgets to verify the header. */
  readonly lax?: boolean;
  readonly plain?: boolean;
}

/** An application with a session cookie and a CSRF token, as browsers use it. */
function application({ lax = false, plain = false }: App = {}): (request: Arrived) => Reply {
  let session: string | null = null;
  return ({ method, path, headers, body }) => {
    const sent = headers.cookie?.split('; ') ?? [];
    const isIn = session !== null && sent.includes(`sid=${session}`);
    if (path.startsWith('/login') && method === 'POST') {
      if (JSON.parse(body.toString()).password !== PASSWORD) return json({ error: 'no' }, 401);
      session = 'sid-canary-0001';
      const attributes = plain ? '' : '; HttpOnly; Secure; SameSite=Lax';
      const set = [`sid=${session}; Path=/${attributes}`, 'csrf=csrf-canary-01; Path=/'];
      return { ...json({ csrf: 'csrf-canary-01', id: 7 }), headers: { 'set-cookie': set } };
    }
    if (path.startsWith('/platform')) {
      if (headers['x-api-key'] !== undefined) return json({ error: 'wrong_auth_method' }, 403);
      return isIn ? json({ tenants: [] }) : json({ error: 'no_session' }, 401);
    }
    if (path === '/pack')
      return json({ error: 'missing_api_key' }, headers['x-api-key'] ? 200 : 401);
    if (!isIn) return json({ error: 'no_session' }, 401);
    if (!lax && headers['x-csrf-token'] !== 'csrf-canary-01') return json({ error: 'csrf' }, 403);
    if (path === '/logout') {
      session = null;
      return { status: 204, headers: { 'set-cookie': ['sid=; Path=/; Max-Age=0'] } };
    }
    return json({ done: true });
  };
}

const SESSION = `
groups:
  - name: browser
    cases:
      - name: login
        method: POST
        url: /login
        data: { user: ada, password: "\${password}" }
        expect:
          status: 200
          cookies: { sid: { httpOnly: true, secure: true, sameSite: Lax } }
        keeps: { csrf: { cookie: csrf }, same: { json: csrf } }
      - { name: session is known, url: /platform, expect: { status: 200 } }
      - { name: no CSRF header, method: POST, url: /orders, expect: { status: 403, json: { error: csrf } } }
      - { name: CSRF header, method: POST, url: /orders, send: { X-CSRF-Token: "\${csrf}" }, expect: { json: { done: true } } }
      - name: logout
        method: POST
        url: /logout
        send: { X-CSRF-Token: "\${same}" }
        expect: { status: 204, cookies: { sid: { cleared: true } } }
      - { name: session is over, url: /platform, expect: { status: 401 } }
  - name: other visitor
    cases:
      - { name: has no session, url: /platform, expect: { status: 401 } }
`;

function run(text: string, more: Members = {}): Promise<StepResult> {
  world.write('cases.yaml', text);
  return HTTP_CASES.apply(world.work(membersOf('http.cases', { file: 'cases.yaml', ...more })));
}

/** A file with one group of these cases. */
function casesOf(...cases: readonly string[]): string {
  return `groups:\n  - name: a\n    cases:\n${cases.map((one) => `      - ${one}\n`).join('')}`;
}

/** A case that sends a file. */
function upload(file: string, status: number): string {
  const parts = `{ "ti\\"tle": "a\\r\\nb", file: { file: ${file}, type: application/pdf } }`;
  return `{ name: ${file}, method: POST, url: /upload, multipart: ${parts}, expect: { status: ${status} } }`;
}

/** What is expected of a server that tells what has arrived. */
function arrivedAs(type: string, body: string): string {
  return `expect: { json: { type: ${JSON.stringify(type)}, body: ${JSON.stringify(body)} } }`;
}

function redirect(): Reply {
  const location = `${files.origin}/a.pdf?X-Amz-Signature=canary%2F1`;
  return { status: 302, headers: { location } };
}

function tryOut(text: string, members: Members = {}): Promise<StepResult> | undefined {
  world.write('cases.yaml', text);
  const own = membersOf('http.cases', { file: 'cases.yaml', ...members });
  return HTTP_CASES.dryRun?.(world.work(own));
}

describe('a dry run', () => {
  it('reads the file and says how many requests it would send, and sends none', async () => {
    expect(await tryOut(SESSION, { with: { password: PASSWORD } })).toEqual({
      verdict: 'PASS',
      says: 'would send 7 requests; none was sent',
      results: { count: 7 },
    });
    const one = '{ name: a, url: /, expect: {}, repeats: { every: 1s, within: 5s } }';
    expect((await tryOut(casesOf(one)))?.says).toBe('would send at least 1 request; none was sent');
    expect(await tryOut('')).toMatchObject({ verdict: 'INCONCLUSIVE' });
    expect(server.seen).toEqual([]);
  });

  it('finds what is wrong with the file', async () => {
    await expect(tryOut(SESSION)).rejects.toThrow('no earlier case keeps a value "password"');
    await expect(tryOut('', { file: 'nosuch.yaml' })).rejects.toThrow('there is no file of cases');
  });
});

describe('the cases of a session', () => {
  it('pass, from login to logout', async () => {
    server.handler = application();
    expect(await run(SESSION, { with: { password: PASSWORD } })).toEqual({
      verdict: 'PASS',
      says: '7 of 7 cases pass',
      results: { failed: 0, count: 7 },
    });
    expect(server.seen.map(({ path }) => path)).toEqual([
      '/login',
      '/platform',
      '/orders',
      '/orders',
      '/logout',
      '/platform',
      '/platform',
    ]);
    expect(server.seen.at(-1)?.headers.cookie).toBeUndefined();
  });

  it('fail where the header is not verified, or a cookie is not protected (negative control)', async () => {
    server.handler = application({ lax: true });
    expect(await run(SESSION, { with: { password: PASSWORD } })).toEqual({
      verdict: 'FAIL',
      says: '1 of 7 cases failed: "browser: no CSRF header" (status 200 instead of 403, error is missing)',
      results: { failed: 1, count: 7 },
    });
    server.handler = application({ plain: true });
    expect((await run(SESSION, { with: { password: PASSWORD } })).says).toContain(
      '1 of 7 cases failed: "browser: login" (httpOnly of cookie sid is not true, secure of',
    );
  });

  it('that need what a failed one keeps are not sent, and fail', async () => {
    server.handler = application();
    const { verdict, says, results } = await run(SESSION, { with: { password: 'wrong' } });
    expect([verdict, results]).toEqual(['FAIL', { failed: 5, count: 7 }]);
    expect(says).toContain(
      '"browser: CSRF header" (csrf was not kept, so the request was not sent)',
    );
    expect(server.seen.map(({ path }) => path)).toEqual([
      '/login',
      '/platform',
      '/orders',
      '/platform',
      '/platform',
    ]);
  });

  it('are kept with their verdicts, without a value', async () => {
    server.handler = application({ plain: true });
    const { says } = await run(
      casesOf(
        '{ name: login, method: POST, url: /login, data: { password: "${password}" }, expect: {}, keeps: { csrf: { json: csrf } } }',
        '{ name: again, method: POST, url: "/login?p=${password}", data: { password: "${password}" }, expect: { json: { csrf: "${csrf}x", a: "${password}" } } }',
      ),
      { with: { password: PASSWORD } },
    );
    expect(says).toContain('csrf is not "${csrf}x"');
    const kept = [...world.outputs.values()].join('\n') + says;
    expect(JSON.parse(world.outputs.get('step.json') ?? '')).toMatchObject({
      cases: [{ group: 'a', name: 'login', status: 200, faults: [] }, { name: 'again' }],
      count: 2,
      run: 2,
    });
    expect(kept).not.toContain('canary');
  });
});

describe('the separation of credentials', () => {
  const SEPARATION = casesOf(
    '{ name: API key on platform, url: /platform/tenants, send: { X-API-Key: test_key }, expect: { status: 403, json: { error: wrong_auth_method } } }',
    '{ name: cookie on pack, url: /pack, send: { Cookie: session=test }, expect: { status: 401, json: { error: missing_api_key } } }',
  );

  it('passes where both are rejected, and fails where one is not', async () => {
    server.handler = application();
    expect(await run(SEPARATION)).toMatchObject({ verdict: 'PASS', results: { count: 2 } });
    expect(server.seen[1]?.headers.cookie).toBe('session=test');
    server.handler = () => json({});
    expect(await run(SEPARATION)).toMatchObject({ verdict: 'FAIL', results: { failed: 2 } });
  });
});

describe('an upload', () => {
  it('is sent as a form that a server reads, and judged', async () => {
    world.write('a.pdf', PDF);
    world.write('b.exe', 'MZ');
    const parts: string[] = [];
    server.handler = async ({ headers, body }) => {
      // Read by a parser that is not ours.
      const type = String(headers['content-type']);
      const form = await new Response(body, { headers: { 'content-type': type } }).formData();
      const file = form.get('file') as File;
      parts.push(form.get('ti"tle') as string, file.name, file.type);
      const text = await file.text();
      return text.startsWith('%PDF-') ? json({ stored: text === PDF }, 201) : json({}, 422);
    };
    expect(await run(casesOf(upload('a.pdf', 201), upload('b.exe', 422)))).toMatchObject({
      verdict: 'PASS',
      results: { count: 2 },
    });
    expect(parts).toEqual([
      'a\r\nb',
      'a.pdf',
      'application/pdf',
      'a\r\nb',
      'b.exe',
      'application/pdf',
    ]);
    server.handler = () => json({}, 201);
    expect((await run(casesOf(upload('b.exe', 422)))).verdict).toBe('FAIL');
  });

  it('may be a form, JSON or a file', async () => {
    world.write('raw.bin', 'raw');
    server.handler = ({ headers, body }) =>
      json({ type: headers['content-type'], body: body.toString() });
    const text = casesOf(
      `{ name: form, method: POST, url: /, form: { a: "b&c", n: 1 }, ${arrivedAs('application/x-www-form-urlencoded', 'a=b%26c&n=1')} }`,
      `{ name: json, method: POST, url: /, data: [{ a: 1 }], ${arrivedAs('application/json', '[{"a":1}]')} }`,
      `{ name: raw, method: PUT, url: /, body: raw.bin, ${arrivedAs('application/octet-stream', 'raw')} }`,
      `{ name: typed, method: PUT, url: /, body: raw.bin, send: { Content-Type: text/x }, ${arrivedAs('text/x', 'raw')} }`,
    );
    expect(await run(text)).toMatchObject({ verdict: 'PASS', results: { count: 4 } });
  });
});

describe('a signed redirect', () => {
  const sha256 = createHash('sha256').update(PDF).digest('hex');
  const text = (): string =>
    casesOf(
      `{ name: redirect, url: /attachments/7, expect: { status: 302, location: { host: "127.0.0.1:${files.port}", query: [X-Amz-Signature] } }, keeps: { signed: { header: Location } } }`,
      `{ name: bytes, url: "\${signed}", expect: { sha256: ${sha256} } }`,
    );
  it('points to the same bytes', async () => {
    server.handler = redirect;
    world.inputs.set('files', files.origin);
    expect(await run(text())).toMatchObject({ verdict: 'PASS', results: { count: 2 } });
    expect(files.seen.at(-1)?.path).toBe('/a.pdf?X-Amz-Signature=canary%2F1');
    files.handler = () => ({ body: `${PDF} ` });
    const { verdict, says } = await run(text());
    expect([verdict, says]).toEqual([
      'FAIL',
      '1 of 2 cases failed: "a: bytes" (the body has another digest)',
    ]);
  });

  it('is not followed to a host that no input names', async () => {
    server.handler = redirect;
    const before = files.seen.length;
    await expect(run(text())).rejects.toThrow('no input of the runbook names this host');
    expect(files.seen).toHaveLength(before);
  });
});

describe('values', () => {
  it('keep their kind, and are a part of an address', async () => {
    server.handler = ({ path, body }) =>
      json({ path, body: body.toString(), id: 7, name: 'a/../b?c' });
    const text = casesOf(
      '{ name: first, url: /, expect: {}, keeps: { id: { json: id }, name: { json: name } } }',
      '{ name: then, method: POST, url: "/x/${name}?n=${id}", data: { id: "${id}", text: "is ${id}" }, expect: { json: { path: "/x/a%2F..%2Fb%3Fc?n=7", body: \'{"id":7,"text":"is 7"}\', id: "${id}" } } }',
    );
    expect(await run(text)).toMatchObject({ verdict: 'PASS' });
  });

  it('are not there where an answer has none, or one that could end a header', async () => {
    server.handler = () => json({ a: { b: 1 }, c: 'x\r\nset-cookie: y' });
    const text = casesOf(
      '{ name: one, url: /, expect: {}, keeps: { a: { json: a } } }',
      '{ name: two, url: /, expect: {}, keeps: { c: { json: c } } }',
      '{ name: three, url: /, expect: {}, keeps: { d: { cookie: d } } }',
    );
    expect(await run(text)).toMatchObject({ verdict: 'FAIL', results: { failed: 3 } });
  });
});

describe('a case that repeats', () => {
  const text = casesOf(
    '{ name: done, url: /runs/1, expect: { json: { status: done } }, repeats: { every: 1s, within: 5s } }',
  );

  it('passes once what is expected is seen', async () => {
    server.handler = () => json({ status: server.seen.length < 4 ? 'queued' : 'done' });
    const before = world.paused();
    expect(await run(text)).toMatchObject({ verdict: 'PASS' });
    expect([server.seen.length, world.paused() - before]).toEqual([4, 3000]);
  });

  it('fails when its time is over', async () => {
    server.handler = () => json({ status: 'queued' });
    expect(await run(text)).toMatchObject({ verdict: 'FAIL' });
    expect(server.seen).toHaveLength(6);
  });
});

describe('a file that cannot be judged', () => {
  it.each(['', 'groups: []', 'groups: [{ name: a, cases: [] }]', '# nothing'])(
    'is inconclusive without cases: %j',
    async (text) => {
      expect(await run(text)).toEqual({
        verdict: 'INCONCLUSIVE',
        says: 'the file has no cases',
        results: { count: 0 },
      });
    },
  );

  it('ends where the host does not answer', async () => {
    server.handler = (_, response) => {
      response.destroy();
      return null;
    };
    const { verdict, says, results } = await run(SESSION, { with: { password: PASSWORD } });
    expect([verdict, results, server.seen.length]).toEqual(['FAIL', { failed: 7, count: 7 }, 1]);
    expect(says).toBe(
      `1 of 7 cases failed, and 6 not run: "browser: login" (the connection broke before the whole answer was there (127.0.0.1:${server.port}))`,
    );
  });

  it.each([
    ['groups: [', /cases\.yaml:1:\d+/],
    [casesOf('{ name: a, url: /, expect: { stauts: 200 } }'), /unknown property "stauts" .*:4:38/],
    [
      casesOf('{ name: a, url: /, expect: {}, send: { X: "${nosuch}" } }'),
      /keeps a value "nosuch" .*:4:51/,
    ],
    [
      casesOf('{ name: a, url: /, expect: {}, keeps: { b: { json: c } }, send: { X: "${b}" } }'),
      /keeps a value "b"/,
    ],
    [casesOf('{ name: a, url: /, expect: {}, data: {}, form: { a: b } }'), /two bodies .*:4:50/],
    [
      casesOf('{ name: a, url: /, expect: {}, keeps: { b: { json: c, cookie: d } } }'),
      /exactly one of "json", "cookie" and "header"/,
    ],
    [casesOf('{ name: a, url: / }'), /"expect" is missing/],
  ])('is refused before a request is sent: %#', async (text, expected) => {
    const error = (await run(text).catch((thrown: unknown) => thrown)) as { line?: () => string };
    expect(error.line?.()).toMatch(expected);
    expect(server.seen).toHaveLength(0);
  });

  it('is refused if it is not there', async () => {
    const work = world.work({ file: 'nosuch.yaml' });
    await expect(HTTP_CASES.apply(work)).rejects.toThrow('there is no file of cases');
    expect(HTTP_CASES.plan({ file: 'a.yaml' })).toBe('send the requests of a.yaml');
  });
});
