/**
 * Writes a bag of BagIt 1.0 (RFC 8493): payload files in `data/`, their digests in
 * `manifest-sha256.txt`, those of the other files in `tagmanifest-sha256.txt`. It is made under a
 * hidden name beside its own, synced and renamed, so that a bag is whole or not there.
 */

import { createHash, hash, type Hash } from 'node:crypto';
import { closeSync, constants, fsyncSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';

import {
  createFile,
  draftBeside,
  makeFolder,
  makeNewFolder,
  syncFolder,
  syncFolders,
  writeAll,
  writeFileDurably,
} from '../disk/durable.ts';
import { openNoLinks, remove, rename, statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { formatManifest, isDangerous, type ManifestLine } from './bagNames.ts';

export const BAGIT_FILE = 'bagit.txt';
export const INFO_FILE = 'bag-info.txt';
export const MANIFEST_FILE = 'manifest-sha256.txt';
export const TAG_MANIFEST_FILE = 'tagmanifest-sha256.txt';
export const BAGIT_TEXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';

/** A file of the payload. */
export interface PayloadFile {
  /** Path below `data/`. */
  readonly path: string;
  /** Path of the file to copy, or its content. */
  readonly from: string | Uint8Array;
  /** Digest that it has to have; absent if it is not known. */
  readonly sha256?: string;
}

/**
 * Writes a bag to a new folder, and returns the number of files in its payload. `info` are further lines of bag-info.txt, label and value.
 * @throws Failure USAGE if the path exists
 */
export function writeBag(
  path: string,
  payload: readonly PayloadFile[],
  info: ReadonlyMap<string, string>,
): number {
  assertFree(path);
  const draft = draftBeside(path);
  // The rest of a run that was killed.
  remove(draft);
  makeNewFolder(draft);
  try {
    const written = payload.map((file) => writePayload(draft, file));
    const bytes = written.reduce((sum, { length }) => sum + length, 0);
    const oxum = `${bytes}.${written.length}`;
    const lines = [...info, ['Payload-Oxum', oxum]].map(([label, value]) => `${label}: ${value}\n`);
    const tags = [
      [BAGIT_FILE, BAGIT_TEXT],
      [INFO_FILE, lines.join('')],
      [MANIFEST_FILE, formatManifest(written)],
    ] as const;
    for (const [name, text] of tags) writeFileDurably(join(draft, name), text);
    const digests = tags.map(([name, text]) => ({
      path: name,
      sha256: hash('sha256', text, 'hex'),
    }));
    writeFileDurably(join(draft, TAG_MANIFEST_FILE), formatManifest(digests));
    syncFolders(draft);
    assertFree(path);
    rename(draft, path);
    syncFolder(dirname(path));
    return written.length;
  } catch (error) {
    remove(draft);
    throw error;
  }
}

function assertFree(path: string): void {
  if (statOf(path) === undefined) return;
  throw new Failure('USAGE', {
    what: 'there is a file or folder of this name already',
    where: path,
    hint: 'name a folder that does not exist',
  });
}

function writePayload(
  draft: string,
  { path, from, sha256 }: PayloadFile,
): ManifestLine & { readonly length: number } {
  if (isDangerous(path)) throw unfit(path, 'a name cannot be in a bag');
  const target = join(draft, 'data', path);
  makeFolder(dirname(target));
  const digest = createHash('sha256');
  const file = createFile(target);
  let length = 0;
  try {
    for (const bytes of typeof from === 'string' ? contentOf(from) : [from]) {
      writeAll(file, bytes);
      digest.update(bytes);
      length += bytes.length;
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  const actual = hexOf(digest);
  if (sha256 !== undefined && sha256 !== actual) {
    throw unfit(path, 'a file changed while it was being copied');
  }
  return { path: `data/${path}`, sha256: actual, length };
}

function hexOf(digest: Hash): string {
  return digest.digest('hex');
}

function unfit(path: string, what: string): Failure {
  return new Failure('CANDIDATE', {
    what: `${what}, nothing was written`,
    where: quoteName(path),
    hint: 'make sure nothing changes the project during the run, then run again',
  });
}

function* contentOf(path: string): Generator<Uint8Array> {
  const file = openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const length = readSync(file, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
