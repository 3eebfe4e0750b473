/**
 * Objects in parts: each part is a file of its own, until all of them are there and become the object.
 * The folder of the parts is named by key and content, so that any process can go on with them.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { makeFolder } from '../../disk/durable.ts';
import { entriesOf, remove, removeFile, statOf } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { assertPart, partPlan, type PartPlan } from '../objectKey.ts';
import type { ObjectFacts, Put, Upload } from '../objectStore.ts';
import { linkNew, makeFolderOf, readSmall, type Drafts } from './wholeFiles.ts';
import { pieces } from './pieces.ts';
import { partsFolder, partsPath } from './keyPaths.ts';
import { decodeFacts, encodeFacts } from './storedFacts.ts';

const ABOUT = 'about.json';

interface Parts {
  readonly root: string;
  readonly key: string;
  readonly facts: ObjectFacts;
  readonly drafts: Drafts;
  /** Makes a temporary file the object. */
  readonly publish: (draft: string) => Promise<Put>;
  /** Whether the object is there, of the same content. */
  readonly isThere: () => boolean;
}

export async function openParts(parts: Parts): Promise<Upload> {
  const { root, key, facts, drafts } = parts;
  const folder = partsPath(root, key, facts.sha256);
  const plan = partPlan(facts.size);
  await begin(parts, folder);
  return {
    partSize: plan.partSize,
    present: presentIn(folder, plan),
    async put(part, bytes) {
      assertPart(plan, key, part, bytes);
      await begin(parts, folder);
      const draft = await drafts.write([bytes]);
      try {
        const path = join(folder, nameOf(part));
        // One that another run left over is not trusted.
        removeFile(path);
        await linkNew(draft, path);
      } finally {
        drafts.drop(draft);
      }
    },
    complete: () => complete(parts, folder, plan),
    async abort() {
      remove(folder);
    },
  };
}

async function begin({ root, key, facts, drafts }: Parts, folder: string): Promise<void> {
  const about = join(folder, ABOUT);
  if (statOf(about) !== undefined) return;
  await makeFolderOf(root, folder);
  makeFolder(folder);
  const draft = await drafts.write([encodeFacts(key, facts)]);
  try {
    await linkNew(draft, about);
  } finally {
    drafts.drop(draft);
  }
}

function nameOf(part: number): string {
  return `part-${String(part).padStart(5, '0')}`;
}

function presentIn(folder: string, plan: PartPlan): Set<number> {
  const found = new Set<number>();
  if (statOf(folder) === undefined) return found;
  for (const { name } of entriesOf(folder)) {
    const number = Number(/^part-(\d{5})$/.exec(name)?.[1] ?? 0);
    if (number < 1 || number > plan.parts) continue;
    if (statOf(join(folder, name))?.size === plan.sizeOf(number)) found.add(number);
  }
  return found;
}

async function complete(parts: Parts, folder: string, plan: PartPlan): Promise<Put> {
  const { key, facts, drafts, publish, isThere } = parts;
  const missing = plan.parts - presentIn(folder, plan).size;
  if (missing > 0) {
    // Another process has made the object of them.
    if (isThere()) return 'exists';
    throw new Failure('OBJECT', {
      what: `${missing} of ${plan.parts} parts of the object are missing`,
      where: quoteName(key),
      hint: 'run again',
    });
  }
  const paths = Array.from({ length: plan.parts }, (_, at) => join(folder, nameOf(at + 1)));
  const hash = createHash('sha256');
  const draft = await drafts.write(hashed(paths, hash));
  try {
    if (hash.digest('hex') !== facts.sha256) {
      remove(folder);
      throw new Failure('OBJECT', {
        what: 'the parts of the object do not have its SHA-256, and were removed',
        where: quoteName(key),
        hint: 'run again',
      });
    }
    const done = await publish(draft);
    remove(folder);
    return done;
  } finally {
    drafts.drop(draft);
  }
}

function* hashed(
  paths: readonly string[],
  hash: ReturnType<typeof createHash>,
): Generator<Uint8Array> {
  for (const path of paths) {
    for (const chunk of pieces(path)) {
      hash.update(chunk);
      yield chunk;
    }
  }
}

/** Returns the folders of uploads with their keys, by key. */
export function uploadsIn(root: string): { readonly key: string; readonly folder: string }[] {
  const all = partsFolder(root);
  if (statOf(all) === undefined) return [];
  return entriesOf(all).flatMap(({ name }) => {
    const folder = join(all, name);
    const about = readSmall(join(folder, ABOUT));
    // A process that was killed between two steps leaves a folder without a word about it.
    return about === null ? [] : [{ key: decodeFacts(about, folder).key, folder }];
  });
}
