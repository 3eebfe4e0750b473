/**
 * Files that SQLite keeps beside a database: its write-ahead log and its rollback journal. They are
 * read as part of the database, so one of another database would replace pages with wrong ones.
 * Nothing in them names their database; a detectable mismatch is rejected, and a note says which
 * one was read.
 *
 * File formats: https://www.sqlite.org/fileformat2.html §1.3, §4.1
 */

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import { Failure } from '../../outcome/failure.ts';

const LOG_HEADER = 32;
const FRAME_HEADER = 24;
/** If the last bit is set, the checksums are big-endian. */
const LOG_MAGIC = 0x377f0682;

/** Returns notes on the files beside `file`, whose first bytes are `header`. */
export function sideFileNotes(file: string, header: Buffer, shown: string): string[] {
  const notes: string[] = [];
  const log = `${file}-wal`;
  if (sizeOf(log) > 0) {
    const fault = mismatchOfLog(log, header);
    if (fault !== null) throw notItsOwn(log, shown, fault);
    notes.push(
      isLog(log)
        ? `the write-ahead log ${nameOf(log)} was read with the database`
        : `${nameOf(log)} is not a write-ahead log, and was not read`,
    );
  }
  if (isHot(`${file}-journal`)) {
    notes.push(`an unfinished transaction in ${nameOf(`${file}-journal`)} was undone in a copy`);
  }
  return notes;
}

/** Describes side files in a place without their database; null if there are none. */
export function orphans(location: string): string | null {
  const found = ['-wal', '-journal'].find((suffix) => sizeOf(location + suffix) > 0);
  if (found === undefined) return null;
  return `${nameOf(location + found)} exists without its database: fetch both, copied together`;
}

/** Whether the first bytes are those of a write-ahead log. */
export function isLogHeader(header: Buffer): boolean {
  return header.length >= 4 && (header.readUInt32BE(0) & ~1) >>> 0 === LOG_MAGIC;
}

/**
 * Whether a crashed writer left the rollback journal: its first byte is not zero (SQLite, pager.c).
 */
export function isHot(journal: string): boolean {
  return sizeOf(journal) > 0 && read(journal, 0, 1)[0] !== 0;
}

function isLog(log: string): boolean {
  return isLogHeader(read(log, 0, LOG_HEADER));
}

/** Returns why a log is not that of the database; null if it may be. */
function mismatchOfLog(log: string, header: Buffer): string | null {
  if (header.length === 0) return 'the database is empty';
  if (header[18] !== 2 && header[19] !== 2) return 'the database does not use such a log';
  const start = read(log, 0, LOG_HEADER);
  if (!isLogHeader(start) || start.length < LOG_HEADER) return null;
  const size = header.readUInt16BE(16);
  const pageSize = size === 1 ? 65_536 : size;
  if (start.readUInt32BE(8) !== pageSize) return 'its pages have another size';
  const page = lastFirstPage(log, start, pageSize);
  if (page === null) return null;
  if (page.readUInt32BE(56) !== header.readUInt32BE(56)) return 'its texts have another encoding';
  // Both values only grow, and those in the log are newer than the database's, or the same.
  const older = [24, 40].some((at) => page.readUInt32BE(at) < header.readUInt32BE(at));
  return older ? 'it is older than the database' : null;
}

/** Returns the latest first 100 bytes of the database in the log; null if it has none. */
function lastFirstPage(log: string, start: Buffer, pageSize: number): Buffer | null {
  const file = openSync(log, 'r');
  try {
    const frame = Buffer.alloc(FRAME_HEADER + 100);
    let last: Buffer | null = null;
    for (let at = LOG_HEADER; readSync(file, frame, 0, frame.length, at) === frame.length;) {
      // Frames with other salts are left from before the log was restarted.
      if (!frame.subarray(8, 16).equals(start.subarray(16, 24))) break;
      if (frame.readUInt32BE(0) === 1) last = Buffer.from(frame.subarray(FRAME_HEADER));
      at += FRAME_HEADER + pageSize;
    }
    return last;
  } finally {
    closeSync(file);
  }
}

function notItsOwn(log: string, shown: string, why: string): Failure {
  return new Failure('SOURCE_FORMAT', {
    what: `the write-ahead log ${nameOf(log)} next to the database is not its own, as ${why}`,
    where: shown,
    hint: 'fetch the database and its log again, copied together; or move the log away if it is a remnant',
  });
}

function nameOf(path: string): string {
  return JSON.stringify(basename(path).slice(-80));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function read(path: string, at: number, bytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, at));
  } finally {
    closeSync(file);
  }
}
