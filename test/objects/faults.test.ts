/** What an S3 store does on a server's bad day: go on where that can help, or stop with one clear line. */

import { createHash } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { ObjectFacts, ObjectStore, OpenStore } from '../../src/objects/objectStore.ts';
import { pauseOf, type Patience } from '../../src/objects/s3/retry.ts';
import { s3Stores } from '../../src/objects/s3.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { isLong } from '../kit/long.ts';
import { emptyBucket } from '../kit/s3Answers.ts';
import { startS3, type Fault, type S3Server } from '../kit/s3Server.ts';
import type { Arrived } from '../kit/s3Signature.ts';

const PATIENCE: Patience = { attempts: 6, pauseMs: 2, longestPauseMs: 20, stallMs: 300 };
const PART = 16 * 2 ** 20;
const BYTES = Buffer.from('some bytes');
const FACTS = factsOf(BYTES);

let server: S3Server;
const stores: ObjectStore[] = [];

beforeAll(async () => {
  server = await startS3();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await server.stop();
});
beforeEach(() => {
  server.faults = () => null;
  server.skewMs = 0;
  server.accounts = [server];
  server.buckets.set('bucket', emptyBucket());
});

function factsOf(bytes: Uint8Array): ObjectFacts {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { size: bytes.length, sha256, contentType: null };
}

async function open(
  variables: OpenStore['variables'] = {},
  options: Partial<OpenStore> = {},
): Promise<ObjectStore> {
  const adapter = s3Stores(PATIENCE);
  const store = await adapter.open(adapter.parse('//bucket', '/'), {
    writes: true,
    concurrency: 4,
    variables: { ...server.env, ...variables },
    signal: new AbortController().signal,
    now: () => new Date(),
    ...options,
  });
  stores.push(store);
  return store;
}

/** The first requests that match fail so. */
function first(count: number, method: string, fault: Fault): void {
  let left = count;
  server.faults = (request) => {
    if (request.method !== method || left === 0) return null;
    left -= 1;
    return fault;
  };
}

function always(fault: Fault, of: (request: Arrived) => boolean = () => true): void {
  server.faults = (request) => (of(request) ? fault : null);
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw new Error('there was no failure', { cause: error });
}

async function contentOf(store: ObjectStore, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await store.read(key)) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const PASSING: readonly (readonly [string, Fault])[] = [
  ['503 SlowDown', { kind: 'status', status: 503, code: 'SlowDown' }],
  ['429', { kind: 'status', status: 429, code: 'TooManyRequests' }],
  ['500', { kind: 'status', status: 500, code: 'InternalError' }],
  ['502 of a proxy', { kind: 'status', status: 502, code: '' }],
  ['409', { kind: 'status', status: 409, code: 'ConditionalRequestConflict' }],
  ['400 RequestTimeout', { kind: 'status', status: 400, code: 'RequestTimeout' }],
  ['a changed body', { kind: 'status', status: 400, code: 'BadDigest' }],
  ['a reset before the write', { kind: 'reset', when: 'before' }],
  ['a stall', { kind: 'stall' }],
  ['a slow answer', { kind: 'slow', ms: 100 }],
];

