/**
 * The records of a module in chunks, from any record on, in bounded memory. The candidate was verified:
 * what is not as a seal has it was changed since, and stops the load.
 */

import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { openNoLinks } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { decodeUtf8 } from '../record/jsonText.ts';
import type { Chunk, Progress } from '../target/target.ts';

/** Bytes that are read at once: enough that a chunk costs little, and few enough to stop soon. */
export const PIECE: number = 256 * 1024;
const LF = 0x0a;

/**
 * Yields the records after `from`, in order, of about `most` bytes at once.
 * @throws Failure CANDIDATE if the file was changed
 */
export async function* recordChunks(
  path: string,
  from: Progress,
  most: number = PIECE,
): AsyncGenerator<Chunk> {
  const file = openNoLinks(path, constants.O_RDONLY);
  try {
    let { records: done, offset } = from;
    for (const lines of wholeLines(file, offset, most, path)) {
      const count = countLines(lines);
      done += count;
      offset += lines.length;
      const records = (): Parsed => parsed(lines, path);
      yield { count, lines, after: { records: done, offset }, records };
      await setImmediate();
    }
  } finally {
    closeSync(file);
  }
}

/** Yields runs of whole lines. One that is longer than a piece comes alone, as texts have a limit. */
function* wholeLines(file: number, begin: number, most: number, path: string): Generator<Buffer> {
  const { size } = fstatSync(file);
  let pending: Buffer[] = [];
  for (let position = begin; position < size;) {
    const piece = Buffer.allocUnsafe(Math.min(most, size - position));
    const read = readSync(file, piece, 0, piece.length, position);
    if (read === 0) throw changed(path);
    position += read;
    let bytes = piece.subarray(0, read);
    const first = bytes.indexOf(LF) + 1;
    if (first === 0) {
      pending.push(bytes);
      continue;
    }
    if (pending.length > 0) {
      yield Buffer.concat([...pending, bytes.subarray(0, first)]);
      bytes = bytes.subarray(first);
    }
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) yield bytes.subarray(0, end);
    pending = end < bytes.length ? [bytes.subarray(end)] : [];
  }
  if (pending.length > 0) throw changed(path);
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(LF); at !== -1; at = lines.indexOf(LF, at + 1)) count += 1;
  return count;
}

type Parsed = ReturnType<Chunk['records']>;

/** Parses all lines at once, as the elements of an array: LF stands in no JSON text but between them. */
function parsed(lines: Buffer, path: string): Parsed {
  const text = decodeUtf8(lines.subarray(0, -1));
  try {
    if (text !== null) {
      return JSON.parse(`[${text.replaceAll('\n', ',')}]`) as Parsed;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw changed(path);
}

function changed(path: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'the candidate was changed while it was loaded',
    where: path,
    hint: 'find out what changed it; build it again with sealift migrate',
  });
}
