/**
 * The contract of an object store, held against every adapter: bytes by key, written once and never
 * changed, whole or not at all, and found again.
 */

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { folderStore } from '../../src/objects/folder.ts';
import { memoryStores, type MemoryBucket } from '../../src/objects/memory.ts';
import type { ObjectFacts, ObjectStore, StoreAdapter } from '../../src/objects/objectStore.ts';
import { s3Stores } from '../../src/objects/s3.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { workFolder } from '../kit/project.ts';
import { hasRgw, startRgw, type Rgw } from '../kit/rgw.ts';
import { emptyBucket } from '../kit/s3Answers.ts';
import { startS3, type S3Server } from '../kit/s3Server.ts';

interface Subject {
  readonly name: string;
  readonly adapter: StoreAdapter;
  readonly isHere: boolean;
  /** Bytes of a part of an object in parts. */
  readonly partSize: number;
  readonly longestName: number;
  readonly holdsFoldersBesideObjects: boolean;
  begin(): Promise<void>;
  /** What follows the scheme in the URL of an empty place of this name. */
  place(name: string): Promise<string>;
  variables(): Readonly<Record<string, string>>;
  end(): Promise<void>;
}

const PATIENCE = { attempts: 5, pauseMs: 5, longestPauseMs: 50, stallMs: 5000 };
const MIB = 2 ** 20;
const work = workFolder('objects');

function memory(): Subject {
  const buckets = new Map<string, MemoryBucket>();
  return {
    name: 'memory',
    adapter: memoryStores(buckets, MIB),
    isHere: true,
    partSize: MIB,
    longestName: 1024,
    holdsFoldersBesideObjects: true,
    async begin() {},
    async place(name) {
      if (!buckets.has(name)) buckets.set(name, { objects: new Map(), uploads: new Map() });
      return name;
    },
    variables: () => ({}),
    async end() {},
  };
}

function folder(): Subject {
  return {
    name: 'folder',
    adapter: folderStore,
    isHere: true,
    partSize: 16 * MIB,
    longestName: 255,
    holdsFoldersBesideObjects: false,
    async begin() {},
    place: async (name) => join(work, name),
    variables: () => ({}),
    async end() {},
  };
}

function strict(name: string, options: { checksums?: boolean; conditions?: boolean }): Subject {
  let server: S3Server;
  return {
    name,
    adapter: s3Stores(PATIENCE),
    isHere: true,
    partSize: 16 * MIB,
    longestName: 1024,
    holdsFoldersBesideObjects: true,
    begin: async () => {
      server = await startS3({ ...options, page: 400 });
    },
    async place(bucket) {
      if (!server.buckets.has(bucket)) server.buckets.set(bucket, emptyBucket());
      return `//${bucket}`;
    },
    variables: () => server.env,
    end: () => server.stop(),
  };
}

function ceph(): Subject {
  let server: Rgw;
  const client = (): S3Client => {
    const credentials = server;
    return new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials,
    });
  };
  return {
    name: 's3 on Ceph',
    adapter: s3Stores(PATIENCE),
    isHere: hasRgw(),
    partSize: 16 * MIB,
    longestName: 1024,
    holdsFoldersBesideObjects: true,
    begin: async () => {
      server = await startRgw();
    },
    async place(bucket) {
      await client().send(new CreateBucketCommand({ Bucket: bucket }));
      return `//${bucket}/below/it`;
    },
    variables: () => server.env,
    end: () => server.stop(),
  };
}

const SUBJECTS: readonly Subject[] = [
  memory(),
  folder(),
  strict('s3 on the strict server', {}),
  strict('s3 on a server that verifies and keeps nothing', { checksums: false, conditions: false }),
  ceph(),
];

function factsOf(bytes: Uint8Array): ObjectFacts {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { size: bytes.length, sha256, contentType: 'text/plain' };
}

/** Bytes that depend on a number. */
function bytesOf(seed: number, size = 100): Buffer {
  const bytes = Buffer.alloc(size, `${seed} of the bytes;`);
  if (size >= 4) bytes.writeUInt32BE(seed);
  return bytes;
}