describe('a fault that passes', () => {
  it.each(PASSING)('is overcome when an object is put: %s', async (_, fault) => {
    const store = await open();
    first(2, 'PUT', fault);
    expect(await store.put('a', BYTES, FACTS)).toBe('stored');
    expect(await contentOf(store, 'a')).toEqual(BYTES);
  });

  it.each(PASSING)('is overcome when an object is described: %s', async (_, fault) => {
    const store = await open();
    await store.put('a', BYTES, FACTS);
    first(2, 'HEAD', fault.kind === 'status' ? { ...fault, status: 503 } : fault);
    expect(await store.head('a')).toMatchObject({ size: BYTES.length, stated: FACTS.sha256 });
  });

  const everywhere = PASSING.filter(
    ([name]) =>
      isLong('s3 faults') || ['503 SlowDown', 'a reset before the write', 'a stall'].includes(name),
  ).filter(([, fault]) => fault.kind !== 'status' || fault.status !== 400);
  it.each(everywhere)('is overcome in lists, uploads and removals: %s', async (_, fault) => {
    const store = await open();
    const bytes = Buffer.alloc(PART + 10, 'x');
    let requests = 0;
    server.faults = () => ((requests += 1) % 2 === 1 ? fault : null);
    const upload = await store.upload('big', factsOf(bytes));
    await upload.put(1, bytes.subarray(0, PART));
    await upload.put(2, bytes.subarray(PART));
    expect(await upload.complete()).toBe('stored');
    expect((await contentOf(store, 'big')).equals(bytes)).toBe(true);
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['big']);
    await store.remove('big');
    expect(await store.head('big')).toBeNull();
  });

  it('leaves one object where the answer to its write is lost', async () => {
    const store = await open();
    first(1, 'PUT', { kind: 'reset', when: 'after' });
    expect(await store.put('a', BYTES, FACTS)).toBe('exists');
    expect(await contentOf(store, 'a')).toEqual(BYTES);
  });

  it('leaves one object where the answer to the end of its upload is lost', async () => {
    const store = await open();
    const bytes = Buffer.alloc(PART + 10, 'y');
    const upload = await store.upload('big', factsOf(bytes));
    await upload.put(1, bytes.subarray(0, PART));
    await upload.put(2, bytes.subarray(PART));
    let left = 1;
    server.faults = ({ method, target }) => {
      const isEnd = method === 'POST' && target.includes('uploadId=') && left > 0;
      if (isEnd) left -= 1;
      return isEnd ? { kind: 'reset', when: 'after' } : null;
    };
    expect(await upload.complete()).toBe('exists');
    expect((await contentOf(store, 'big')).equals(bytes)).toBe(true);
    expect(server.buckets.get('bucket')?.uploads.size).toBe(0);
  });

  it('leaves no upload where the answer to its beginning is lost', async () => {
    const store = await open();
    const bytes = Buffer.alloc(PART + 10, 'z');
    first(1, 'POST', { kind: 'reset', when: 'after' });
    const upload = await store.upload('big', factsOf(bytes));
    expect(server.buckets.get('bucket')?.uploads.size).toBe(2);
    await store.upload('big2', factsOf(bytes));
    await upload.put(1, bytes.subarray(0, PART));
    await upload.put(2, bytes.subarray(PART));
    expect(await upload.complete()).toBe('stored');
    expect((await contentOf(store, 'big')).equals(bytes)).toBe(true);
    const left = [...(server.buckets.get('bucket')?.uploads.values() ?? [])];
    expect(left.map(({ key }) => key)).toEqual(['big2']);
  });

  it('does not lose or repeat a byte where a read breaks off', async () => {
    const store = await open();
    const bytes = Buffer.alloc(300_000);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(at, at);
    await store.put('long', bytes, factsOf(bytes));
    let left = 3;
    server.faults = ({ method }) => {
      if (method !== 'GET' || left === 0) return null;
      left -= 1;
      return { kind: 'cut', bytes: 70_000 };
    };
    expect((await contentOf(store, 'long')).equals(bytes)).toBe(true);
    expect(left).toBe(0);
  });

  it('is waited for as long as the server wants', async () => {
    const store = await open();
    first(1, 'PUT', { kind: 'status', status: 503, code: 'SlowDown', retryAfter: 1 });
    const start = performance.now();
    expect(await store.put('a', BYTES, FACTS)).toBe('stored');
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  it('ends a wait when the signal aborts', async () => {
    const controller = new AbortController();
    const store = await open({}, { signal: controller.signal });
    always({ kind: 'status', status: 503, code: 'SlowDown', retryAfter: 60 });
    const put = store.put('a', BYTES, FACTS);
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 50);
    await expect(put).rejects.toThrow('enough');
  });

  it('ends a request that stalls when the signal aborts', async () => {
    const controller = new AbortController();
    const store = await open({}, { signal: controller.signal });
    always({ kind: 'stall' });
    const put = store.put('a', BYTES, FACTS);
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 50);
    await expect(put).rejects.toThrow('enough');
  });

  it('is tried so often, and no more', async () => {
    const store = await open();
    always({ kind: 'status', status: 503, code: 'SlowDown' }, ({ method }) => method === 'PUT');
    const before = server.log.length;
    const failure = await failureOf(store.put('a', BYTES, FACTS));
    expect(failure.code).toBe('STORE');
    expect(failure.line()).toContain('SlowDown (status 503)');
    expect(server.log.length - before).toBe(PATIENCE.attempts);
  });
});

