/**
 * The freeze of a mapping: `mapping/freeze.json` says which files were agreed upon, by whom and
 * why. It holds the SHA-256 of each file as on disk, and the canonical digest of the mapping, which
 * a seal states in run.json. It is not part of the mapping itself: what is sealed is the same with
 * or without it.
 */

import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile } from '../disk/durable.ts';
import { isForbidden, readFailure } from '../disk/errors.ts';
import { realFolder } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { chunksOf, fileFailure, openRegularFile, readDocument } from './document.ts';
import { listMappingFiles } from './loadMapping.ts';
import { formatPlace } from './place.ts';

export const FREEZE_FILE = 'freeze.json';

export interface Freeze {
  readonly format: 1;
  readonly who: string;
  readonly why: string;
  /** ISO 8601, UTC. For people; nothing depends on it. */
  readonly when: string;
  /** Digest by `mappingDigest`: lower-case hex. */
  readonly digest: string;
  /** Name relative to the mapping folder → SHA-256 of the file's bytes, lower-case hex. */
  readonly files: ReadonlyMap<string, string>;
}

/** A freeze as on disk. */
export interface FreezeOnDisk extends Freeze {
  /** SHA-256 of the bytes of freeze.json, lower-case hex. */
  readonly sha256: string;
}

/** A change to a mapping since it was frozen. */
export interface FreezeChange {
  readonly file: string;
  readonly change: 'changed' | 'added' | 'removed';
}

const HEX_DIGEST = /^[0-9a-f]{64}$/;
const MAX_FILE_BYTES = 16 * 1024 ** 3;

/**
 * Reads the freeze in the mapping folder `folder`; null if there is none. @throws Failure MAPPING
 */
export async function readFreeze(folder: string): Promise<FreezeOnDisk | null> {
  const path = join(folder, FREEZE_FILE);
  const there = await lstat(path).catch((error: unknown) => {
    // A file that may not be inspected may be a freeze.
    if (isForbidden(error)) throw readFailure(error, path);
    return null;
  });
  if (there === null) return null;
  const { value, bytes } = await readDocument(realFolder(folder), FREEZE_FILE);
  const freeze = asFreeze(value);
  if (freeze !== null) return { ...freeze, sha256: sha256Of(bytes) };
  const hint = 'restore it, or remove it and run sealift freeze --who NAME --why TEXT';
  throw fileFailure(FREEZE_FILE, 'the file was not written by sealift freeze', hint);
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

/** Returns the bytes of freeze.json, and their SHA-256. */
export function encodeFreeze(freeze: Freeze): { bytes: Uint8Array; sha256: string } {
  const { format, who, why, when, digest, files } = freeze;
  const value = { format, who, why, when, digest, files: Object.fromEntries(files) };
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  return { bytes, sha256: sha256Of(bytes) };
}

/** Writes freeze.json in one step, replacing an existing one. */
export function writeFreeze(folder: string, bytes: Uint8Array): void {
  replaceFile(join(folder, FREEZE_FILE), [bytes]);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Returns the SHA-256 of every file of the mapping, valid or not, in the order of their names.
 * @throws Failure MAPPING if one is not an ordinary file or cannot be read
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

/** Lists the differences between two sets of files; names ascend by their UTF-8 bytes. */
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

/** Most names that a message lists. */
const LISTED = 3;
const AGAIN = 'or freeze again with sealift freeze --who NAME --why TEXT';

/** Makes the failure for a mapping that differs from its freeze by `changes`, at least one. */
export function changedSince(changes: readonly FreezeChange[]): Failure {
  const listed = changes
    .slice(0, LISTED)
    .map(({ file, change }) => `${formatPlace({ file, pointer: '' }, null)} ${change}`);
  if (changes.length > LISTED) listed.push(`${changes.length - LISTED} more`);
  return new Failure('MAPPING', {
    what: 'the mapping changed since it was frozen',
    where: listed.join(', '),
    hint: `restore the files, ${AGAIN}`,
  });
}

/** Makes the failure for a freeze.json that is not the one that was written last. */
export function editedFreeze(): Failure {
  const what = 'freeze.json is not the one that the journal records';
  return fileFailure(FREEZE_FILE, what, `restore it, ${AGAIN}`);
}

/** Makes the failure for a mapping that must be frozen and is not. */
export function missingFreeze(): Failure {
  const what = 'the mapping is not frozen, as its project requires';
  return fileFailure(FREEZE_FILE, what, 'freeze it with sealift freeze --who NAME --why TEXT');
}

/** @throws Failure MAPPING if the digest is not the frozen one */
export function assertFrozenDigest(freeze: Freeze, digest: string): void {
  if (freeze.digest === digest) return;
  const what = 'the digest of the mapping is not the frozen one';
  throw fileFailure(FREEZE_FILE, what, AGAIN);
}

/** Makes the failure for a file beside the mapping that is not the one that was frozen. */
export function changedSideFile(name: string): Failure {
  const hint = 'restore the file, or freeze again with sealift freeze --who NAME --why TEXT';
  return fileFailure(name, 'the file is not the one that was frozen', hint);
}
