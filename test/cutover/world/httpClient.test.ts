/** Requests over HTTP: which hosts they go to, what ends them, and what is said where there is no answer. */

import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { httpClient, MAX_BODY, type HttpHosts } from '../../../src/cutover/world/httpClient.ts';
import type { HttpAnswer, HttpRequest } from '../../../src/cutover/world/world.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { json, makeCertificate, startServer, type TestServer } from './httpServer.ts';

const CLIENT = new URL('../../../src/cutover/world/httpClient.ts', import.meta.url).href;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.seen.length = 0;
  server.handler = () => json({ ok: true });
});

type Asked = Partial<Omit<HttpRequest, 'url'>>;

/** Sends a request as a client that may contact the server. */
function ask(
  url: string,
  request: Asked = {},
  hosts: Partial<HttpHosts> = {},
): Promise<HttpAnswer> {
  const client = httpClient({
    allowed: new Set([server.origin]),
    input: () => server.origin,
    ...hosts,
  });
  const signal = new AbortController().signal;
  const rest = { app: 'app', method: 'GET', headers: {}, withinMs: 20_000, signal };
  return client({ url, ...rest, ...request });
}

const toLocalhost: NonNullable<HttpHosts['resolve']> = () =>
  Promise.resolve([{ address: '127.0.0.1', family: 4 }]);

/** The line of the failure of a request. */
async function lineOf(answer: Promise<HttpAnswer>): Promise<string> {
  const error: unknown = await answer.catch((thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw new Error('no failure', { cause: error });
  return `${error.code} ${error.line()}`;
}

describe('a request', () => {
  it('has an answer with status, headers and body', async () => {
    server.handler = ({ method, path, headers, body }) => ({
      status: 201,
      headers: {
        'X-Seen': [`${method} ${path}`, String(headers['x-key'])],
        'Set-Cookie': ['a', 'b'],
      },
      body,
    });
    const body = Buffer.from([0, 255, 10]);
    const answer = await ask('/a?b=c#d', { method: 'POST', headers: { 'X-Key': 'k' }, body });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-seen')).toEqual(['POST /a?b=c', 'k']);
    expect(answer.headers.get('set-cookie')).toEqual(['a', 'b']);
    expect(answer.body).toEqual(body);
    expect(server.seen[0]?.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      'content-length': '3',
      'accept-encoding': 'identity',
    });
  });

  it('follows no redirect', async () => {
    server.handler = () => ({ status: 302, headers: { location: '/other' } });
    expect((await ask('/')).status).toBe(302);
    expect(server.seen).toHaveLength(1);
  });

  it('reads no variable of a proxy', async () => {
    const proxy = 'http://127.0.0.1:1';
    const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, http_proxy: proxy };
    const code = `
      import { get } from 'node:http';
      import { httpClient } from ${JSON.stringify(CLIENT)};
      const [url] = process.argv.slice(1);
      const signal = new AbortController().signal;
      const request = { url, app: null, method: 'GET', headers: {}, withinMs: 20_000, signal };
      const { status } = await httpClient({ allowed: new Set([url]), input: () => '' })(request);
      // Node itself goes to the proxy.
      get(url, () => console.log(status, 'direct')).on('error', () => console.log(status, 'proxy'));`;
    const args = ['--input-type=module', '-e', code, server.origin];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toBe('200 proxy\n');
  });

  it('keeps no connection', async () => {
    await ask('/');
    expect(server.seen[0]?.headers.connection).toBe('close');
  });
});

