/**
 * What is hashed in workers: parts of a data file, for the leaves and line ends of the lines that begin
 * there; segments of a tree; whole files.
 */

import { closeSync, constants, readSync } from 'node:fs';
import { createHash } from 'node:crypto';

import { systemCode } from '../disk/errors.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import type { Handler, Pool, Reply } from '../disk/pool.ts';
import { asBuffer } from '../disk/sharedRoom.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../merkle/hash.ts';
import { segmentRoot, type ReduceSegment } from '../merkle/tree.ts';

export interface PartInput {
  readonly path: string;
  /** Offsets in the file; the part has the lines whose first byte is in [start, end). */
  readonly start: number;
  readonly end: number;
  /** Fields that hold references to blobs. */
  readonly blobFields: readonly string[];
  /** Where the lines go; {@link partRoom} says how large it has to be. */
  readonly room: SharedArrayBuffer;
}

export interface HashedPart {
  /** One byte that is no part of it, then whole lines: in the room, or apart where it was too small. */
  readonly data: Buffer;
  readonly leaves: Buffer;
  readonly ends: Uint32Array;
  /** True when the file ends without LF. */
  readonly unterminated: boolean;
  /** Digests of the blobs that its records name. */
  readonly blobs: readonly string[];
}

const LF = 0x0a;
const DIGEST = /^[0-9a-f]{64}$/;
const MORE = 1024 * 1024;
/** Most last lines of a part end this soon behind it. */
const SPARE = 256 * 1024;
/** A record that SQLite can hold, and its escapes. */
const MAX_LINE = 1024 * MORE;

/** Handlers for a worker that hashes a candidate's files. */
export const hashHandlers: Readonly<Record<string, Handler>> = {
  hashPart: (input: PartInput): Reply => {
    const result = hashPart(input);
    return { result, transfer: [result.leaves.buffer, result.ends.buffer] as ArrayBuffer[] };
  },
  hashFile: (path: string): Reply => ({ result: hashFile(path) }),
  segmentRoot: (leaves: Uint8Array): Reply => ({
    result: segmentRoot(asBuffer(leaves), leaves.length / DIGEST_LENGTH),
  }),
};

/** Has the workers of a pool reduce segments: calls are answered in order, so that few are waiting. */
export function reduceIn(pool: Pool): ReduceSegment {
  return async (leaves, count) => {
    const copy = Uint8Array.from(leaves.subarray(0, count * DIGEST_LENGTH));
    return asBuffer(await pool.call<Uint8Array>('segmentRoot', copy));
  };
}

/** SHA-256 of a file's bytes, lower-case hex; null where it cannot be read. Never follows a link. */
export function hashFile(path: string): string | null {
  try {
    return digestOf(openNoLinks(path, constants.O_RDONLY));
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return null;
  }
}

/** Closes the file. */
function digestOf(file: number): string {
  const digest = createHash('sha256');
  const chunk = Buffer.allocUnsafe(MORE);
  try {
    for (let read = -1; read !== 0;) {
      read = readSync(file, chunk, 0, chunk.length, null);
      digest.update(chunk.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
  return digest.digest('hex');
}

/** Bytes of the room that a part of `length` bytes needs. */
export function partRoom(length: number): number {
  return 1 + length + SPARE;
}

/** Hashes the lines of a part. */
export function hashPart(input: PartInput): HashedPart {
  const { data, unterminated } = readLines(input);
  const ends = lineEnds(data);
  const leaves = Buffer.allocUnsafeSlow(ends.length * DIGEST_LENGTH);
  let start = 1;
  for (const [line, end] of ends.entries()) {
    packedLeafHash(data, start, end, leaves, line * DIGEST_LENGTH);
    start = end + 1;
  }
  return { data, leaves, ends, unterminated, blobs: namedBlobs(data, ends, input.blobFields) };
}

/** What the blob fields of the lines name, each once; nothing for a line that is no record. */
function namedBlobs(data: Buffer, ends: Uint32Array, fields: readonly string[]): string[] {
  const named = new Set<string>();
  if (fields.length === 0) return [];
  let start = 1;
  for (const end of ends) {
    const record = parsed(data.subarray(start, end));
    for (const field of fields) {
      const sha256 = (record?.[field] as { sha256?: unknown } | null | undefined)?.sha256;
      if (typeof sha256 === 'string' && DIGEST.test(sha256)) named.add(sha256);
    }
    start = end + 1;
  }
  return [...named];
}

function parsed(line: Buffer): Record<string, unknown> | null {
  try {
    return JSON.parse(line.toString('utf8')) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}

/** Offsets behind each LF, counted without the padding byte. */
function lineEnds(data: Buffer): Uint32Array {
  let ends = new Uint32Array(Math.ceil(data.length / 128));
  let count = 0;
  for (let at = data.indexOf(LF, 1); at !== -1; at = data.indexOf(LF, at + 1)) {
    if (count === ends.length) {
      const more = new Uint32Array(count * 2);
      more.set(ends);
      ends = more;
    }
    ends[count] = at;
    count += 1;
  }
  return ends.slice(0, count);
}

type Lines = Pick<HashedPart, 'data' | 'unterminated'>;

function readLines({ path, start, end, room }: PartInput): Lines {
  const file = openNoLinks(path, constants.O_RDONLY);
  try {
    // The byte before tells whether a line begins at `start`; where there is none, it is padding.
    const before = start === 0 ? 1 : 0;
    const space = Buffer.from(room);
    const read = before + readAt(file, start - 1 + before, space.subarray(before, end - start + 1));
    const first = start === 0 ? 0 : space.subarray(0, read).indexOf(LF);
    if (first === -1) return { data: Buffer.alloc(1), unterminated: false };
    const data = space.subarray(first, read);
    if (data.length === 1 || data.at(-1) === LF) return { data, unterminated: false };
    return withRest(file, end, space, { first, read });
  } finally {
    closeSync(file);
  }
}

/** The last line runs on behind the part: most often to somewhere that there is room for. */
function withRest(
  file: number,
  end: number,
  space: Buffer,
  { first, read }: { readonly first: number; readonly read: number },
): Lines {
  const more = readAt(file, end, space.subarray(read, read + SPARE));
  const stop = space.subarray(read, read + more).indexOf(LF);
  if (stop !== -1) return { data: space.subarray(first, read + stop + 1), unterminated: false };
  const { rest, unterminated } = readRest(file, end + more);
  return { data: Buffer.concat([space.subarray(first, read + more), ...rest]), unterminated };
}

/** What is left of the line that runs on at `position`; no honest line comes near the limit. */
function readRest(file: number, position: number): { rest: Buffer[]; unterminated: boolean } {
  const rest: Buffer[] = [];
  for (let at = position; at - position < MAX_LINE; at += MORE) {
    const more = Buffer.allocUnsafe(MORE);
    const read = more.subarray(0, readAt(file, at, more));
    if (read.length === 0) break;
    const stop = read.indexOf(LF);
    rest.push(stop === -1 ? read : read.subarray(0, stop + 1));
    if (stop !== -1) return { rest, unterminated: false };
  }
  return { rest, unterminated: true };
}

/** Fills `target` from `position` as far as the file goes; how many bytes that were. */
function readAt(file: number, position: number, target: Buffer): number {
  let done = 0;
  while (done < target.length) {
    const read = readSync(file, target, done, target.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
