/**
 * The journal of a project on disk: `journal.ndjson` in its own folder, append-only. An appended
 * entry is durable before the change that it announces. Appending takes the journal's own lock
 * briefly, so that a scan can append its verdict while another command holds the candidates' lock.
 *
 * A writer that is killed may leave an incomplete line; the next one overwrites it and records it
 * as `cut`.
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

/** Time to wait for the journal's lock, in ms; appending takes a fraction of it. */
const PATIENCE_MS = 2000;

export const JOURNAL_FILE = 'journal.ndjson';

/** Command that appends, for the lock and the time of the entries. */
export interface JournalWriter {
  readonly command: string;
  readonly pid: number;
  /** Current time, ISO 8601, UTC, with milliseconds. */
  readonly at: string;
}

/**
 * Reads and verifies the journal in `folder`; an empty one if the file is missing.
 * @throws Failure JOURNAL if it is broken
 */
export function readJournal(folder: string): Journal {
  const path = join(folder, JOURNAL_FILE);
  assertPlain(folder);
  try {
    return parseJournal(readWhole(path), path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return parseJournal(Buffer.alloc(0), path);
    throw readFailure(error, path);
  }
}

/**
 * Appends events, all or none, and returns the journal with them. Durable when it returns.
 * @throws Failure JOURNAL if the journal is broken, BUSY, DISK
 */
export function appendToJournal(
  folder: string,
  writer: JournalWriter,
  events: readonly SignedEvent[],
): Journal {
  return appendMembers(folder, writer, events.map(membersOf));
}

/** Appends events given as members, of any kind; see {@link appendToJournal}. */
export function appendMembers(
  folder: string,
  writer: JournalWriter,
  events: readonly JournalMembers[],
): Journal {
  assertPlain(folder);
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

/** Writes after the whole lines, over torn bytes; truncates to the whole lines if that fails. */
function append(path: string, { length, torn }: Journal, bytes: Uint8Array): void {
  const file = openForWriting(path);
  try {
    try {
      writeAll(file, bytes, length);
      if (torn.length > bytes.length) ftruncateSync(file, length + bytes.length);
      fsyncSync(file);
    } catch (error) {
      // Torn bytes stay, for the next writer to record.
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

/** Rejects links and other unexpected files, so that nothing is written through a link. */
function assertPlain(folder: string): void {
  const path = join(folder, JOURNAL_FILE);
  const stat = statOf(folder);
  if (stat === undefined) return;
  if (!stat.isDirectory()) throw unexpected(folder);
  const file = statOf(path);
  if (file !== undefined && !file.isFile()) throw unexpected(path);
}

function unexpected(path: string): Failure {
  return inTheWay('JOURNAL', 'an unexpected file, folder or link is in place of the journal', path);
}
