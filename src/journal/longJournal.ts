/**
 * A journal of one run with a line for each row, so of any length: the form of `journal.ndjson`
 * (line.ts), but written by one command that keeps it open, and read as a stream. Only its last line is
 * read to append; a caller that relies on the lines reads and verifies all of them.
 */

import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { hash } from 'node:crypto';

import { createFile, syncFolder, writeAll } from '../disk/durable.ts';
import { diskFailure, readFailure, systemCode } from '../disk/errors.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import {
  broken,
  cutOf,
  encodeLines,
  endOfChain,
  NO_CHAIN,
  readLine,
  type ChainEnd,
  type JournalEntry,
  type JournalMembers,
} from './line.ts';

export interface LongJournal {
  /** Number and SHA-256 of its last line. */
  readonly end: ChainEnd;
  /** Appends events, all or none; durable when it returns. `at` is ISO 8601, UTC, with milliseconds. */
  append(events: readonly JournalMembers[], at: string): void;
  close(): void;
}

const PIECE = 2 ** 20;
const LF = 0x0a;

/** Opens a journal to append to it, which the caller has locked; makes it if it is not there. */
export function openLongJournal(path: string, at: string): LongJournal {
  const file = opened(path);
  let length: number;
  let end: ChainEnd;
  try {
    const tail = readTail(file, path);
    length = tail.length;
    end = tail.end;
    if (tail.torn.length > 0) {
      const cut = encodeLines([cutOf(tail.torn)], end, at);
      writeAll(file, cut.bytes, length);
      length += cut.bytes.length;
      ftruncateSync(file, length);
      fsyncSync(file);
      end = cut.end;
    }
  } catch (error) {
    closeSync(file);
    throw diskFailure(error, path);
  }
  return {
    get end() {
      return end;
    },
    append(events, now) {
      const lines = encodeLines(events, end, now);
      try {
        writeAll(file, lines.bytes, length);
        fsyncSync(file);
      } catch (error) {
        // What was not synced is cut off, so that the next one appends to whole lines.
        ftruncateSync(file, length);
        throw diskFailure(error, path);
      }
      length += lines.bytes.length;
      end = lines.end;
    },
    close() {
      closeSync(file);
    },
  };
}

function opened(path: string): number {
  try {
    return openNoLinks(path, constants.O_RDWR);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw diskFailure(error, path);
    closeSync(createFile(path));
    syncFolder(dirname(path));
    return openNoLinks(path, constants.O_RDWR);
  }
}

interface Tail {
  /** Bytes of the whole lines. */
  readonly length: number;
  readonly end: ChainEnd;
  /** Bytes after them. */
  readonly torn: Uint8Array;
}

/** Longest line that is expected, far above any that is written. */
const MOST_LINE = 2 ** 20;

function readTail(file: number, where: string): Tail {
  const { size } = fstatSync(file);
  const from = Math.max(0, size - 2 * MOST_LINE);
  const bytes = Buffer.alloc(size - from);
  readSync(file, bytes, 0, bytes.length, from);
  const last = bytes.lastIndexOf(LF);
  const torn = bytes.subarray(last + 1);
  if (last < 0) {
    if (from > 0) throw broken('the journal has a line that Sealift did not write', where);
    return { length: 0, end: NO_CHAIN, torn };
  }
  const begin = last === 0 ? 0 : bytes.lastIndexOf(LF, last - 1) + 1;
  const end = endOfChain(bytes.subarray(begin, last + 1), where);
  return { length: from + last + 1, end, torn };
}

/** Lines of a journal that were verified, and the end of the chain with them. */
export interface ReadLines {
  readonly entries: readonly JournalEntry[];
  readonly end: ChainEnd;
}

/**
 * Reads and verifies all lines of a journal, in batches; none if there is no such file. Bytes after the
 * last whole line were never acknowledged, and are left out.
 * @throws Failure JOURNAL if it is broken
 */
export function* readLongJournal(path: string): Generator<ReadLines> {
  let file: number;
  try {
    file = openNoLinks(path, constants.O_RDONLY);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw readFailure(error, path);
  }
  try {
    let end = NO_CHAIN;
    let rest = Buffer.alloc(0);
    const piece = Buffer.alloc(PIECE);
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece)) {
      const bytes = Buffer.concat([rest, piece.subarray(0, count)]);
      const batch = linesOf(bytes, end, path);
      ({ end } = batch);
      rest = bytes.subarray(batch.length);
      if (batch.entries.length > 0) yield { entries: batch.entries, end };
    }
  } finally {
    closeSync(file);
  }
}

function linesOf(
  bytes: Buffer,
  after: ChainEnd,
  where: string,
): ReadLines & { readonly length: number } {
  const entries: JournalEntry[] = [];
  let end = after;
  let start = 0;
  for (let next = bytes.indexOf(LF); next >= 0; next = bytes.indexOf(LF, start)) {
    const line = bytes.subarray(start, next + 1);
    entries.push(readLine(line, end, where));
    end = { seq: end.seq + 1, head: hash('sha256', line, 'hex') };
    start = next + 1;
  }
  return { entries, end, length: start };
}
