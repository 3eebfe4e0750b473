/**
 * The folder store: a folder on disk, with an object as a file by its key. Promises: an object appears
 * whole, after what is known of it, and never in the place of another; both have reached the disk
 * when `put` returns. Nothing outside the folder is touched, and no link in it followed.
 */

import { createHash } from 'node:crypto';
import { rmdirSync, type Dirent } from 'node:fs';
import { join, resolve } from 'node:path';

import { attempt, makeFolder, syncFolder } from '../disk/durable.ts';
import { onDisk, systemCode } from '../disk/errors.ts';
import { entriesOf, inPlace, realFolder, remove, removeFile, statOf } from '../disk/noLinks.ts';
import { openScratch, type Scratch } from '../disk/scratch.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { draftsIn, linkNew, makeFolderOf, readSmall, type Drafts } from './folder/wholeFiles.ts';
import { pieces } from './folder/pieces.ts';
import { factsPath, foldersAbove, objectPath, OWN, temporaryFolder } from './folder/keyPaths.ts';
import { decodeFacts, encodeFacts, type StoredFacts } from './folder/storedFacts.ts';
import { openParts, uploadsIn } from './folder/upload.ts';
import { assertDigest, compareKeys, PART_BYTES } from './objectKey.ts';
import type {
  ListedObject,
  ObjectFacts,
  ObjectHead,
  ObjectStore,
  OpenStore,
  Put,
  StoreAdapter,
  StoreLocation,
} from './objectStore.ts';

const SCHEME = 'folder';

interface FolderLocation extends StoreLocation {
  readonly path: string;
}

export const folderStore: StoreAdapter = {
  scheme: SCHEME,
  usage: 'folder:DIR',
  parse(rest, base): FolderLocation {
    if (rest !== '') return { scheme: SCHEME, path: resolve(base, rest) };
    throw new Failure('USAGE', {
      what: 'no folder is named',
      where: 'folder:',
      hint: 'name the store as folder:DIR',
    });
  },
  open: async (location, options) => open(pathOf(location), options),
};

function pathOf(location: StoreLocation): string {
  if (location.scheme === SCHEME && 'path' in location && typeof location.path === 'string') {
    return location.path;
  }
  throw new TypeError(`not a location of ${SCHEME}`);
}

interface Opened {
  readonly root: string;
  /** Temporary files; null where nothing is written. */
  readonly drafts: Drafts | null;
  readonly signal: AbortSignal;
}

async function open(path: string, options: OpenStore): Promise<ObjectStore> {
  options.signal.throwIfAborted();
  // The path of the folder may have links; below it there are none.
  const root = realFolder(path);
  if (!options.writes) {
    const stat = statOf(root);
    // A folder that is not there is an empty store: the first command that writes makes it.
    if (stat === undefined || stat.isDirectory())
      return storeOf({ ...options, root, drafts: null }, null);
    throw new Failure('STORE', {
      what: 'the object store is not a folder',
      where: path,
      hint: 'name another place as folder:DIR',
    });
  }
  const scratch = await inStore(path, () => {
    makeFolder(root);
    makeFolder(temporaryFolder(root));
    const since = options.now().toISOString();
    return openScratch(temporaryFolder(root), { command: 'objects', pid: process.pid, since });
  });
  const drafts = draftsIn(scratch);
  try {
    await inStore(path, () => prove(root, drafts));
  } catch (error) {
    scratch.drop();
    throw error;
  }
  return storeOf({ ...options, root, drafts }, scratch);
}

/** Proves that files can be written, linked, synced and removed here. */
async function prove(root: string, drafts: Drafts): Promise<void> {
  const draft = await drafts.write([Buffer.from('Sealift proves that it can write here.\n')]);
  const probe = `${draft}-linked`;
  await linkNew(draft, probe);
  removeFile(probe);
  drafts.drop(draft);
  syncFolder(root);
}

/** Turns errors of the disk into failures of the store. */
async function inStore<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await onDisk(path, work);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DISK') throw error;
    throw new Failure('STORE', {
      what: `the folder of the object store cannot be used: ${error.message}`,
      where: path,
      hint: 'check its disk and its permissions, then run again',
      cause: error,
    });
  }
}

function storeOf(opened: Opened, scratch: Scratch | null): ObjectStore {
  const { root, signal } = opened;
  const drafts = (): Drafts => {
    if (opened.drafts === null) throw new TypeError('the store was opened without writes');
    return opened.drafts;
  };
  const on = async <T>(key: string, work: (path: string) => T | Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const path = objectPath(root, key);
    return inStore(path, () => onShape(key, () => work(path)));
  };
  return {
    label: `${SCHEME}:${root}`,
    keyPrefix: '',
    folder: root,
    bucket: null,
    abilities: { keepsFirst: true, computesSha256: false },
    largestPut: PART_BYTES,
    put: (key, bytes, facts) => on(key, () => put(root, drafts(), key, bytes, facts)),
    async upload(key, facts) {
      const all = {
        root,
        key,
        facts,
        drafts: drafts(),
        publish: (draft: string) => publish(root, drafts(), key, facts, draft),
        isThere: () => headOf(root, key)?.stated === facts.sha256,
      };
      const parts = await on(key, () => openParts(all));
      return {
        partSize: parts.partSize,
        present: parts.present,
        put: (part, bytes) => on(key, () => parts.put(part, bytes)),
        complete: () => on(key, () => parts.complete()),
        abort: () => on(key, () => parts.abort()),
      };
    },
    head: (key) => on(key, () => headOf(root, key)),
    read: (key) => on(key, (path) => (headOf(root, key) === null ? null : readable(path, signal))),
    remove: (key) =>
      on(key, (path) => {
        removeFile(path);
        removeFile(factsPath(root, key));
        removeEmpty(root, path);
      }),
    list: (prefix) => listed(root, prefix),
    async *unfinished(prefix) {
      const keys = uploadsIn(root).map(({ key }) => key);
      const wanted = new Set(keys.filter((key) => key.startsWith(prefix)));
      yield* [...wanted].sort(compareKeys);
    },
    abandon: (key) =>
      on(key, () => {
        const uploads = uploadsIn(root).filter((upload) => upload.key === key);
        for (const { folder } of uploads) remove(folder);
        return uploads.length;
      }),
    signedUrl: () => null,
    async close() {
      scratch?.drop();
    },
  };
}

