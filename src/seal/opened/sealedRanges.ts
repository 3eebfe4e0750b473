/**
 * Reads the records of a span of ranges from the data file by their offsets. Each range is hashed
 * and compared with the digest in its seal before the next one begins.
 */

import { createHash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';

import { systemCode } from '../../disk/errors.ts';
import { openNoLinks } from '../../disk/noLinks.ts';
import { leafHash } from '../../merkle/hash.ts';
import { DATA_FILE } from '../format.ts';
import { MAX_LINE } from '../readChunk.ts';
import type { ModuleSide } from './moduleSide.ts';
import { broken } from './side.ts';

const CHUNK = 1024 * 1024;
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
  for (const line of splitLines(module, file, module.ranges[at - 1]?.end ?? 0, range.end)) {
    const leaf = leafHash(line);
    digest.update(leaf);
    lines += 1;
    yield { line, leaf };
  }
  if (lines !== range.count || digest.digest('hex') !== range.digest) {
    throw changedData(module, 'the digest of a range is not the sealed one');
  }
}

/** Yields the lines in [start, end) of a file; the last one has to end there. */
function* splitLines(
  module: ModuleSide,
  file: number,
  start: number,
  end: number,
): Generator<Buffer> {
  /** Pieces of a line that has not ended yet. */
  let begun: Buffer[] = [];
  let length = 0;
  for (let at = start; at < end;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
    const read = readSync(file, chunk, 0, chunk.length, at);
    if (read === 0) throw changedData(module, 'a record is cut off');
    at += read;
    module.side.meter.read += read;
    const bytes = chunk.subarray(0, read);
    let begin = 0;
    for (let stop = bytes.indexOf(LF); stop !== -1; stop = bytes.indexOf(LF, begin)) {
      const last = bytes.subarray(begin, stop);
      yield length === 0 ? last : Buffer.concat([...begun, last]);
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
