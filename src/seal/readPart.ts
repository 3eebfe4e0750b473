/**
 * Parts of a file of lines: the lines that begin in a stretch of its bytes, read whole. Links are never
 * followed.
 */

import { closeSync, constants, readSync } from 'node:fs';

import { openNoLinks } from '../disk/noLinks.ts';

/** A stretch of a file; the part has the lines whose first byte is in [start, end). */
export interface FileStretch {
  readonly path: string;
  /** Offsets in the file. */
  readonly start: number;
  readonly end: number;
}

export interface PartLines {
  /** One byte that is no part of it, then whole lines: in the room, or apart where it was too small. */
  readonly data: Buffer;
  /** True when the file ends without LF. */
  readonly unterminated: boolean;
}

const LF = 0x0a;
const MORE = 1024 * 1024;
/** Most last lines of a part end this soon behind it. */
const SPARE = 256 * 1024;
/** A record that SQLite can hold, and its escapes. */
const MAX_LINE = 1024 * MORE;

/** Bytes of the room that a part of `length` bytes needs. */
export function partRoom(length: number): number {
  return 1 + length + SPARE;
}

/** Offsets behind each LF, counted without the padding byte. */
export function lineEnds(data: Buffer): Uint32Array {
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
/** The lines of a part, in a room of {@link partRoom} bytes where they fit. */
export function readPart(
  { path, start, end }: FileStretch,
  room: SharedArrayBuffer | ArrayBuffer,
): PartLines {
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
): PartLines {
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