async function contentOf(store: ObjectStore, key: string): Promise<Buffer | null> {
  const chunks = await store.read(key);
  if (chunks === null) return null;
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

async function unfinishedOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.unfinished(prefix)) keys.push(key);
  return keys;
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw new Error('there was no failure', { cause: error });
}

const ODD_KEYS: readonly string[] = [
  'plain/a.txt',
  'percent/100%25 of/%2F%2e%2E',
  'percent/100% of',
  'plus/a+b c',
  'blanks/ a  b ',
  'marks/#?&=;:@$,!\'()*[]{}|^`~"<>\\',
  'umlauts/\u00e4\u00f6\u00fc-nfc',
  'umlauts/a\u0308o\u0308u\u0308-nfd',
  'wide/\u{1f409}\u4e2d\u6587',
  'dots/...a/..b/.c',
  'entity/&amp;&lt;',
];

describe.each(SUBJECTS.filter(({ isHere }) => isHere))('$name', (subject) => {
  const { adapter, partSize } = subject;
  const stores: ObjectStore[] = [];

  async function open(name: string, writes = true): Promise<ObjectStore> {
    const rest = places.get(name) ?? (await subject.place(name));
    places.set(name, rest);
    const store = await adapter.open(adapter.parse(rest, '/'), {
      writes,
      concurrency: 16,
      variables: subject.variables(),
      signal: new AbortController().signal,
      now: () => new Date(),
    });
    stores.push(store);
    return store;
  }

  const places = new Map<string, string>();

  beforeAll(() => subject.begin());
  afterAll(async () => {
    for (const store of stores) await store.close();
    await subject.end();
  });

  it('stores an object, describes it, and gives its bytes back', async () => {
    const store = await open('one');
    const bytes = bytesOf(1);
    const facts = factsOf(bytes);
    expect(await store.put('a/b', bytes, facts)).toBe('stored');
    const head = await store.head('a/b');
    expect(head).toMatchObject({ key: 'a/b', size: bytes.length, stated: facts.sha256 });
    expect(head?.computed).toBe(store.abilities.computesSha256 ? facts.sha256 : null);
    expect(await contentOf(store, 'a/b')).toEqual(bytes);
  });

  it('has nothing under a key that nobody has written', async () => {
    const store = await open('nothing');
    expect(await store.head('a')).toBeNull();
    expect(await store.read('a')).toBeNull();
    await store.remove('a');
    expect(await keysOf(store)).toEqual([]);
    expect(await unfinishedOf(store)).toEqual([]);
    expect(await store.abandon('a')).toBe(0);
  });

  it('leaves nothing behind when it is opened', async () => {
    const before = await open('untouched');
    await open('untouched', false);
    expect(await keysOf(before)).toEqual([]);
  });

  it('stores an object without bytes', async () => {
    const store = await open('empty');
    const bytes = Buffer.alloc(0);
    expect(await store.put('none', bytes, factsOf(bytes))).toBe('stored');
    expect(await store.head('none')).toMatchObject({ size: 0 });
    expect(await contentOf(store, 'none')).toEqual(bytes);
  });

  it('does not overwrite what is there', async () => {
    const store = await open('kept');
    const [first, second] = [bytesOf(1), bytesOf(2)];
    expect(await store.put('a', first, factsOf(first))).toBe('stored');
    expect(await store.put('a', first, factsOf(first))).toBe('exists');
    expect(await store.put('a', second, factsOf(second))).toBe('exists');
    expect(await contentOf(store, 'a')).toEqual(first);
  });

  it('lets one of eight writers of the same bytes win', async () => {
    const store = await open('race');
    const other = await open('race');
    const bytes = bytesOf(3, 50_000);
    const puts = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        (at % 2 === 0 ? store : other).put('a', bytes, factsOf(bytes)),
      ),
    );
    const stored = puts.filter((put) => put === 'stored').length;
    if (store.abilities.keepsFirst) expect(stored).toBe(1);
    else expect(stored).toBeGreaterThan(0);
    expect(await contentOf(store, 'a')).toEqual(bytes);
    expect(await keysOf(store)).toEqual(['a']);
  });

  it('refuses bytes that are not those of the stated SHA-256', async () => {
    const store = await open('wrong');
    const bytes = bytesOf(4);
    const stated = { ...factsOf(bytes), sha256: factsOf(bytesOf(5)).sha256 };
    const failure = await failureOf(store.put('a', bytes, stated));
    expect(failure.code).toBe('OBJECT');
    expect(await store.head('a')).toBeNull();
  });

  it.each(ODD_KEYS)('takes the key %j', async (key) => {
    const store = await open('odd');
    const bytes = Buffer.from(`content of ${key}`);
    expect(await store.put(key, bytes, factsOf(bytes))).toBe('stored');
    expect(await store.head(key)).toMatchObject({ key, size: bytes.length });
    expect(await contentOf(store, key)).toEqual(bytes);
    expect(await keysOf(store, key)).toEqual([key]);
    await store.remove(key);
    expect(await store.head(key)).toBeNull();
    expect(await keysOf(store, key)).toEqual([]);
  });

  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    '../a',
    'a/../b',
    'a/./b',
    'a\nb',
    'a\u0000',
    '\ud800',
    'x/'.repeat(600).slice(0, 1025),
  ])('refuses the key %j as one of an object', async (key) => {
    const store = await open('refused');
    const bytes = bytesOf(6);
    expect((await failureOf(store.put(key, bytes, factsOf(bytes)))).code).toBe('OBJECT');
    expect((await failureOf(store.upload(key, factsOf(bytes)))).code).toBe('OBJECT');
    expect(await keysOf(store)).toEqual([]);
  });

  it('takes a key of 1,024 bytes, with the prefix of the store', async () => {
    const store = await open('long');
    const prefix = subject.name === 's3 on Ceph' ? 'below/it/'.length : 0;
    const key = longKey(1024 - prefix);
    const bytes = bytesOf(7);
    expect(Buffer.byteLength(key)).toBe(1024 - prefix);
    expect(await store.put(key, bytes, factsOf(bytes))).toBe('stored');
    expect(await contentOf(store, key)).toEqual(bytes);
    expect(await keysOf(store)).toEqual([key]);
    const longer = await failureOf(store.put(`${key}x`, bytes, factsOf(bytes)));
    expect(longer.code).toBe('OBJECT');
  });

  it('takes a name of 1,000 bytes in a key, or refuses the object by its key', async () => {
    const store = await open('long-name');
    const key = `a/${'n'.repeat(1000)}`;
    const bytes = bytesOf(8);
    if (subject.longestName > 1000) {
      expect(await store.put(key, bytes, factsOf(bytes))).toBe('stored');
      return;
    }
    const failure = await failureOf(store.put(key, bytes, factsOf(bytes)));
    expect([failure.code, failure.where?.slice(0, 6)]).toEqual(['OBJECT', '"a/nnn']);
  });

  it('tells an object from a folder of the same name', async () => {
    const store = await open('shape');
    const bytes = bytesOf(9);
    await store.put('a', bytes, factsOf(bytes));
    if (subject.holdsFoldersBesideObjects) {
      expect(await store.put('a/b', bytes, factsOf(bytes))).toBe('stored');
    } else {
      expect((await failureOf(store.put('a/b', bytes, factsOf(bytes)))).code).toBe('OBJECT');
    }
    expect(await contentOf(store, 'a')).toEqual(bytes);
  });

  it('lists more than a thousand keys by their bytes, below any prefix', async () => {
    const store = await open('many');
    const keys = ['a/b-c/1', 'a/b/1', 'a/b0/1', 'ab', 'A'];
    for (let at = 0; at < 1100; at += 1) keys.push(`n/${at % 7}/${at}`);
    const bytes = bytesOf(10, 3);
    for (let at = 0; at < keys.length; at += 16) {
      const some = keys.slice(at, at + 16);
      await Promise.all(some.map((key) => store.put(key, bytes, factsOf(bytes))));
    }
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await keysOf(store)).toEqual(sorted);
    expect(await keysOf(store, 'n/3')).toEqual(sorted.filter((key) => key.startsWith('n/3')));
    expect(await keysOf(store, 'a/b')).toEqual(['a/b-c/1', 'a/b/1', 'a/b0/1']);
    expect(await keysOf(store, 'z')).toEqual([]);
  });

  it('makes an object of parts, and goes on where another process was', async () => {
    const store = await open('parts');
    const bytes = bytesOf(11, 2 * partSize + 1000);
    const facts = factsOf(bytes);
    const partOf = (part: number): Buffer => bytes.subarray((part - 1) * partSize, part * partSize);
    const first = await store.upload('big', facts);
    expect([first.partSize, [...first.present]]).toEqual([partSize, []]);
    await first.put(2, partOf(2));
    expect(await store.head('big')).toBeNull();
    expect(await unfinishedOf(store)).toEqual(['big']);
    const early = await failureOf(first.complete());
    expect(early.code).toBe('OBJECT');

    const other = await open('parts');
    const second = await other.upload('big', facts);
    expect([...second.present]).toEqual([2]);
    await second.put(1, partOf(1));
    await second.put(3, partOf(3));
    expect(await second.complete()).toBe('stored');
    expect(await store.head('big')).toMatchObject({ size: bytes.length, stated: facts.sha256 });
    expect((await contentOf(store, 'big'))?.equals(bytes)).toBe(true);
    expect(await unfinishedOf(store)).toEqual([]);
    // The first process does not know yet that all is done.
    await first.put(3, partOf(3)).catch(() => {});
    expect(await first.complete().catch(() => 'exists')).toBe('exists');
    await store.abandon('big');
    expect(await unfinishedOf(store)).toEqual([]);
    expect((await contentOf(store, 'big'))?.equals(bytes)).toBe(true);
  });

  it('refuses a part that is not one', async () => {
    const store = await open('no-parts');
    const upload = await store.upload('big', factsOf(bytesOf(12, partSize + 5)));
    expect((await failureOf(upload.put(1, bytesOf(12, 5)))).code).toBe('OBJECT');
    expect((await failureOf(upload.put(3, bytesOf(12, 5)))).code).toBe('OBJECT');
    await upload.abort();
  });

  it('removes the parts of uploads that nobody ends', async () => {
    const store = await open('abandoned');
    const bytes = bytesOf(13, partSize + 5);
    const upload = await store.upload('u/1', factsOf(bytes));
    await upload.put(2, bytes.subarray(partSize));
    await (await store.upload('u/12', factsOf(bytes))).put(2, bytes.subarray(partSize));
    await (await store.upload('v', factsOf(bytes))).abort();
    expect(await unfinishedOf(store, 'u/')).toEqual(['u/1', 'u/12']);
    expect(await store.abandon('u/1')).toBe(1);
    expect(await unfinishedOf(store)).toEqual(['u/12']);
    expect([...(await store.upload('u/1', factsOf(bytes))).present]).toEqual([]);
    await store.abandon('u/1');
    await store.abandon('u/12');
    expect(await unfinishedOf(store)).toEqual([]);
  });

  it('stops where its signal says so', async () => {
    const controller = new AbortController();
    const rest = await subject.place('aborted');
    const store = await adapter.open(adapter.parse(rest, '/'), {
      writes: true,
      concurrency: 2,
      variables: subject.variables(),
      signal: controller.signal,
      now: () => new Date(),
    });
    controller.abort(new Error('enough'));
    const bytes = bytesOf(14);
    await expect(store.put('a', bytes, factsOf(bytes))).rejects.toThrow('enough');
    await store.close();
    await store.close();
  });

  it('tells a place that is not there before anything is written', async () => {
    const file = join(work, 'a-file');
    writeFileSync(file, '');
    const rest = subject.name.startsWith('s3') ? '//no-such-bucket' : file;
    const failure = await failureOf(
      adapter.open(adapter.parse(rest, '/'), {
        writes: false,
        concurrency: 2,
        variables: subject.variables(),
        signal: new AbortController().signal,
        now: () => new Date(),
      }),
    );
    expect(failure.code).toBe('STORE');
    expect(failure.hint).not.toBe('');
  });
});

/** A key of so many bytes, with names that every disk takes. */
function longKey(bytes: number): string {
  let key = '';
  while (bytes - Buffer.byteLength(key) > 203) key += `${'\u00e4'.repeat(100)}/`;
  return key + 'k'.repeat(bytes - Buffer.byteLength(key));
}