describe('a host', () => {
  it('is contacted only if an input names it, with its port and scheme', async () => {
    const { port } = server;
    const line = `USAGE no input of the runbook names this host (localhost:${port}): declare an input with its address`;
    expect(await lineOf(ask(`http://localhost:${port}/?token=abc`))).toBe(line);
    for (const url of [
      `https://127.0.0.1:${port}/`,
      'http://127.0.0.1/',
      `http://127.0.0.2:${port}/`,
    ]) {
      expect(await lineOf(ask(url))).toMatch(/^USAGE no input/);
    }
    expect(server.seen).toHaveLength(0);
    expect((await ask(`${server.origin}/`)).status).toBe(200);
  });

  it('is resolved once, and the connection goes to that address', async () => {
    const origin = `http://app.invalid:${server.port}`;
    let resolved = 0;
    const answer = await ask(
      '/',
      {},
      {
        allowed: new Set([origin]),
        input: () => origin,
        resolve: async (host) => {
          resolved += 1;
          expect(host).toBe('app.invalid');
          // A second answer would be of another machine.
          return [{ address: resolved === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }];
        },
      },
    );
    expect([answer.status, resolved]).toEqual([200, 1]);
    expect(server.seen[0]?.headers.host).toBe(`app.invalid:${server.port}`);
  });

  it.each(['host', 'Content-Length', 'transfer-encoding', 'Connection', 'proxy-authorization'])(
    'is not set by the header %s',
    async (name) => {
      expect(await lineOf(ask('/', { headers: { [name]: 'evil.example' } }))).toMatch(
        /^USAGE a header cannot be sent as it is \(.*127\.0\.0\.1:\d+\)/,
      );
      expect(server.seen).toHaveLength(0);
    },
  );

  it.each([
    ['x-a', 'secret\r\nx-b: c'],
    ['x a', 'secret'],
    ['x-a', 'secret\0'],
    ['x-a', 'sécret☃'],
  ])('gets no header that is two: %j', async (name, value) => {
    const line = await lineOf(ask('/', { headers: { [name]: value } }));
    expect(line).toMatch(/^USAGE a header cannot be sent/);
    expect(line).not.toContain('cret');
  });
});

describe('without an answer, the line', () => {
  const secret = { headers: { authorization: 'Bearer hunter22' } };

  it.each<[string, string, Partial<HttpHosts>]>([
    [
      'TARGET the host is not known (nosuch.invalid): check its name',
      'http://nosuch.invalid',
      {
        resolve: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
      },
    ],
    [
      'TARGET the host refuses the connection (127.0.0.1:1): check whether the application runs, and its port',
      'http://127.0.0.1:1',
      {},
    ],
    [
      'TARGET the host refuses the connection (app.invalid:1): check whether the application runs, and its port',
      'http://app.invalid:1',
      {
        resolve: () =>
          Promise.resolve([
            { address: '127.0.0.1', family: 4 },
            { address: '127.0.0.2', family: 4 },
          ]),
      },
    ],
    [
      'TARGET the host is not known (app.invalid): check its name',
      'http://app.invalid',
      { resolve: () => Promise.resolve([]) },
    ],
  ])('is %s', async (line, origin, hosts) => {
    const allowed = new Set([origin]);
    const seen = await lineOf(ask(`${origin}/a?token=hunter22`, secret, { allowed, ...hosts }));
    expect(seen).toBe(line);
  });

  it('names a time limit', async () => {
    server.handler = () => null;
    expect(await lineOf(ask('/', { ...secret, withinMs: 100 }))).toMatch(
      /^TARGET the host gave no whole answer within 0\.1s \(127\.0\.0\.1:\d+\): check the application$/,
    );
  });

  it('names a time limit for an answer that comes by drops', async () => {
    server.handler = async (_, response) => {
      response.writeHead(200);
      for (let n = 0; n < 100 && !response.destroyed; n += 1) {
        response.write('x');
        await pause(10);
      }
      return null;
    };
    expect(await lineOf(ask('/', { withinMs: 150 }))).toContain('no whole answer within 0.2s');
  });

  it('names a resolver that does not end', async () => {
    const hosts = { resolve: () => new Promise<never>(() => {}) };
    expect(await lineOf(ask('/', { withinMs: 50 }, hosts))).toContain(
      'no whole answer within 0.1s',
    );
  });

  it('names a broken connection, before and in the answer', async () => {
    server.handler = (_, response) => {
      response.destroy();
      return null;
    };
    expect(await lineOf(ask('/'))).toContain('TARGET the connection broke before the whole answer');
    server.handler = (_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('x', () => response.destroy());
      return null;
    };
    expect(await lineOf(ask('/'))).toContain('TARGET the connection broke before the whole answer');
  });

  it('names an answer that is too long, whole or announced by nothing', async () => {
    server.handler = () => ({ body: Buffer.alloc(MAX_BODY + 1) });
    expect(await lineOf(ask('/'))).toContain('TARGET the answer has more than 4 MiB');
    server.handler = () => ({ body: Buffer.alloc(MAX_BODY) });
    expect((await ask('/')).body).toHaveLength(MAX_BODY);
  });

  it('names headers that are too long', async () => {
    server.handler = () => ({ headers: { 'x-long': 'a'.repeat(40_000) } });
    expect(await lineOf(ask('/'))).toContain('TARGET the headers of the answer are too long');
  });

  it.each([
    ['hello\n', 'the answer is not HTTP'],
    [
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'changes to another protocol',
    ],
    ['', 'the connection broke before the whole answer was there'],
  ])('names what is not an answer: %j', async (text, expected) => {
    const raw = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(text));
    });
    await new Promise<void>((resolve) => {
      raw.listen(0, '127.0.0.1', resolve);
    });
    const origin = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
    try {
      const line = await lineOf(ask(origin, {}, { allowed: new Set([origin]) }));
      expect(line).toContain(
        `TARGET ${line.includes('host changes') ? 'the host ' : ''}${expected}`,
      );
    } finally {
      raw.close();
    }
  });
});

