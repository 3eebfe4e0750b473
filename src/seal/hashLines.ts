/** Parts of a data file, hashed in a worker: leaves and line ends of the lines that begin there. */

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';

import { systemCode } from '../disk/errors.ts';
import type { Handler, Reply } from '../disk/pool.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../merkle/hash.ts';

export interface PartInput {
  readonly path: string;
  /** Offsets in the file; the part has the lines whose first byte is in [start, end). */
  readonly start: number;
  readonly end: number;
  /** Fields that hold references to blobs. */
  readonly blobFields: readonly string[];
}

export interface HashedPart {
  /** One byte of padding, then whole lines. */
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
/** A record that SQLite can hold, and its escapes. */
const MAX_LINE = 1024 * MORE;
const NO_LINKS: number = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Handlers for a worker that hashes a candidate's files. */
export const hashHandlers: Readonly<Record<string, Handler>> = {
  hashPart: (input: PartInput): Reply => {
    const result = hashPart(input);
    const { data, leaves, ends } = result;
    return { result, transfer: [data.buffer, leaves.buffer, ends.buffer] as ArrayBuffer[] };
  },
  hashFile: (path: string): Reply => ({ result: hashFile(path) }),
};

/** SHA-256 of a file's bytes, lower-case hex; null where it cannot be read. Never follows a link. */
export function hashFile(path: string): string | null {
  try {
    return digestOf(openSync(path, NO_LINKS));
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

/** Hashes the lines of a part. */
export function hashPart(input: PartInput): HashedPart {
  const { bytes, unterminated } = readLines(input);
  const data = Buffer.allocUnsafeSlow(bytes.length + 1);
  bytes.copy(data, 1);
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
  const ends: number[] = [];
  for (let at = data.indexOf(LF, 1); at !== -1; at = data.indexOf(LF, at + 1)) ends.push(at);
  return Uint32Array.from(ends);
}

function readLines({ path, start, end }: PartInput): { bytes: Buffer; unterminated: boolean } {
  const file = openSync(path, NO_LINKS);
  try {
    // The byte before tells whether a line begins at `start`.
    const from = Math.max(0, start - 1);
    let bytes: Buffer = readAt(file, from, end - from);
    const first = start === 0 ? 0 : bytes.indexOf(LF) + 1;
    if (start > 0 && first === 0) return { bytes: Buffer.alloc(0), unterminated: false };
    bytes = bytes.subarray(first);
    if (bytes.length === 0 || bytes.at(-1) === LF) return { bytes, unterminated: false };
    const { rest, unterminated } = readRest(file, end);
    return { bytes: Buffer.concat([bytes, ...rest]), unterminated };
  } finally {
    closeSync(file);
  }
}

/** What is left of the line that runs on at `position`; no honest line comes near the limit. */
function readRest(file: number, position: number): { rest: Buffer[]; unterminated: boolean } {
  const rest: Buffer[] = [];
  for (let at = position; at - position < MAX_LINE; at += MORE) {
    const more = readAt(file, at, MORE);
    if (more.length === 0) break;
    const stop = more.indexOf(LF);
    rest.push(stop === -1 ? more : more.subarray(0, stop + 1));
    if (stop !== -1) return { rest, unterminated: false };
  }
  return { rest, unterminated: true };
}

function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = readSync(file, buffer, done, length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return buffer.subarray(0, done);
}
