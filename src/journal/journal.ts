/**
 * The journal of a project on disk: `journal.ndjson` in a folder of its own, which only grows. An
 * entry that was appended is on the disk before anything that it announces is done. Appending takes
 * a lock of the journal's own for a moment, so that a scan can note its verdict while another
 * command holds that of the candidates.
 *
 * A writer that dies leaves a part of its lines; the next one writes over it and notes it as `cut`.
 */

import { closeSync, constants, fsyncSync, ftruncateSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { createFile, makeFolder, syncFolder, writeAll } from '../disk/durable.ts';
import { diskFailure, readFailure, systemCode } from '../disk/errors.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { acquireLockPatiently } from '../disk/lock.ts';
import { openNoLinks, statOf } from '../disk/noLinks.ts';
import type { Failure } from '../outcome/failure.ts';
import { membersOf, type SignedEvent } from './event.ts';
import { encodeEntries, parseJournal, type Journal, type JournalMembers } from './line.ts';

/** Everybody appends for a moment only. */
const PATIENCE_MS = 2000;

export const JOURNAL_FILE = 'journal.ndjson';

/** Who writes, for the lock and the time of the entries. */
export interface JournalWriter {
  readonly command: string;
  readonly pid: number;
  /** Now, ISO 8601, UTC, with milliseconds. */
  readonly at: string;
}

/**
 * Reads and verifies the journal in `folder`; an empty one where there is none.
 * @throws Failure JOURNAL where it does not hold
 */
export function readJournal(folder: string): Journal {
  const path = join(folder, JOURNAL_FILE);
  refuseForeign(folder);
  try {
    return parseJournal(readWhole(path), path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return parseJournal(Buffer.alloc(0), path);
    throw readFailure(error, path);
  }
}

/**
 * Appends events, all or nothing, and returns the journal with them. Durable when it returns.
 * @throws Failure JOURNAL where the journal does not hold, BUSY, DISK
 */
export function appendToJournal(
  folder: string,
  writer: JournalWriter,
  events: readonly SignedEvent[],
): Journal {
  return appendMembers(folder, writer, events.map(membersOf));
}

/** Appends events as they stand in the file, whatever they tell; see {@link appendToJournal}. */
export function appendMembers(
  folder: string,
  writer: JournalWriter,
  events: readonly JournalMembers[],
): Journal {
  refuseForeign(folder);
  try {
    makeFolder(folder);
    syncFolder(dirname(folder));
    const { command, pid, at } = writer;
    const lock = acquireLockPatiently(folder, { command, pid, since: at }, PATIENCE_MS);
    try {
      const journal = readJournal(folder);
      append(join(folder, JOURNAL_FILE), journal, encodeEntries(journal, events, at));
      return readJournal(folder);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw diskFailure(error, folder);
  }
}

/** Writes behind the whole lines, over what is torn; takes back what did not fit. */
function append(path: string, { length, torn }: Journal, bytes: Uint8Array): void {
  const file = openForWriting(path);
  try {
    try {
      writeAll(file, bytes, length);
      if (torn.length > bytes.length) ftruncateSync(file, length + bytes.length);
      fsyncSync(file);
    } catch (error) {
      // What was torn before stays, to be noted by the next writer.
      if (torn.length === 0) ftruncateSync(file, length);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}

function openForWriting(path: string): number {
  try {
    return openNoLinks(path, constants.O_WRONLY);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    const file = createFile(path);
    syncFolder(dirname(path));
    return file;
  }
}

function readWhole(path: string): Buffer {
  const file = openNoLinks(path, constants.O_RDONLY);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Nothing is written through a link that somebody planted. */
function refuseForeign(folder: string): void {
  const path = join(folder, JOURNAL_FILE);
  const stat = statOf(folder);
  if (stat === undefined) return;
  if (!stat.isDirectory()) throw foreign(folder);
  const file = statOf(path);
  if (file !== undefined && !file.isFile()) throw foreign(path);
}

function foreign(path: string): Failure {
  return inTheWay('JOURNAL', 'something foreign stands where the journal belongs', path);
}