describe('an abort', () => {
  it('ends a request at once, with its reason', async () => {
    const controller = new AbortController();
    server.handler = () => {
      controller.abort(new Error('panic'));
      return null;
    };
    await expect(ask('/', { signal: controller.signal })).rejects.toThrow('panic');
    await expect(ask('/', { signal: controller.signal })).rejects.toThrow('panic');
    expect(server.seen).toHaveLength(1);
  });

  it('ends a body that is on its way', async () => {
    const controller = new AbortController();
    const closed = new Promise<void>((resolve) => {
      server.handler = (_, response) => {
        response.once('close', () => {
          resolve();
        });
        response.writeHead(200);
        response.write('x', () => {
          controller.abort(new Error('panic'));
        });
        return null;
      };
    });
    await expect(ask('/', { signal: controller.signal })).rejects.toThrow('panic');
    await closed;
  });
});

const certificate = makeCertificate('app.test');

describe.skipIf(certificate === null)('with TLS (needs openssl)', () => {
  let tls: TestServer;

  beforeAll(async () => {
    tls = await startServer(certificate ?? undefined);
  });
  afterAll(() => tls.close());

  function askAs(name: string, hosts: Partial<HttpHosts>): Promise<HttpAnswer> {
    const origin = `https://${name}:${tls.port}`;
    return ask(`${origin}/`, {}, { allowed: new Set([origin]), resolve: toLocalhost, ...hosts });
  }

  it('an authority that is trusted lets the request through', async () => {
    const authorities = certificate?.cert ?? '';
    expect((await askAs('app.test', { authorities })).status).toBe(200);
    expect((await askAs('127.0.0.1', { authorities })).status).toBe(200);
  });

  it('the certificate has to be for the name, whatever the address is', async () => {
    const line = await lineOf(askAs('other.test', { authorities: certificate?.cert ?? '' }));
    expect(line).toBe(
      `TARGET the certificate of the host is for another name (other.test:${tls.port}): check the address`,
    );
  });

  it('no variable turns the verification off', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const line = await lineOf(askAs('app.test', {}));
      expect(line).toContain('TARGET the certificate of the host is not trusted (app.test:');
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  it('a server without it is told', async () => {
    const origin = `https://127.0.0.1:${server.port}`;
    const line = await lineOf(ask(`${origin}/`, {}, { allowed: new Set([origin]) }));
    expect(line).toContain('TARGET the host does not speak TLS there');
  });
});
