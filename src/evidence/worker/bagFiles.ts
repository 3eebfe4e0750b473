/**
 * Reads the files of a bag: each is opened once, read once, hashed on the way, and copied or not. A folder
 * is opened once for many of its files, as a bag may have 100,000. No link is followed.
 */

import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync } from 'node:fs';

import { NEW_FILE, PRIVATE_FILE, writeAll } from '../../disk/durable.ts';
import { systemCode } from '../../disk/errors.ts';
import { inFolder } from '../../disk/noLinks.ts';
import { redactorOf, type StreamRedactor } from '../../redact/redactor.ts';
import type { CopiedFiles, CopyFilesInput, HashFilesInput, SeenFiles } from '../calls.ts';

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
export function copyFiles({ source, target, names, secrets }: CopyFilesInput): CopiedFiles {
  const reading = { piece: newPiece(), search: secrets.length === 0 ? null : redactorOf(secrets) };
  const sha256: string[] = [];
  const bytes: number[] = [];
  let secretIn = -1;
  inFolder(source, (from) => {
    inFolder(target, (to) => {
      for (const [at, name] of names.entries()) {
        const seen = copyFile(`${from}/${name}`, `${to}/${name}`, reading);
        sha256.push(seen.sha256);
        bytes.push(seen.bytes);
        if (seen.hasSecret) secretIn = at;
      }
    });
  });
  return { sha256, bytes, secretIn };
}

function copyFile(from: string, to: string, reading: Reading): ReadFile {
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
export function hashFiles({ folder, names }: HashFilesInput): SeenFiles {
  const reading = { piece: newPiece(), search: null };
  const seen =
    unlessUnread(() =>
      inFolder(folder, (at) =>
        names.map((name) => unlessUnread(() => hashFile(`${at}/${name}`, reading))),
      ),
    ) ?? [];
  return {
    sha256: names.map((_, at) => seen[at]?.sha256 ?? null),
    bytes: names.map((_, at) => seen[at]?.bytes ?? 0),
  };
}

function hashFile(path: string, reading: Reading): ReadFile {
  const file = openPlain(path);
  try {
    return readWhole(file, reading, () => {});
  } finally {
    closeSync(file);
  }
}

/** Opens a plain file. @throws an error of the system */
function openPlain(path: string): number {
  const file = openSync(path, READ);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw Object.assign(new Error('it is not a plain file'), { code: 'ENOTSUP' });
}

interface ReadFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly hasSecret: boolean;
}

function readWhole(
  file: number,
  { piece, search }: Reading,
  take: (bytes: Uint8Array) => void,
): ReadFile {
  let length = fill(file, piece);
  // Most files are read at once: one digest and one search of all their bytes are the fastest.
  if (length < PIECE) {
    const whole = piece.subarray(0, length);
    take(whole);
    return {
      sha256: hash('sha256', whole, 'hex'),
      bytes: length,
      hasSecret: search?.has(whole) === true,
    };
  }
  const digest = createHash('sha256');
  const searched = search?.stream();
  let bytes = 0;
  for (; length > 0; length = fill(file, piece)) {
    const part = piece.subarray(0, length);
    digest.update(part);
    searched?.push(part);
    take(part);
    bytes += length;
  }
  searched?.end();
  return { sha256: digest.digest('hex'), bytes, hasSecret: searched?.found() === true };
}

/** Reads until the piece is full or the file ends; returns the number of bytes. */
function fill(file: number, piece: Buffer): number {
  let length = 0;
  for (let read = -1; read !== 0 && length < PIECE; length += read) {
    read = readSync(file, piece, length, PIECE - length, null);
  }
  return length;
}

function unlessUnread<R>(work: () => R): R | null {
  try {
    return work();
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return null;
  }
}
