/**
 * The file of a row: opened once, without following a link at its end or leaving the root, and read to
 * exactly the size that it had then. All else is refused with a reason that a person can act on.
 */

import { createHash } from 'node:crypto';
import {
  constants,
  fstatSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  type BigIntStats,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';

import { readFailure, systemCode } from '../disk/errors.ts';
import type { Cell } from '../database/database.ts';
import { Failure } from '../outcome/failure.ts';

/** Why the file of a row cannot go. */
export interface Refusal {
  readonly refused: 'attachment-file' | 'attachment-changed' | 'attachment-differs';
  /** A clause, after a colon what to do. */
  readonly reason: string;
}

export interface LocalFile {
  /** Bytes when it was opened. */
  readonly size: number;
  /** Device and number of the file, which all its names share. */
  readonly identity: string;
  /** Reads `length` bytes at `from` into `into`; false if the file has fewer. */
  read(into: Uint8Array, length: number, from: number): Promise<boolean>;
  /** Whether size, times and identity are as they were, and the path still names this file. */
  isUnchanged(): boolean;
  close(): Promise<void>;
}

/** Descriptors that are open at a time are bounded, so running out of them is the system's limit. */
const STOPS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const PROC = '/proc/self/fd';
const HAS_PROC: boolean = process.platform === 'linux';

/** Resolves the folder that all files are below. @throws Failure USAGE */
export function realRoot(path: string): string {
  try {
    const real = realpathSync(path);
    if (lstatSync(real).isDirectory()) return real;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw readFailure(error, path);
  }
  throw new Failure('USAGE', {
    what: 'the folder of the attachments does not exist, or is not a folder',
    where: path,
    hint: 'correct "root" in mapping/attachments.json, or mount the disk',
  });
}

/** Opens the file of a path cell below `root`. @throws Failure for what concerns all files */
export async function openLocal(root: string, path: Cell): Promise<LocalFile | Refusal> {
  if (typeof path !== 'string') return refusal('its path is not text in UTF-8: correct the row');
  if (path === '') return refusal('its path is empty: clear it, or name the file');
  if (path.includes('\0')) return refusal('its path has U+0000: correct the row');
  const place = resolve(root, path);
  if (!isBelow(place, root)) return refusal('its path is outside of the root: correct the row');
  let handle: FileHandle;
  try {
    handle = await open(place, FLAGS);
  } catch (error) {
    return refusedOpening(error, place);
  }
  const checked = inspect(handle, root, place);
  if ('refused' in checked) await handle.close();
  return checked;
}

const PIECE = 2 ** 20;

/** Digests a file in pieces: SHA-256, lower-case hex; null if it became shorter. */
export async function digestOf(file: LocalFile): Promise<string | null> {
  const digest = createHash('sha256');
  const piece = Buffer.allocUnsafe(Math.min(PIECE, Math.max(1, file.size)));
  for (let from = 0; from < file.size; from += piece.length) {
    const length = Math.min(piece.length, file.size - from);
    if (!(await file.read(piece, length, from))) return null;
    digest.update(piece.subarray(0, length));
  }
  return digest.digest('hex');
}

export function isRefusal(value: object): value is Refusal {
  return 'refused' in value;
}

function refusal(reason: string): Refusal {
  return { refused: 'attachment-file', reason };
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(root === sep ? root : `${root}${sep}`);
}

function inspect(handle: FileHandle, root: string, place: string): LocalFile | Refusal {
  const stat = fstatSync(handle.fd, { bigint: true });
  const kind = kindOf(stat);
  if (kind !== null) return refusal(`its path names ${kind}, not a file: correct the row`);
  if (!isBelow(realPlace(handle, place), root)) {
    return refusal('a link in its path points out of the root: move the file below the root');
  }
  return {
    size: Number(stat.size),
    identity: `${stat.dev}:${stat.ino}`,
    async read(into, length, from) {
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(into, done, length - done, from + done);
        if (bytesRead === 0) return false;
        done += bytesRead;
      }
      return true;
    },
    isUnchanged: () => isSame(stat, fstatSync(handle.fd, { bigint: true })) && isAt(place, stat),
    close: () => handle.close(),
  };
}

function kindOf(stat: BigIntStats): string | null {
  if (stat.isFile()) return null;
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a pipe';
  return 'a device or socket';
}

/** Returns where the open file really is, whatever its path has become. */
function realPlace({ fd }: FileHandle, place: string): string {
  return HAS_PROC ? readlinkSync(`${PROC}/${fd}`) : realpathSync(place);
}

function isSame(before: BigIntStats, now: BigIntStats): boolean {
  return (
    before.size === now.size &&
    before.mtimeNs === now.mtimeNs &&
    before.ctimeNs === now.ctimeNs &&
    before.ino === now.ino &&
    before.dev === now.dev
  );
}

/** Whether a path still names the file, and was not given to another one. */
function isAt(place: string, { ino, dev }: BigIntStats): boolean {
  const now = lstatSync(place, { bigint: true, throwIfNoEntry: false });
  return now !== undefined && now.ino === ino && now.dev === dev;
}

function refusedOpening(error: unknown, place: string): Refusal {
  const code = systemCode(error) ?? '';
  if (STOPS.has(code)) throw readFailure(error, place);
  if (code === 'ENOENT' || code === 'ENOTDIR') return refusal(missing(place));
  if (code === 'ELOOP') return refusal('its path names a symbolic link: name the file itself');
  if (code === 'EACCES' || code === 'EPERM') {
    return refusal('this user may not read the file: give it the right, then run again');
  }
  if (code === 'ENAMETOOLONG')
    return refusal('its path is too long for this system: give the file a shorter one');
  if (code === 'ENXIO' || code === 'ENODEV') {
    return refusal('its path names a device or socket, not a file: correct the row');
  }
  return refusal(`the file cannot be read (${code || 'unknown error'}): check the disk`);
}

/** Says whether the file is there under the same name in the other normal form of Unicode. */
function missing(place: string): string {
  const other = (['NFC', 'NFD'] as const).find((form) => {
    const name = place.normalize(form);
    return name !== place && lstatSync(name, { throwIfNoEntry: false }) !== undefined;
  });
  return other === undefined
    ? 'the file is missing: restore it, or clear the path of the row'
    : `the file is missing, but one of the same name in Unicode's form ${other} is there: rename it, or correct the row`;
}

/** Returns the place of a path cell below the root, for what removes a file. */
export function placeOf(root: string, path: string): string {
  return join(root, resolve(root, path).slice(root.length));
}
