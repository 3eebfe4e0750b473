/** Parts of a data file, hashed in a worker: leaves and line ends of the lines that begin there. */

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';

import type { Handler, Reply } from '../disk/pool.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../merkle/hash.ts';

export interface PartInput {
  readonly path: string;
  /** Offsets in the file; the part has the lines whose first byte is in [start, end). */
  readonly start: number;
  readonly end: number;
}

export interface HashedPart {
  /** One byte of padding, then whole lines. */
  readonly data: Buffer;
  readonly leaves: Buffer;
  readonly ends: Uint32Array;
  /** True when the file ends without LF. */
  readonly unterminated: boolean;
}

const LF = 0x0a;
const MORE = 1024 * 1024;
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

/** SHA-256 of a file's bytes, lower-case hex. Never follows a link. */
export function hashFile(path: string): string {
  const file = openSync(path, NO_LINKS);
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
  return { data, leaves, ends, unterminated };
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
    let bytes = readAt(file, from, end - from);
    const first = start === 0 ? 0 : bytes.indexOf(LF) + 1;
    if (start > 0 && first === 0) return { bytes: Buffer.alloc(0), unterminated: false };
    bytes = bytes.subarray(first);
    for (let position = end; bytes.length > 0 && bytes.at(-1) !== LF; position += MORE) {
      const more = readAt(file, position, MORE);
      if (more.length === 0) return { bytes, unterminated: true };
      const stop = more.indexOf(LF);
      bytes = Buffer.concat([bytes, stop === -1 ? more : more.subarray(0, stop + 1)]);
    }
    return { bytes, unterminated: false };
  } finally {
    closeSync(file);
  }
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
