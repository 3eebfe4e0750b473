/**
 * Common parts of the file sources: listing the files of a location, reading them in chunks, and
 * detecting changes. A source is one file, or a folder whose files of one extension are its tables.
 */

import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { isForbidden, readFailure } from '../../disk/errors.ts';
import { Failure } from '../../outcome/failure.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { compareNames } from '../nameOrder.ts';
import type { ReadingNote } from '../told.ts';

const CHUNK_BYTES = 2 ** 20;
const SHOWN_NAMES = 8;
/** Maximum size of a record in bytes; it must fit into memory several times. */
export const MAX_RECORD_BYTES: number = 64 * 2 ** 20;
/** Maximum number of columns of a file: the fields of a record, or all keys of its objects. */
export const MAX_COLUMNS = 10_000;

export interface SourceFile {
  /** The file's stem: the name of the table. */
  readonly table: string;
  readonly file: string;
}

/** State of a file when it was prepared. */
export interface FileState {
  readonly sha256: string;
  readonly inode: string;
  readonly bytes: number;
}

/** Sums up the bytes of all files. */
export function bytesOf(files: readonly { readonly state: FileState }[]): number {
  return files.reduce((sum, { state }) => sum + state.bytes, 0);
}

/** Returns the digest of a source of files: of their names, sizes and contents. */
export function stateOfFiles(
  files: readonly (SourceFile & { readonly state: FileState })[],
): string {
  const named = files.map(({ file, state: { bytes, sha256 } }) => {
    return { name: basename(file), bytes, sha256 };
  });
  return hash('sha256', canonicalJson(named), 'hex');
}

/** Lists the files of a location, ascending by table name; at least one. */
export async function listFiles(location: string, extension: string): Promise<SourceFile[]> {
  const found = await stat(location).catch((cause: unknown) => {
    if (isForbidden(cause)) throw readFailure(cause, location);
    throw missing(location, 'there is no such file or folder', cause);
  });
  if (found.isFile()) return [named(location)];
  if (!found.isDirectory()) {
    throw new Failure('SOURCE_FORMAT', {
      what: 'a source must be a file or a folder, but this is neither',
      where: location,
      hint: 'name a regular file',
    });
  }
  const names = (await readdir(location)).filter((name) => isNamed(name, extension));
  const files: SourceFile[] = [];
  for (const name of names) {
    const file = join(location, name);
    if ((await stat(file)).isFile()) files.push(named(file));
  }
  files.sort((a, b) => compareNames(a.table, b.table) || compareNames(a.file, b.file));
  if (files.length === 0) {
    throw missing(location, `the folder contains no file that ends in ${extension}`);
  }
  assertDistinct(files);
  return files;
}

/**
 * Reports the other entries of a folder, which are not read. Names that begin with a dot are
 * ignored.
 */
export async function folderNotes(location: string, extension: string): Promise<ReadingNote[]> {
  if (!(await stat(location)).isDirectory()) return [];
  const all = (await readdir(location)).filter((name) => !name.startsWith('.'));
  const others: string[] = [];
  for (const name of all.sort(compareNames)) {
    const read = isNamed(name, extension) && (await stat(join(location, name))).isFile();
    if (!read) others.push(name);
  }
  if (others.length === 0) return [];
  const shown = others.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name.slice(0, 80)));
  const more = others.length > SHOWN_NAMES ? ` and ${others.length - SHOWN_NAMES} more` : '';
  return [
    {
      table: basename(location),
      severity: 'WARNING',
      what: `the folder contains entries that are not read, as they are not files that end in ${extension}: ${shown.join(', ')}${more}`,
      advice: 'if they are data, add a source for them, or rename them',
    },
  ];
}

function isNamed(name: string, extension: string): boolean {
  return !name.startsWith('.') && extname(name).toLowerCase() === extension;
}

function named(file: string): SourceFile {
  return { table: basename(file, extname(file)), file };
}

function assertDistinct(files: readonly SourceFile[]): void {
  for (const [index, { table, file }] of files.entries()) {
    if (files[index - 1]?.table !== table) continue;
    throw new Failure('SOURCE_FORMAT', {
      what: `two files of the folder would be the same table ${JSON.stringify(table)}`,
      where: file,
      hint: 'rename one of them',
    });
  }
}

function missing(where: string, what: string, cause?: unknown): Failure {
  return new Failure('SOURCE_MISSING', { what, where, hint: 'check the path', cause });
}

/** Yields the bytes of a file in chunks, from `start` to before `end`. */
export async function* readChunks(
  file: string,
  start: number = 0,
  end: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer, void, undefined> {
  if (end <= start) return;
  const stream = createReadStream(file, { start, end: end - 1, highWaterMark: CHUNK_BYTES });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Converts a system error about a file to a Failure; returns any other error as it is. */
export function unreadable(file: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === undefined) return cause;
  return new Failure(code === 'ENOENT' ? 'SOURCE_CHANGED' : 'SOURCE_MISSING', {
    what: `the file cannot be read: ${code}`,
    where: file,
    hint: 'check that it exists, and its permissions',
    cause,
  });
}

/** Reads a whole file once, passes its chunks on, and returns its digest and state. */
export async function digest(
  file: string,
  chunkRead: (chunk: Buffer) => void = () => {},
): Promise<FileState> {
  const inode = await inodeOf(file);
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of readChunks(file)) {
    sum.update(chunk);
    bytes += chunk.length;
    chunkRead(chunk);
  }
  if ((await inodeOf(file)) !== inode) throw changedFile(file);
  return { sha256: sum.digest('hex'), inode, bytes };
}

async function inodeOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Throws SOURCE_CHANGED unless the location still names the same files with the same content. */
export async function assertSameFiles(
  location: string,
  extension: string,
  files: readonly (SourceFile & { readonly state: FileState })[],
): Promise<void> {
  const now = await listFiles(location, extension).catch(() => []);
  const same = now.length === files.length && files.every((f, i) => f.file === now[i]?.file);
  if (!same) throw changedFile(location);
  for (const { file, state } of files) {
    // Content decides: times also differ after a change that was reverted.
    const { sha256, inode } = await digest(file);
    if (sha256 !== state.sha256 || inode !== state.inode) throw changedFile(file);
  }
}

/** Makes the Failure for a file that changed while it was read. */
export function changedFile(where: string): Failure {
  return new Failure('SOURCE_CHANGED', {
    what: 'the source changed while it was read',
    where,
    hint: 'wait until it is complete, or read a copy, and run again',
  });
}
