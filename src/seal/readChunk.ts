/**
 * Reads chunks of a file of lines: the whole lines that begin in a range of its bytes. Links are
 * never followed.
 */

import { closeSync, constants, readSync } from 'node:fs';

import { openNoLinks } from '../disk/noLinks.ts';

/** Chunk of a file: the lines whose first byte is in [start, end). */
export interface FileChunk {
  readonly path: string;
  /** Offsets in the file. */
  readonly start: number;
  readonly end: number;
}

export interface ChunkLines {
  /** One byte of padding, then whole lines: in the given buffer, or apart if that was too small. */
  readonly data: Buffer;
  /** Whether the file ends without LF, or a line exceeds MAX_LINE. */
  readonly unterminated: boolean;
  /** Whether the last line exceeds MAX_LINE, so that it was not read. */
  readonly endless: boolean;
}

const LF = 0x0a;
const MORE = 1024 * 1024;
/** Bytes after a chunk within which most of its last lines end. */
const SPARE = 256 * 1024;
/** Maximum bytes of a line: 512 MiB, the longest string of the runtime. */
export const MAX_LINE: number = 512 * MORE - 64;

/** Returns the capacity of the buffer for a chunk of `length` bytes, in bytes. */
export function chunkCapacity(length: number): number {
  return 1 + length + SPARE;
}

/** Returns the offset after each LF, counted without the padding byte; in `space` if they fit there. */
export function lineEnds(data: Buffer, space?: Uint32Array): Uint32Array {
  let ends = space ?? new Uint32Array(Math.ceil(data.length / 128));
  let count = 0;
  for (let at = data.indexOf(LF, 1); at !== -1; at = data.indexOf(LF, at + 1)) {
    if (count === ends.length) {
      const more = new Uint32Array(Math.max(count * 2, Math.ceil(data.length / 128)));
      more.set(ends);
      ends = more;
    }
    ends[count] = at;
    count += 1;
  }
  return ends === space ? ends.subarray(0, count) : ends.slice(0, count);
}

/** Reads the lines of a chunk into a buffer of {@link chunkCapacity} bytes, if they fit. */
export function readChunk(
  { path, start, end }: FileChunk,
  buffer: SharedArrayBuffer | ArrayBuffer,
): ChunkLines {
  const file = openNoLinks(path, constants.O_RDONLY);
  try {
    // The byte before `start` shows whether a line begins there; at 0 it is padding.
    const before = start === 0 ? 1 : 0;
    const space = Buffer.from(buffer);
    const read = before + readAt(file, start - 1 + before, space.subarray(before, end - start + 1));
    const first = start === 0 ? 0 : space.subarray(0, read).indexOf(LF);
    if (first === -1) return { data: Buffer.alloc(1), unterminated: false, endless: false };
    const data = space.subarray(first, read);
    if (data.length === 1 || data.at(-1) === LF) {
      return { data, unterminated: false, endless: false };
    }
    return withRest(file, end, space, { first, read });
  } finally {
    closeSync(file);
  }
}

/** Reads the rest of the last line, in most cases within the capacity of the buffer. */
function withRest(
  file: number,
  end: number,
  space: Buffer,
  { first, read }: { readonly first: number; readonly read: number },
): ChunkLines {
  const more = readAt(file, end, space.subarray(read, read + SPARE));
  const stop = space.subarray(read, read + more).indexOf(LF);
  if (stop !== -1) {
    const data = space.subarray(first, read + stop + 1);
    return { data, unterminated: false, endless: false };
  }
  const begun = space.subarray(first, read + more);
  const rest = restOfLine(file, end + more, MAX_LINE - begun.length);
  if (rest === null) return { data: Buffer.alloc(1), unterminated: true, endless: true };
  const data = Buffer.allocUnsafeSlow(begun.length + rest.length);
  begun.copy(data);
  const done = readAt(file, end + more, data.subarray(begun.length));
  return { data: data.subarray(0, begun.length + done), unterminated: !rest.ends, endless: false };
}

/**
 * Measures the rest of the line at `position`, in bytes, and whether it ends; null if it exceeds
 * `limit`. Called before memory is allocated, as the length may be attacker-controlled.
 */
function restOfLine(
  file: number,
  position: number,
  limit: number,
): { readonly length: number; readonly ends: boolean } | null {
  const window = Buffer.allocUnsafe(MORE);
  for (let length = 0; length <= limit;) {
    const read = window.subarray(0, readAt(file, position + length, window));
    if (read.length === 0) return { length, ends: false };
    const stop = read.indexOf(LF);
    if (stop !== -1) return { length: length + stop + 1, ends: true };
    length += read.length;
  }
  return null;
}

/** Fills `target` from `position` until the end of the file; returns the number of bytes. */
function readAt(file: number, position: number, target: Buffer): number {
  let done = 0;
  while (done < target.length) {
    const read = readSync(file, target, done, target.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
