/**
 * The freeze of a mapping: `mapping/freeze.json` says which files were agreed upon, by whom and why.
 * It holds the SHA-256 of each of them as it is on disk, and the canonical digest of all together,
 * which is the one that a seal states in run.json. It is no part of the mapping itself: what is
 * sealed is the same with or without it.
 */

import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile } from '../disk/durable.ts';
import { isForbidden, readFailure } from '../disk/errors.ts';
import { realFolder } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { chunksOf, fileFailure, openRegularFile, readDocument } from './document.ts';
import { listMappingFiles } from './load.ts';
import { formatPlace } from './place.ts';

export const FREEZE_FILE = 'freeze.json';

export interface Freeze {
  readonly format: 1;
  readonly who: string;
  readonly why: string;
  /** ISO 8601, UTC; for people, nothing depends on it. */
  readonly when: string;
  /** Of the mapping, as `mappingDigest` makes it: lower-case hex. */
  readonly digest: string;
  /** Name relative to the mapping folder → SHA-256 of the file's bytes, lower-case hex. */
  readonly files: ReadonlyMap<string, string>;
}

/** What a mapping has become since it was frozen; names ascend by their UTF-8 bytes. */
export interface FreezeChange {
  readonly file: string;
  readonly change: 'changed' | 'added' | 'removed';
}

const HEX_DIGEST = /^[0-9a-f]{64}$/;
const MAX_FILE_BYTES = 16 * 1024 ** 3;

/** The freeze in `folder`, the mapping's; null where there is none. @throws Failure MAPPING */
export async function readFreeze(folder: string): Promise<Freeze | null> {
  const path = join(folder, FREEZE_FILE);
  const there = await lstat(path).catch((error: unknown) => {
    // What may not be looked at may well be frozen.
    if (isForbidden(error)) throw readFailure(error, path);
    return null;
  });
  if (there === null) return null;
  const { value } = await readDocument(realFolder(folder), FREEZE_FILE);
  const freeze = asFreeze(value);
  if (freeze !== null) return freeze;
  const hint = 'restore it, or remove it and freeze again with who and why';
  throw fileFailure(FREEZE_FILE, 'this is not what sealift freeze writes', hint);
}

function asFreeze(value: unknown): Freeze | null {
  if (typeof value !== 'object' || value === null) return null;
  const { format, who, why, when, digest, files, ...rest } = value as Record<string, unknown>;
  if (format !== 1 || Object.keys(rest).length > 0) return null;
  if (typeof who !== 'string' || typeof why !== 'string' || typeof when !== 'string') return null;
  if (!isDigest(digest) || typeof files !== 'object' || files === null) return null;
  const digests = new Map<string, string>();
  for (const [name, sha256] of Object.entries(files)) {
    if (!isDigest(sha256)) return null;
    digests.set(name, sha256);
  }
  return { format, who, why, when, digest, files: digests };
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && HEX_DIGEST.test(value);
}

/** Writes the freeze in one step, over one that is there. */
export function writeFreeze(folder: string, freeze: Freeze): void {
  const { format, who, why, when, digest, files } = freeze;
  const value = { format, who, why, when, digest, files: Object.fromEntries(files) };
  replaceFile(join(folder, FREEZE_FILE), [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]);
}

/**
 * SHA-256 of every file of the mapping, sound or not, in the order of their names.
 * @throws Failure MAPPING where one is no ordinary file or cannot be read
 */
export async function digestMappingFiles(folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const real = realFolder(folder);
  for (const name of await listMappingFiles(real)) {
    const handle = await openRegularFile(join(real, name), name, MAX_FILE_BYTES);
    const hash = createHash('sha256');
    for await (const chunk of chunksOf(handle, name)) hash.update(chunk);
    digests.set(name, hash.digest('hex'));
  }
  return digests;
}

/** What differs between two sets of files. */
export function changesBetween(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): FreezeChange[] {
  const names = [...new Set([...before.keys(), ...now.keys()])];
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.flatMap((file): FreezeChange[] => {
    const [old, fresh] = [before.get(file), now.get(file)];
    if (old === fresh) return [];
    if (old === undefined) return [{ file, change: 'added' }];
    return [{ file, change: fresh === undefined ? 'removed' : 'changed' }];
  });
}

/** How many names a message lists. */
const LISTED = 3;
const AGAIN = 'restore them, or freeze again with sealift freeze --who NAME --why TEXT';

/** A mapping is no longer the one that was frozen, and `changes`, at least one, say where. */
export function changedSince(changes: readonly FreezeChange[]): Failure {
  const listed = changes
    .slice(0, LISTED)
    .map(({ file, change }) => `${formatPlace({ file, pointer: '' }, null)} ${change}`);
  if (changes.length > LISTED) listed.push(`${changes.length - LISTED} more`);
  return new Failure('MAPPING', {
    what: 'the mapping is not the one that was frozen',
    where: listed.join(', '),
    hint: AGAIN,
  });
}

/** @throws Failure MAPPING where what was loaded is not what was frozen */
export function assertFrozenDigest(freeze: Freeze, digest: string): void {
  if (freeze.digest === digest) return;
  const what = 'the mapping has another digest than the one that was frozen';
  throw fileFailure(FREEZE_FILE, what, AGAIN);
}
