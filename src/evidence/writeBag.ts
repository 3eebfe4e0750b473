/**
 * Writes a bag of BagIt 1.0 (RFC 8493): payload files in `data/`, their digests in
 * `manifest-sha256.txt`, those of the other files in `tagmanifest-sha256.txt`, and signatures of that beside
 * it. It is made under a hidden name beside its own, synced and renamed, so that a bag is whole or not there.
 */

import { hash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

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
import { redactorOf, type Secret, type StreamRedactor } from '../redact/redactor.ts';
import type { Pool } from '../threads/pool.ts';
import { formatManifest, isDangerous, sortedLines, type ManifestLine } from './bagNames.ts';
import { batchesOf, COPY_FILES } from './calls.ts';

export const BAGIT_FILE = 'bagit.txt';
export const INFO_FILE = 'bag-info.txt';
export const MANIFEST_FILE = 'manifest-sha256.txt';
export const TAG_MANIFEST_FILE = 'tagmanifest-sha256.txt';
export const BAGIT_TEXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';

/** Most files of a payload: what is known of each is in memory. */
export const MOST_FILES = 250_000;

/** A file of the payload. */
export interface PayloadFile {
  /** Path below `data/`. */
  readonly path: string;
  /** Absolute path of the file to copy, which has the same name as in the bag, or its content. */
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
  const found = tags.find(({ text }) => search.has(Buffer.from(text)));
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
  const search = redactorOf(secrets);
  const [made, copied] = [[] as Made[], [] as Copied[]];
  for (const file of payload) {
    if (typeof file.from === 'string') copied.push({ ...file, from: file.from });
    else made.push({ path: file.path, from: file.from });
  }
  const batches = batchesOf(copied, ({ path, from }) => `${dirname(from)}\0${dirname(path)}`);
  for (const path of new Set([...made, ...batches.map(([first]) => first!)].map(folderOf))) {
    makeFolder(join(data, path));
  }
  const written = made.map((file) => writeMade(data, file, search));
  const seen = await Promise.all(batches.map((files) => copy(data, files, secrets, pool)));
  return sortedLines([...written, ...seen.flat()]);
}

type Made = PayloadFile & { readonly from: Uint8Array };
type Copied = PayloadFile & { readonly from: string };

function folderOf({ path }: PayloadFile): string {
  return dirname(path);
}

/** Writes a file whose content is here. */
function writeMade(data: string, { path, from }: Made, search: StreamRedactor): Written {
  if (search.has(from)) throw secretIn(path);
  writeFileDurably(join(data, path), from);
  return lineOf(path, hash('sha256', from, 'hex'), from.length);
}

/** Copies files of one folder to one folder. */
async function copy(
  data: string,
  files: readonly Copied[],
  secrets: readonly Secret[],
  pool: Pool,
): Promise<readonly Written[]> {
  const [{ path: one, from }] = files as [Copied];
  const seen = await pool.call(COPY_FILES, {
    source: dirname(from),
    target: join(data, dirname(one)),
    names: files.map(({ path }) => basename(path)),
    secrets,
  });
  const found = files[seen.secretIn];
  if (found !== undefined) throw secretIn(found.path);
  return files.map(({ path, sha256: wanted }, at) => {
    const sha256 = seen.sha256[at] ?? '';
    if (wanted !== undefined && wanted !== sha256) {
      throw unfit(path, 'a file is not as it was when its digest was noted');
    }
    return lineOf(path, sha256, seen.bytes[at] ?? 0);
  });
}

function lineOf(path: string, sha256: string, bytes: number): Written {
  return { path: `data/${path}`, sha256, bytes };
}

/** @throws Failure CANDIDATE if a name is dangerous, or stands twice; UNSUPPORTED if there are too many */
function assertFit(payload: readonly PayloadFile[]): void {
  if (payload.length > MOST_FILES) throw tooMany(payload.length);
  const names = new Set<string>();
  for (const { path, from } of payload) {
    if (isDangerous(path)) throw unfit(path, 'a name cannot be in a bag');
    if (typeof from === 'string' && basename(from) !== basename(path)) {
      throw new TypeError('a file of the payload has another name in the bag');
    }
    if (names.has(path)) throw unfit(path, 'two files would have one name in the bag');
    names.add(path);
  }
}

function tooMany(files: number): Failure {
  return new Failure('UNSUPPORTED', {
    what: `evidence of ${files} files is not made, but of at most ${MOST_FILES}`,
    hint: 'have the steps of the runbook leave fewer outputs',
  });
}

function unfit(path: string, what: string): Failure {
  return new Failure('CANDIDATE', {
    what: `${what}, nothing was written`,
    where: quoteName(path),
    hint: 'find out what changed it, restore it, and make sure that nothing changes the project meanwhile',
  });
}

function secretIn(path: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'a file of the evidence holds a secret, nothing was written',
    where: quoteName(path),
    hint: 'find out what wrote it there, change that secret, and take the file away or leave its run out',
  });
}
