/**
 * What is hashed in workers: parts of a data file, for the leaves and line ends of the lines that begin
 * there; segments of a tree; whole files.
 */

import { closeSync, constants, readSync } from 'node:fs';
import { createHash } from 'node:crypto';

import { systemCode } from '../disk/errors.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import type { Handler, Pool, Reply } from '../threads/pool.ts';
import { asBuffer } from '../threads/sharedBuffer.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../merkle/hash.ts';
import { segmentRoot, type ReduceSegment } from '../merkle/tree.ts';
import { lineEnds, readPart, type FileStretch, type PartLines } from './readPart.ts';

export interface PartInput extends FileStretch {
  /** Fields that hold references to blobs. */
  readonly blobFields: readonly string[];
  /** Where the lines go; {@link partRoom} says how large it has to be. */
  readonly room: SharedArrayBuffer;
}

export interface HashedPart extends PartLines {
  readonly leaves: Buffer;
  readonly ends: Uint32Array;
  /** Digests of the blobs that its records name. */
  readonly blobs: readonly string[];
}

const DIGEST = /^[0-9a-f]{64}$/;
const MORE = 1024 * 1024;

/** Handlers for a worker that hashes a candidate's files. */
export const hashHandlers: Readonly<Record<string, Handler>> = {
  hashPart: (input: PartInput): Reply => {
    const result = hashPart(input);
    const { leaves, ends, data } = result;
    // A long line has a room of its own, and is not copied on its way.
    const own = data.buffer !== input.room && data.byteLength > MORE ? [data.buffer] : [];
    return { result, transfer: [leaves.buffer, ends.buffer, ...own] as ArrayBuffer[] };
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
function hashFile(path: string): string | null {
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

/** Hashes the lines of a part. */
function hashPart(input: PartInput): HashedPart {
  const { data, unterminated, endless } = readPart(input, input.room);
  const ends = lineEnds(data);
  const leaves = Buffer.allocUnsafeSlow(ends.length * DIGEST_LENGTH);
  let start = 1;
  for (const [line, end] of ends.entries()) {
    packedLeafHash(data, start, end, leaves, line * DIGEST_LENGTH);
    start = end + 1;
  }
  const blobs = namedBlobs(data, ends, input.blobFields);
  return { data, leaves, ends, unterminated, endless, blobs };
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
