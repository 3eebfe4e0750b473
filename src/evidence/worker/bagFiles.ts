/**
 * Reads the files of a bag: each is opened once, read once, hashed on the way, and copied or not. A folder
 * is opened once for all its files that follow each other, as a bag may have 100,000. No link is followed.
 */

import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { NEW_FILE, PRIVATE_FILE, writeAll } from '../../disk/durable.ts';
import { systemCode } from '../../disk/errors.ts';
import { inFolder } from '../../disk/noLinks.ts';
import { redactorOf, type StreamRedactor } from '../../redact/redactor.ts';
import type { CopiedFile, CopyFilesInput, HashFilesInput, SeenFile } from '../calls.ts';

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;
const READ: number = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What files are read with: the memory, and the secrets that are searched for. */
interface Reading {
  readonly piece: Buffer;
  readonly search: StreamRedactor | null;
}

function newPiece(): Buffer {
  return Buffer.allocUnsafeSlow(PIECE);
}

/** Copies files to new ones. @throws an error of the system if a file is no plain one, or cannot be read or written */
export function copyFiles({ files, secrets }: CopyFilesInput): CopiedFile[] {
  const reading = { piece: newPiece(), search: secrets.length === 0 ? null : redactorOf(secrets) };
  return inRuns(
    files,
    ({ from, to }) => `${dirname(from)}\0${dirname(to)}`,
    (run) => copyRun(run, reading),
  );
}

function copyRun(run: CopyFilesInput['files'], reading: Reading): readonly CopiedFile[] {
  const [first] = run;
  if (first === undefined) return [];
  return inFolder(dirname(first.from), (source) =>
    inFolder(dirname(first.to), (target) =>
      run.map(({ from, to }) =>
        copyFile(join(source, basename(from)), join(target, basename(to)), reading),
      ),
    ),
  );
}

function copyFile(from: string, to: string, reading: Reading): CopiedFile {
  const source = openPlain(from);
  try {
    const target = openSync(to, NEW_FILE | constants.O_NOFOLLOW, PRIVATE_FILE);
    try {
      const seen = readWhole(source, reading, (bytes) => writeAll(target, bytes));
      fsyncSync(target);
      return seen;
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Hashes files; null for one that is not plain, or cannot be read. */
export function hashFiles({ folder, paths }: HashFilesInput): (SeenFile | null)[] {
  const reading = { piece: newPiece(), search: null };
  return inRuns(paths, dirname, (run) => {
    const at = join(folder, dirname(run[0] ?? ''));
    return (
      unlessUnread(() =>
        inFolder(at, (here) => run.map((path) => hashFile(here, path, reading))),
      ) ?? run.map(() => null)
    );
  });
}

function hashFile(folder: string, path: string, reading: Reading): SeenFile | null {
  return unlessUnread(() => {
    const file = openPlain(join(folder, basename(path)));
    try {
      const { sha256, bytes } = readWhole(file, reading, () => {});
      return { sha256, bytes };
    } finally {
      closeSync(file);
    }
  });
}

/** Opens a plain file. @throws an error of the system */
function openPlain(path: string): number {
  const file = openSync(path, READ);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw Object.assign(new Error('it is not a plain file'), { code: 'ENOTSUP' });
}

function readWhole(
  file: number,
  { piece, search }: Reading,
  take: (bytes: Uint8Array) => void,
): CopiedFile {
  const searched = search?.stream();
  let length = fill(file, piece);
  const look = (): Buffer => {
    const part = piece.subarray(0, length);
    searched?.push(part);
    take(part);
    return part;
  };
  const ended = (sha256: string, bytes: number): CopiedFile => {
    searched?.end();
    return { sha256, bytes, hasSecret: searched?.found() === true };
  };
  // Most files are read at once; one digest of all their bytes is faster than one in parts.
  if (length < PIECE) return ended(hash('sha256', look(), 'hex'), length);
  const digest = createHash('sha256');
  let bytes = 0;
  for (; length > 0; length = fill(file, piece)) {
    digest.update(look());
    bytes += length;
  }
  return ended(digest.digest('hex'), bytes);
}

/** Reads until the piece is full or the file ends; returns the number of bytes. */
function fill(file: number, piece: Buffer): number {
  let length = 0;
  for (let read = -1; read !== 0 && length < PIECE; length += read) {
    read = readSync(file, piece, length, PIECE - length, null);
  }
  return length;
}

/** Does work on files in runs of those that have one key, and joins the results. */
function inRuns<T, R>(
  files: readonly T[],
  keyOf: (file: T) => string,
  work: (run: readonly T[]) => readonly R[],
): R[] {
  const results: R[] = [];
  for (let from = 0; from < files.length;) {
    const key = keyOf(files[from]!);
    let to = from + 1;
    while (to < files.length && keyOf(files[to]!) === key) to += 1;
    results.push(...work(files.slice(from, to)));
    from = to;
  }
  return results;
}

function unlessUnread<R>(work: () => R): R | null {
  try {
    return work();
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return null;
  }
}
