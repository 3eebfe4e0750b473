/**
 * Reads the records of a span of ranges from the data file by their offsets. Each range is hashed
 * and compared with the digest in its seal before the next one begins.
 */

import { createHash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';

import { systemCode } from '../../disk/errors.ts';
import { openNoLinks } from '../../disk/noLinks.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../../merkle/hash.ts';
import { DATA_FILE } from '../format.ts';
import { MAX_LINE } from '../readChunk.ts';
import type { ModuleSide } from './moduleSide.ts';
import { broken } from './side.ts';

const CHUNK = 1024 * 1024;
/** Bytes of leaves that are hashed at once. */
const LEAVES = 1024 * DIGEST_LENGTH;
const LF = 0x0a;

/** A canonical record as it is sealed, without its LF, and its leaf. */
export interface SealedLine {
  readonly line: Buffer;
  readonly leaf: Buffer;
}

/** Yields the lines of ranges [from, to) in order. @throws Failure CANDIDATE */
export function* linesOfRanges(
  module: ModuleSide,
  [from, to]: readonly [number, number],
): Generator<SealedLine> {
  if (from >= to) return;
  const file = openData(module);
  try {
    for (let range = from; range < to; range += 1) yield* linesOfRange(module, file, range);
  } finally {
    closeSync(file);
  }
}

function* linesOfRange(module: ModuleSide, file: number, at: number): Generator<SealedLine> {
  const range = module.ranges[at];
  if (range === undefined) throw new RangeError('no such range');
  const digest = createHash('sha256');
  let lines = 0;
  // Leaves are parts of a block, as one call to the runtime hashes many, and the reader may keep some.
  let block = Buffer.allocUnsafeSlow(LEAVES);
  let used = 0;
  const begin = module.ranges[at - 1]?.end ?? 0;
  for (const { bytes, start, end } of splitLines(module, file, begin, range.end)) {
    packedLeafHash(bytes, start, end, block, used);
    const leaf = block.subarray(used, used + DIGEST_LENGTH);
    used += DIGEST_LENGTH;
    if (used === block.length) {
      digest.update(block);
      [block, used] = [Buffer.allocUnsafeSlow(LEAVES), 0];
    }
    lines += 1;
    yield { line: bytes.subarray(start, end), leaf };
  }
  digest.update(block.subarray(0, used));
  if (lines !== range.count || digest.digest('hex') !== range.digest) {
    throw changedData(module, 'the digest of a range is not the sealed one');
  }
}

/** A line without its LF, in a chunk; the byte before it is at the disposal of packedLeafHash. */
interface LineIn {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Yields the lines in [start, end) of a file; the last one has to end there. */
function* splitLines(
  module: ModuleSide,
  file: number,
  start: number,
  end: number,
): Generator<LineIn> {
  /** Pieces of a line that has not ended yet. */
  let begun: Buffer[] = [];
  let length = 0;
  for (let at = start; at < end;) {
    const chunk = Buffer.allocUnsafeSlow(1 + Math.min(CHUNK, end - at));
    const read = readSync(file, chunk, 1, chunk.length - 1, at);
    if (read === 0) throw changedData(module, 'a record is cut off');
    at += read;
    module.side.meter.read += read;
    const bytes = chunk.subarray(0, 1 + read);
    let begin = 1;
    for (let stop = bytes.indexOf(LF, 1); stop !== -1; stop = bytes.indexOf(LF, begin)) {
      if (length === 0) yield { bytes, start: begin, end: stop };
      else {
        const line = Buffer.concat([Uint8Array.of(0), ...begun, bytes.subarray(begin, stop)]);
        yield { bytes: line, start: 1, end: line.length };
      }
      [begun, length, begin] = [[], 0, stop + 1];
    }
    if (begin === bytes.length) continue;
    begun.push(bytes.subarray(begin));
    length += bytes.length - begin;
    if (length > MAX_LINE) throw changedData(module, 'a record is longer than the maximum');
  }
  if (length > 0) throw changedData(module, 'a record is cut off');
}

function openData(module: ModuleSide): number {
  try {
    return openNoLinks(module.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === null) throw error;
    throw changedData(module, 'its data file cannot be read');
  }
}

/** Makes the failure for a data file that is not as it was sealed. */
export function changedData({ side, module }: ModuleSide, what: string): Error {
  return broken(side, `${module}/${DATA_FILE}`, what);
}