describe('pauses', () => {
  it('grow, are capped, differ by object, and repeat', () => {
    const patience = { ...PATIENCE, pauseMs: 100, longestPauseMs: 1000 };
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempt) => pauseOf('a', attempt, patience, null));
    for (const [at, pause] of pauses.entries()) {
      const grown = Math.min(1000, 100 * 2 ** at);
      expect(pause).toBeGreaterThanOrEqual(grown / 2);
      expect(pause).toBeLessThanOrEqual(grown);
    }
    expect(pauseOf('a', 1, patience, null)).toBe(pauses[0]);
    expect(pauseOf('b', 1, patience, null)).not.toBe(pauses[0]);
    expect(pauseOf('a', 1, patience, 5000)).toBe(5000);
    expect(pauseOf('a', 1, patience, 1e9)).toBe(60_000);
  });
});

describe('clocks that differ', () => {
  it.each([-3_600_000, 3_600_000])('are put right by that of the server: %d ms', async (skewMs) => {
    server.skewMs = skewMs;
    const store = await open();
    expect(await store.put('a', BYTES, FACTS)).toBe('stored');
    expect(await store.head('a')).not.toBeNull();
    const before = server.log.length;
    await store.put('b', BYTES, FACTS);
    await store.remove('b');
    expect(server.log.length - before).toBe(2);
  });

  it('are put right when one of them changes during the run', async () => {
    const store = await open();
    server.skewMs = 7_200_000;
    expect(await store.put('a', BYTES, FACTS)).toBe('stored');
    await store.remove('a');
    expect(await store.head('a')).toBeNull();
  });

  it('stop the run where the server refuses its own time', async () => {
    const store = await open();
    always({ kind: 'status', status: 403, code: 'RequestTimeTooSkewed' });
    const failure = await failureOf(store.put('a', BYTES, FACTS));
    expect([failure.code, failure.message]).toEqual([
      'STORE',
      'the clock of this machine and that of the object store differ, even after a correction',
    ]);
  });
});

