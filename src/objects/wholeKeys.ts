/**
 * A store whose keys are those that an application needs, which knows the bucket and nothing else: with
 * the prefix that the store adds to its own keys. Rows and journals hold such keys.
 */

import { Failure } from '../outcome/failure.ts';
import type { ListedObject, ObjectStore } from './objectStore.ts';

/** Returns the store with whole keys; a key that is not below the prefix is refused. */
export function withWholeKeys(store: ObjectStore): ObjectStore {
  const { keyPrefix } = store;
  if (keyPrefix === '') return store;
  const own = (key: string): string => {
    if (key.startsWith(keyPrefix)) return key.slice(keyPrefix.length);
    throw new Failure('OBJECT', {
      what: 'the key is not below the prefix of the store',
      hint: 'give the store the prefix that the run had',
    });
  };
  return {
    ...store,
    put: async (key, bytes, facts) => store.put(own(key), bytes, facts),
    upload: async (key, facts) => store.upload(own(key), facts),
    async head(key) {
      const head = await store.head(own(key));
      return head === null ? null : { ...head, key };
    },
    read: async (key) => store.read(own(key)),
    remove: async (key) => store.remove(own(key)),
    list: (prefix) => listed(store, own(prefix)),
    async *unfinished(prefix) {
      for await (const key of store.unfinished(own(prefix))) yield `${keyPrefix}${key}`;
    },
    abandon: async (key) => store.abandon(own(key)),
    signedUrl: (key, seconds) => store.signedUrl(own(key), seconds),
  };
}

async function* listed(store: ObjectStore, prefix: string): AsyncGenerator<ListedObject> {
  for await (const { key, size } of store.list(prefix)) {
    yield { key: `${store.keyPrefix}${key}`, size };
  }
}
