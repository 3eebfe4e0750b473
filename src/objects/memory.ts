/** The memory store, for tests and as the simplest example of the contract. */

import { createHash } from 'node:crypto';

import { Failure } from '../outcome/failure.ts';
import { assertDigest, assertKey, assertPart, compareKeys, partPlan } from './objectKey.ts';
import type {
  ListedObject,
  ObjectFacts,
  ObjectStore,
  OpenStore,
  Put,
  StoreAdapter,
  StoreLocation,
  Upload,
} from './objectStore.ts';

const SCHEME = 'memory';

/** Objects and uploads; outlives the stores that are opened on it. */
export interface MemoryBucket {
  readonly objects: Map<string, { readonly bytes: Uint8Array; readonly facts: ObjectFacts }>;
  readonly uploads: Map<string, Map<number, Uint8Array>>;
}

interface MemoryLocation extends StoreLocation {
  readonly name: string;
}

/** Makes the adapter of the buckets in `registry`; objects larger than `largestPut` go in parts. */
export function memoryStores(
  registry: ReadonlyMap<string, MemoryBucket>,
  largestPut: number,
): StoreAdapter {
  return {
    scheme: SCHEME,
    usage: 'memory:NAME',
    parse: (rest): MemoryLocation => ({ scheme: SCHEME, name: rest }),
    async open(location, options) {
      options.signal.throwIfAborted();
      const name = 'name' in location ? String(location.name) : '';
      const bucket = registry.get(name);
      if (bucket !== undefined) return storeOf(name, bucket, largestPut, options);
      throw new Failure('STORE', {
        what: 'there is no store of that name in memory',
        where: JSON.stringify(name),
        hint: 'put it into the registry of the adapter',
      });
    },
  };
}

function storeOf(
  name: string,
  bucket: MemoryBucket,
  largestPut: number,
  { signal }: OpenStore,
): ObjectStore {
  const { objects, uploads } = bucket;
  const put = (key: string, bytes: Uint8Array, facts: ObjectFacts): Put => {
    signal.throwIfAborted();
    assertKey(key);
    const sha256 = digestOf(bytes);
    assertDigest(key, sha256, facts.sha256);
    if (objects.has(key)) return 'exists';
    objects.set(key, { bytes: Uint8Array.from(bytes), facts });
    return 'stored';
  };
  return {
    label: `${SCHEME}:${name}`,
    keyPrefix: '',
    bucket: null,
    abilities: { keepsFirst: true, computesSha256: true },
    largestPut,
    put: async (key, bytes, facts) => put(key, bytes, facts),
    upload: async (key, facts) => uploadOf(bucket, key, facts, largestPut, put),
    async head(key) {
      signal.throwIfAborted();
      const found = objects.get(key);
      if (found === undefined) return null;
      const { bytes, facts } = found;
      return { key, size: bytes.length, stated: facts.sha256, computed: digestOf(bytes) };
    },
    async read(key) {
      signal.throwIfAborted();
      const found = objects.get(key);
      return found === undefined ? null : piecesOf(found.bytes);
    },
    async remove(key) {
      objects.delete(key);
    },
    list: (prefix) => listed(bucket, prefix),
    unfinished: (prefix) => each([...uploads.keys()].filter((key) => key.startsWith(prefix))),
    abandon: async (key) => (uploads.delete(key) ? 1 : 0),
    signedUrl: () => null,
    async close() {},
  };
}

async function uploadOf(
  { uploads }: MemoryBucket,
  key: string,
  facts: ObjectFacts,
  largestPut: number,
  put: (key: string, bytes: Uint8Array, facts: ObjectFacts) => Put,
): Promise<Upload> {
  assertKey(key);
  const plan = partPlan(facts.size, largestPut);
  const parts = uploads.get(key) ?? new Map<number, Uint8Array>();
  uploads.set(key, parts);
  return {
    partSize: plan.partSize,
    present: new Set(parts.keys()),
    async put(part, bytes) {
      assertPart(plan, key, part, bytes);
      parts.set(part, Uint8Array.from(bytes));
    },
    async complete() {
      const ordered = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
      const done = put(key, Buffer.concat(ordered), facts);
      uploads.delete(key);
      return done;
    },
    async abort() {
      uploads.delete(key);
    },
  };
}

async function* listed({ objects }: MemoryBucket, prefix: string): AsyncGenerator<ListedObject> {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(compareKeys);
  for (const key of keys) yield { key, size: objects.get(key)?.bytes.length ?? 0 };
}

async function* each(keys: readonly string[]): AsyncGenerator<string> {
  yield* keys;
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