describe('what no second attempt changes', () => {
  const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'a wrong secret',
      () => (server.accounts = [{ ...server, secretAccessKey: 'x' }]),
      /secret key/,
    ],
    ['an unknown key', () => (server.accounts = []), /access key/],
    [
      'credentials that have expired',
      () => (server.accounts = [{ ...server, expired: true }]),
      /expired/,
    ],
    ['a missing bucket', () => server.buckets.clear(), /no such bucket/],
    [
      'denied access',
      () => {
        always({ kind: 'status', status: 403, code: 'AccessDenied' });
      },
      /denies access/,
    ],
    [
      'another region',
      () => {
        const headers = { 'x-amz-bucket-region': 'eu-north-9', location: 'http://127.0.0.1:1/' };
        always({ kind: 'status', status: 301, code: 'PermanentRedirect', headers });
      },
      /region.*eu-north-9/,
    ],
  ];

  it.each(cases)('stops before the first object: %s', async (_, change, line) => {
    change();
    const failure = await failureOf(open());
    expect(failure.code).toBe('STORE');
    expect(failure.line()).toMatch(line);
    expect(failure.line()).not.toContain(server.secretAccessKey);
    expect(failure.hint).toBeTruthy();
  });

  it.each(cases)(
    'stops where it comes during the run, at any request: %s',
    async (_, change, line) => {
      const store = await open();
      await store.put('a', BYTES, FACTS);
      change();
      const keys = async (): Promise<void> => {
        for await (const { key } of store.list('')) expect(key).toBe('');
      };
      const requests = [
        () => store.put('b', BYTES, FACTS),
        () => store.read('a'),
        () => store.remove('a'),
        () => store.upload('a', factsOf(Buffer.alloc(PART + 1))),
        keys,
      ];
      for (const request of requests) {
        const failure = await failureOf(request());
        expect(failure.code).toBe('STORE');
        expect(failure.line()).toMatch(line);
      }
    },
  );

  it.each(cases)('is told of a HEAD, whose answer says nothing: %s', async (name, change, line) => {
    const store = await open();
    await store.put('a', BYTES, FACTS);
    change();
    const failure = await failureOf(store.head('a'));
    expect(failure.code).toBe('STORE');
    expect(failure.line()).toMatch(line);
    expect(name).not.toBe('');
  });

  it('stops at a region that is wrong', async () => {
    const failure = await failureOf(open({ OBJECT_STORAGE_S3_REGION: 'us-east-1' }));
    expect(failure.line()).toContain('region');
  });

  it('stops where nobody listens', async () => {
    const gone = await startS3();
    await gone.stop();
    const failure = await failureOf(open({ OBJECT_STORAGE_S3_ENDPOINT: gone.endpoint }));
    expect(failure.code).toBe('STORE');
    expect(failure.line()).toContain('ECONNREFUSED');
  });

  it('is one object’s own where the server refuses only that', async () => {
    const store = await open();
    always(
      { kind: 'status', status: 400, code: 'EntityTooLarge' },
      ({ method }) => method === 'PUT',
    );
    const failure = await failureOf(store.put('a', BYTES, FACTS));
    expect([failure.code, failure.where]).toEqual(['OBJECT', '"a"']);
  });
});

describe('a server', () => {
  it('is seen to verify sums and to keep what is there, or not to', async () => {
    expect((await open()).abilities).toEqual({ keepsFirst: true, computesSha256: true });
    const careless = await startS3({ checksums: false, conditions: false });
    const store = await open(careless.env).catch(() => null);
    expect(store).toBeNull();
    careless.buckets.set('bucket', emptyBucket());
    const second = await open(careless.env);
    expect(second.abilities).toEqual({ keepsFirst: false, computesSha256: false });
    await second.close();
    await careless.stop();
  });

  it('shows by HEAD and by its content that a bit was flipped at rest', async () => {
    const store = await open();
    await store.put('a', BYTES, FACTS);
    server.flipBit('bucket', 'a');
    const content = await contentOf(store, 'a');
    expect(createHash('sha256').update(content).digest('hex')).not.toBe(FACTS.sha256);
  });

  it('gives anyone the object by a signed URL, and nothing by one that was changed', async () => {
    const store = await open();
    const key = 'ä b/100%+#?&';
    await store.put(key, BYTES, FACTS);
    const url = store.signedUrl(key, 60) ?? '';
    const answer = await fetch(url);
    expect([answer.status, Buffer.from(await answer.arrayBuffer())]).toEqual([200, BYTES]);
    expect((await fetch(url.replace('Expires=60', 'Expires=61'))).status).toBe(403);
    server.skewMs = 61_000;
    expect((await fetch(url)).status).toBe(403);
    expect(() => store.signedUrl(key, 604_801)).toThrow(Failure);
    expect(() => store.signedUrl(key, 0)).toThrow(Failure);
  });

  it('is not told the credentials by a redirect', async () => {
    const other = await startS3();
    const store = await open();
    always({
      kind: 'status',
      status: 307,
      code: 'TemporaryRedirect',
      headers: { location: `${other.endpoint}/bucket/a` },
    });
    expect((await failureOf(store.put('a', BYTES, FACTS))).code).toBe('STORE');
    expect((await failureOf(store.remove('a'))).code).toBe('STORE');
    expect(other.log).toEqual([]);
    await other.stop();
  });
});
