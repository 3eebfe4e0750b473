/**
 * Writes a bag of BagIt 1.0 (RFC 8493): payload files in `data/`, their digests in
 * `manifest-sha256.txt`, those of the other files in `tagmanifest-sha256.txt`, and signatures of that beside
 * it. It is made under a hidden name beside its own, synced and renamed, so that a bag is whole or not there.
 */

import { hash } from 'node:crypto';
import { dirname, join } from 'node:path';

import {
  draftBeside,
  makeFolder,
  makeNewFolder,
  syncFolder,
  syncFolders,
  writeFileDurably,
} from '../disk/durable.ts';
import { remove, rename, statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { redactorOf, type Redactor, type Secret } from '../redact/redactor.ts';
import type { Pool } from '../threads/pool.ts';
import { formatManifest, isDangerous, sortedLines, type ManifestLine } from './bagNames.ts';
import { COPY_FILES, type SeenFile } from './calls.ts';

export const BAGIT_FILE = 'bagit.txt';
export const INFO_FILE = 'bag-info.txt';
export const MANIFEST_FILE = 'manifest-sha256.txt';
export const TAG_MANIFEST_FILE = 'tagmanifest-sha256.txt';
export const BAGIT_TEXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';

/** A file of the payload. */
export interface PayloadFile {
  /** Path below `data/`. */
  readonly path: string;
  /** Absolute path of the file to copy, or its content. */
  readonly from: string | Uint8Array;
  /** Digest that it has to have; absent if it is not known. */
  readonly sha256?: string;
}

/** A file beside the payload, by its path in the bag. */
export interface TagFile {
  readonly path: string;
  readonly text: string;
}

export interface BagContent {
  readonly payload: readonly PayloadFile[];
  /** Further lines of bag-info.txt, label and value. */
  readonly info: ReadonlyMap<string, string>;
  /** Values that no file of the payload may hold. */
  readonly secrets: readonly Secret[];
  /** Makes what states something of the payload, by its manifest. */
  readonly attest: (manifest: readonly ManifestLine[]) => readonly TagFile[];
  /** Makes the signatures of the manifest of tag files, which covers all else. */
  readonly sign: (tagManifest: Uint8Array) => Promise<readonly TagFile[]>;
}

/** Files of one call to a thread. */
const BATCH = 256;

/**
 * Writes a bag to a new folder, and returns the lines of its manifest.
 * @throws Failure USAGE if the path exists; CANDIDATE if a file changed, or holds a secret
 */
export async function writeBag(
  path: string,
  content: BagContent,
  pool: Pool,
): Promise<readonly ManifestLine[]> {
  assertFree(path);
  const draft = draftBeside(path);
  // The rest of a run that was killed.
  remove(draft);
  makeNewFolder(draft);
  try {
    const manifest = await writePayload(draft, content, pool);
    const tags = tagFiles(content, manifest);
    assertNoSecret(tags, content.secrets);
    for (const tag of tags) put(draft, tag);
    const lines = tags.map((tag) => ({ path: tag.path, sha256: hash('sha256', tag.text, 'hex') }));
    const tagManifest = { path: TAG_MANIFEST_FILE, text: formatManifest(sortedLines(lines)) };
    put(draft, tagManifest);
    for (const tag of await content.sign(Buffer.from(tagManifest.text))) put(draft, tag);
    syncFolders(draft);
    assertFree(path);
    rename(draft, path);
    syncFolder(dirname(path));
    return manifest;
  } catch (error) {
    remove(draft);
    throw error;
  }
}

function assertNoSecret(tags: readonly TagFile[], secrets: readonly Secret[]): void {
  const search = redactorOf(secrets);
  const found = tags.find(({ text }) => search.text(text) !== text);
  if (found !== undefined) throw secretIn(found.path);
}

function put(draft: string, { path, text }: TagFile): void {
  const file = join(draft, path);
  makeFolder(dirname(file));
  writeFileDurably(file, text);
}

function tagFiles(content: BagContent, manifest: readonly Written[]): readonly TagFile[] {
  const bytes = manifest.reduce((sum, file) => sum + file.bytes, 0);
  const info = [...content.info, ['Payload-Oxum', `${bytes}.${manifest.length}`]];
  return [
    { path: BAGIT_FILE, text: BAGIT_TEXT },
    { path: INFO_FILE, text: info.map(([label, value]) => `${label}: ${value}\n`).join('') },
    { path: MANIFEST_FILE, text: formatManifest(manifest) },
    ...content.attest(manifest),
  ];
}

function assertFree(path: string): void {
  if (statOf(path) === undefined) return;
  throw new Failure('USAGE', {
    what: 'there is a file or folder of this name already',
    where: path,
    hint: 'name a folder that does not exist',
  });
}

interface Written extends ManifestLine {
  readonly bytes: number;
}

/** Writes the payload; returns its lines, sorted. */
async function writePayload(
  draft: string,
  { payload, secrets }: BagContent,
  pool: Pool,
): Promise<readonly Written[]> {
  const data = join(draft, 'data');
  assertFit(payload);
  for (const folder of new Set(payload.map(({ path }) => dirname(join(data, path))))) {
    makeFolder(folder);
  }
  const search = redactorOf(secrets);
  const made = payload.flatMap((file) => writeMade(data, file, search));
  const copied = payload.filter(({ from }) => typeof from === 'string');
  const seen = await Promise.all(
    batchesOf(copied).map((files) => copy(data, files, secrets, pool)),
  );
  return sortedLines([...made, ...seen.flat()]);
}

/** Writes a file whose content is here. */
function writeMade(data: string, { path, from }: PayloadFile, search: Redactor): Written[] {
  if (typeof from === 'string') return [];
  if (!search.bytes(from).equals(from)) throw secretIn(path);
  writeFileDurably(join(data, path), from);
  return [lineOf(path, { sha256: hash('sha256', from, 'hex'), bytes: from.length })];
}

async function copy(
  data: string,
  files: readonly PayloadFile[],
  secrets: readonly Secret[],
  pool: Pool,
): Promise<readonly Written[]> {
  const pairs = files.map(({ path, from }) => ({ from: String(from), to: join(data, path) }));
  const seen = await pool.call(COPY_FILES, { files: pairs, secrets });
  return seen.map((file, at) => {
    const { path, sha256 = file.sha256 } = files[at]!;
    if (file.hasSecret) throw secretIn(path);
    if (sha256 !== file.sha256) throw unfit(path, 'a file changed while it was being copied');
    return lineOf(path, file);
  });
}

function batchesOf<T>(files: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(files.length / BATCH) }, (_, at) =>
    files.slice(at * BATCH, (at + 1) * BATCH),
  );
}

function lineOf(path: string, { sha256, bytes }: SeenFile): Written {
  return { path: `data/${path}`, sha256, bytes };
}

/** @throws Failure CANDIDATE if a name is dangerous, or stands twice */
function assertFit(payload: readonly PayloadFile[]): void {
  const names = new Set<string>();
  for (const { path } of payload) {
    if (isDangerous(path)) throw unfit(path, 'a name cannot be in a bag');
    if (names.has(path)) throw unfit(path, 'two files would have one name in the bag');
    names.add(path);
  }
}

function unfit(path: string, what: string): Failure {
  return new Failure('CANDIDATE', {
    what: `${what}, nothing was written`,
    where: quoteName(path),
    hint: 'make sure nothing changes the project during the run, then run again',
  });
}

function secretIn(path: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'a file of the evidence holds a secret, nothing was written',
    where: quoteName(path),
    hint: 'find out what wrote it there, change that secret, and take the file away or leave its run out',
  });
}