/** Turns what a file system cannot hold, an object that is also a folder, into a failure of the object. */
async function onShape<T>(key: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    const isShape = code === 'ENOTDIR' || code === 'EISDIR' || code === 'ELOOP';
    if (!isShape && code !== 'ENAMETOOLONG') throw error;
    throw new Failure('OBJECT', {
      what:
        code === 'ENAMETOOLONG'
          ? 'the path of the object is too long for this disk'
          : 'a name in the key is that of another object, or of a link',
      where: quoteName(key),
      hint: 'give the object another key, or use an S3 store',
      cause: error,
    });
  }
}

async function put(
  root: string,
  drafts: Drafts,
  key: string,
  bytes: Uint8Array,
  facts: ObjectFacts,
): Promise<Put> {
  assertDigest(key, createHash('sha256').update(bytes).digest('hex'), facts.sha256);
  if (headOf(root, key) !== null) return 'exists';
  const draft = await drafts.write([bytes]);
  try {
    return await publish(root, drafts, key, facts, draft);
  } finally {
    drafts.drop(draft);
  }
}

/** Makes a temporary file the object of a key, after what is known of it. */
async function publish(
  root: string,
  drafts: Drafts,
  key: string,
  facts: ObjectFacts,
  draft: string,
): Promise<Put> {
  const path = objectPath(root, key);
  const stated = await state(root, drafts, key, facts);
  if (stated.sha256 === facts.sha256) {
    return (await linkInto(root, draft, path)) ? 'stored' : 'exists';
  }
  if (statOf(path) !== undefined) return 'exists';
  throw new Failure('OBJECT', {
    what: 'another process is writing other bytes under the key of the object',
    where: quoteName(key),
    hint: 'give the object a key of its own; if no such process runs, remove the object, then run again',
  });
}

/** How often the folder of an object is made that another process removes as it is empty. */
const ATTEMPTS = 20;

async function linkInto(root: string, draft: string, path: string): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await makeFolderOf(root, path);
      return await linkNew(draft, path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Writes down what is known of an object; returns what is, where another process was faster. */
async function state(
  root: string,
  drafts: Drafts,
  key: string,
  facts: ObjectFacts,
): Promise<ObjectFacts> {
  const path = factsPath(root, key);
  await makeFolderOf(root, path);
  const draft = await drafts.write([encodeFacts(key, facts)]);
  try {
    if (await linkNew(draft, path)) return facts;
  } finally {
    drafts.drop(draft);
  }
  return factsOf(root, key) ?? facts;
}

function factsOf(root: string, key: string): StoredFacts | null {
  const path = factsPath(root, key);
  const text = readSmall(path);
  return text === null ? null : decodeFacts(text, path);
}

function headOf(root: string, key: string): ObjectHead | null {
  const stat = statOf(objectPath(root, key));
  if (stat === undefined || !stat.isFile()) return null;
  return { key, size: stat.size, stated: factsOf(root, key)?.sha256 ?? null, computed: null };
}

async function* readable(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = pieces(path);
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await inStore(path, () => chunks.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    chunks.return(undefined);
  }
}

/** Removes the folders above a path that have become empty, and syncs the one that has not. */
function removeEmpty(root: string, path: string): void {
  const above = [root, ...foldersAbove(root, path)].toReversed();
  const kept = above.find((folder) => folder === root || !isRemoved(folder));
  attempt(() => syncFolder(kept ?? root));
}

function isRemoved(folder: string): boolean {
  try {
    inPlace(folder, rmdirSync);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** Lists files in the order of their whole keys: a folder comes where its name with a slash does. */
async function* listed(root: string, prefix: string, below = ''): AsyncGenerator<ListedObject> {
  const entries = present(join(root, below))
    .filter(({ name }) => below !== '' || name !== OWN)
    .map((entry) => ({
      isFolder: entry.isDirectory(),
      key: `${below}${entry.name}${entry.isDirectory() ? '/' : ''}`,
    }))
    .sort((a, b) => compareKeys(a.key, b.key));
  for (const { isFolder, key } of entries) {
    if (isFolder && (key.startsWith(prefix) || prefix.startsWith(key))) {
      yield* listed(root, prefix, key);
    } else if (!isFolder && key.startsWith(prefix)) {
      const stat = statOf(join(root, key));
      if (stat?.isFile() === true) yield { key, size: stat.size };
    }
  }
}

/** Lists a folder; one that was removed since its name was read is empty. */
function present(folder: string): Dirent[] {
  try {
    return entriesOf(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
